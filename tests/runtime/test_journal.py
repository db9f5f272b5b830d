# SPDX-License-Identifier: Apache-2.0
"""The journal: what it took is read again, and what is damaged, old, or of another boot counts as none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from axiod.runtime import journal
from axiod.runtime.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.journal"


@pytest.fixture
def written(path: Path) -> Iterator[Journal]:
    """A journal with the values 1 to 3."""
    written = Journal(path)
    assert written.read(0) == {}
    for key, value in (("a", 1), ("b", {"ü": [True, None]}), ("a", 2)):
        assert written.append({key: value})
    yield written
    written.close()


def read(path: Path, covered: int = 0) -> tuple[dict[str, Any], int]:
    again = Journal(path)
    return again.read(covered), again.number


def test_the_last_value_of_a_key_is_read(written: Journal, path: Path) -> None:
    assert read(path) == ({"a": 2, "b": {"ü": [True, None]}}, 3)
    assert written.number == 3


def test_none_is_a_value(written: Journal, path: Path) -> None:
    assert written.append({"b": None})
    assert read(path)[0] == {"a": 2, "b": None}


@pytest.mark.parametrize(
    ("covered", "found"), [(1, {"a": 2, "b": {"ü": [True, None]}}), (2, {"a": 2}), (3, {}), (9, {})]
)
def test_what_a_commit_covers_is_not_read(written: Journal, path: Path, covered: int, found: dict[str, Any]) -> None:
    assert read(path, covered) == (found, max(covered, 3))


def test_it_is_begun_anew_when_all_is_covered(written: Journal, path: Path) -> None:
    size = path.stat().st_size
    written.covered(2)
    assert written.append({"c": 4})  # it was not all
    assert path.stat().st_size > size
    size = path.stat().st_size
    written.covered(4)
    for value in range(5, 7):
        assert written.append({"d": value})
    assert path.stat().st_size == size
    assert read(path, 4) == ({"d": 6}, 6)


@pytest.mark.parametrize("length", range(1, 60, 7))
def test_what_is_left_from_before_does_not_count(written: Journal, path: Path, length: int) -> None:
    for _ in range(3):
        written.append({"old": "x" * 20})
    written.covered(6)
    written.append({"new": "y" * length})
    assert read(path, 6) == ({"new": "y" * length}, 7)


def test_it_goes_on_after_a_restart(written: Journal, path: Path) -> None:
    again = Journal(path)
    again.read(1)
    again.append({"c": 4})
    again.close()
    assert read(path, 1) == ({"a": 2, "b": {"ü": [True, None]}, "c": 4}, 4)
    anew = Journal(path)
    assert anew.read(4) == {}
    anew.append({"d": 5})
    anew.close()
    assert read(path, 4) == ({"d": 5}, 5)


def test_a_line_that_was_cut_short_ends_it(written: Journal, path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])
    assert read(path) == ({"a": 1, "b": {"ü": [True, None]}}, 2)
    again = Journal(path)
    again.read(0)
    again.append({"c": 3})
    again.close()
    assert read(path)[0]["c"] == 3


@pytest.mark.parametrize("rubbish", [b"", b"\n", b"\0" * 100, b'00000000 [1,"a",1]\n', b"rubbish"])
def test_rubbish_counts_as_none(path: Path, rubbish: bytes) -> None:
    path.write_bytes(rubbish)
    assert read(path, 7) == ({}, 7)


def test_another_boot_counts_as_none(
    written: Journal, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boot_id").write_text("another\n")
    monkeypatch.setattr(journal, "_BOOT_ID", tmp_path / "boot_id")
    assert read(path, 2) == ({}, 2)


def test_more_than_the_limit_waits_for_a_commit(written: Journal) -> None:
    while written.append({"a": "x" * (journal.MOST_BYTES // 8)}):
        assert written.number < 20
    written.covered(written.number - 1)
    assert not written.append({"a": 1})
    written.covered(written.number)
    assert written.append({"a": 1})


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    nowhere = Journal(tmp_path / "nothing" / "state.journal")
    assert nowhere.read(0) == {}
    assert not nowhere.append({"a": 1})
    assert nowhere.number == 0
    folder = Journal(tmp_path)
    assert folder.read(5) == {}
    assert not folder.append({"a": 1})
