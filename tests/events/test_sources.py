# SPDX-License-Identifier: Apache-2.0
"""Following the events of other services: nothing is lost, nothing comes twice, and nobody delays another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from axiod.bus import topics
from axiod.bus.server import Server
from axiod.bus.service import EVENTS, EventSource
from axiod.events import sources as followed
from axiod.events.sources import Sources
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from axiod.bus.client import Event
    from axiod.bus.connection import Connection
    from tests.conftest import Connect

IO, RELAYS = "org.axiod.io1", "org.axiod.relays1"


class Told:
    """What a listener was told, in order."""

    def __init__(self) -> None:
        self.all: list[tuple[Any, ...]] = []

    def event(self, service: str, event: Event, *, stateful: bool) -> None:
        self.all.append(("event", service, event.topic, *event.source.values(), *event.data.values(), stateful))

    def snapshot(self, service: str, events: list[Event], news: list[Event], *, first: bool) -> None:
        values = {next(iter(one.source.values())): next(iter(one.data.values())) for one in events}
        new = sorted(next(iter(one.source.values())) for one in news)
        self.all.append(("snapshot", service, values, new, first))

    def owner(self, service: str, *, present: bool) -> None:
        self.all.append(("owner", service, present))

    def of(self, kind: str, service: str = RELAYS) -> list[tuple[Any, ...]]:
        return [one[2:] for one in self.all if one[:2] == (kind, service)]


class StandIn:
    """A service that has events, and nothing else."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.name = name
        self.path = "/" + name.replace(".", "/")
        self.server = Server(connection, self.path)
        self.source = EventSource(self.server, self.path)

    async def come(self) -> StandIn:
        self.source.live = True
        await self.connection.request_name(self.name)
        return self

    def tell(self, id_: str, active: bool) -> None:
        data = {"LogicalState": "active" if active else "inactive"}
        self.source.state(topics.RELAY, {"RelayToken": id_}, data, 1)

    async def go(self) -> None:
        await self.connection.flush()
        await self.server.close()
        await self.connection.close()


@pytest_asyncio.fixture
async def told(connection: Connect) -> AsyncIterator[Told]:
    """Both services are followed."""
    told = Told()
    sources = Sources(await connection(), (IO, RELAYS), told)
    await sources.start()
    yield told
    await sources.stop()


async def test_each_event_is_told_once_and_in_order(told: Told, connection: Connect) -> None:
    service = StandIn(await connection(), RELAYS)
    service.tell("0", active=True)
    await service.come()
    await until(lambda: told.of("snapshot"))
    assert told.of("snapshot") == [({"0": "active"}, ["0"], True)]
    for number in range(300):
        service.tell("0", active=bool(number % 2))
    await until(lambda: len(told.of("event")) >= 300)
    assert told.of("event") == [
        (topics.RELAY, "0", "active" if number % 2 else "inactive", True) for number in range(300)
    ]
    assert len(told.of("snapshot")) == 1
    await service.go()
    await until(lambda: told.of("owner") == [(True,), (False,)])


async def test_what_is_no_more_shows_in_a_snapshot(told: Told, connection: Connect) -> None:
    service = await StandIn(await connection(), RELAYS).come()
    await until(lambda: told.of("snapshot"))
    service.tell("1", active=True)
    service.tell("2", active=True)
    service.source.forget(topics.RELAY, {"RelayToken": "1"})
    service.tell("2", active=False)
    await until(lambda: len(told.of("snapshot")) == 2)
    assert [one[1:3] for one in told.of("event")] == [("1", "active"), ("2", "active"), ("2", "inactive")]
    assert told.of("snapshot")[1] == ({"2": "inactive"}, [], False)


async def test_a_service_that_comes_back_is_taken_from_its_begin(told: Told, connection: Connect) -> None:
    first = StandIn(await connection(), RELAYS)
    first.tell("0", active=True)
    await first.come()
    await until(lambda: told.of("snapshot"))
    for number in range(10):
        first.tell("0", active=bool(number % 2))
    await first.go()
    second = StandIn(await connection(), RELAYS)
    second.tell("0", active=False)
    await second.come()
    await until(lambda: len(told.of("snapshot")) == 2)
    assert told.of("snapshot")[1] == ({"0": "inactive"}, ["0"], False)
    second.tell("0", active=True)
    await until(lambda: len(told.of("event")) == 11)
    assert told.of("owner") == [(True,), (False,), (True,)]


async def test_stateless_and_unknown_topics(told: Told, connection: Connect) -> None:
    service = await StandIn(await connection(), RELAYS).come()
    await until(lambda: told.of("snapshot"))
    service.source.happened("tnsaxiod:Test/Happened", {"id": "1"}, {"x": "1"}, 1)
    await until(lambda: len(told.of("snapshot")) == 2)
    service.source.happened("tnsaxiod:Test/Happened", {"id": "1"}, {"x": "1"}, 1)
    service.source.state("tnsaxiod:Test/State", {"id": "1"}, {"x": "1"}, 1)
    await until(lambda: len(told.of("snapshot")) == 3)
    service.source.state("tnsaxiod:Test/State", {"id": "1"}, {"x": "2"}, 1)
    await until(lambda: len(told.of("event")) == 4)
    assert [(one[0], one[-1]) for one in told.of("event")] == [
        ("tnsaxiod:Test/Happened", False),
        ("tnsaxiod:Test/Happened", False),
        ("tnsaxiod:Test/State", False),
        ("tnsaxiod:Test/State", True),
    ]
    assert len(told.of("snapshot")) == 3


class Silent:
    """org.axiod.EventSource1 that never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def snapshot(self) -> tuple[int, list[Any]]:
        self.asked.set()
        await asyncio.get_running_loop().create_future()
        raise AssertionError


async def test_a_service_that_hangs_delays_nobody(told: Told, connection: Connect) -> None:
    hanging = await connection()
    silent = Silent()
    server = Server(hanging, "/org/axiod/io1")
    server.export("/org/axiod/io1", EVENTS, silent)
    await hanging.request_name(IO)
    await silent.asked.wait()
    service = await StandIn(await connection(), RELAYS).come()
    await until(lambda: told.of("snapshot"))
    service.tell("0", active=True)
    await until(lambda: told.of("event"))
    assert told.of("snapshot", IO) == []
    await server.close()


class Racing:
    """It tells a change in the same breath as the snapshot before it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sequence = 0
        self.active = False
        self.asked = 0

    def snapshot(self) -> tuple[int, list[tuple[str, dict[str, str], dict[str, str], int]]]:
        self.asked += 1
        found = self.sequence, [(topics.RELAY, {"RelayToken": "0"}, self.data, 1)]
        if self.asked < 5:
            asyncio.get_running_loop().call_soon(self.change)
        return found

    @property
    def data(self) -> dict[str, str]:
        return {"LogicalState": "active" if self.active else "inactive"}

    def change(self, lost: int = 0) -> None:
        self.active = not self.active
        self.sequence += 1 + lost
        self.server.emit(
            "/org/axiod/relays1", EVENTS, "Event", topics.RELAY, {"RelayToken": "0"}, self.data, 1, self.sequence
        )


async def test_a_snapshot_never_takes_back_what_is_newer(told: Told, connection: Connect) -> None:
    bus = await connection()
    server = Server(bus, "/org/axiod/relays1")
    racing = Racing(server)
    server.export("/org/axiod/relays1", EVENTS, racing)
    await bus.request_name(RELAYS)
    for round_ in range(1, 20):
        await until(lambda: told.all and told.all[-1][0] != "owner")
        racing.change(lost=round_ % 3)
        await until(lambda: value(told) == racing.data["LogicalState"])
    values = []
    for one in told.all:
        if one[0] == "event":
            values.append(one[4])
        elif one[0] == "snapshot":
            # A snapshot repeats what is known, or is of what was lost; never of before.
            assert not values or one[2]["0"] == values[-1] or one[3], told.all
            values.append(one[2]["0"])
    await server.close()


def value(told: Told) -> str:
    """What the listener believes now."""
    last = told.all[-1]
    return str(last[4] if last[0] == "event" else last[2].get("0"))


async def test_more_than_can_be_held_asks_once_more(
    told: Told, connection: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "MOST_HELD", 3)  # a number, so that it is soon too many
    bus = await connection()
    service = StandIn(bus, RELAYS)

    class Slow:
        asked = 0

        async def snapshot(self) -> tuple[int, list[Any]]:
            Slow.asked += 1
            if Slow.asked == 1:
                for number in range(10):
                    service.tell("0", active=number % 2 == 0)
            return service.source.snapshot() if Slow.asked > 1 else (0, [])

    service.server.export(service.path, EVENTS, Slow())
    await service.come()
    await until(lambda: told.of("snapshot"))
    assert told.of("snapshot") == [({"0": "inactive"}, ["0"], True)]
    assert Slow.asked == 2
