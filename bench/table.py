# SPDX-License-Identifier: Apache-2.0
"""Figures for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.figure import Figure

_NAME = 58
_HEAD = f"{'':{_NAME}}{'axiod':>10}{'reference':>11}{'ratio':>7}  {'target':10} met"


def heading() -> str:
    """Return the line above the figures."""
    return _HEAD


def line(figure: Figure) -> str:
    """Return a figure as a line of the table."""
    reference, ratio, met = figure.reference_median, figure.ratio, figure.met
    name = f"{figure.name} ({figure.unit})"
    target = str(figure.target) if figure.target else ""
    return (
        f"{name:{_NAME}}{_number(figure.median):>10}{_number(reference):>11}"
        f"{'' if ratio is None else f'{ratio:.2f}':>7}  {target:10} {'' if met is None else 'yes' if met else 'NO'}"
    ).rstrip()


def plain(figure: Figure) -> dict[str, Any]:
    """Return a figure with all its values, for JSON."""
    return {
        "name": figure.name,
        "unit": figure.unit,
        "axiod": figure.median,
        "reference": figure.reference_median,
        "ratio": figure.ratio,
        "target": str(figure.target) if figure.target else None,
        "met": figure.met,
        "axiod_rounds": figure.ours,
        "reference_rounds": figure.reference,
    }


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
