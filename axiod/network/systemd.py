# SPDX-License-Identifier: Apache-2.0
"""What axiod-network asks of systemd, over D-Bus. Source: org.freedesktop.systemd1(5)."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from axiod.bus._lib import Variant
from axiod.errors import AxiodError

if TYPE_CHECKING:
    from axiod.bus.connection import Connection

_log = logging.getLogger(__name__)

_SYSTEMD, _PATH = "org.freedesktop.systemd1", "/org/freedesktop/systemd1"
_WAKER = "axiod-network-trial.timer"
"""A timer that is made when it is needed; it starts axiod-network."""
_UNIT = "axiod-network.service"


async def call(connection: Connection, member: str, signature: str, *arguments: Any) -> list[Any]:
    """Call a method of org.freedesktop.systemd1.Manager; raises AxiodError."""
    return await connection.call(_SYSTEMD, _PATH, f"{_SYSTEMD}.Manager", member, signature, list(arguments))


async def wake_in(connection: Connection, seconds: int) -> None:
    """Have axiod-network started after so many seconds, should it not run then. Without systemd nobody does."""
    await do_not_wake(connection)
    properties = [
        ("Description", Variant("s", "axiod: the end of a trial of network settings")),
        ("TimersMonotonic", Variant("a(st)", [["OnActiveSec", seconds * 1_000_000]])),
        ("AccuracyUSec", Variant("t", 100_000)),
        ("Unit", Variant("s", _UNIT)),
        # It is gone once it has elapsed.
        ("RemainAfterElapse", Variant("b", False)),  # noqa: FBT003 # a value of D-Bus
        ("CollectMode", Variant("s", "inactive-or-failed")),
    ]
    try:
        await call(
            connection, "StartTransientUnit", "ssa(sv)a(sa(sv))", _WAKER, "replace", list(map(list, properties)), []
        )
    except AxiodError as error:
        _log.warning("systemd will not end the trial should axiod-network not run then: %s", error)


async def do_not_wake(connection: Connection) -> None:
    """Take that back."""
    with suppress(AxiodError):
        await call(connection, "StopUnit", "ss", _WAKER, "replace")
