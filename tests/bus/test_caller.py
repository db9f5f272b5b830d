# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import contextlib
import grp
import os
from typing import TYPE_CHECKING

import pytest

from axiod.bus.caller import ADMINISTRATOR_GROUP, OPERATOR_GROUP, Caller, Callers, Role, caller, role_of
from axiod.errors import AxiodError
from tests.bus.conftest import NAME, PATH, RELAY
from tests.conftest import run

if TYPE_CHECKING:
    from axiod.bus._lib import Message
    from tests.bus.conftest import Served
    from tests.conftest import Connect, Outcome

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def test_roles_are_in_order() -> None:
    assert Role.VIEWER < Role.OPERATOR < Role.ADMINISTRATOR
    assert Role.named("operator") is Role.OPERATOR


def test_root_and_the_user_of_the_service_may_do_everything() -> None:
    assert role_of(0, ()) is Role.GATEWAY
    assert role_of(os.geteuid(), ()) is Role.GATEWAY


def test_everybody_else_is_a_viewer() -> None:
    ours = {OPERATOR_GROUP, ADMINISTRATOR_GROUP}
    others = [group.gr_gid for group in grp.getgrall() if group.gr_name not in ours]
    assert role_of(NOBODY, others) is Role.VIEWER
    assert role_of(NOBODY, ()) is Role.VIEWER


@pytest.mark.parametrize(
    ("group", "role"), [(OPERATOR_GROUP, Role.OPERATOR), (ADMINISTRATOR_GROUP, Role.ADMINISTRATOR)]
)
def test_the_groups_give_the_roles(group: str, role: Role) -> None:
    with contextlib.suppress(KeyError):
        assert role_of(NOBODY, [grp.getgrnam(group).gr_gid]) is role
        return
    pytest.skip(f"there is no group {group} on this machine; tests/bus/test_roles.py brings its own")


async def test_the_bus_says_who_calls(connection: Connect) -> None:
    mine, other = await connection(), await connection()
    callers = Callers(mine)
    assert callers.known(other.unique_name) is None
    found = await callers.find(other.unique_name)
    assert found == Caller(other.unique_name, os.geteuid(), Role.GATEWAY)
    assert callers.known(other.unique_name) is found
    assert str(found) == f"user {os.geteuid()} ({other.unique_name})"


async def test_who_is_gone_is_nobody(connection: Connect) -> None:
    mine, other = await connection(), await connection()
    name = other.unique_name
    await other.close()
    await mine.flush()
    with pytest.raises(AxiodError):
        await Callers(mine).find(name)


async def test_only_so_many_are_remembered(connection: Connect) -> None:
    mine = await connection()
    callers = Callers(mine)
    first = mine.unique_name
    await callers.find(first)
    others = [await connection() for _ in range(3)]
    for _ in range(256):
        for other in others:
            await callers.find(other.unique_name)
    assert callers.known(first) is not None


async def call_as_nobody(address: str, member: str, *arguments: str) -> Outcome:
    user = ("setpriv", "--reuid", str(NOBODY), "--clear-groups")
    return await run(*user, "busctl", f"--address={address}", "call", NAME, PATH, RELAY, member, *arguments)


@as_root
async def test_another_user_may_read_and_not_operate(served: Served, bus_address: str) -> None:
    outcome = await call_as_nobody(bus_address, "Set", "ba{sv}", "true", "0")
    assert outcome.code == 1
    assert "Set needs the role operator; user 65534 is viewer" in outcome.err
    assert served.relay.calls == []
    user = ("setpriv", "--reuid", str(NOBODY), "--clear-groups")
    outcome = await run(*user, "busctl", f"--address={bus_address}", "get-property", NAME, PATH, RELAY, "Active")
    assert outcome.out == "b true\n"


@as_root
async def test_root_may_operate(served: Served, bus_address: str) -> None:
    outcome = await run("busctl", f"--address={bus_address}", "call", NAME, PATH, RELAY, "Set", "ba{sv}", "true", "0")
    assert (outcome.code, outcome.err) == (0, "")
    assert [member for member, _ in served.relay.calls] == ["Set"]


async def test_a_handler_can_ask_who_calls(served: Served) -> None:
    seen: list[Caller | None] = []

    async def waits() -> None:
        await asyncio.sleep(0)
        seen.append(caller.get())

    served.relay.answers["Cancel"] = lambda: seen.append(caller.get())
    await served.call("Cancel")
    served.relay.answers["Cancel"] = waits
    await served.call("Cancel")
    assert seen == [Caller(served.client.unique_name, os.geteuid(), Role.GATEWAY)] * 2
    # What happens after the call is nobody's: neither here nor in what the connection calls next.
    later: list[Caller | None] = []

    def other(_message: Message) -> bool:
        later.append(caller.get())
        return False

    served.connection.serve(other)
    await asyncio.gather(served.call("Cancel"), return_exceptions=True)
    assert later == [None]


async def test_calls_of_a_new_caller_are_carried_out_in_order(served: Served, connection: Connect) -> None:
    """Also those that come in while the bus is asked who it is."""
    other = await connection()
    durations = range(1, 201)
    calls = [
        asyncio.create_task(other.call(NAME, PATH, RELAY, "Pulse", "ua{sv}", [duration, {}])) for duration in durations
    ]
    await asyncio.gather(*calls)
    assert [arguments[0] for _, arguments in served.relay.calls] == list(durations)
