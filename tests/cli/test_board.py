# SPDX-License-Identifier: Apache-2.0
"""Board profiles from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
