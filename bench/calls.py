# SPDX-License-Identifier: Apache-2.0
"""How long a method call takes, one after the other.

Set asks for the state in which the relay is already, so nothing moves and D-Bus itself is measured. Toggle moves the
simulated line, which is a process of its own: it is told, and held against nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.figure import Figure, Pair, Times, interleave
from bench.machine import Machine
from bench.peers import REFERENCE, load, relay_of, start_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figure import Effort

_RELAYS = "org.axiod.relays1"
_CALLS = 2000
_TOGGLES = 200
_TIMES_A_ROUND = 3
"""Round trips depend on which processors are awake more than anything else here does."""
_NAMES = {"set": "Relay.Set, no movement", "get": "Properties.Get", "toggle": "Relay.Toggle, simulated line"}


async def measure(effort: Effort) -> Sequence[Figure]:
    """Set and Get beside the C service, and Toggle."""
    target = {"set": Times(2)}
    figures = [
        Figure(f"{name}, {rank}", "us", target.get(test) if rank == "p50" else None)
        for test, name in _NAMES.items()
        for rank in ("p50", "p99")
    ]
    async with Machine() as machine:
        await machine.start_all()
        await start_reference(machine)

        async def ask(bus_name: str, test: str, number: int) -> dict[str, float]:
            found = await load(machine, bus_name, test, relay_of(bus_name), effort.number(number))
            return {f"{_NAMES[test]}, {rank}": found[f"{rank}_us"] for rank in ("p50", "p99")}

        await interleave(
            figures,
            effort.rounds * _TIMES_A_ROUND,
            Pair(partial(ask, _RELAYS, "set", _CALLS), partial(ask, REFERENCE, "set", _CALLS)),
            Pair(partial(ask, _RELAYS, "get", _CALLS), partial(ask, REFERENCE, "get", _CALLS)),
            Pair(partial(ask, _RELAYS, "toggle", _TOGGLES)),
        )
    return figures
