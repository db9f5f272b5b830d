# SPDX-License-Identifier: Apache-2.0
"""The time zone of the device, and what is done where there is none."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from axiod.events.time_zone import TimeZone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("TZ", raising=False)
    yield
    monkeypatch.undo()
    time.tzset()


def offset(found: TimeZone) -> timedelta | None:
    return datetime(2026, 7, 1, tzinfo=found.zone).utcoffset()


def point(path: Path, name: str) -> None:
    """Let a link be to another zone, as systemd-timedated does."""
    new = path.with_name("new")
    new.symlink_to(f"/usr/share/zoneinfo/{name}")
    new.replace(path)


def test_it_is_read_and_changes_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "localtime"
    point(path, "Europe/Stockholm")
    found = TimeZone(path)
    assert (found.name, offset(found)) == ("Europe/Stockholm", timedelta(hours=2))
    assert not found.changed()
    point(path, "America/New_York")
    assert found.changed()
    assert (found.name, offset(found)) == ("America/New_York", timedelta(hours=-4))
    assert not found.changed()


def test_a_copy_has_no_name(tmp_path: Path) -> None:
    path = tmp_path / "localtime"
    point(path, "Europe/Stockholm")
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    found = TimeZone(path)
    assert (found.name, offset(found)) == ("local", timedelta(hours=2))


def test_what_cannot_be_read_leaves_the_former_one(tmp_path: Path) -> None:
    path = tmp_path / "localtime"
    found = TimeZone(path)
    assert (found.name, offset(found)) == ("UTC", timedelta(0))
    point(path, "Europe/Stockholm")
    assert found.changed()
    path.unlink()
    assert not found.changed()
    path.write_bytes(b"TZif" + b"\xff" * 60)
    assert not found.changed()
    path.unlink()
    path.mkdir()
    assert not found.changed()
    assert found.name == "Europe/Stockholm"


@pytest.mark.parametrize(
    ("value", "name"), [("Asia/Tokyo", "Asia/Tokyo"), (":Asia/Tokyo", "Asia/Tokyo"), ("No/Where", "UTC")]
)
def test_a_zone_of_the_process_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, name: str
) -> None:
    monkeypatch.setenv("TZ", value)
    path = tmp_path / "localtime"
    point(path, "Europe/Stockholm")
    found = TimeZone(path)
    assert found.name == name
    point(path, "America/New_York")
    assert not found.changed()
    assert os.environ["TZ"] == value
