# SPDX-License-Identifier: Apache-2.0
"""A level counts when it was held for a time. Pure: time is an argument, nanoseconds of CLOCK_MONOTONIC."""

from __future__ import annotations

from typing import Generic, TypeVar

_T = TypeVar("_T")


class Debounce(Generic[_T]):
    """Takes readings and tells those that were held; a reading that goes away before its time never was."""

    def __init__(self, hold_ns: int, value: _T | None = None) -> None:
        self.hold_ns = hold_ns
        self.value = value
        """What counts now; None before the first reading was held."""
        self._candidate: _T | None = None
        self._since = 0

    @property
    def deadline_ns(self) -> int | None:
        """When the present candidate will have been held; None when there is no candidate."""
        return None if self._candidate is None else self._since + self.hold_ns

    def reading(self, value: _T, now_ns: int) -> list[tuple[_T, int]]:
        """Take a reading; return what began to count, each with the time at which it began to be held, in order."""
        settled = self.due(now_ns)
        if value == self.value:
            self._candidate = None
        elif value != self._candidate:
            self._candidate, self._since = value, now_ns
            if not self.hold_ns:
                settled += self.due(now_ns)
        return settled

    def due(self, now_ns: int) -> list[tuple[_T, int]]:
        """Return the candidate if it has been held by now."""
        if self._candidate is None or now_ns < self._since + self.hold_ns:
            return []
        self.value, self._candidate = self._candidate, None
        return [(self.value, self._since)]
