# SPDX-License-Identifier: Apache-2.0
"""The two clocks: the wall's is for people and schedules, the monotonic one for everything that must not jump."""

from __future__ import annotations

import time


def wall_usec() -> int:
    """Return microseconds since 1970 (UTC)."""
    return time.time_ns() // 1000


def wall_usec_of(monotonic_ns: int) -> int:
    """Return the wall clock of a moment of CLOCK_MONOTONIC."""
    return (time.time_ns() - time.monotonic_ns() + monotonic_ns) // 1000


def monotonic_usec() -> int:
    """Return CLOCK_MONOTONIC in microseconds, the clock of DeadlineUsec."""
    return time.monotonic_ns() // 1000
