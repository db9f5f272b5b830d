# SPDX-License-Identifier: Apache-2.0
"""Times that a person types."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.cli.times import duration, milliseconds, moment
from axiod.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2s", 2000),
        ("500ms", 500),
        ("1h30min", 5_400_000),
        ("1.5s", 1500),
        ("2m", 120_000),
        ("1d", 86_400_000),
        ("2S", 2000),
    ],
)
def test_how_long(text: str, ms: int) -> None:
    assert milliseconds(text) == ms


@pytest.mark.parametrize("text", ["", "2", "s", "2 s", "-2s", "2s!", "1e3s", "2fortnights", "²s", "9" * 40 + "s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="a number and its unit, as 500ms, 2s, 5min, 1h or 1d"):
        milliseconds(text)


@given(st.integers(0, 4_000_000_000))
def test_a_time_is_written_as_it_is_read(ms: int) -> None:
    assert milliseconds(duration(ms)) == ms


def test_when() -> None:
    now = datetime(2026, 11, 22, 15, 0).astimezone()
    usec = round(now.timestamp() * 1e6)
    midnight = round(now.replace(hour=0).timestamp() * 1e6)
    assert moment("today", usec) == moment("2026-11-22", usec) == moment("2026-11-22 00:00", usec) == midnight
    assert moment("2026-11-22T15:00:00", usec) == usec
    assert moment("-2h", usec) == moment("2h", usec) == usec - 7200_000_000
    assert moment("yesterday", usec) < midnight
    for text in ("", "tomorrowish", "2026-13-01", "-2", "99999-01-01"):
        with pytest.raises(InvalidArgument):
            moment(text, usec)
