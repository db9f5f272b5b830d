# SPDX-License-Identifier: Apache-2.0
"""Figures, and how they are come by: rounds in which ours and the reference are measured one right after the other.

What else goes on at the machine comes and goes within seconds and strikes neighbours alike. So the ratio is the median
of the ratios of the rounds, and it is worth more than either number beside it.
"""

from __future__ import annotations

import math
import random
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence


class BenchError(Exception):
    """A measurement that could not be made; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Times:
    """At most so many times the reference."""

    most: float

    def met(self, figure: Figure) -> bool | None:
        """Whether a figure meets it; None where there is nothing to hold it against."""
        return None if figure.ratio is None else figure.ratio <= self.most

    def __str__(self) -> str:
        return f"<= {self.most:g} x"


@dataclass(frozen=True, slots=True)
class AtLeastTimes:
    """At least so many times the reference."""

    least: float

    def met(self, figure: Figure) -> bool | None:
        """Whether a figure meets it; None where there is nothing to hold it against."""
        return None if figure.ratio is None else figure.ratio >= self.least

    def __str__(self) -> str:
        return f">= {self.least:g} x"


@dataclass(frozen=True, slots=True)
class AtMost:
    """At most so much, in the unit of the figure."""

    most: float
    unit: str

    def met(self, figure: Figure) -> bool | None:
        """Whether a figure meets it."""
        return figure.median <= self.most

    def __str__(self) -> str:
        return f"<= {self.most:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least so much, in the unit of the figure."""

    least: float
    unit: str

    def met(self, figure: Figure) -> bool | None:
        """Whether a figure meets it."""
        return figure.median >= self.least

    def __str__(self) -> str:
        return f">= {self.least:g} {self.unit}"


@dataclass(slots=True)
class Figure:
    """One line of the table."""

    name: str
    unit: str
    target: Times | AtLeastTimes | AtMost | AtLeast | None = None
    ours: list[float] = field(default_factory=list)
    """One value of each round."""
    reference: list[float] = field(default_factory=list)
    """Those of the same rounds; empty where there is no reference."""

    @property
    def median(self) -> float:
        """Ours; NaN before the first round."""
        return statistics.median(self.ours) if self.ours else math.nan

    @property
    def reference_median(self) -> float | None:
        """Of the reference; None where there is none."""
        return statistics.median(self.reference) if self.reference else None

    @property
    def ratio(self) -> float | None:
        """Ours by the reference's: the median over the rounds; None where there is no reference."""
        if not self.reference:
            return None
        return statistics.median(ours / other for ours, other in zip(self.ours, self.reference, strict=True))

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return self.target.met(self) if self.target and self.ours else None


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure."""

    rounds: int
    quick: bool
    an_hour: bool = False
    """Whether what could grow is watched for an hour."""

    def number(self, usual: int) -> int:
        """Return how often something is to be done in a round: a quick run does a fourth of it."""
        return max(usual // 4, 1) if self.quick else usual


class Question(Protocol):
    """A module of this package that measures something."""

    def __call__(self, effort: Effort) -> Awaitable[Sequence[Figure]]:
        """Return its figures; raises BenchError."""


class Side(Protocol):
    """Measures once."""

    def __call__(self) -> Awaitable[Mapping[str, float]]:
        """Return values by the name of their figure."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Ours and the reference, which measure the same figures."""

    ours: Side
    reference: Side | None = None


async def interleave(figures: Sequence[Figure], rounds: int, *pairs: Pair) -> None:
    """Have every pair measure once in each round, all in random order, and put what they return into the figures."""
    by_name = {figure.name: figure for figure in figures}
    for _ in range(rounds):
        for pair in random.sample(pairs, len(pairs)):
            sides = [(pair.ours, False)] + ([(pair.reference, True)] if pair.reference else [])
            random.shuffle(sides)
            for side, is_reference in sides:
                for name, value in (await side()).items():
                    figure = by_name[name]
                    (figure.reference if is_reference else figure.ours).append(value)
