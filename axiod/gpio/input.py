# SPDX-License-Identifier: Apache-2.0
"""One digital input: every edge counts once, none is lost without being noticed."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from axiod.errors import HardwareFailure
from axiod.gpio.debounce import Debounce
from axiod.gpio.lines import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from axiod.gpio.held import HeldLine
    from axiod.gpio.lines import Edge, Line

_log = logging.getLogger(__name__)

Change = tuple[bool, int]
"""A level that began to count, and when: CLOCK_MONOTONIC, nanoseconds."""


class Input:
    """Follows one line; tells its levels, debounced, in order, each with its time."""

    def __init__(
        self,
        line: HeldLine,
        on_changes: Callable[[list[Change]], None],
        on_read: Callable[[], None],
        on_problem: Callable[[], None],
    ) -> None:
        """`on_read` is called after `on_changes` whenever edges were read, whether they changed anything or not."""
        self.name = line.name
        self.problem: str | None = None
        self.lost = 0
        """Edges that the kernel dropped."""
        self._held = line
        self._on_changes = on_changes
        self._on_read = on_read
        self._on_problem = on_problem
        self._debounce: Debounce[bool] = Debounce(0)
        self._following = False
        self._sequence: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def sequence(self) -> int | None:
        """The number of the last edge that was read; None while it is not known."""
        return self._sequence

    def resume(self, sequence: int | None) -> None:
        """Go on after the edge that the process before us read last, on a line that we inherited from it."""
        self._sequence = sequence
        self._following = True

    def begin(self, hold_ms: int, known: bool | None, *, follow: bool) -> bool:
        """Make an input of the line and tell its level if it is not the known one; returns whether it worked.

        `hold_ms`: how long a level must be held. `known`: the level that was told last. `follow`: tell what comes
        after; else the line is only held, for an input whose level comes from elsewhere.
        """
        try:
            line = self._held.take()
            if follow and not self._following:
                self._skip(line)
            debounced = line.to_input(hold_ms * 1000)
            self._held.works_as(Direction.INPUT)
            self._debounce = Debounce(0 if debounced else hold_ms * 1_000_000, known)
            self._following = follow
            self.problem = None
            if follow:
                # First what waited since before this process began, then the level as it is.
                self._take(line.edges())
                self._settle(line.get())
                self._held.listen(self._readable)
                self._take(line.edges())
            else:
                self._held.listen(None)
        except HardwareFailure as error:
            self._report(str(error))
        except OSError as error:
            self._report(str(self._held.failed("cannot be read", error)))
        return self.problem is None

    def check(self) -> None:
        """Read the level though no edge came: a line that cannot be read any more tells none."""
        if self._following and not self.problem:
            self._look(read=True)

    def end(self) -> None:
        """Stop following the line; it is left to whoever uses it next."""
        self._cancel_timer()
        self._held.listen(None)
        self._following = False
        self.problem = None

    def close(self) -> None:
        """Stop serving it. The line stays ours, kept by systemd, and its edges wait in the kernel."""
        self._cancel_timer()
        self._held.drop()

    def _readable(self) -> None:
        self._look(read=False)

    def _look(self, *, read: bool) -> None:
        try:
            line = self._held.take()
            lost = self.lost
            self._take(line.edges())
            if lost := self.lost - lost:
                _log.warning("%s: %d edges came too fast for the kernel and were counted unseen", self.name, lost)
            if lost or read:
                self._settle(line.get())
                self._take(line.edges())
        except (OSError, HardwareFailure) as error:
            failure = self._held.failed("cannot be read", error) if isinstance(error, OSError) else error
            self._report(str(failure))

    def _take(self, edges: Sequence[Edge]) -> None:
        changes: list[Change] = []
        for edge in edges:
            missing = 0 if self._sequence is None else edge.sequence - self._sequence - 1
            if missing > 0:
                self.lost += missing
                changes += self._unseen(missing, edge)
            self._sequence = edge.sequence
            changes += self._debounce.reading(edge.active, edge.timestamp_ns)
        self._tell(changes)
        if edges:
            self._on_read()

    def _skip(self, line: Line) -> None:
        """Forget the edges that came while nobody wanted them."""
        self._sequence = None
        for edge in line.edges():
            self._sequence = edge.sequence

    def _unseen(self, missing: int, edge: Edge) -> list[Change]:
        """Return what dropped edges must have been: each the opposite of the one before it."""
        if self._debounce.hold_ns:
            return []
        level = not edge.active if missing % 2 else edge.active
        changes: list[Change] = []
        for _ in range(missing):
            changes += self._debounce.reading(level, edge.timestamp_ns)
            level = not level
        return changes

    def _settle(self, level: bool) -> None:
        """Take a level that was read, not told by an edge."""
        now_ns = time.monotonic_ns()
        if self._debounce.value is None:
            # The first level of all is where the input stands, not a change that must be held.
            self._debounce = Debounce(self._debounce.hold_ns, level)
            self._tell([(level, now_ns)])
        else:
            self._tell(self._debounce.reading(level, now_ns))

    def _tell(self, changes: list[Change]) -> None:
        self._cancel_timer()
        deadline = self._debounce.deadline_ns
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline / 1e9, self._held_long_enough)
        if changes:
            self._on_changes(changes)

    def _held_long_enough(self) -> None:
        # The edges that wait are older than the timer: they decide whether the level was held.
        self._readable()
        if not self.problem:
            self._tell(self._debounce.due(time.monotonic_ns()))

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _report(self, problem: str) -> None:
        self._cancel_timer()
        if problem != self.problem:
            self.problem = problem
            self._on_problem()
