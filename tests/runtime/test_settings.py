# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: ASYNC240 # short files
"""The settings of a service's objects, held against the contract when they are read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from axiod.errors import HardwareFailure
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"ports": "org.axiod.io1.Port", "alarms": "org.axiod.io1.Alarm"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.yaml"


def write(path: Path, text: str) -> SettingsFile:
    """Have a file read that says this."""
    path.write_text(text)
    return SettingsFile(path, KINDS)


async def test_what_was_saved_is_read_back_in_the_words_of_the_contract(path: Path) -> None:
    file = SettingsFile(path, KINDS)
    assert file.get("ports", "io1") == {}
    values = {"direction": "output", "name": "Süd ☃", "ranges": [["cut", 0, 5]], "hold_ms": 7}
    await file.save("ports", "io1", values)
    stored = {"Direction": "output", "Name": "Süd ☃", "Ranges": [["cut", 0, 5]], "HoldMs": 7}
    assert yaml.safe_load(path.read_text()) == {"version": 1, "ports": {"io1": stored}}
    assert SettingsFile(path, KINDS).get("ports", "io1") == {**values, "ranges": [("cut", 0, 5)]}


async def test_entries_of_ids_that_are_not_there_are_kept(path: Path) -> None:
    file = write(path, "version: 1\nports: {gone: {Name: Old}, '7': {Usage: x}}\nalarms: {gone: {Enabled: false}}\n")
    await file.save("ports", "io1", {"usage": "Door"})
    again = SettingsFile(path, KINDS)
    assert again.get("ports", "gone") == {"name": "Old"}
    assert again.get("ports", "7") == {"usage": "x"}
    assert again.get("alarms", "gone") == {"enabled": False}
    assert again.get("ports", "io1") == {"usage": "Door"}


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("{Nam: x}", "there is no setting of io1 'Nam'; did you mean Name?"),
        ("{State: open}", "there is no setting of io1 'State'"),
        ("{5: x}", "there is no setting of io1 '5'"),
        ("{Name: 5}", "Name is 5; it must be printable text of 1 to 128 characters"),
        ("{Name: ''}", "Name is ''; it must be printable text"),
        ("{Direction: sideways}", "Direction is 'sideways'; it must be one of input, output"),
        ("{DebounceMs: 10001}", "DebounceMs is 10001; it must be a whole number from 0 to 10000 (ms)"),
        ("{DebounceMs: -1}", "DebounceMs is -1; it must be a whole number"),
        ("{DebounceMs: true}", "DebounceMs is True; it must be a whole number"),
        ("{DebounceMs: 1.5}", "DebounceMs is 1.5; it must be a whole number"),
        ("{Ranges: [[cut, 0]]}", "Ranges is [['cut', 0]]; it must be"),
        ("{Ranges: 5}", "Ranges is 5; it must be"),
        ("5", "ports: io1 must hold lines of the form NAME: VALUE"),
    ],
)
def test_a_mistake_is_named_and_the_file_is_set_aside(
    path: Path, entry: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = write(path, f"version: 1\nports: {{io1: {entry}}}\n")
    assert file.get("ports", "io1") == {}
    assert text in caplog.text
    assert f"{path} is damaged" in caplog.text
    assert path.with_name("settings.yaml.damaged-1").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "it must say version: 1"),
        ("version: 2\n", "it must say version: 1"),
        ("ports: {}\n", "it must say version: 1"),
        ("[]", "it must say version: 1"),
        ("version: 1\nports: 5\n", "ports must hold an entry for each object"),
        ("version: 1\nportz: {}\n", "there is no section 'portz'; did you mean ports?"),
    ],
)
def test_a_file_that_is_none_is_set_aside(
    path: Path, text: str, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, text)
    assert expected in caplog.text
    assert path.with_name("settings.yaml.damaged-1").exists()


async def test_a_damaged_file_gives_way_to_the_one_before(path: Path) -> None:
    file = SettingsFile(path, KINDS)
    await file.save("ports", "io1", {"usage": "first"})
    await file.save("ports", "io1", {"usage": "second"})
    path.write_text(path.read_text()[:-8])
    assert SettingsFile(path, KINDS).get("ports", "io1") in ({"usage": "first"}, {"usage": "sec"})
    path.write_bytes(b"\x00")
    assert SettingsFile(path, KINDS).get("ports", "io1") == {"usage": "first"}


async def test_what_the_disk_refuses_is_not_taken(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    file = SettingsFile(folder / "settings.yaml", KINDS)
    folder.write_text("in the way")
    with pytest.raises(HardwareFailure, match="the settings cannot be stored"):
        await file.save("ports", "io1", {"usage": "Door"})
    assert file.get("ports", "io1") == {}
    folder.unlink()
    await file.save("ports", "io1", {"usage": "Gate"})
    assert file.get("ports", "io1") == {"usage": "Gate"}


def test_every_configurable_property_can_be_stored(path: Path) -> None:
    everything: dict[str, Any] = {
        "Name": "n", "Usage": "u", "Direction": "output", "NormalState": "closed", "DebounceMs": 0,
        "Supervision": "serial-1k", "Ranges": [], "HysteresisLevels": 0, "HoldMs": 0, "BootPolicy": "last",
        "FailurePolicy": "active",
    }  # fmt: skip
    file = write(path, yaml.safe_dump({"version": 1, "ports": {"io1": everything}}))
    assert len(file.get("ports", "io1")) == len(everything) == len(file._known["ports"])
