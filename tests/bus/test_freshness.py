# SPDX-License-Identifier: Apache-2.0
"""A command that waited while the service stood still is not carried out late."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from axiod.bus._lib import Variant
from axiod.bus.freshness import STALE_SECONDS, Freshness, check_deadline
from axiod.clock import monotonic_usec
from axiod.errors import Timeout
from tests.bus.conftest import NAME, PATH, RELAY
from tests.conftest import run, until

if TYPE_CHECKING:
    from axiod.bus.connection import Connection
    from tests.bus.conftest import Served, StartRelay
    from tests.conftest import Connect, Daemon

STILL_SECONDS = STALE_SECONDS + 0.3


def set_relay(client: Connection, active: bool, timeout: float = 10, **options: Any) -> asyncio.Task[list[Any]]:
    given = {name: Variant("t", value) for name, value in options.items()}
    return asyncio.create_task(client.call(NAME, PATH, RELAY, "Set", "ba{sv}", [active, given], timeout=timeout))


async def ask_again(client: Connection, active: bool) -> None:
    """Do as the refusal says: the service may still be making sure that nothing old is on its way."""
    for _ in range(20):
        try:
            await set_relay(client, active)
        except Timeout:
            await client.flush()
        else:
            return
    pytest.fail("the service does not take commands again")


async def a_while(seconds: float) -> None:
    """Wait until the clock has gone on: time itself is the condition here."""
    began = time.monotonic()
    await until(lambda: time.monotonic() - began > seconds)


@pytest.mark.parametrize("known", [False, True], ids=["new caller", "known caller"])
async def test_a_command_to_a_service_that_stood_still_is_refused(
    connection: Connect, bus_address: str, start_relay: StartRelay, known: bool
) -> None:
    relay = await start_relay(bus_address)
    client = await connection()
    if known:
        await set_relay(client, False)
    before = int(known)
    relay.stop()
    late = [set_relay(client, True) for _ in range(3)]
    await client.flush()
    await a_while(STILL_SECONDS)
    relay.go_on()
    for answer in await asyncio.gather(*late, return_exceptions=True):
        assert isinstance(answer, Timeout)
        assert "stood still" in str(answer)
    # The same caller, and one that the service does not know, are served again.
    await ask_again(client, False)
    outcome = await run("busctl", f"--address={bus_address}", "call", NAME, PATH, RELAY, "Set", "ba{sv}", "true", "0")
    assert outcome.code == 0
    await until(lambda: len(relay.carried_out) == before + 2)
    assert [arguments[0] for _, arguments in relay.carried_out[before:]] == [False, True]


async def test_only_what_moves_something_is_refused(
    connection: Connect, bus_address: str, start_relay: StartRelay
) -> None:
    relay = await start_relay(bus_address)
    client = await connection()
    relay.stop()
    cancel = asyncio.create_task(client.call(NAME, PATH, RELAY, "Cancel"))
    deadline = set_relay(client, True, DeadlineUsec=monotonic_usec() + 60_000_000)
    await client.flush()
    await a_while(STILL_SECONDS)
    relay.go_on()
    assert await cancel == []
    # Who names a deadline has said how late it may be.
    assert await deadline == []
    await until(lambda: len(relay.carried_out) == 2)


async def test_a_short_halt_refuses_nothing(connection: Connect, bus_address: str, start_relay: StartRelay) -> None:
    relay = await start_relay(bus_address)
    client = await connection()
    relay.stop()
    command = set_relay(client, True)
    await client.flush()
    await a_while(0.3)
    relay.go_on()
    assert await command == []


async def test_a_deadline_in_the_past_is_refused(served: Served) -> None:
    for deadline in (0, monotonic_usec() - 1):
        with pytest.raises(Timeout, match="after its deadline and was not carried out"):
            await set_relay(served.client, True, DeadlineUsec=deadline)
    assert served.relay.calls == []
    await set_relay(served.client, True, DeadlineUsec=monotonic_usec() + 1_000_000)
    assert [member for member, _ in served.relay.calls] == ["Set"]


async def test_a_handler_always_gets_a_deadline(served: Served) -> None:
    before = monotonic_usec()
    await set_relay(served.client, True)
    (_, (active, options)) = served.relay.calls[0]
    assert active is True
    assert before <= options["DeadlineUsec"] - STALE_SECONDS * 1e6 <= monotonic_usec()


def test_a_deadline_to_come_is_no_error() -> None:
    check_deadline(monotonic_usec() + 1_000_000)


async def test_standing_still_again_is_noticed_while_the_first_question_is_under_way(
    connection: Connect, bus: Daemon
) -> None:
    mine = await connection(bus.address)
    freshness = Freshness(mine)
    try:
        assert isinstance(freshness.arrived(), int)
        bus.stop()
        freshness._last -= STALE_SECONDS + 1
        assert isinstance(freshness.arrived(), Timeout)
        await asyncio.sleep(0)
        freshness._last -= STALE_SECONDS + 1
        assert isinstance(freshness.arrived(), Timeout)
        first = mine._serial
        bus.go_on()
        await until(lambda: isinstance(freshness.arrived(), int))
        assert mine._serial == first + 1, "the second halt asks again"
    finally:
        freshness.close()
