# SPDX-License-Identifier: Apache-2.0
"""From ADC levels to the four states of a supervised loop. Pure: time is an argument, monotonic nanoseconds."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from axiod.gpio.debounce import Debounce

if TYPE_CHECKING:
    from axiod.board.profile import LoopState, Range


class Supervision:
    """Tells a state when the level was within its range for the hold time.

    A level that is not `hysteresis` levels beyond the range of the present state still belongs to it, so that noise at
    a bound changes nothing.
    """

    def __init__(self, ranges: tuple[Range, ...], hysteresis: int, hold_ms: int) -> None:
        self._ranges = sorted(ranges, key=attrgetter("lower"))
        self._hysteresis = hysteresis
        self._debounce: Debounce[LoopState] = Debounce(hold_ms * 1_000_000)

    def reading(self, level: int, now_ns: int) -> list[tuple[LoopState, int]]:
        """Take a reading; return the states that began to count, each with the time at which it began to be held."""
        return self._debounce.reading(self._classify(level), now_ns)

    def _classify(self, level: int) -> LoopState:
        place = next((i for i, item in enumerate(self._ranges) if item.lower <= level <= item.upper), 0)
        for near in (place - 1, place + 1):
            if 0 <= near < len(self._ranges) and self._ranges[near].state == self._debounce.value:
                inside = self._ranges[place]
                beyond = level - inside.lower if near < place else inside.upper - level
                # Never more than half of a range, so that no state can hide behind its neighbour.
                if beyond < min(self._hysteresis, (inside.upper - inside.lower + 1) // 2):
                    return self._ranges[near].state
        return self._ranges[place].state


class Shown:
    """Which readings are worth telling: those that moved by more than the noise, and not more than one a second."""

    def __init__(self, noise: int = 8, gap_ns: int = 1_000_000_000) -> None:
        self._noise = noise
        self._gap_ns = gap_ns
        self._level: int | None = None
        self._at_ns = 0

    def take(self, level: int, now_ns: int) -> bool:
        """Whether to tell this reading."""
        if self._level is not None and (abs(level - self._level) <= self._noise or now_ns - self._at_ns < self._gap_ns):
            return False
        self._level, self._at_ns = level, now_ns
        return True
