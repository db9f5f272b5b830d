# SPDX-License-Identifier: Apache-2.0
"""What a method call costs when many are under way: CPU time of the service, and calls a second."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.figure import Figure, Pair, Times, interleave
from bench.machine import Machine
from bench.peers import REFERENCE, load, relay_of, start_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figure import Effort

_CALLS = 20_000
_WINDOW = 64
_CPU = f"Relay.Set, {_WINDOW} in flight, CPU a call"
_RATE = f"Relay.Set, {_WINDOW} in flight, calls"


async def measure(effort: Effort) -> Sequence[Figure]:
    """CPU a call and calls a second, beside the C service."""
    figures = [Figure(_CPU, "us", Times(5)), Figure(_RATE, "1/s")]
    async with Machine() as machine:
        await machine.start_all()
        await start_reference(machine)

        async def ask(bus_name: str) -> dict[str, float]:
            found = await load(machine, bus_name, "pipeline", relay_of(bus_name), effort.number(_CALLS), _WINDOW)
            return {_CPU: found["cpu_us"], _RATE: found["calls_per_s"]}

        await interleave(figures, effort.rounds, Pair(partial(ask, "org.axiod.relays1"), partial(ask, REFERENCE)))
    return figures
