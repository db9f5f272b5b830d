# SPDX-License-Identifier: Apache-2.0
"""Throttle: a burst at once, then a rate; a promise of a time is kept."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from axiod.gpio.throttle import Throttle

SECOND = 1_000_000_000


def test_a_burst_is_told_at_once_and_then_the_rate() -> None:
    throttle = Throttle(burst=3, per_second=10)
    assert [throttle.take(0) for _ in range(3)] == [None, None, None]
    assert throttle.take(0) == SECOND // 10
    assert throttle.take(SECOND // 10) is None
    assert throttle.take(SECOND // 10) == SECOND // 5


def test_the_burst_is_there_again_after_a_rest() -> None:
    throttle = Throttle(burst=3, per_second=10)
    for _ in range(3):
        throttle.take(0)
    assert [throttle.take(SECOND) for _ in range(4)] == [None, None, None, SECOND + SECOND // 10]


def test_a_burst_of_one_is_just_the_rate() -> None:
    throttle = Throttle(burst=1, per_second=10)
    assert throttle.take(5) is None
    assert throttle.take(5) == 5 + SECOND // 10


@given(
    burst=st.integers(1, 40),
    per_second=st.integers(1, 100),
    steps=st.lists(st.integers(0, SECOND // 5), max_size=200),
)
def test_never_more_than_the_burst_and_the_rate(burst: int, per_second: int, steps: list[int]) -> None:
    throttle = Throttle(burst, per_second)
    gap = int(1e9 / per_second)
    taken: list[int] = []
    for now in itertools.accumulate(steps):
        later = throttle.take(now)
        if later is None:
            taken.append(now)
        else:
            assert now < later <= now + gap
    for first, begin in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - begin) // gap


@given(burst=st.integers(1, 40), step=st.integers(0, 1000))
def test_what_was_promised_is_kept(burst: int, step: int) -> None:
    throttle = Throttle(burst, 20)
    now = 0
    for _ in range(100):
        later = throttle.take(now)
        if later is not None:
            assert throttle.take(later) is None
            now = later
        now += step
