# SPDX-License-Identifier: Apache-2.0
"""How values, tables and times look."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from axiod.cli import render
from axiod.cli.render import Column, Screen

_NOW = 1_700_000_000_000_000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (7199, "1 h"), (86400 * 3.5, "3 d"), (-0.5, "0 s"), (-10, "in future")],
)
def test_age_is_in_its_largest_unit(seconds: float, text: str) -> None:
    assert render.age(_NOW - int(seconds * 1e6), _NOW) == text


@pytest.mark.parametrize(
    ("given", "unit", "text"),
    [
        (None, "", "-"),
        ("", "", "-"),
        ([], "", "-"),
        (0, "", "0"),
        (False, "", "no"),
        (True, "", "yes"),
        (50, "ms", "50 ms"),
        (1.50, "%", "1.5 %"),
        (["input", "output"], "", "input,output"),
        ([["cut", 0, 100], ["open", 101, 200]], "", "cut:0:100,open:101:200"),
        ("a\x1b[2Jb\n", "", "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_value_is_shown_with_its_unit(given: Any, unit: str, text: str) -> None:
    assert render.value(given, unit) == text


def test_a_moment_is_shown_in_local_time_with_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Stockholm")
    time.tzset()
    try:
        assert render.value(_NOW, "us", _NOW + 5_000_000) == "2023-11-14T23:13:20.000+01:00 (5 s ago)"
        assert render.value(_NOW, "us", _NOW - 86_400_000_000).endswith(" (in 1 d)")
        on_screen = Screen(width=80, now_usec=_NOW)
        assert render.moment(_NOW, on_screen) == "23:13:20.000    "
        assert render.moment(_NOW - 86_400_000_000, on_screen) == "2023-11-13 23:13"
        assert render.moment(_NOW, Screen()) == "2023-11-14T23:13:20.000+01:00"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("name", "unit", "text"),
    [
        ("DebounceMs", "ms", "Debounce"),
        ("LastChangeUsec", "us", "Last change"),
        ("ExpectedOhms", "ohm", "Expected ohms"),
        ("NormalState", "", "Normal state"),
        ("Ohms", "ohm", "Ohms"),
        ("HttpPort", "", "HTTP port"),
        ("HttpsPort", "", "HTTPS port"),
        ("RtspPort", "", "RTSP port"),
        ("SocSerialNumber", "", "SoC serial number"),
        ("WebUrl", "", "Web URL"),
        ("BasicOverHttp", "", "Basic over HTTP"),
    ],
)
def test_a_label_does_not_say_the_unit_again(name: str, unit: str, text: str) -> None:
    assert render.label(name, unit) == text


@pytest.mark.parametrize(("name", "text"), [("WebUrl", "web URL"), ("HttpPort", "HTTP port")])
def test_a_name_within_a_sentence(name: str, text: str) -> None:
    assert render.phrase(name) == text


def test_a_fingerprint_is_broken_between_its_bytes() -> None:
    fingerprint = ":".join(["AB"] * 32)
    lines = render.record({"Fingerprint": fingerprint}, Screen(width=80))
    assert [len(line) for line in lines] == [79, 42]
    assert lines[0].endswith("AB:")
    assert lines[1].startswith(" " * 13 + "AB:")
    assert render.record({"Fingerprint": fingerprint}, Screen()) == [f"Fingerprint: {fingerprint}"]
    assert len(render.record({"Name": "a name " * 20}, Screen(width=80))) == 1


_COLUMNS = (
    Column("#", right=True),
    Column("TERMINAL", spare=True),
    Column("NAME", shrink=True),
    Column("LOOP", word=True, only_filled=True),
    Column("QUALITY", word=True),
)
_ROWS = [["7", "I/O 1", "The light at the gate", "-", "good"], ["10", "Input 5", "门", "-", "fault"]]


def test_a_table_is_aligned_and_leaves_out_what_no_row_has() -> None:
    assert render.table(_COLUMNS, _ROWS, Screen()) == [
        " #  TERMINAL  NAME                   QUALITY",
        " 7  I/O 1     The light at the gate  good",
        "10  Input 5   门                     fault",
    ]


def test_a_column_is_shown_when_a_row_has_something_in_it() -> None:
    rows = [*_ROWS, ["11", "Input 6", "x", "cut", "good"]]
    assert "LOOP" in render.table(_COLUMNS, rows, Screen())[0]


@pytest.mark.parametrize("width", [24, 30, 34, 40, 80])
def test_a_narrow_screen_gets_fewer_and_shorter_columns(width: int) -> None:
    lines = render.table(_COLUMNS, _ROWS, Screen(width=width))
    assert all(len(line) <= width for line in lines)
    assert all("fault" in line or "good" in line for line in lines[1:])
    assert ("TERMINAL" in lines[0]) == (width >= 44)
    assert ("…" in lines[1]) == (width < 34)


def test_colours_do_not_change_the_alignment() -> None:
    plain = render.table(_COLUMNS, _ROWS, Screen())
    painted = render.table(_COLUMNS, _ROWS, Screen(colour=True))
    assert painted != plain
    assert [re.sub(r"\x1b\[\d*m", "", line) for line in painted] == plain
    assert "\x1b[31mfault\x1b[0m" in painted[2]


def test_json_lists_have_a_line_for_each_object() -> None:
    assert render.as_json([{"A": 1}, {"A": 2}]) == '[\n {"A": 1},\n {"A": 2}\n]'
    assert render.as_json([]) == "[]"
