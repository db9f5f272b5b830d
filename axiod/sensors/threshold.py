# SPDX-License-Identifier: Apache-2.0
"""Whether a value is above or below its limits, without flutter. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Where a value is."""

    NORMAL = "normal"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a channel."""

    above: float | None = None
    below: float | None = None
    hysteresis: float = 0.0
    """So far back it must be for the limit to be over."""
    hold_ms: int = 0
    """It must have been there for so long without a break; the way back as well."""

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return self.above is not None or self.below is not None


@dataclass(slots=True)
class Threshold:
    """One channel against its limits."""

    limits: Limits
    level: Level | None = None
    """None as long as there was no value."""
    _next: Level | None = None
    _since: float = 0.0

    def take(self, value: float, now: float) -> bool:
        """Take a value that was read now (monotonic seconds); return whether the level is another one."""
        where = self._where(value)
        if where is self.level:
            self._next = None
            return False
        if where is not self._next:
            self._next, self._since = where, now
        # What is not known yet is known with the first value, but that it is beyond a limit has to last.
        if (self.level is not None or where is not Level.NORMAL) and now - self._since < self.limits.hold_ms / 1000:
            return False
        self.level, self._next = where, None
        return True

    def interrupt(self) -> None:
        """There is no value now: what has to last begins anew."""
        self._next = None

    def _where(self, value: float) -> Level:
        above, below, back = self.limits.above, self.limits.below, self.limits.hysteresis
        # The way back from one limit may be so long that it reaches beyond the other one, which counts then.
        if above is not None and value > above:
            return Level.ABOVE
        if below is not None and value < below:
            return Level.BELOW
        if above is not None and self.level is Level.ABOVE and value > above - back:
            return Level.ABOVE
        if below is not None and self.level is Level.BELOW and value < below + back:
            return Level.BELOW
        return Level.NORMAL
