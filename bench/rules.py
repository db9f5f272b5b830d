# SPDX-License-Identifier: Apache-2.0
"""How long it takes from an edge of an input to a relay that moved, through a rule, in three processes.

Both ends are taken from the events themselves: the time stamp of the edge, and that of the relay, which is taken once
its line has moved. The reference is the same chain in C on sd-bus: a service, a rule, another service; it has no lines,
and ours are those of the simulated world, so what that takes (a message to axiod-io, and a question and answer with
axiod-relays) is in ours alone. The rules beside the one that acts have five conditions each on other topics.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from bench.figure import AtMost, BenchError, Figure, Pair, Times, interleave
from bench.machine import WAIT_SECONDS, Machine
from bench.peers import program, relay_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from axiod.bus.client import Event
    from bench.figure import Effort

_CURVE = (1, 16, 64, 256)
_OF_THE_CURVE = 3
"""Rounds with numbers of rules between the least and the most."""
_EDGES = 200
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.004, 0.012
"""Slowly enough that no change of any of the inputs, which have their turns, is conflated."""
_RELAY_TOPIC = "tns1:Device/Trigger/Relay"
PORT_TOPIC = "tns1:Device/tnsaxis:IO/Port"
_INPUTS = ("input1", "input2", "input3", "input4", "input5")
_FROM, _RULE, _TO = "org.axiod.from1", "org.axiod.rule1", "org.axiod.to1"
EVENTS = "org.axiod.events1"


async def measure(effort: Effort) -> Sequence[Figure]:
    """The median and the 99th percentile, with more and more rules."""
    figures: list[Figure] = []
    async with Machine(io_settings={name: {"DebounceMs": 0} for name in _INPUTS}) as machine:
        await machine.start_all()
        await machine.start("events")
        for name in (_FROM, _TO):
            await machine.spawn(name, [program("service"), name, "0", "1"])
        await machine.spawn(_RULE, [program("rule"), _RULE, _FROM, _TO])
        rules = Rules(machine)
        await rules.add("follow", [_ANY_PORT_IS_ACTIVE], [_ON_WHILE_ACTIVE])
        edges = Edges(machine)
        await edges.start()
        for count in _CURVE:
            await rules.fill(count)
            p50, p99 = f"edge to relay, {count} rules, p50", f"edge to relay, {count} rules, p99"
            found = [Figure(p50, "us", Times(4)), Figure(p99, "us", AtMost(5000, "us"))]
            rounds = effort.rounds if count in (_CURVE[0], _CURVE[-1]) else min(effort.rounds, _OF_THE_CURVE)
            number = effort.number(_EDGES)
            await interleave(
                found, rounds, Pair(partial(edges.ours, number, p50, p99), partial(edges.reference, number, p50, p99))
            )
            figures += found
    return figures


_ANY_PORT_IS_ACTIVE = {"Topic": PORT_TOPIC, "Item": "state", "Equals": "1"}
_ON_WHILE_ACTIVE = {"Kind": "set", "Output": "relay1", "Active": True, "WhileActive": True}


class Rules:
    """The rules of a machine."""

    def __init__(self, machine: Machine) -> None:
        self._events = Service(machine.connection, EVENTS)
        self._count = 0

    async def add(self, name: str, conditions: list[dict[str, Any]], actions: list[dict[str, Any]]) -> str:
        """Add a rule; returns its id."""
        self._count += 1
        id_: str = await self._events.call(
            f"{self._events.root}/rules", f"{EVENTS}.Rules", "AddRule", name, conditions, actions, {}
        )
        return id_

    async def fill(self, count: int) -> None:
        """Add rules on other topics until there are so many."""
        numbers = random.Random(1)
        while self._count < count:
            inputs = numbers.sample(range(1, 65), 3)
            conditions: list[dict[str, Any]] = [
                {"Topic": "tns1:Device/tnsaxis:IO/VirtualInput", "Source": {"port": str(number)}, "Item": "active",
                 "Equals": "1"}
                for number in inputs
            ]  # fmt: skip
            conditions += [
                {"Topic": "tns1:Device/tnsaxis:IO/VirtualPort", "Source": {"port": str(numbers.randrange(1, 9))},
                 "Item": "state", "Equals": "1"},
                {"Topic": "tns1:Device/tnsaxis:Status/SystemReady", "Item": "ready", "Equals": "1", "Inverted": True},
            ]  # fmt: skip
            await self.add(f"other {self._count}", conditions, [{"Kind": "log", "Message": "It happened."}])


class Edges:
    """Makes edges one after the other, and takes the time from each to the relay."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._contacts = itertools.cycle([(name, to) for name in _INPUTS for to in ("closed", "open")])
        self._begun = 0
        self._late: list[float] = []
        self._arrived = asyncio.Event()

    async def start(self) -> None:
        """Hear of edges and of relays."""
        for name, topic in (("org.axiod.io1", PORT_TOPIC), (_FROM, _RELAY_TOPIC)):
            await Service(self._machine.connection, name).on_event(partial(self._edge, topic))
        for name in ("org.axiod.relays1", _TO):
            await Service(self._machine.connection, name).on_event(self._moved)

    def _edge(self, topic: str, event: Event) -> None:
        if event.topic == topic:
            self._begun = event.timestamp_usec

    def _moved(self, event: Event) -> None:
        if event.topic == _RELAY_TOPIC:
            self._late.append(event.timestamp_usec - self._begun)
            self._arrived.set()

    async def ours(self, count: int, p50: str, p99: str) -> dict[str, float]:
        """Move a contact of the simulated world, and wait for the relay."""
        sim = Service(self._machine.connection, "org.axiod.sim1")

        async def move() -> None:
            name, to = next(self._contacts)
            await sim.call(f"{sim.root}/terminal/{name}", "org.axiod.sim1.Wire", "Set", to)

        return await self._measure(count, move, p50, p99)

    async def reference(self, count: int, p50: str, p99: str) -> dict[str, float]:
        """Toggle the relay of the first service in C, and wait for that of the second."""

        async def move() -> None:
            await self._machine.connection.call(
                _FROM, relay_of(_FROM), "org.axiod.relays1.Relay", "Toggle", "a{sv}", [{}]
            )

        return await self._measure(count, move, p50, p99)

    async def _measure(self, count: int, move: Callable[[], Awaitable[None]], p50: str, p99: str) -> dict[str, float]:
        self._late.clear()
        for number in range(count):
            await asyncio.sleep(random.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS))
            self._arrived.clear()
            await move()
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                raise BenchError(f"the relay did not follow edge {number + 1} within {WAIT_SECONDS:g} s") from None
        late = sorted(self._late)
        if len(late) != count:
            raise BenchError(f"the relay moved {len(late)} times after {count} edges")
        return {p50: late[len(late) // 2], p99: late[(len(late) * 99 + 99) // 100 - 1]}
