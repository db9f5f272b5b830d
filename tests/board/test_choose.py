# SPDX-License-Identifier: Apache-2.0
"""A profile becomes the board of this device: whole, readable for the services, and with the way back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.board.choose import choose
from axiod.board.loader import DEFAULT_FOLDERS, load, load_whole
from tests.runtime.small_disk import fill, small_disk

from .mistakes import GOOD

if TYPE_CHECKING:
    from collections.abc import Iterator

BOARDS = Path(__file__).parents[2] / "etc" / "boards"


@pytest.fixture
def strict_umask() -> Iterator[None]:
    """What root makes is for root alone, as on a hardened machine."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def use(path: Path, destination: Path) -> None:
    choose(load_whole(path, DEFAULT_FOLDERS).profile, path, destination)


def good(folder: Path) -> Path:
    path = folder / "good.yaml"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize("path", sorted(BOARDS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_profile_is_the_same_board_afterwards(path: Path, tmp_path: Path) -> None:
    destination = tmp_path / "axiod" / "board.yaml"
    use(path, destination)
    # Nothing is looked for anywhere else.
    assert load(destination, []) == load(path)


def test_what_it_extends_is_in_it(tmp_path: Path) -> None:
    good(tmp_path)
    mine = tmp_path / "mine.yaml"
    mine.write_text("schema: 1\nextends: good.yaml\nname: mine\nports: {output1: null, input1: {terminal: Döör}}\n")
    before = load(mine, [])
    destination = tmp_path / "etc" / "board.yaml"
    use(mine, destination)
    (tmp_path / "good.yaml").unlink()
    mine.unlink()
    board = load(destination, [])
    assert board == before
    assert board.name == "mine"
    terminals = {port.id: port.terminal for port in board.ports}
    assert terminals["input1"] == "Döör"
    assert "output1" not in terminals


def test_it_says_where_it_came_from(tmp_path: Path) -> None:
    destination = tmp_path / "board.yaml"
    origin = BOARDS / "a9210-sim.yaml"
    use(origin, destination)
    first = destination.read_text().splitlines()[0]
    assert first == f"# The board of this device, taken from {origin}. It is yours: no upgrade changes it."


def test_what_was_there_is_kept(tmp_path: Path) -> None:
    destination = tmp_path / "board.yaml"
    previous = tmp_path / "board.yaml.previous"
    use(good(tmp_path), destination)
    assert not previous.exists()
    for name in ("a9210", "a9210-sim", "a9210"):
        before = destination.read_bytes()
        use(BOARDS / f"{name}.yaml", destination)
        assert previous.read_bytes() == before
        assert load(destination, []) == load(BOARDS / f"{name}.yaml")
    assert {path.name for path in tmp_path.iterdir()} == {"good.yaml", "board.yaml", "board.yaml.previous"}


def test_a_board_can_be_chosen_once_more_from_where_it_is(tmp_path: Path) -> None:
    destination = tmp_path / "board.yaml"
    use(good(tmp_path), destination)
    before = load(destination, [])
    use(destination, destination)
    assert load(destination, []) == before


@pytest.mark.usefixtures("strict_umask")
def test_the_services_may_read_it(tmp_path: Path) -> None:
    destination = tmp_path / "board.yaml"
    use(BOARDS / "a9210-sim.yaml", destination)
    assert destination.stat().st_mode & 0o777 == 0o644


def test_where_it_cannot_be_written_it_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        use(BOARDS / "a9210-sim.yaml", tmp_path / "file" / "board.yaml")


def test_a_full_disk_refuses_and_nothing_has_changed(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        destination = disk / "board.yaml"
        for name in ("a9210", "a9210-sim"):
            use(BOARDS / f"{name}.yaml", destination)
        before = {path.name: path.read_bytes() for path in disk.iterdir()}
        with fill(disk), pytest.raises(OSError, match="No space left"):
            use(good(tmp_path), destination)
        assert {path.name: path.read_bytes() for path in disk.iterdir()} == before
