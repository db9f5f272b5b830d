# SPDX-License-Identifier: Apache-2.0
"""How long GetManagedObjects of a full system takes.

The ports and the relays of ours live in two services. Each is asked, and the times are added; the reference is one C
service with all of them. The ports are supervised, so their loops are being measured all the while.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.bus.client import Service
from bench import full_board
from bench.figure import BenchError, Figure, Pair, Times, interleave
from bench.full_board import PORTS, RELAYS
from bench.machine import WAIT_SECONDS, Machine
from bench.peers import REFERENCE, load, root_of, start_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figure import Effort

_CALLS = 40
_SERVICES = ("org.axiod.io1", "org.axiod.relays1")
_TIME = f"GetManagedObjects, {PORTS} ports + {RELAYS} relays, p50"
_CPU = f"GetManagedObjects, {PORTS} ports + {RELAYS} relays, CPU"


async def measure(effort: Effort) -> Sequence[Figure]:
    """Time and CPU of a call, beside the C service with as many objects and properties."""
    figures = [Figure(_TIME, "ms", Times(4)), Figure(_CPU, "ms")]
    with tempfile.TemporaryDirectory(prefix="axiod-bench-") as folder:
        profile = Path(folder) / "full.yaml"
        full_board.write(profile)
        async with Machine(str(profile), io_settings=full_board.io_settings()) as machine:
            await machine.start_all()
            await start_reference(machine, ports=PORTS, relays=RELAYS)
            await full_board.bring_to_life(machine)
            wanted = (await _load(machine, REFERENCE, 1))["properties"]
            await _settle(machine, int(wanted))

            async def ours() -> dict[str, float]:
                found = [await _load(machine, name, effort.number(_CALLS)) for name in _SERVICES]
                return {_TIME: sum(item["p50_ms"] for item in found), _CPU: sum(item["cpu_ms"] for item in found)}

            async def reference() -> dict[str, float]:
                found = await _load(machine, REFERENCE, effort.number(_CALLS))
                return {_TIME: found["p50_ms"], _CPU: found["cpu_ms"]}

            await interleave(figures, effort.rounds, Pair(ours, reference))
    return figures


async def _load(machine: Machine, bus_name: str, number: int) -> dict[str, float]:
    return await load(machine, bus_name, "managed", root_of(bus_name), number)


async def _settle(machine: Machine, properties: int) -> None:
    """Wait until our services have as many properties as the reference; raises BenchError."""
    found = 0
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while found != properties:
                await asyncio.sleep(0.1)
                objects = [await Service(machine.connection, name).objects() for name in _SERVICES]
                found = sum(
                    len(values) for item in objects for interfaces in item.values() for values in interfaces.values()
                )
    except TimeoutError:
        raise BenchError(f"our services have {found} properties and the reference {properties}") from None
