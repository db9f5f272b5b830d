# SPDX-License-Identifier: Apache-2.0
"""The history on disk: what is packed comes back, hours are made of it, and it stays within its bounds."""

from __future__ import annotations

import sqlite3
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.errors import HardwareFailure
from axiod.sensors import chunks
from axiod.sensors.chunks import DAY_MS, HOUR_MS, MINUTE_MS, Samples, Span
from axiod.sensors.history_file import HistoryFile

KEY = ("cellar", "temperature")
START = 1_800_000_000_000 // DAY_MS * DAY_MS
LARGE = 1 << 30

VALUES = st.floats(allow_nan=False, allow_infinity=False, width=32)
MOMENTS = st.integers(0, 1 << 45)


def samples(*pairs: tuple[int, float]) -> Samples:
    return Samples(array("q", (when for when, _ in pairs)), array("d", (value for _, value in pairs)))


@given(st.lists(st.tuples(MOMENTS, VALUES), min_size=1, max_size=50))
def test_what_is_packed_comes_back(pairs: list[tuple[int, float]]) -> None:
    assert chunks.unpack(chunks.pack(samples(*pairs))) == samples(*pairs)


@pytest.mark.parametrize("data", [b"", b"x" * 40, chunks.pack(samples((1, 2.0), (2, 3.0)))[:-3]])
def test_what_was_not_packed_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="history that cannot be read"):
        chunks.unpack(data)
    with pytest.raises(ValueError, match="history that cannot be read"):
        chunks.unpack_spans(data)


@given(st.lists(st.tuples(st.integers(0, 3 * HOUR_MS), VALUES), min_size=1, max_size=60))
def test_minutes_are_what_they_are_of_and_hours_are_those_of_minutes(pairs: list[tuple[int, float]]) -> None:
    whole = chunks.joined([samples(pair) for pair in pairs])
    minutes = chunks.thinned(whole, MINUTE_MS)
    for span in minutes:
        mine = [value for when, value in pairs if span.start <= when < span.start + MINUTE_MS]
        assert (span.lowest, span.highest, span.number) == (min(mine), max(mine), len(mine))
        assert span.mean == pytest.approx(sum(mine) / len(mine), rel=1e-6, abs=1e-30)
    assert sum(span.number for span in minutes) == len(pairs)
    direct = chunks.thinned(whole, HOUR_MS)
    for span, other in zip(chunks.merged(minutes, HOUR_MS), direct, strict=True):
        assert span._replace(mean=0.0) == other._replace(mean=0.0)
        assert span.mean == pytest.approx(other.mean, rel=1e-5, abs=1e-5 * max(abs(span.lowest), abs(span.highest)))
    for span, other in zip(chunks.unpack_spans(chunks.pack_spans(minutes)), minutes, strict=True):
        assert span._replace(mean=0.0) == other._replace(mean=0.0)
        assert span.lowest <= span.mean <= span.highest


def filled(path: Path, hours: int, every_ms: int = 10_000, most_bytes: int = LARGE) -> HistoryFile:
    """A file with so many hours of a value that says its time, written every five minutes."""
    file = HistoryFile(path, most_bytes)
    for begin in range(START, START + hours * HOUR_MS, 5 * MINUTE_MS):
        file.put({KEY: samples(*((when, float(when - START)) for when in range(begin, begin + 300_000, every_ms)))})
        if (begin + 300_000) % HOUR_MS == 0:
            file.settle(begin + 300_000)
    return file


def test_every_value_is_there_for_a_day_minutes_longer_and_hours_longest(tmp_path: Path) -> None:
    file = filled(tmp_path / "history.sqlite", 50)
    end = START + 50 * HOUR_MS
    found = file.samples(KEY, START, end)
    assert list(found.times) == list(range(end - 24 * HOUR_MS, end, 10_000))
    assert list(found.values) == [float(when - START) for when in found.times]
    minutes = file.minutes(KEY, START, end)
    assert len(minutes) == 50 * 60
    assert minutes[61] == Span(START + 61 * MINUTE_MS, 3_660_000.0, 3_685_000.0, 3_710_000.0, 6)
    hours = file.hours(KEY, START, end)
    assert [span.start for span in hours] == [START + n * HOUR_MS for n in range(50)]
    assert hours[2] == Span(START + 2 * HOUR_MS, 7_200_000.0, 8_995_000.0, 10_790_000.0, 360)
    file.settle(end + 31 * DAY_MS)
    assert file.minutes(KEY, START, end) == []
    assert len(file.hours(KEY, START, end)) == 50
    file.settle(end + 3 * 366 * DAY_MS)
    assert file.hours(KEY, START, end) == []


def test_what_is_not_settled_yet_is_there_as_well(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path / "history.sqlite", LARGE)
    file.put({KEY: samples((START, 1.0), (START + 1000, 3.0)), ("a", "b"): samples((START, 9.0))})
    file.put({KEY: samples((START + MINUTE_MS, 5.0))})
    assert list(file.samples(KEY, START, START + HOUR_MS).values) == [1, 3, 5]
    assert list(file.samples(KEY, START + 1000, START + MINUTE_MS).values) == [3]
    assert [span.mean for span in file.minutes(KEY, START, START + HOUR_MS)] == [2, 5]
    assert [span.mean for span in file.hours(KEY, START, START + HOUR_MS)] == [3]
    assert list(file.samples(("a", "b"), 0, 1 << 50).values) == [9]
    assert list(file.samples(("a", "c"), 0, 1 << 50).values) == []


def test_a_clock_that_jumps_loses_nothing_of_today(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path / "history.sqlite", LARGE)
    file.put({KEY: samples((1000, 1.0), (START + 2 * HOUR_MS, 2.0), (START, 3.0), (START + 90 * DAY_MS, 4.0))})
    file.settle(START + 3 * HOUR_MS)
    file.put({KEY: samples((START + 2 * HOUR_MS + 1, 5.0))})
    file.settle(START + 3 * HOUR_MS)
    assert list(file.samples(KEY, 0, 1 << 50).values) == [3, 2, 5]
    assert [span.number for span in file.hours(KEY, 0, 1 << 50)] == [1, 2]


def test_a_sensor_is_forgotten_with_all_that_it_measured(tmp_path: Path) -> None:
    file = filled(tmp_path / "history.sqlite", 2)
    file.put({("other", "t"): samples((START, 1.0))})
    file.forget("cellar")
    assert file.hours(KEY, 0, 1 << 50) == []
    file.put({KEY: samples((START, 7.0))})
    assert list(file.samples(KEY, 0, 1 << 50).values) == [7]
    assert list(file.samples(("other", "t"), 0, 1 << 50).values) == [1]


def test_it_stays_within_its_bounds(tmp_path: Path) -> None:
    file = filled(tmp_path / "history.sqlite", 60, every_ms=1000, most_bytes=200_000)
    assert file.size < 400_000
    end = START + 60 * HOUR_MS
    assert file.minutes(KEY, end - HOUR_MS, end)
    assert not file.minutes(KEY, START, START + HOUR_MS)
    assert len(file.hours(KEY, START, end)) == 60


def test_it_is_there_after_a_crash_and_a_damaged_one_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    filled(path, 1)  # nobody closes it
    assert len(HistoryFile(path, LARGE).samples(KEY, 0, 1 << 50).times) == 360
    path.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    file = HistoryFile(path, LARGE)
    file.put({KEY: samples((START, 7.0))})
    assert list(tmp_path.glob("history.sqlite.damaged-*"))


def test_one_whose_pages_are_damaged_is_set_aside_as_well(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    filled(path, 1).close()
    page = 4096
    with path.open("r+b") as raw:  # the page of the channels
        raw.seek(page)
        raw.write(b"\xff" * page)
    assert list(HistoryFile(path, LARGE).samples(KEY, 0, 1 << 50).values) == []
    assert list(tmp_path.glob("history.sqlite.damaged-*"))


@pytest.mark.parametrize("table", ["recent", "samples", "hours"])
def test_a_pack_that_cannot_be_read_is_set_aside_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    path = tmp_path / "history.sqlite"
    other = ("attic", "humidity")
    file = filled(path, 1)
    hour = START + HOUR_MS
    # The hour is not over for either of them when it is settled; more of it comes later.
    for begin, value in ((hour, 1.0), (hour + 10 * MINUTE_MS, 2.0)):
        file.put({key: samples((begin, value)) for key in (KEY, other)})
    if table != "recent":
        file.settle(hour + HOUR_MS)
        file.put({key: samples((hour + 20 * MINUTE_MS, 3.0)) for key in (KEY, other)})
    assert not damage_of(file)
    with sqlite3.connect(path) as database:
        (id_,) = database.execute("SELECT id FROM channel WHERE sensor = 'cellar'").fetchone()
        (last,) = database.execute(f"SELECT max(rowid) FROM {table} WHERE channel = ?", (id_,)).fetchone()
        (data,) = database.execute(f"SELECT data FROM {table} WHERE rowid = ?", (last,)).fetchone()
        database.execute(f"UPDATE {table} SET data = ? WHERE rowid = ?", (data[:-3], last))
    database.close()

    file.settle(hour + HOUR_MS)
    file.settle(hour + HOUR_MS)
    expected = [1.0, 2.0] if table == "recent" else [1.0, 2.0, 3.0]
    assert list(file.samples(other, hour, hour + HOUR_MS).values) == expected
    left = {"recent": [1.0], "samples": [3.0], "hours": expected}
    assert list(file.samples(KEY, hour, hour + HOUR_MS).values) == left[table]
    assert file.hours(KEY, hour, hour + HOUR_MS)[0].number == len(left[table])
    assert "temperature of cellar" in damage_of(file)
    assert "attic" not in damage_of(file)
    assert f"in {table}: history that cannot be read" in caplog.text
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT origin, data FROM damaged").fetchall() == [(table, data[:-3])]
    database.close()
    file.forget("cellar")
    assert not damage_of(file)
    file.close()


def damage_of(file: HistoryFile) -> str:
    return file.damage or ""


def test_what_the_disk_refuses_is_said_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    file = filled(path, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("DROP TABLE recent")
    with pytest.raises(HardwareFailure, match="cannot be written"):
        file.put({("new", "t"): samples((START, 1.0))})
    with pytest.raises(HardwareFailure, match="cannot be read"):
        file.samples(KEY, 0, 1 << 50)
    with pytest.raises(HardwareFailure, match="cannot be opened"):
        HistoryFile(Path("/proc/nothing/history.sqlite"), LARGE)
