# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of supervised loops, held against the ranges that VAPIX documents for the A9210."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from axiod.board.profile import FrontEnd, LoopState, Range, Scheme
from axiod.board.ranges import computed, ideal_ohms, level_of, ohms_of, state_order

DEDICATED = FrontEnd("dedicated", 12, 3784, 1097, 4040, {})
AUX = FrontEnd("aux", 12, 0, 741, 10500, {})
PULL_UP = FrontEnd("pull_up", 10, 0, 1023, 4700, {})
SCHEMES = [scheme for scheme in Scheme if scheme is not Scheme.NONE]

# The last level of each range but the highest.
DOCUMENTED = [
    (DEDICATED, Scheme.PARALLEL_22K_4K7, (1302, 1986, 3124)),
    (DEDICATED, Scheme.SERIAL_1K, (1993, 3070, 3514)),
    (DEDICATED, Scheme.SERIAL_2K2, (1738, 2608, 3307)),
    (DEDICATED, Scheme.SERIAL_4K7, (1499, 2114, 3059)),
    (DEDICATED, Scheme.SERIAL_10K, (1319, 1704, 2824)),
    (AUX, Scheme.PARALLEL_22K_4K7, (100, 350, 620)),
]


@pytest.mark.parametrize(("front_end", "scheme", "bounds"), DOCUMENTED, ids=lambda value: getattr(value, "id", None))
def test_computed_bounds_come_within_a_percent_of_the_documented(
    front_end: FrontEnd, scheme: Scheme, bounds: tuple[int, ...]
) -> None:
    ranges = computed(front_end, scheme)
    assert [one.state for one in ranges] == list(state_order(front_end))
    for one, documented in zip(ranges, bounds, strict=False):
        assert abs(one.upper - documented) <= 41


@pytest.mark.parametrize("front_end", [DEDICATED, AUX, PULL_UP], ids=lambda one: one.id)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_computed_ranges_cover_every_level_once(front_end: FrontEnd, scheme: Scheme) -> None:
    ranges = computed(front_end, scheme)
    assert {one.state for one in ranges} == set(LoopState)
    assert ranges[0].lower == 0
    assert ranges[-1].upper == front_end.highest
    assert all(one.lower <= one.upper for one in ranges)
    assert all(high.lower == low.upper + 1 for low, high in pairwise(ranges))


@pytest.mark.parametrize("front_end", [DEDICATED, AUX, PULL_UP], ids=lambda one: one.id)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("state", LoopState)
def test_an_ideal_loop_lies_in_the_range_of_its_state(front_end: FrontEnd, scheme: Scheme, state: LoopState) -> None:
    level = round(level_of(front_end, ideal_ohms(scheme, state)))
    assert [one.state for one in computed(front_end, scheme) if one.lower <= level <= one.upper] == [state]


def test_a_coarse_adc_gives_empty_ranges() -> None:
    coarse = replace(PULL_UP, bits=2, cut_level=3)
    assert computed(coarse, Scheme.SERIAL_1K) == (
        Range(LoopState.SHORT, 0, 0),
        Range(LoopState.CLOSED, 1, 0),
        Range(LoopState.OPEN, 1, 1),
        Range(LoopState.CUT, 2, 3),
    )


@pytest.mark.parametrize(
    ("scheme", "ohms"),
    [
        (Scheme.NONE, (0, 0, math.inf, math.inf)),
        (Scheme.PARALLEL_22K_4K7, (0, 22000 * 4700 / 26700, 22000, math.inf)),
        (Scheme.SERIAL_1K, (0, 1000, 2000, math.inf)),
        (Scheme.SERIAL_2K2, (0, 2200, 4400, math.inf)),
        (Scheme.SERIAL_4K7, (0, 4700, 9400, math.inf)),
        (Scheme.SERIAL_10K, (0, 10000, 20000, math.inf)),
    ],
)
def test_ideal_ohms(scheme: Scheme, ohms: tuple[float, ...]) -> None:
    assert [ideal_ohms(scheme, state) for state in LoopState] == pytest.approx(ohms)


@pytest.mark.parametrize(
    ("front_end", "ohms", "level"),
    [
        (PULL_UP, 0, 0),
        (PULL_UP, 4700, 511.5),
        (PULL_UP, math.inf, 1023),
        (DEDICATED, 0, 3784),
        (DEDICATED, 4040, 2440.5),
        (DEDICATED, math.inf, 1097),
    ],
)
def test_level_and_ohms_are_inverse(front_end: FrontEnd, ohms: float, level: float) -> None:
    assert level_of(front_end, ohms) == pytest.approx(level)
    assert ohms_of(front_end, level) == pytest.approx(ohms)


@pytest.mark.parametrize(
    ("front_end", "level", "ohms"),
    [(DEDICATED, 0, math.inf), (DEDICATED, 1097, math.inf), (DEDICATED, 4095, 0), (AUX, 4095, math.inf), (AUX, 0, 0)],
)
def test_levels_beyond_the_ends(front_end: FrontEnd, level: int, ohms: float) -> None:
    assert ohms_of(front_end, level) == ohms
