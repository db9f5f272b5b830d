# SPDX-License-Identifier: Apache-2.0
"""Debounce: a level counts when it was held, with the time at which it began to be held."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.gpio.debounce import Debounce

MS = 1_000_000


@pytest.mark.parametrize(
    ("hold_ms", "readings", "told"),
    [
        (10, [(0, True), (10, True)], [(True, 0)]),
        (10, [(0, True), (9, True)], []),
        (10, [(0, True), (5, False), (20, False)], []),
        (10, [(0, True), (1, False), (2, True), (11, True)], []),
        (10, [(0, True), (1, False), (2, True), (12, True)], [(True, 2)]),
        (10, [(0, True), (30, False), (50, True)], [(True, 0), (False, 30)]),
        (10, [(0, True), (10, False), (20, False)], [(True, 0), (False, 10)]),
        (0, [(0, True), (0, False), (1, True)], [(True, 0), (False, 0), (True, 1)]),
        (0, [(0, False), (5, False)], []),
    ],
)
def test_what_was_held_is_told(hold_ms: int, readings: list[tuple[int, bool]], told: list[tuple[bool, int]]) -> None:
    debounce = Debounce[bool](hold_ms * MS, value=False)
    found = [change for at, level in readings for change in debounce.reading(level, at * MS)]
    assert found == [(level, at * MS) for level, at in told]


def test_nothing_is_known_before_the_first_level_was_held() -> None:
    debounce = Debounce[bool](10 * MS)
    assert debounce.value is None
    assert debounce.reading(False, 0) == []
    assert debounce.value is None
    assert debounce.due(10 * MS) == [(False, 0)]
    assert debounce.value is False


def test_the_deadline_is_there_while_a_candidate_is() -> None:
    debounce = Debounce[bool](10 * MS, value=False)
    deadlines = [debounce.deadline_ns]
    for at, level in ((3, True), (4, False)):
        debounce.reading(level, at * MS)
        deadlines.append(debounce.deadline_ns)
    assert deadlines == [None, 13 * MS, None]


_EDGES = st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), max_size=40)


@given(hold=st.integers(0, 25), steps=_EDGES)
def test_exactly_what_was_held_is_told(hold: int, steps: list[tuple[int, str]]) -> None:
    times = list(itertools.accumulate(step for step, _ in steps))
    readings = list(zip(times, (level for _, level in steps), strict=True))
    end = (times[-1] if times else 0) + hold
    debounce = Debounce[str](hold)
    told = [change for at, level in readings for change in debounce.reading(level, at)] + debounce.due(end)

    # Runs of one level: (level, from, until).
    runs: list[tuple[str, int, int]] = []
    for index, (at, level) in enumerate(readings):
        until = readings[index + 1][0] if index + 1 < len(readings) else end
        if runs and runs[-1][0] == level:
            runs[-1] = (level, runs[-1][1], until)
        else:
            runs.append((level, at, until))
    expected: list[tuple[str, int]] = []
    for level, begin, until in runs:
        if until - begin >= hold and not (expected and expected[-1][0] == level):
            expected.append((level, begin))
    assert told == expected


@given(hold=st.integers(1, 25), steps=_EDGES)
def test_no_two_in_a_row_are_the_same(hold: int, steps: list[tuple[int, str]]) -> None:
    debounce = Debounce[str](hold)
    at = 0
    told: list[tuple[str, int]] = []
    for step, level in steps:
        at += step
        told += debounce.reading(level, at)
    assert all(one[0] != two[0] and one[1] <= two[1] for one, two in itertools.pairwise(told))
