# SPDX-License-Identifier: Apache-2.0
"""How long a daemon takes from being started to owning its bus name, beside a bare interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import bare
from bench.figure import AtMost, Figure, Pair, interleave
from bench.machine import DAEMONS, Machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figure import Effort

_TARGET = AtMost(150, "ms")


async def measure(effort: Effort) -> Sequence[Figure]:
    """A figure for each daemon. The reference is a bare interpreter, started in the same rounds."""
    figures = [Figure(_of(name), "ms", None if name == "sim" else _TARGET) for name in DAEMONS]

    async def ours() -> dict[str, float]:
        async with Machine() as machine:
            return {_of(name): await machine.start(name) for name in DAEMONS}

    async def reference() -> dict[str, float]:
        async with bare.running() as (_pid, took_ms):
            return dict.fromkeys(map(_of, DAEMONS), took_ms)

    await ours()  # the first start compiles
    await interleave(figures, effort.rounds, Pair(ours, reference))
    return figures


def _of(name: str) -> str:
    return f"axiod-{name}, start to name owned"
