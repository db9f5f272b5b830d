# SPDX-License-Identifier: Apache-2.0
"""How long 1,000 PropertiesChanged in one burst take, and whether the connection outlives them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.figure import Figure, Pair, Times, interleave
from bench.machine import Machine
from bench.peers import OURS, REFERENCE, load, root_of, start_burst_service, start_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figure import Effort

_SIGNALS = 1000
_TIME = f"burst of {_SIGNALS} PropertiesChanged"
_CPU = f"burst of {_SIGNALS} PropertiesChanged, CPU each"


async def measure(effort: Effort) -> Sequence[Figure]:
    """Time of a burst and CPU of a signal, beside the C service. A lost connection is a BenchError."""
    figures = [Figure(_TIME, "ms", Times(4)), Figure(_CPU, "us")]
    async with Machine() as machine:
        await start_burst_service(machine)
        await start_reference(machine)

        async def ask(bus_name: str) -> dict[str, float]:
            found = await load(machine, bus_name, "burst", root_of(bus_name), _SIGNALS)
            return {_TIME: found["ms"], _CPU: found["cpu_us"]}

        await interleave(figures, effort.rounds, Pair(partial(ask, OURS), partial(ask, REFERENCE)))
    return figures
