# SPDX-License-Identifier: Apache-2.0
"""Board profiles from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.board.loader import load
from tests.conftest import READING, run

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl

_BOARDS = Path(__file__).parents[2] / "etc" / "boards"


@pytest.mark.parametrize("what", ["a9210", str(_BOARDS / "a9210.yaml")])
def test_board_show(axioctl: Axioctl, what: str) -> None:
    done = axioctl("board", "show", what)
    assert done.code == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert ["Board:", "a9210"] in lines
    assert ["relays"] in lines
    assert ["0", "relay1", "Relay", "1", "form-c"] in [line[:5] for line in lines]
    assert ["7", "io1", "I/O", "1", "configurable", "yes"] in [line[:6] for line in lines]


def test_board_show_json(axioctl: Axioctl) -> None:
    board = json.loads(axioctl("board", "show", "a9210", "--json").out)
    assert board["name"] == "a9210"
    assert board["relays"][0]["id"] == "relay1"
    assert board["ports"][0]["adc"]["front_end"]["ranges"]["serial-1k"][0]["state"] == "cut"


def test_board_show_of_an_unknown_name(axioctl: Axioctl) -> None:
    done = axioctl("board", "show", "a9211")
    assert done.code == 3
    assert 'did you mean "a9210"?' in done.err


def test_board_show_without_a_board(axioctl: Axioctl) -> None:
    # /etc/axiod/board.yaml is there only on a device.
    done = axioctl("board", "show")
    assert done.code in (0, 3)
    assert done.code == 0 or "/etc/axiod/board.yaml" in done.err


def test_board_show_of_a_profile_with_mistakes(axioctl: Axioctl, tmp_path: Path) -> None:
    file = _with_mistakes(tmp_path)
    done = axioctl("board", "show", str(file))
    assert done.code == 2
    assert done.err.startswith(f"axioctl: {file}:")
    assert "and 1 more; see axioctl board check" in done.err


def test_board_check_of_a_good_profile(axioctl: Axioctl) -> None:
    done = axioctl("board", "check", "a9210")
    assert (done.code, done.out) == (0, f"{_BOARDS / 'a9210.yaml'} is right\n")
    assert axioctl("board", "check", "a9210", "--json").out == "[]\n"


def test_board_check_names_every_mistake(axioctl: Axioctl, tmp_path: Path) -> None:
    file = _with_mistakes(tmp_path)
    done = axioctl("board", "check", str(file))
    assert (done.code, done.err) == (1, "")
    assert [line.split(": ")[:2] for line in done.out.splitlines()] == [
        [f"{file}:4", "ports"],
        [f"{file}:5", "frobnicate"],
    ]
    done = axioctl("board", "check", str(file), "--json")
    assert done.code == 1
    assert json.loads(done.out)[0] | {"Text": ""} == {"File": str(file), "Line": 4, "Key": "ports", "Text": ""}


def test_board_check_hardware_names_what_this_machine_lacks(axioctl: Axioctl) -> None:
    done = axioctl("board", "check", "--hardware", "a9210")
    assert done.code == 1
    assert "a9210-io" in done.out


def test_board_check_hardware_of_a_simulated_board_needs_none(axioctl: Axioctl) -> None:
    assert axioctl("board", "check", "--hardware", "a9210-sim").code == 0


def _with_mistakes(folder: Path) -> Path:
    file = folder / "mine.yaml"
    file.write_text("schema: 1\nname: mine\ntitle: Mine\nports: 7\nfrobnicate: 1\n")
    return file


# --- board use ---

GOOD = "schema: 1\nextends: a9210-sim.yaml\nname: mine\ntitle: Mine\n"


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """Where a device has its board, which was chosen before."""
    folder = tmp_path / "axiod"
    folder.mkdir()
    (folder / "board.yaml").write_text("before")
    return folder / "board.yaml"


def _unchanged(board: Path) -> bool:
    return board.read_text() == "before" and [path.name for path in board.parent.iterdir()] == ["board.yaml"]


@pytest.mark.parametrize("named", ["by name", "as a file"])
def test_board_use_makes_a_profile_the_board(axioctl: Axioctl, tmp_path: Path, device: Path, named: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD)
    what, name = (str(file), "mine") if named == "as a file" else ("a9210-sim", "a9210-sim")
    done = axioctl("board", "use", what, "--to", str(device))
    said = f"the board of this device is {name} ({device}); restart the services of axiod to take it\n"
    assert (done.code, done.out, done.err) == (0, said, "")
    board = load(device, [])
    assert (board.name, board.ports) == (name, load(_BOARDS / "a9210-sim.yaml").ports)
    assert device.with_name("board.yaml.previous").read_text() == "before"
    done = axioctl("board", "show", str(device))
    assert (done.code, ["Board:", name] in [line.split() for line in done.out.splitlines()]) == (0, True)


def test_board_use_makes_the_folder(axioctl: Axioctl, tmp_path: Path) -> None:
    device = tmp_path / "etc" / "axiod" / "board.yaml"
    done = axioctl("board", "use", "a9210-sim", "--to", str(device), "--json")
    assert json.loads(done.out) == {"Board": "a9210-sim", "File": str(device), "Services": {}}
    assert [path.name for path in device.parent.iterdir()] == ["board.yaml"]


def test_board_use_of_a_profile_with_mistakes_changes_nothing(axioctl: Axioctl, tmp_path: Path, device: Path) -> None:
    file = _with_mistakes(tmp_path)
    for force in ([], ["--force"]):
        done = axioctl("board", "use", str(file), "--to", str(device), *force)
        assert (done.code, done.out) == (1, axioctl("board", "check", str(file)).out)
        assert _unchanged(device)


@pytest.mark.parametrize("what", ["a9211", "/nowhere/mine.yaml"])
def test_board_use_of_what_is_not_there_changes_nothing(axioctl: Axioctl, device: Path, what: str) -> None:
    done = axioctl("board", "use", what, "--to", str(device))
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith(f"{what}: ")
    assert ('did you mean "a9210"?' in done.out) == (what == "a9211")
    assert _unchanged(device)


def test_board_use_needs_the_hardware_unless_it_is_forced(axioctl: Axioctl, device: Path) -> None:
    done = axioctl("board", "use", "a9210", "--to", str(device))
    assert (done.code, done.out) == (1, axioctl("board", "check", "--hardware", "a9210").out)
    assert "a9210-io" in done.out
    assert _unchanged(device)
    assert axioctl("board", "use", "a9210", "--to", str(device), "--force").code == 0
    assert load(device, []) == load(_BOARDS / "a9210.yaml")


def test_board_use_where_nothing_can_be_written(axioctl: Axioctl, device: Path) -> None:
    below = device / "board.yaml"
    done = axioctl("board", "use", "a9210-sim", "--to", str(below))
    assert (done.code, done.out) == (9, "")
    assert done.err.startswith(f"axioctl: {below} cannot be written: ")
    assert _unchanged(device)


async def test_board_use_is_for_root(cli_bus: str, device: Path) -> None:
    somebody = ("setpriv", "--reuid", "65534", "--clear-groups", *READING)
    if (await run(*somebody, "true")).code:
        pytest.skip("only root, and not in every container, can be somebody else")
    axioctl = (sys.executable, "-m", "axiod.cli", "board", "use", "a9210-sim", "--to", str(device))
    done = await run(*somebody, *axioctl, DBUS_SYSTEM_BUS_ADDRESS=cli_bus)
    assert (done.code, done.out) == (4, "")
    assert done.err == f"axioctl: {device} cannot be written: only root may choose the board; try sudo\n"
    assert _unchanged(device)
