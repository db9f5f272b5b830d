# SPDX-License-Identifier: Apache-2.0
"""Modifiers in texts."""

from __future__ import annotations

import string
import subprocess
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.events.text import MOST_CHARACTERS, MOST_OF_A_VALUE, Cause, Device, expand

WHEN = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=timezone(timedelta(hours=1), "CET"))
DEVICE = Device("192.0.2.7", "00:40:8c:12:34:56", "gatehouse")
CAUSE = Cause(
    "Door after hours",
    "tns1:Device/tnsaxis:IO/Port",
    {"port": "0"},
    {"state": "1", "100% #n": "odd", "payload": "%F #n #{rule}"},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("%F %T", "2026-03-04 05:06:07"),
        ("%H:%M:%S.%f", "05:06:07.89"),
        ("%c", "Wed Mar  4 05:06:07 2026"),
        ("%D %R %r %e %y %Y %C", "03/04/26 05:06 05:06:07 AM  4 26 2026 20"),
        ("%a %A %b %B %h %p %j %u %w %z %Z", "Wed Wednesday Mar March Mar AM 063 3 3 +0100 CET"),
        ("%s", str(int(WHEN.timestamp()))),
        ("100%% ## %%F", "100% # %F"),
        ("#i #m #M #n", "192.0.2.7 12:34:56 00:40:8c:12:34:56 gatehouse"),
        ("#{rule}: #{topic} #{source.port}=#{data.state}", "Door after hours: tns1:Device/tnsaxis:IO/Port 0=1"),
        ("#{data.100% #n}", "odd"),
        # What is not known stays.
        ("%! %Q #x #{nothing} #{data.other} #{data.} %", "%! %Q #x #{nothing} #{data.other} #{data.} %"),
        ("%-d %E %O %+", "%-d %E %O %+"),
        # What is put in is not read again.
        ("#{data.payload}", "%F #n #{rule}"),
        ("Füße 💡 %F", "Füße 💡 2026-03-04"),
    ],
)
def test_modifiers(text: str, expected: str) -> None:
    assert expand(text, WHEN, DEVICE, CAUSE) == expected


def test_every_letter_is_what_date_says() -> None:
    """coreutils is the witness; %f, %E and %O are not of strftime there, and %N, %q, %P and so on stay as they are."""
    when = datetime(2024, 12, 30, 15, 4, 5, tzinfo=UTC)
    for letter in string.ascii_letters:
        ours = expand("%" + letter, when, DEVICE, CAUSE)
        if ours == "%" + letter or letter == "f":
            continue
        command = ["date", "-u", "-d", "2024-12-30 15:04:05", f"+%{letter}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
        assert ours == said.removesuffix("\n"), letter


def test_without_an_event_only_the_rule_is_known() -> None:
    assert expand("#{rule} #{data.state}", WHEN, Device(), Cause("R")) == "R #{data.state}"
    assert expand("[#i#m#M#n]", WHEN, Device(), Cause()) == "[]"


def test_a_text_has_an_end() -> None:
    cause = Cause(data={"payload": "x" * 300_000})
    assert len(expand("#{data.payload}", WHEN, DEVICE, cause)) == MOST_OF_A_VALUE
    assert len(expand("#{data.payload}" * 1000, WHEN, DEVICE, cause)) == MOST_CHARACTERS


@given(st.text(alphabet="%#{}.abcMFTin \n\0é", max_size=40))
def test_nothing_breaks_it(text: str) -> None:
    once = expand(text, WHEN, DEVICE, CAUSE)
    if "%" not in text and "#" not in text:
        assert once == text
