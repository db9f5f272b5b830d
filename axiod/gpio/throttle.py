# SPDX-License-Identifier: Apache-2.0
"""Changes faster than a client can use are told in one word. Pure: time is an argument, nanoseconds.

A contact that a person or a door moves is told edge by edge. A signal that toggles for longer than a burst faster than
the rate is told at the rate, each time with the latest value; counters are exact all the same.
"""

from __future__ import annotations

BURST = 32
PER_SECOND = 20


class Throttle:
    """A token bucket: `burst` changes at once, then `per_second`."""

    def __init__(self, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._burst = burst
        self._gap_ns = int(1e9 / per_second)
        self._full_at = 0
        """When the bucket would be full again, had nothing more been taken."""

    def take(self, now_ns: int) -> int | None:
        """Return None when a change may be told now, else when it may be."""
        full_at = max(self._full_at, now_ns)
        if full_at - now_ns > (self._burst - 1) * self._gap_ns:
            return full_at - (self._burst - 1) * self._gap_ns
        self._full_at = full_at + self._gap_ns
        return None
