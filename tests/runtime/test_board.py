# SPDX-License-Identifier: Apache-2.0
"""Which board a service runs with: the one that its settings name, none, or the last good one."""

from __future__ import annotations

from pathlib import Path

import pytest

from axiod.board import loader
from axiod.runtime.board import NO_BOARD, chosen, last_good
from axiod.runtime.config import ConfigError, Settings

SIMULATED = loader.load(loader.find("a9210-sim"))
EXTENDED = "schema: 1\nextends: a9210-sim.yaml\nname: mine\ntitle: Mine\nrelays: {relay1: {terminal: Gate}}\n"
BROKEN = "schema: 1\nname: mine\nrelays: {relay1: {number: zero}}\n"

on_a_device = pytest.mark.skipif(
    Path(Settings().board).exists(), reason=f"this machine is a device: it has {Settings().board}"
)


def noted(state_dir: Path) -> str:
    """Return the profile that was noted, as text."""
    return (state_dir / "board.yaml").read_text()


def own(folder: Path, text: str) -> Settings:
    """Return settings that name a profile of this text."""
    path = folder / "own.yaml"
    path.write_text(text)
    return Settings(board=str(path))


@on_a_device
def test_without_a_profile_there_is_no_board(tmp_path: Path) -> None:
    assert chosen(Settings(), tmp_path, lines_are_kept=False) is NO_BOARD
    assert list(tmp_path.iterdir()) == []


@on_a_device
def test_without_a_profile_the_last_good_one_is_not_forgotten(tmp_path: Path) -> None:
    chosen(Settings(board="a9210-sim"), tmp_path, lines_are_kept=False)
    assert chosen(Settings(), tmp_path, lines_are_kept=False) is NO_BOARD
    assert last_good(tmp_path) == SIMULATED


@on_a_device
def test_a_profile_that_went_away_while_lines_are_kept_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^/etc/axiod/board\.yaml: cannot be read: No such file"):
        chosen(Settings(), tmp_path, lines_are_kept=True)


@pytest.mark.parametrize("name", ["/nowhere/board.yaml", "no-such-board"])
@pytest.mark.parametrize("kept", [False, True])
def test_a_profile_that_the_settings_name_must_be_there(tmp_path: Path, name: str, kept: bool) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: "):
        chosen(Settings(board=name), tmp_path, lines_are_kept=kept)


@pytest.mark.parametrize("kept", [False, True])
def test_a_good_profile_is_noted(tmp_path: Path, kept: bool) -> None:
    state_dir = tmp_path / "state"
    assert chosen(Settings(board="a9210-sim"), state_dir, lines_are_kept=kept) == SIMULATED
    assert loader.load(state_dir / "board.yaml", []) == SIMULATED
    assert last_good(state_dir) == SIMULATED


def test_a_profile_that_extends_another_is_noted_whole(tmp_path: Path) -> None:
    settings = own(tmp_path, EXTENDED)
    board = chosen(settings, tmp_path / "state", lines_are_kept=False)
    Path(settings.board).unlink()
    assert "extends" not in noted(tmp_path / "state")
    # Nothing is looked for anywhere else.
    assert loader.load(tmp_path / "state" / "board.yaml", []) == board
    assert last_good(tmp_path / "state") == board
    assert (board.name, board.relays[0].terminal, board.ports) == ("mine", "Gate", SIMULATED.ports)


def test_the_same_profile_is_not_written_again(tmp_path: Path) -> None:
    chosen(Settings(board="a9210-sim"), tmp_path, lines_are_kept=False)
    before = (tmp_path / "board.yaml").stat()
    chosen(Settings(board="a9210-sim"), tmp_path, lines_are_kept=False)
    after = (tmp_path / "board.yaml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_another_good_profile_is_noted_instead(tmp_path: Path) -> None:
    chosen(Settings(board="a9210-sim"), tmp_path / "state", lines_are_kept=False)
    board = chosen(own(tmp_path, EXTENDED), tmp_path / "state", lines_are_kept=False)
    assert last_good(tmp_path / "state") == board != SIMULATED


def test_a_broken_profile_is_not_noted(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    chosen(Settings(board="a9210-sim"), state_dir, lines_are_kept=False)
    before = noted(state_dir)
    with pytest.raises(ConfigError, match=r"relays\.relay1\.number: ") as caught:
        chosen(own(tmp_path, BROKEN), state_dir, lines_are_kept=True)
    assert len(str(caught.value).splitlines()) > 1
    assert noted(state_dir) == before
    assert last_good(state_dir) == SIMULATED


def test_where_none_was_noted_there_is_no_last_good_one(tmp_path: Path) -> None:
    assert last_good(tmp_path) is None
    assert last_good(tmp_path / "nowhere") is None


@pytest.mark.parametrize("damage", [b"", b"[", b"7", b"\xff\x00", b"schema: 2\n", BROKEN.encode()])
def test_a_damaged_note_is_said_and_written_anew(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    chosen(Settings(board="a9210-sim"), tmp_path, lines_are_kept=False)
    (tmp_path / "board.yaml").write_bytes(damage)
    assert last_good(tmp_path) is None
    assert str(tmp_path / "board.yaml") in caplog.text
    assert chosen(Settings(board="a9210-sim"), tmp_path, lines_are_kept=True) == SIMULATED
    assert last_good(tmp_path) == SIMULATED


def test_a_note_that_cannot_be_read_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "board.yaml").mkdir()
    assert last_good(tmp_path) is None
    assert "cannot be read" in caplog.text
    assert chosen(Settings(board="a9210-sim"), tmp_path, lines_are_kept=False) == SIMULATED
    assert "the board profile was not noted" in caplog.text


def test_a_state_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    state_dir = tmp_path / "file" / "state"
    assert chosen(Settings(board="a9210-sim"), state_dir, lines_are_kept=False) == SIMULATED
    assert "the board profile was not noted" in caplog.text
