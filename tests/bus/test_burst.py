# SPDX-License-Identifier: Apache-2.0
"""More than a socket takes: both D-Bus libraries end the connection then, ours goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Event, Service
from axiod.bus.connection import Subscription
from axiod.bus.service import EventSource
from axiod.bus.writer import CONGESTED_BYTES
from tests.bus.conftest import NAME, PATH, RELAY, ROOT
from tests.bus.contract_handler import ContractHandler
from tests.conftest import until

if TYPE_CHECKING:
    import pytest

    from tests.bus.conftest import Serve, Served
    from tests.conftest import Daemon

TOPIC = "tnsaxiod:Relay"
MIB = 1 << 20


class Follower:
    """What a client saw of a service."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.changes: list[tuple[str, dict[str, Any], list[str]]] = []

    @classmethod
    async def follow(cls, served: Served) -> Follower:
        made = cls()
        client = Service(served.client, NAME)
        await client.on_event(made.events.append)
        await client.on_changed(lambda path, _interface, changed, gone: made.changes.append((path, changed, gone)))
        return made

    def of(self, path: str) -> dict[str, Any]:
        """Return the properties that an object has by what was told."""
        result: dict[str, Any] = {}
        for changed_path, changed, gone in self.changes:
            if changed_path == path:
                result.update(changed)
                for name in gone:
                    result.pop(name, None)
        return result


async def test_a_burst_while_the_bus_stands_still_is_kept(serve: Serve, bus: Daemon) -> None:
    served = await serve(bus.address)
    source = EventSource(served.server, ROOT)
    relay = {"relay": "relay1"}
    source.state(TOPIC, relay, {"active": "-1"}, 0)
    source.live = True
    follower = await Follower.follow(served)
    bus.stop()
    for number in range(2000):
        served.change(cycles=number)
        source.state(TOPIC, relay, {"active": str(number)}, number)
    await asyncio.sleep(0)
    assert 0 < served.connection.pending_bytes < 4 * MIB
    bus.go_on()
    await until(lambda: len(follower.events) == 2000 and len(follower.changes) == 2000)
    assert [event.sequence for event in follower.events] == list(range(1, 2001))
    assert [event.data["active"] for event in follower.events] == [str(number) for number in range(2000)]
    assert [changed["Cycles"] for _, changed, _ in follower.changes] == list(range(2000))
    assert served.connection.pending_bytes == 0
    assert await served.call("ResetCounter") == [1]
    assert not served.connection.closed.done()


async def test_a_burst_while_the_bus_runs_is_kept(serve: Serve, bus: Daemon) -> None:
    served = await serve(bus.address)
    follower = await Follower.follow(served)
    for number in range(4000):
        served.change(cycles=number)
    await until(lambda: len(follower.changes) == 4000)
    assert [changed["Cycles"] for _, changed, _ in follower.changes] == list(range(4000))


async def test_far_too_much_is_conflated_and_the_latest_wins(serve: Serve, bus: Daemon) -> None:
    """60 MiB of changes, in many turns of the loop."""
    served, follower, peak, source = await flood(serve, bus, pause_every=50)
    assert peak < CONGESTED_BYTES + MIB
    await check_the_end(served, follower, source)


async def test_far_too_much_in_one_turn_of_the_loop(serve: Serve, bus: Daemon) -> None:
    served, follower, peak, source = await flood(serve, bus, pause_every=1 << 30)
    assert peak < CONGESTED_BYTES + MIB
    await check_the_end(served, follower, source)


ROUNDS, CHUNK = 600, 100_000
RELAYS = [PATH, ROOT + "/relay/relay2"]


async def flood(serve: Serve, bus: Daemon, pause_every: int) -> tuple[Served, Follower, int, EventSource]:
    served = await serve(bus.address)
    handlers = {PATH: served.relay, RELAYS[1]: ContractHandler(RELAY)}
    served.server.export(RELAYS[1], RELAY, handlers[RELAYS[1]])
    source = EventSource(served.server, ROOT)
    for path in RELAYS:
        source.state(TOPIC, {"relay": path}, {"round": "-1"}, 0)
    source.live = True
    follower = await Follower.follow(served)
    peak = 0
    bus.stop()
    for number in range(ROUNDS):
        path = RELAYS[number % 2]
        handler = handlers[path]
        # 100 kB each; the names are long, so that 600 of them are 60 MB.
        handler.name = f"{number} " + "x" * CHUNK  # type: ignore[attr-defined] # made from the contract
        handler.last_change_usec = None if number % 4 < 2 else number  # type: ignore[attr-defined] # the same
        served.server.changed(path, RELAY)
        source.state(TOPIC, {"relay": path}, {"round": str(number)}, number)
        peak = max(peak, served.connection.pending_bytes)
        if number % pause_every == pause_every - 1:
            await asyncio.sleep(0)
    assert served.connection.congested
    bus.go_on()
    return served, follower, peak, source


async def check_the_end(served: Served, follower: Follower, source: EventSource) -> None:
    last = {PATH: ROUNDS - 2, RELAYS[1]: ROUNDS - 1}

    def arrived() -> bool:
        return all(
            follower.of(path).get("Name", "").startswith(f"{number} ")
            and any(event.source["relay"] == path and event.data["round"] == str(number) for event in follower.events)
            for path, number in last.items()
        )

    await until(arrived, timeout=20)
    assert not served.connection.closed.done()
    assert not served.connection.congested
    client = Service(served.client, NAME)
    for path, number in last.items():
        told = await client.properties(path, RELAY)
        assert told["Name"].startswith(f"{number} ")
        assert {name: told[name] for name in follower.of(path)} == follower.of(path)
        assert "LastChangeUsec" in told
    # Far fewer than there were, and whoever follows the sequence sees it.
    sequences = [event.sequence for event in follower.events]
    assert len(sequences) < ROUNDS
    assert sequences == sorted(sequences)
    assert sequences[-1] > len(sequences)
    sequence, snapshot = await client.snapshot()
    assert sequence == sequences[-1]
    assert {event.source["relay"]: event.data["round"] for event in snapshot} == {
        path: str(number) for path, number in last.items()
    }
    # And it goes on as if nothing had been.
    served.change(cycles=77)
    source.state(TOPIC, {"relay": PATH}, {"round": "done"}, 1)
    await until(lambda: follower.events[-1].data == {"round": "done"})
    assert follower.events[-1].sequence == sequence + 1
    assert follower.of(PATH)["Cycles"] == 77


async def test_what_goes_during_congestion_is_not_told_of_later(serve: Serve, bus: Daemon) -> None:
    served = await serve(bus.address)
    follower = await Follower.follow(served)
    removed: list[Any] = []
    await served.client.subscribe(
        Subscription(
            NAME,
            "org.freedesktop.DBus.ObjectManager",
            "InterfacesRemoved",
            ROOT,
            lambda _message: removed.append(len(follower.changes)),
        )
    )
    bus.stop()
    served.change(name="x" * (CONGESTED_BYTES // 2))
    served.change(name="y" * (CONGESTED_BYTES // 2))
    served.change(name="z" * (CONGESTED_BYTES // 2))
    assert served.connection.congested
    served.change(name="held back")
    served.server.unexport(PATH)
    bus.go_on()
    await until(lambda: bool(removed))
    await served.connection.flush()
    await served.client.flush()
    assert len(follower.changes) == removed[0] == 3


async def test_a_bus_that_takes_nothing_for_too_long_is_given_up(
    serve: Serve, bus: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axiod.bus.writer.LIMIT_BYTES", 12 * MIB)
    served = await serve(bus.address)
    bus.stop()
    # Objects that come and go are not conflated.
    path = ROOT + "/relay/relay2"
    while not served.connection.closed.done():
        served.server.export(path, RELAY, ContractHandler(RELAY, name="x" * MIB))
        served.server.unexport(path)
        await asyncio.sleep(0)
    assert "waiting" in str(await served.connection.closed)
    assert served.connection.pending_bytes == 0
    served.change(cycles=5)
    bus.go_on()
