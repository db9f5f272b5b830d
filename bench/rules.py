# SPDX-License-Identifier: Apache-2.0
"""How long it takes from an edge of an input to a relay that moved, through a rule, in three processes.

Both ends are taken from the events themselves: the time stamp of the edge, which is when the wire changed, and that of
the relay, which is taken once its line has moved.

The reference is the same chain in C on sd-bus, with a bus and a simulated world (axiod-sim) of its own that are the
same programs as ours. Each chain does this, in this order, before the relay has moved:

1. axiod-sim sends the edge; the service of the inputs reads it, and sends PropertiesChanged of the port, the event of
   VAPIX (IO/Port) and that of ONVIF (DigitalInput).
2. The rule, which is on any input, takes the event; as its action lasts while it is active, it writes a line to a
   journal (not synced) of what it is about to do, and then sends Relay.Set with a deadline.
3. The service of the relays checks caller, options and deadline, has axiod-sim drive the line, and waits for its
   answer. What it sends then, PropertiesChanged and the event, is after the end.

What only ours does besides: the services keep counters and last states, and axiod-events a log of everything, in
SQLite, by threads of theirs which the chain does not wait for; the rule is an object on the bus, told 20 ms later;
there are further rules, of five conditions each on other topics; and axiod-events hears of the changes of properties,
since it follows what is an output. The checksum of a line of the journal is in ours alone.

The second reference is C without lines, as it was measured before there was one with them: the first service makes up
its edge, and the last one moves nothing. What it leaves out are two ways through axiod-sim, which is in Python: all
that is in ours for having the wire and the relay in another process.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from bench.figure import AtMost, BenchError, Figure, Pair, Times, interleave
from bench.machine import WAIT_SECONDS, Machine
from bench.peers import program, relay_of

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_CHIP = "a9210-io"
_FROM, _RULE, _TO = "org.axiod.from1", "org.axiod.rule1", "org.axiod.to1"
_BARE_FROM, _BARE_RULE, _BARE_TO = "org.axiod.barefrom1", "org.axiod.barerule1", "org.axiod.bareto1"
EVENTS = "org.axiod.events1"


async def measure(effort: Effort) -> Sequence[Figure]:
    """The median and the 99th percentile, with more and more rules."""
    figures: list[Figure] = []
    async with Machine(io_settings={name: {"DebounceMs": 0} for name in _INPUTS}) as machine, Machine() as other:
        await machine.start_all()
        await machine.start("events")
        rules = Rules(machine)
        await rules.add("follow", [_ANY_PORT_IS_ACTIVE], [_ON_WHILE_ACTIVE])
        ours = Edges(Chain(machine, "org.axiod.io1", PORT_TOPIC, "org.axiod.relays1"))
        same = Edges(await _chain_in_c(other))
        bare = Edges(await _chain_without_lines(other))
        for edges in (ours, same, bare):
            await edges.start()
        for count in _CURVE:
            await rules.fill(count)
            name = f"edge to relay, {count} rules"
            found = [
                Figure(f"{name}, p50", "us", Times(4)),
                Figure(f"{name}, p99", "us", AtMost(5000, "us")),
                Figure(f"{name}, p50, C without lines", "us"),
                Figure(f"{name}, p99, C without lines", "us"),
            ]
            rounds = effort.rounds if count in (_CURVE[0], _CURVE[-1]) else min(effort.rounds, _OF_THE_CURVE)
            number = effort.number(_EDGES)
            await interleave(
                found, rounds, Pair(partial(_once, number, name, ours, ours), partial(_once, number, name, same, bare))
            )
            figures += found
    return figures


async def _once(number: int, name: str, edges: Edges, bare: Edges) -> dict[str, float]:
    """Measure one side: what stands beside C with lines, and beside C without, which for ours is the same."""
    p50, p99 = await edges.measure(number)
    bare_p50, bare_p99 = (p50, p99) if bare is edges else await bare.measure(number)
    return {
        f"{name}, p50": p50,
        f"{name}, p99": p99,
        f"{name}, p50, C without lines": bare_p50,
        f"{name}, p99, C without lines": bare_p99,
    }


async def _chain_in_c(machine: Machine) -> Chain:
    """Start the simulated world, and the chain in C on its lines."""
    await machine.start("sim")
    lines = [f"{_CHIP}/{name}" for name in _INPUTS]
    await machine.spawn(_FROM, [program("service"), _FROM, str(len(lines)), "0", *lines])
    await machine.spawn(_TO, [program("service"), _TO, "0", "1", f"{_CHIP}/relay1"])
    await machine.spawn(_RULE, [program("rule"), _RULE, _FROM, _TO, str(machine.folder / "journal")])
    return Chain(machine, _FROM, PORT_TOPIC, _TO)


async def _chain_without_lines(machine: Machine) -> Chain:
    """Start the chain in C whose edges are calls."""
    for name in (_BARE_FROM, _BARE_TO):
        await machine.spawn(name, [program("service"), name, "0", "1"])
    await machine.spawn(_BARE_RULE, [program("rule"), _BARE_RULE, _BARE_FROM, _BARE_TO])
    return Chain(machine, _BARE_FROM, _RELAY_TOPIC, _BARE_TO)


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


@dataclass(frozen=True, slots=True)
class Chain:
    """Two services with a rule between them."""

    machine: Machine
    source: str
    """The bus name of the service that tells of the edge."""
    topic: str
    """On which it does. Where it is that of a relay, toggling that is the edge, else the wires of axiod-sim are."""
    sink: str
    """The bus name of the service that has the relay."""


class Edges:
    """Makes edges one after the other, and takes the time from each to the relay."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._connection = chain.machine.connection
        self._contacts = itertools.cycle([(name, to) for name in _INPUTS for to in ("closed", "open")])
        self._begun = 0
        self._late: list[float] = []
        self._arrived = asyncio.Event()

    async def start(self) -> None:
        """Hear of edges and of relays."""
        await Service(self._connection, self._chain.source).on_event(self._edge)
        await Service(self._connection, self._chain.sink).on_event(self._moved)

    def _edge(self, event: Event) -> None:
        if event.topic == self._chain.topic:
            self._begun = event.timestamp_usec

    def _moved(self, event: Event) -> None:
        if event.topic == _RELAY_TOPIC:
            self._late.append(event.timestamp_usec - self._begun)
            self._arrived.set()

    async def _make(self) -> None:
        if self._chain.topic == _RELAY_TOPIC:
            path = relay_of(self._chain.source)
            await self._connection.call(self._chain.source, path, "org.axiod.relays1.Relay", "Toggle", "a{sv}", [{}])
        else:
            name, to = next(self._contacts)
            sim = Service(self._connection, "org.axiod.sim1")
            await sim.call(f"{sim.root}/terminal/{name}", "org.axiod.sim1.Wire", "Set", to)

    async def measure(self, count: int) -> tuple[float, float]:
        """Make edges, and wait for the relay after each; returns the median and the 99th percentile of the times."""
        self._late.clear()
        for number in range(count):
            await asyncio.sleep(random.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS))
            self._arrived.clear()
            await self._make()
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                raise BenchError(f"the relay did not follow edge {number + 1} within {WAIT_SECONDS:g} s") from None
        late = sorted(self._late)
        if len(late) != count:
            raise BenchError(f"the relay moved {len(late)} times after {count} edges")
        return late[len(late) // 2], late[(len(late) * 99 + 99) // 100 - 1]
