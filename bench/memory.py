# SPDX-License-Identifier: Apache-2.0
"""What a daemon takes of the memory, beside a bare interpreter that runs at the same time.

Two devices run, that is six daemons, since the target is for a suite of six: they share the pages of Python itself.
PSS counts a page that n processes share as 1/n, USS counts only what nobody shares, RSS counts everything.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from axiod.bus.client import Service
from bench import bare
from bench.figure import AtMost, Figure
from bench.machine import DAEMONS, Machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figure import Effort

_PARTS = {"PSS": ("Pss",), "USS": ("Private_Clean", "Private_Dirty"), "RSS": ("Rss",)}
_TARGET = AtMost(16, "MiB")
_MOST_ROUNDS = 3


async def measure(effort: Effort) -> Sequence[Figure]:
    """PSS, USS and RSS of each daemon once a client has read all its objects."""
    figures = {
        (name, part): Figure(f"axiod-{name}, {part}", "MiB", _TARGET if part == "PSS" and name != "sim" else None)
        for name in DAEMONS
        for part in _PARTS
    }
    for _ in range(min(effort.rounds, _MOST_ROUNDS)):
        async with Machine() as machine, Machine() as other, bare.running() as (bare_pid, _took_ms):
            await machine.start_all()
            await other.start_all()
            for name in DAEMONS:
                await Service(machine.connection, f"org.axiod.{name}1").objects()
            found = {name: taken(machine.pid(f"org.axiod.{name}1")) for name in DAEMONS}
            least = taken(bare_pid)
            for (name, part), figure in figures.items():
                figure.ours.append(found[name][part])
                figure.reference.append(least[part])
    return list(figures.values())


def taken(pid: int) -> dict[str, float]:
    """Return what a process takes, MiB: PSS, USS and RSS."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    sizes = {line.partition(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return {part: sum(sizes[name] for name in names) for part, names in _PARTS.items()}
