# SPDX-License-Identifier: Apache-2.0
"""How long an edge of an input takes to a client: from its time stamp to PropertiesChanged in another process.

Contacts of the simulated world move at random intervals, slowly enough that no change is conflated. The reference is
the signal leg alone: a change that the C service makes up itself, to the same client.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
from typing import TYPE_CHECKING

from axiod.bus.client import Service
from bench.figure import AtMost, BenchError, Figure, Pair, interleave
from bench.machine import WAIT_SECONDS, Machine
from bench.peers import REFERENCE, root_of, start_reference

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bench.figure import Effort

_EDGES = 200
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.004, 0.012
_INPUTS = ("input1", "input2", "input3", "input4", "input5")
_P50 = "edge to client, p50"
_P99 = "edge to client, p99"


async def measure(effort: Effort) -> Sequence[Figure]:
    """The median and the 99th percentile, beside those of the signal leg from C."""
    figures = [Figure(_P50, "us"), Figure(_P99, "us", AtMost(1000, "us"))]
    async with Machine(io_settings={name: {"DebounceMs": 0} for name in _INPUTS}) as machine:
        await machine.start_all()
        await start_reference(machine)
        sim = Service(machine.connection, "org.axiod.sim1")
        contacts = itertools.cycle([(name, to) for to in ("closed", "open") for name in _INPUTS])

        async def move() -> None:
            name, to = next(contacts)
            await sim.call(f"{sim.root}/terminal/{name}", "org.axiod.sim1.Wire", "Set", to)

        async def make_up() -> None:
            await machine.connection.call(
                REFERENCE, root_of(REFERENCE), "org.axiod.bench1.Burst", "PropertiesChanged", "u", [1]
            )

        async def ours() -> dict[str, float]:
            return await _listen(machine, "org.axiod.io1", effort.number(_EDGES), move)

        async def reference() -> dict[str, float]:
            return await _listen(machine, REFERENCE, effort.number(_EDGES), make_up)

        await interleave(figures, effort.rounds, Pair(ours, reference))
    return figures


async def _listen(machine: Machine, bus_name: str, count: int, act: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """Do something again and again, and return what a listener made of the signals."""
    listener = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.listener", bus_name, str(count)),
        stdout=asyncio.subprocess.PIPE,
        env=machine.environment,
    )
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            if listener.stdout is None or not await listener.stdout.readline():
                raise BenchError("the listener did not start")
            for _ in range(count):
                await asyncio.sleep(random.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS))
                await act()
            late = sorted(json.loads(await listener.stdout.readline()))
    except TimeoutError:
        raise BenchError(f"{bus_name} did not tell all of {count} changes within {WAIT_SECONDS:g} s") from None
    finally:
        if listener.returncode is None:
            listener.terminate()
        await listener.wait()
    return {_P50: late[len(late) // 2], _P99: late[(len(late) * 99 + 99) // 100 - 1]}
