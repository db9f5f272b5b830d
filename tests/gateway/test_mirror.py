# SPDX-License-Identifier: Apache-2.0
"""The mirror beside services made from the contract, on a real bus: it says what they say, and nothing older."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.bus.service import EVENTS, EventSource, ServiceRoot
from axiod.errors import NotFound, Unavailable
from axiod.gateway.mirror import Mirror, Thing
from tests.bus.contract_handler import ContractHandler
from tests.conftest import EVERYTHING_ALLOWED, Daemon, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from axiod.bus.client import Event

RELAYS, RELAY = "org.axiod.relays1", "org.axiod.relays1.Relay"
IO, PORT = "org.axiod.io1", "org.axiod.io1.Port"
NETWORK, TRIAL = "org.axiod.network1", "org.axiod.network1.Trial"
LOST = "tns1:Device/tnsaxis:Network/Lost"
ROOT = "/org/axiod/relays1"
TOPIC = "tns1:Device/Trigger/Relay"


@dataclass
class Story:
    """What a listener was told, in order."""

    told: list[tuple[Any, ...]] = field(default_factory=list)

    def changed(self, thing: Thing, former: Thing | None) -> None:
        self.told.append(("changed", thing, former))

    def removed(self, thing: Thing) -> None:
        self.told.append(("removed", thing))

    def event(self, service: str, event: Event) -> None:
        self.told.append(("event", service, event))

    def service(self, name: str, *, available: bool) -> None:
        self.told.append(("service", name, available))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        """Return what was told of one kind, without the kind."""
        return [entry[1:] for entry in self.told if entry[0] == kind]


@dataclass
class Relays:
    """axiod-relays, played by handlers."""

    connection: Connection
    server: Server
    events: EventSource
    root: ServiceRoot
    handlers: dict[str, ContractHandler] = field(default_factory=dict)

    def add(self, id_: str, **values: Any) -> ContractHandler:
        handler = ContractHandler(RELAY, **values)
        self.server.export(f"{ROOT}/relay/{id_}", RELAY, handler)
        self.handlers[id_] = handler
        return handler

    def change(self, id_: str, **values: Any) -> None:
        for name, value in values.items():
            setattr(self.handlers[id_], name, value)
        self.server.changed(f"{ROOT}/relay/{id_}", RELAY)

    def state(self, number: int, state: str) -> None:
        self.events.state(TOPIC, {"RelayToken": str(number)}, {"LogicalState": state}, 1000 + number)


@asynccontextmanager
async def relays_on(address: str, *names: str, active: bool = False) -> AsyncIterator[Relays]:
    """Play the service until the end of the block."""
    connection = await Connection.open(address)
    server = Server(connection, ROOT)
    service = Relays(connection, server, EventSource(server, ROOT), ServiceRoot(server, ROOT, lambda _: None))
    for name in names:
        service.add(name, active=active)
    service.state(0, "active" if active else "inactive")
    service.events.live = True
    await connection.request_name(RELAYS)
    yield service
    await server.close()
    await connection.close()


@pytest_asyncio.fixture
async def story(bus: Daemon) -> AsyncIterator[tuple[Mirror, Story]]:
    """A mirror that nobody has told anything yet, and what it tells."""
    connection = await Connection.open(bus.address)
    mirror, told = Mirror(connection, (IO, RELAYS)), Story()
    mirror.listen(told)
    yield mirror, told
    await mirror.stop()
    await connection.close()


async def test_it_has_what_was_there_before(bus: Daemon, story: tuple[Mirror, Story]) -> None:
    mirror, _ = story
    async with relays_on(bus.address, "relay2", "relay1", active=True) as service:
        service.root.say("two relays")
        await mirror.start()
        assert [thing.id for thing in mirror.things(RELAY)] == ["relay1", "relay2"]
        assert mirror.thing(RELAY, "relay1")["Active"] is True
        assert mirror.about(RELAYS)["Status"] == "two relays"
        [(name, event)] = mirror.states()
        assert (name, event.topic, dict(event.data)) == (RELAYS, TOPIC, {"LogicalState": "active"})


async def test_a_service_that_is_away_is_unavailable(bus: Daemon, story: tuple[Mirror, Story]) -> None:
    mirror, _ = story
    await mirror.start()
    for ask in (lambda: mirror.things(PORT), lambda: mirror.thing(PORT, "input1")):
        with pytest.raises(Unavailable, match="axiod-io is not running"):
            ask()
    assert not mirror.available(IO)
    assert mirror.about(IO) == {}
    assert list(mirror.states()) == []


async def test_what_is_not_there_is_not_found(bus: Daemon, story: tuple[Mirror, Story]) -> None:
    mirror, _ = story
    async with relays_on(bus.address, "relay1"):
        await mirror.start()
        with pytest.raises(NotFound, match="'relay7' in relays"):
            mirror.thing(RELAY, "relay7")


async def test_changes_events_and_objects_are_followed(bus: Daemon, story: tuple[Mirror, Story]) -> None:
    mirror, told = story
    async with relays_on(bus.address, "relay1") as service:
        await mirror.start()
        before = mirror.thing(RELAY, "relay1")
        service.change("relay1", active=True, problem=None)
        service.state(0, "active")
        service.add("relay2")
        await until(lambda: len(mirror.things(RELAY)) == 2)
        now = mirror.thing(RELAY, "relay1")
        assert (before["Active"], now["Active"], now.get("Problem")) == (False, True, None)
        assert told.of("changed")[-2] == (now, before)
        assert dict(told.of("event")[-1][1].data) == {"LogicalState": "active"}
        service.server.unexport(f"{ROOT}/relay/relay1")
        await until(lambda: told.of("removed"))
        assert [thing.id for thing in mirror.things(RELAY)] == ["relay2"]


async def test_a_call_that_returned_is_in_it(bus: Daemon, story: tuple[Mirror, Story]) -> None:
    mirror, _ = story
    async with relays_on(bus.address, "relay1") as service:
        await mirror.start()
        service.handlers["relay1"].answers["Set"] = lambda active, _options: service.change("relay1", active=active)
        for active in (True, False, True):
            await mirror.call(mirror.thing(RELAY, "relay1"), "Set", active, {})
            assert mirror.thing(RELAY, "relay1")["Active"] is active


async def test_a_service_goes_and_comes_back(bus: Daemon, story: tuple[Mirror, Story]) -> None:
    mirror, told = story
    async with relays_on(bus.address, "relay1", "relay2"):
        await mirror.start()
    await until(lambda: (RELAYS, False) in told.of("service"))
    assert [thing.id for (thing,) in told.of("removed") if thing.interface == RELAY] == ["relay1", "relay2"]
    with pytest.raises(Unavailable):
        mirror.things(RELAY)
    told.told.clear()
    async with relays_on(bus.address, "relay1", active=True):
        await until(lambda: mirror.available(RELAYS))
        assert [thing.id for thing in mirror.things(RELAY)] == ["relay1"]
        # The state differs from what was known when it went, so it is told; the service is said to be there at the end.
        assert [dict(event.data) for _, event in told.of("event")] == [{"LogicalState": "active"}]
        assert told.told[-1] == ("service", RELAYS, True)


async def test_a_gap_is_filled_from_a_snapshot(bus: Daemon, story: tuple[Mirror, Story]) -> None:
    mirror, told = story
    async with relays_on(bus.address, "relay1") as service:
        await mirror.start()
        service.events.live = False
        service.state(1, "active")  # becomes known to the snapshot alone
        service.events.live = True
        service.events.forget("nothing", {})
        service.server.emit(ROOT, EVENTS, "Event", TOPIC, {"RelayToken": "0"}, {"LogicalState": "active"}, 5, 9)
        await until(lambda: len(list(mirror.states())) == 2)
        assert ("1", "active") in [
            (event.source["RelayToken"], event.data["LogicalState"]) for _, event in told.of("event")
        ]


async def test_what_left_the_snapshot_is_no_state_any_more(bus: Daemon, story: tuple[Mirror, Story]) -> None:
    mirror, _ = story
    async with relays_on(bus.address, "relay1") as service:
        service.state(1, "active")
        await mirror.start()
        assert len(list(mirror.states())) == 2
        service.events.forget(TOPIC, {"RelayToken": "1"})
        service.state(0, "active")  # the next event shows the gap
        await until(lambda: len(list(mirror.states())) == 1)


async def test_more_calls_than_the_bus_allows_wait_for_their_turn() -> None:
    # As the system's bus has it: 128 answers.
    bus = Daemon(EVERYTHING_ALLOWED.replace('<limit name="max_replies_per_connection">10000</limit>', ""))
    connection = await Connection.open(bus.address)
    mirror = Mirror(connection, (RELAYS,))
    async with relays_on(bus.address, "relay1") as service:
        await mirror.start()
        calls, all_asked = service.handlers["relay1"].calls, asyncio.Event()

        async def answer(*_: Any) -> None:
            await all_asked.wait()

        service.handlers["relay1"].answers["Cancel"] = answer
        thing = mirror.thing(RELAY)
        asking = [asyncio.ensure_future(mirror.call(thing, "Cancel")) for _ in range(300)]
        await until(lambda: len(calls) >= 20)
        all_asked.set()
        await asyncio.gather(*asking)
        assert len(calls) == 300
    await mirror.stop()
    await connection.close()
    bus.close()


@asynccontextmanager
async def network_on(address: str, *, lost: str) -> AsyncIterator[None]:
    """Play axiod-network until the end of the block."""
    connection = await Connection.open(address)
    root = "/org/axiod/network1"
    server = Server(connection, root)
    events = EventSource(server, root)
    ServiceRoot(server, root, lambda _: None)
    server.export(f"{root}/trial", TRIAL, ContractHandler(TRIAL, last="expired" if lost == "1" else "none"))
    events.state(LOST, {"interface": "eth0"}, {"lost": lost}, 1000)
    events.live = True
    await connection.request_name(NETWORK)
    yield
    await server.close()
    await connection.close()


async def test_a_service_that_exits_when_idle_is_there_all_the_same(bus: Daemon) -> None:
    connection = await Connection.open(bus.address)
    mirror, told = Mirror(connection, (NETWORK,)), Story()
    mirror.listen(told)
    await mirror.start()
    assert not mirror.available(NETWORK), "nobody would start it"

    def last() -> str | None:
        return str(mirror.thing(TRIAL)["Last"]) if mirror.available(NETWORK) else None

    for lost, expected in (("0", "none"), ("1", "expired"), ("1", "expired")):
        async with network_on(bus.address, lost=lost):
            await until(lambda: last() == expected)  # noqa: B023 # it is called before the next turn
        await connection.flush()
        assert last() == expected
    assert told.of("service") == [(NETWORK, True)]
    assert told.of("removed") == []
    assert [thing["Last"] for thing, _ in told.of("changed") if thing.interface == TRIAL] == ["none", "expired"]
    # What did not change meanwhile is no news.
    assert [dict(event.data)["lost"] for _, event in told.of("event")] == ["0", "1"]
    await mirror.stop()
    await connection.close()
