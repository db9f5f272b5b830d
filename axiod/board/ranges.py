# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of a supervised loop: end-of-line resistors, ohms, ADC levels. Pure."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from axiod.board.profile import LoopState, Range, Scheme

if TYPE_CHECKING:
    from axiod.board.profile import FrontEnd

_BY_OHMS = (LoopState.SHORT, LoopState.CLOSED, LoopState.OPEN, LoopState.CUT)

_PARALLEL = 22_000.0
_SERIAL = 4_700.0

# Closed and open in ohms. Parallel first: the 22 kilohm stay in the loop, the switch adds the 4.7 kilohm beside them.
# Serial first: the switch bridges one of two equal resistors.
_LOOPS = {
    Scheme.NONE: (0.0, math.inf),
    Scheme.PARALLEL_22K_4K7: (_PARALLEL * _SERIAL / (_PARALLEL + _SERIAL), _PARALLEL),
    Scheme.SERIAL_1K: (1_000.0, 2_000.0),
    Scheme.SERIAL_2K2: (2_200.0, 4_400.0),
    Scheme.SERIAL_4K7: (4_700.0, 9_400.0),
    Scheme.SERIAL_10K: (10_000.0, 20_000.0),
}


def ideal_ohms(scheme: Scheme, state: LoopState) -> float:
    """Return the resistance of a perfect loop, infinite when it is cut.

    With Scheme.NONE, a bare contact, closed is the same as a short and open the same as a cut.
    """
    if state is LoopState.SHORT:
        return 0.0
    if state is LoopState.CUT:
        return math.inf
    closed, opened = _LOOPS[scheme]
    return closed if state is LoopState.CLOSED else opened


def level_of(front_end: FrontEnd, ohms: float) -> float:
    """Return the ADC level of a loop of `ohms` (0 to infinity), not rounded."""
    span = front_end.short_level - front_end.cut_level
    return front_end.cut_level + span / (1 + ohms / front_end.reference_ohms)


def ohms_of(front_end: FrontEnd, level: float) -> float:
    """Return the loop resistance that gives `level`: infinite at or beyond the cut level, 0 at or beyond the short."""
    share = (level - front_end.cut_level) / (front_end.short_level - front_end.cut_level)
    if share <= 0:
        return math.inf
    return max(0.0, front_end.reference_ohms * (1 / share - 1))


def state_order(front_end: FrontEnd) -> tuple[LoopState, ...]:
    """Return the four states in order of their levels, the lowest first."""
    return _BY_OHMS if front_end.short_level < front_end.cut_level else _BY_OHMS[::-1]


def computed(front_end: FrontEnd, scheme: Scheme) -> tuple[Range, ...]:
    """Return the ranges of a scheme in order of level: the bounds lie half way between the ideal levels of neighbours.

    They cover 0 to the highest level with neither hole nor overlap. A range is empty (upper below lower) where the ADC
    is too coarse to tell two states apart. front_end.ranges is not looked at.
    """
    states = state_order(front_end)
    levels = [level_of(front_end, ideal_ohms(scheme, state)) for state in states]
    uppers = [math.floor((low + high) / 2) for low, high in itertools.pairwise(levels)]
    lowers = [0, *(upper + 1 for upper in uppers)]
    uppers.append(front_end.highest)
    return tuple(Range(state, lower, upper) for state, lower, upper in zip(states, lowers, uppers, strict=True))
