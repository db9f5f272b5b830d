# SPDX-License-Identifier: Apache-2.0
"""What 1,000 events a second for a minute do to axiod-events: what it loses, what it takes.

Another process tells them under the name of a service that does not run here. Everything must be in the event log, and
a rule on one of the ten outputs that the events are about must have been active each time. Memory is compared between
a sixth of the way, when everything has been used once, and the end.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from bench.event_source import PORTS, TOPIC
from bench.figure import AtMost, BenchError, Figure
from bench.machine import WAIT_SECONDS, Machine
from bench.memory import taken
from bench.peers import root_of
from bench.rules import EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figure import Effort

_SOURCE = "org.axiod.system1"
_PER_SECOND, _SECONDS = 1000, 60
_KEPT = 200_000
_PAGE = 1000
_MOST_GROWTH_MIB = 2.0


async def measure(effort: Effort) -> Sequence[Figure]:
    """Lost events, growth and processor time; one round, since it takes a minute."""
    seconds = effort.number(_SECONDS)
    what = f"{_PER_SECOND} events a second for {seconds} s"
    lost = Figure(f"{what}, lost", "1", AtMost(0, ""))
    missed = Figure(f"{what}, activations missed", "1", AtMost(0, ""))
    grown = Figure(f"{what}, PSS grew by", "MiB", AtMost(_MOST_GROWTH_MIB, "MiB"))
    memory = Figure(f"{what}, PSS", "MiB")
    load = Figure(f"{what}, CPU of axiod-events", "%")
    async with Machine() as machine:
        await machine.start_all()
        await machine.spawn(_SOURCE, [sys.executable, "-m", "bench.event_source", _SOURCE])
        await machine.start("events")
        events = Service(machine.connection, EVENTS)
        await events.call(f"{events.root}/log", f"{EVENTS}.EventLog", "Configure", {"Limit": _KEPT})
        rule = await events.call(
            *(f"{events.root}/rules", f"{EVENTS}.Rules", "AddRule", "count"),
            [{"Topic": TOPIC, "Source": {"port": PORTS[0]}, "Item": "state", "Equals": "1"}],
            [{"Kind": "virtual-input", "Input": 64, "Active": True, "WhileActive": True}],
            {},
        )
        pid, known = machine.pid(EVENTS), await _logged(events)
        streaming = asyncio.ensure_future(_stream(machine, seconds))
        await asyncio.sleep(seconds / 6)
        before, cpu_before = taken(pid)["PSS"], _cpu_seconds(pid)
        told = await streaming
        cpu = _cpu_seconds(pid) - cpu_before
        after = taken(pid)["PSS"]
        turns = -(-told // len(PORTS))
        wanted = -(-turns // 2)
        lost.ours.append(told - (await _settled(events, known + told) - known))
        missed.ours.append(wanted - await _activations(events, rule))
        grown.ours.append(after - before)
        memory.ours.append(after)
        load.ours.append(100 * cpu / (seconds * 5 / 6))
    return [lost, missed, grown, memory, load]


async def _stream(machine: Machine, seconds: int) -> int:
    """Have the events told; returns how many."""
    (count,) = await machine.connection.call(
        *(_SOURCE, root_of(_SOURCE), "org.axiod.bench1.Burst", "Stream", "uu", [_PER_SECOND, seconds]),
        timeout=seconds + WAIT_SECONDS,
    )
    return int(count)


async def _settled(events: Service, wanted: int) -> int:
    """Return how many of the events are in the log, once no more come."""
    found = -1
    async with asyncio.timeout(WAIT_SECONDS):
        while (now := await _logged(events)) != found and now < wanted:
            found = now
            await asyncio.sleep(1)
    return now


async def _logged(events: Service) -> int:
    """Count the entries of the log that are about those events."""
    number, last = 0, 0
    while True:
        options: dict[str, Any] = {"Kind": "event", "Topic": TOPIC, "AfterId": last, "Limit": _PAGE}
        entries = await events.call(f"{events.root}/log", f"{EVENTS}.EventLog", "Query", options)
        number += sum(entry["Source"].get("port") in PORTS for entry in entries)
        if len(entries) < _PAGE:
            return number
        last = entries[-1]["Id"]


async def _activations(events: Service, rule: str) -> int:
    found = await events.properties(f"{events.root}/rule/{rule}", f"{EVENTS}.Rule")
    if found["Suspended"]:
        raise BenchError("the rule was suspended")
    return int(found["Activations"])


def _cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
