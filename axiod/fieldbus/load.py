# SPDX-License-Identifier: Apache-2.0
"""How much of the last seconds a line was taken. Pure: time is an argument."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

WINDOW_SECONDS = 10.0


@dataclass(slots=True)
class Load:
    """The times during which one line was taken."""

    _taken: deque[tuple[float, float]] = field(default_factory=deque)
    """Begin and end; those that follow closely are one."""

    def add(self, begin: float, end: float) -> None:
        """The line was taken."""
        if self._taken and begin - self._taken[-1][1] < 0.001 and end - self._taken[-1][0] < 1.0:
            self._taken[-1] = (self._taken[-1][0], end)
        else:
            self._taken.append((begin, end))
        self._forget(end)

    def percent(self, now: float) -> float:
        """Return the percentage of the window before now."""
        self._forget(now)
        begin = now - WINDOW_SECONDS
        taken = sum(min(until, now) - max(since, begin) for since, until in self._taken if since < now)
        return round(min(taken / WINDOW_SECONDS * 100, 100.0), 1)

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0][1] <= now - WINDOW_SECONDS:
            self._taken.popleft()
