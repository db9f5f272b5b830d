# SPDX-License-Identifier: Apache-2.0
"""From levels to states: every loop resistance from 0 to 100 kilohm, with noise, from whatever state before."""

from __future__ import annotations

import random

import pytest

from axiod.board.profile import FrontEnd, LoopState, Range, Scheme
from axiod.board.ranges import ideal_ohms, level_of, state_order
from axiod.io.supervision import Shown, Supervision
from tests.sim.board import BOARD

MS = 1_000_000
PERIOD = 50 * MS
HYSTERESIS = 16
HOLD_MS = 100
NOISE = 0.01

_FRONT_ENDS = {port.adc.front_end.id: port.adc.front_end for port in BOARD.ports if port.adc}
_SCHEMES = [scheme for scheme in Scheme if scheme is not Scheme.NONE]
_OHMS = [*range(0, 3000, 50), *range(3000, 30_000, 500), *range(30_000, 100_001, 5000)]


def state_at(ranges: tuple[Range, ...], level: float) -> LoopState:
    """Return whose range a level is in."""
    return next(item.state for item in ranges if item.lower <= round(level) <= item.upper)


def bounds(ranges: tuple[Range, ...]) -> list[float]:
    """Return the levels between two ranges."""
    return [item.upper + 0.5 for item in ranges[:-1]]


class Loop:
    """A supervision that is read in its rhythm."""

    def __init__(self, front_end: FrontEnd, ranges: tuple[Range, ...]) -> None:
        self.chance = random.Random(1)
        self.supervision = Supervision(ranges, HYSTERESIS, HOLD_MS)
        self.now = 0
        self._front_end = front_end

    def hold(self, ohms: float, readings: int) -> list[LoopState]:
        """Keep a resistance for so many readings; return the states that were told."""
        told = []
        for _ in range(readings):
            self.now += PERIOD
            level = level_of(self._front_end, ohms) * (1 + self.chance.uniform(-NOISE, NOISE))
            level = min(max(round(level), 0), self._front_end.highest)
            told += [state for state, _ in self.supervision.reading(level, self.now)]
        return told


@pytest.mark.parametrize("scheme", _SCHEMES)
@pytest.mark.parametrize("front_end", _FRONT_ENDS.values(), ids=lambda item: item.id)
def test_no_false_state_outside_a_small_band_around_the_bounds(front_end: FrontEnd, scheme: Scheme) -> None:
    ranges = tuple(front_end.ranges[scheme])
    for former in LoopState:
        loop = Loop(front_end, ranges)
        start = ideal_ohms(scheme, former)
        assert loop.hold(start, 8) == [former]
        for ohms in _OHMS:
            level = level_of(front_end, ohms)
            expected = state_at(ranges, level)
            band = HYSTERESIS + level * NOISE + 1
            told = loop.hold(ohms, 8)
            if all(abs(level - bound) > band for bound in bounds(ranges)):
                assert told == ([expected] if expected != former else []), (ohms, former)
            else:
                # At a bound it is one of the neighbours, and it does not swing between them.
                assert len(told) <= 2
            loop.hold(start, 8)


@pytest.mark.parametrize("scheme", _SCHEMES)
@pytest.mark.parametrize("front_end", _FRONT_ENDS.values(), ids=lambda item: item.id)
def test_ideal_loops_are_well_inside_their_ranges(front_end: FrontEnd, scheme: Scheme) -> None:
    ranges = tuple(front_end.ranges[scheme])
    for state in LoopState:
        level = level_of(front_end, ideal_ohms(scheme, state))
        assert state_at(ranges, level) is state
        assert min(abs(level - bound) for bound in bounds(ranges)) > HYSTERESIS * 0.98 + level * NOISE


@pytest.mark.parametrize("front_end", _FRONT_ENDS.values(), ids=lambda item: item.id)
def test_noise_at_a_bound_changes_nothing(front_end: FrontEnd) -> None:
    ranges = tuple(front_end.ranges[Scheme.PARALLEL_22K_4K7])
    for bound in bounds(ranges):
        supervision = Supervision(ranges, HYSTERESIS, 0)
        chance = random.Random(2)
        told = [
            state
            for n in range(1000)
            for state, _ in supervision.reading(round(bound + chance.uniform(-HYSTERESIS + 1, HYSTERESIS - 1)), n)
        ]
        assert len(told) == 1


@pytest.mark.parametrize("hysteresis", [0, 1, 16])
def test_a_reading_beyond_the_hysteresis_is_the_next_state(hysteresis: int) -> None:
    ranges = (Range(LoopState.CUT, 0, 99), Range(LoopState.OPEN, 100, 199), Range(LoopState.CLOSED, 200, 299),
              Range(LoopState.SHORT, 300, 4095))  # fmt: skip
    supervision = Supervision(ranges, hysteresis, 0)
    assert [state for state, _ in supervision.reading(150, 0)] == ["open"]
    assert supervision.reading(199 + hysteresis, 1) == []
    assert supervision.reading(100 - hysteresis, 2) == []
    assert supervision.reading(200 + hysteresis, 3) == [(LoopState.CLOSED, 3)]
    assert supervision.reading(200 - hysteresis, 4) == []
    assert supervision.reading(199 - hysteresis, 5) == [(LoopState.OPEN, 5)]
    assert supervision.reading(4095, 6) == [(LoopState.SHORT, 6)]


def test_a_state_must_be_held() -> None:
    front_end = _FRONT_ENDS["dedicated"]
    ranges = tuple(front_end.ranges[Scheme.SERIAL_1K])
    supervision = Supervision(ranges, HYSTERESIS, 100)
    levels = {state: round(level_of(front_end, ideal_ohms(Scheme.SERIAL_1K, state))) for state in LoopState}
    assert supervision.reading(levels[LoopState.OPEN], 0) == []
    assert supervision.reading(levels[LoopState.OPEN], 100 * MS) == [(LoopState.OPEN, 0)]
    assert supervision.reading(levels[LoopState.SHORT], 200 * MS) == []
    assert supervision.reading(levels[LoopState.OPEN], 250 * MS) == []
    assert supervision.reading(levels[LoopState.SHORT], 300 * MS) == []
    assert supervision.reading(levels[LoopState.CUT], 350 * MS) == []
    assert supervision.reading(levels[LoopState.CUT], 450 * MS) == [(LoopState.CUT, 350 * MS)]


def test_the_order_of_the_states_is_that_of_the_front_end() -> None:
    assert state_order(_FRONT_ENDS["dedicated"])[0] is LoopState.CUT
    assert state_order(_FRONT_ENDS["aux"])[0] is LoopState.SHORT


def test_a_level_is_shown_when_it_moved_and_at_most_once_a_second() -> None:
    shown = Shown(noise=8, gap_ns=1000)
    readings = [(100, 0), (100, 2000), (108, 4000), (109, 5000), (200, 5999)]
    assert [shown.take(level, now) for level, now in readings] == [True, False, False, True, False]
    assert shown.take(200, 6000)
