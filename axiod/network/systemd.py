# SPDX-License-Identifier: Apache-2.0
"""What axiod-network asks of systemd, over D-Bus. Source: org.freedesktop.systemd1(5)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from axiod.bus._lib import Variant
from axiod.bus.connection import Subscription
from axiod.bus.variant import plain
from axiod.errors import AxiodError, HardwareFailure, Timeout, Unavailable

if TYPE_CHECKING:
    from axiod.bus.connection import Connection

_log = logging.getLogger(__name__)

SYSTEMD, PATH = "org.freedesktop.systemd1", "/org/freedesktop/systemd1"
MANAGER = f"{SYSTEMD}.Manager"
_PROPERTIES = "org.freedesktop.DBus.Properties"
TRIAL, DYNAMIC_DNS = "trial", "dynamic-dns"
"""What axiod-network is started for."""
_UNIT = "axiod-network.service"
_NOTHING = "/usr/bin/true"
_JOB_SECONDS = 90.0
"""So long a unit may take to start or stop."""


async def call(connection: Connection, member: str, signature: str, *arguments: Any) -> list[Any]:
    """Call a method of org.freedesktop.systemd1.Manager; raises AxiodError."""
    return await connection.call(SYSTEMD, PATH, MANAGER, member, signature, list(arguments))


async def wake_in(connection: Connection, seconds: int, why: str) -> None:
    """Have axiod-network started after so many seconds, should it not run then. Without systemd nobody does.

    There is one timer for each `why`; the former one is stopped.
    """
    timer = [
        ("Description", Variant("s", f"axiod: starts axiod-network when something is due ({why})")),
        ("TimersMonotonic", Variant("a(st)", [["OnActiveSec", seconds * 1_000_000]])),
        ("AccuracyUSec", Variant("t", 100_000)),
        # It is gone once it has elapsed.
        ("RemainAfterElapse", Variant("b", False)),  # noqa: FBT003 # a value of D-Bus
        ("CollectMode", Variant("s", "inactive-or-failed")),
    ]
    # A timer that is made in this way starts the unit of its own name, which is made with it, and no other.
    starts = [
        ("Description", Variant("s", f"axiod: starts axiod-network ({why})")),
        ("Type", Variant("s", "oneshot")),
        ("ExecStart", Variant("a(sasb)", [[_NOTHING, [_NOTHING], False]])),
        ("Wants", Variant("as", [_UNIT])),
        ("CollectMode", Variant("s", "inactive-or-failed")),
    ]
    name = f"axiod-network-{why}"
    beside = [[f"{name}.service", list(map(list, starts))]]
    try:
        await stop(connection, f"{name}.timer")
        own = list(map(list, timer))
        await call(connection, "StartTransientUnit", "ssa(sv)a(sa(sv))", f"{name}.timer", "replace", own, beside)
    except AxiodError as error:
        _log.warning("systemd will not start axiod-network when it is due (%s): %s", why, error)


async def do_not_wake(connection: Connection, why: str) -> None:
    """Take that back."""
    with suppress(AxiodError):
        await call(connection, "StopUnit", "ss", f"axiod-network-{why}.timer", "replace")


# --- units of others ---


async def properties_of(connection: Connection, unit: str, *names: str) -> list[str]:
    """Return properties of a unit, each named with the end of its interface: Unit.ActiveState; raises AxiodError."""
    path = (await call(connection, "LoadUnit", "s", unit))[0]
    found = []
    for name in names:
        kind, _, member = name.partition(".")
        reply = await connection.call(SYSTEMD, path, _PROPERTIES, "Get", "ss", [f"{SYSTEMD}.{kind}", member])
        found.append(str(plain(reply[0])))
    return found


async def active_state(connection: Connection, unit: str) -> str | None:
    """Return the ActiveState of a unit, such as "active"; None where there is no systemd that would know."""
    try:
        return (await properties_of(connection, unit, "Unit.ActiveState"))[0]
    except AxiodError:
        return None


async def state_of(connection: Connection, unit: str) -> str | None:
    """Return whether a unit is started at boot, as systemctl is-enabled says; None: there is no such unit."""
    try:
        return str((await call(connection, "GetUnitFileState", "s", unit))[0])
    except (Unavailable, Timeout):
        raise
    except AxiodError:
        return None


async def job(connection: Connection, member: str, signature: str, *arguments: Any) -> None:
    """Call a method that has a unit as its first argument and begins a job, and wait for its end.

    Raises HardwareFailure where the job fails, and AxiodError.
    """
    ended: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    subscription = Subscription(
        SYSTEMD,
        MANAGER,
        "JobRemoved",
        PATH,
        lambda message: ended.put_nowait((message.body[1], message.body[3])),
    )
    await connection.subscribe(subscription)
    try:
        path = (await call(connection, member, signature, *arguments))[0]
        async with asyncio.timeout(_JOB_SECONDS):
            result = None
            while result is None:
                which, how = await ended.get()
                result = how if which == path else None
    except TimeoutError:
        raise Timeout(f"{member} of {arguments[0]} did not end within {_JOB_SECONDS:g} s") from None
    finally:
        await connection.unsubscribe(subscription)
    if result != "done":
        raise HardwareFailure(f"{member} of {arguments[0]} ended with {result}; see journalctl -u {arguments[0]}")


async def run(connection: Connection, unit: str, about: str, *command: str, stays: bool = False) -> None:
    """Run a command as a unit of its own, outside of our sandbox, and wait for its end.

    `stays`: what it leaves running goes on, and ends with the unit. Raises AxiodError.
    """
    await stop(connection, unit)
    properties = [
        ("Description", Variant("s", about)),
        ("Type", Variant("s", "oneshot")),
        ("RemainAfterExit", Variant("b", stays)),
        ("CollectMode", Variant("s", "inactive-or-failed")),
        ("ExecStart", Variant("a(sasb)", [[command[0], list(command), False]])),
    ]
    await job(connection, "StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "replace", list(map(list, properties)), [])


async def stop(connection: Connection, *units: str) -> None:
    """Stop units and wait for their end; those that are not there are no matter. Raises Unavailable, Timeout."""
    for unit in units:
        try:
            await job(connection, "StopUnit", "ss", unit, "replace")
        except (Unavailable, Timeout):
            raise
        except AxiodError as error:
            _log.debug("%s was not stopped: %s", unit, error)


async def enable(connection: Connection, unit: str) -> None:
    """Have a unit started now and at each boot; raises AxiodError."""
    runtime, force = False, False
    await call(connection, "EnableUnitFiles", "asbb", [unit], runtime, force)
    await job(connection, "StartUnit", "ss", unit, "replace")


async def disable(connection: Connection, unit: str, *sockets: str) -> None:
    """Take that back; `sockets` would start it again. Raises AxiodError."""
    runtime = False
    await call(connection, "DisableUnitFiles", "asb", [unit], runtime)
    await stop(connection, *sockets, unit)
