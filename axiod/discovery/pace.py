# SPDX-License-Identifier: Apache-2.0
"""How many requests are answered: so many of one source, and so many of all, so that nobody is flooded with answers.

A request may be sent with somebody else's address. What that one then gets is limited here. Pure: time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_MOST_SOURCES = 256


@dataclass(slots=True)
class Bucket:
    """So many at once, and one more for each 1/rate seconds that pass."""

    burst: float
    rate: float
    """A second."""
    _level: float = -1.0
    _at: float = 0.0

    def take(self, now: float) -> bool:
        """Whether there is one more; `now` is monotonic, seconds."""
        self._level = self.burst if self._level < 0 else min(self.burst, self._level + (now - self._at) * self.rate)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


@dataclass(slots=True)
class Pace:
    """Judges each request before anything is done for it."""

    of_one: tuple[float, float] = (10.0, 2.0)
    """Burst and rate of one source."""
    of_all: tuple[float, float] = (100.0, 50.0)
    _all: Bucket | None = None
    _sources: dict[str, Bucket] = field(default_factory=dict)

    def allows(self, source: str, now: float) -> bool:
        """Whether a request of a source is answered; `now` is monotonic, seconds."""
        bucket = self._sources.pop(source, None) or Bucket(*self.of_one)
        while len(self._sources) >= _MOST_SOURCES:
            del self._sources[next(iter(self._sources))]  # who was silent for the longest time
        self._sources[source] = bucket
        if not bucket.take(now):
            return False
        self._all = self._all or Bucket(*self.of_all)
        return self._all.take(now)
