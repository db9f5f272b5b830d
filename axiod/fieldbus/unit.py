# SPDX-License-Identifier: Apache-2.0
"""What is known of one unit: how fast it answers, and which answer may still come. Pure: time is an argument."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from axiod.fieldbus.frame import Request

_REMEMBERED = 32
_ENOUGH = 4
"""So many answers say how fast a unit is."""
_FACTOR = 4
_WHOLE_EVERY = 8
_HOPELESS = 3
_HOPELESS_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that did not come in time."""

    request: Request
    until: float
    """After this moment it is not expected any more."""


@dataclass(slots=True)
class Unit:
    """One address on one port."""

    transactions: int = 0
    answers: int = 0
    failures: int = 0
    """In a row until now."""
    last_answer_usec: int | None = None
    owed: list[Owed] = field(default_factory=list)
    """Answers that may still come."""
    _latencies: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    @property
    def latency(self) -> float | None:
        """Seconds that it needed last."""
        return self._latencies[-1] if self._latencies else None

    def answered(self, latency: float, wall_usec: int) -> None:
        """It answered rightly, after so many seconds."""
        self.answers += 1
        self.failures = 0
        self.last_answer_usec = wall_usec
        self._latencies.append(latency)

    def timeout(self, longest: float, least: float) -> float:
        """Return the seconds that its answer is waited for, between these two.

        A unit that answers regularly gets 4 times what nearly all of its answers needed. One that failed gets twice as
        much, then four times, because it may have become slower; and every eighth time in a row the whole, because
        it may have become slower still. What never answered gets little from the third failure on.
        """
        failures = self.failures
        if failures and failures % _WHOLE_EVERY == 0:
            return longest
        if len(self._latencies) < _ENOUGH:
            return min(longest, max(_HOPELESS_SECONDS, least)) if failures >= _HOPELESS else longest
        nearly_all = sorted(self._latencies)[-1 - len(self._latencies) // 20]
        learned = max(_FACTOR * nearly_all, least) * (1 << min(failures, 2))
        return min(learned, longest)

    def owes(self, owed: Owed, now: float) -> None:
        """An answer did not come in time."""
        self.owed = [one for one in self.owed if one.until > now] + [owed]

    def paid(self, answer: bytes) -> bool:
        """Whether something is an answer that was owed; then it is not any more."""
        for owed in self.owed:
            if owed.request.fits(answer):
                self.owed.remove(owed)
                return True
        return False

    def may_ask(self, request: Request) -> float:
        """Return the moment from which a request may be sent, so that an answer that is late cannot be taken for its
        own; 0 for at once."""
        return max((owed.until for owed in self.owed if _alike(owed.request, request)), default=0.0)


def _alike(owed: Request, request: Request) -> bool:
    """Whether the answer to one request could be taken for that to another."""
    if owed.function != request.function:
        return False
    sizes = owed.answer_size, request.answer_size
    if None not in sizes and sizes[0] != sizes[1]:
        return False
    return not request.told_by_answer or request.pdu == owed.pdu
