# SPDX-License-Identifier: Apache-2.0
"""Plays contacts that bounce, and square waves: edges with exact times, however late the process is."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from axiod.sim.lines import LineServer
    from axiod.sim.world import Terminal, Wire

_TICK_SECONDS = 0.001
_BOUNCE_NS = 1_000_000
_AT_ONCE = 1000
"""So many edges are told before others get their turn, on a machine that cannot keep up."""


class Player:
    """Moves the contact of one wire."""

    def __init__(self, terminal: Terminal, wire: Wire, lines: LineServer, tasks: asyncio.TaskGroup) -> None:
        self._terminal = terminal
        self._wire = wire
        self._lines = lines
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None

    def put(self, change: Callable[[], None]) -> None:
        """Change the wire; ends what plays. A contact that bounces does so now."""
        self.stop()
        before = self._wire.closed
        change()
        after = self._wire.closed
        now = time.monotonic_ns()
        if before != after:
            bounces = self._wire.bounce_ms if self._wire.condition in ("open", "closed") else 0
            self._tell([(after, now)])
            if bounces:
                # An even number of further edges, so that it ends where it should.
                edges = ((after == bool(step % 2), now + (step + 1) * _BOUNCE_NS) for step in range(bounces // 2 * 2))
                self._task = self._tasks.create_task(self._play(edges))
        self._terminal.changed()

    def wave(self, hz: float, cycles: int) -> None:
        """Play a square wave: `cycles` times away and back again."""
        self.stop()
        rest = self._wire.rest
        begin = time.monotonic_ns()
        half = 0.5e9 / hz
        edges = ((rest == bool(step % 2), begin + int(step * half)) for step in range(2 * cycles))
        self._wire.wave_hz = hz
        self._task = self._tasks.create_task(self._play(edges))
        self._terminal.changed()

    def stop(self) -> None:
        """Play no more; the contact is where the wire's condition says."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._wire.wave_hz = None
            if self._wire.swung:
                self._tell([(self._wire.rest, time.monotonic_ns())])

    async def _play(self, edges: Iterator[tuple[bool, int]]) -> None:
        told = time.monotonic()
        due: list[tuple[bool, int]] = []
        for edge in edges:
            while (wait := edge[1] - time.monotonic_ns()) > 0 or len(due) >= _AT_ONCE:
                self._tell(due)
                due = []
                await asyncio.sleep(max(_TICK_SECONDS, wait / 1e9) if wait > 0 else 0)
            due.append(edge)
            if time.monotonic() - told > 1:
                told = time.monotonic()
                self._terminal.changed()
        self._tell(due)
        self._task = None
        self._wire.wave_hz = None
        self._terminal.changed()

    def _tell(self, edges: list[tuple[bool, int]]) -> None:
        if edges:
            self._wire.transitions += len(edges)
            self._wire.swung = edges[-1][0] != self._wire.rest
            self._lines.edges(self._terminal, edges)
