# SPDX-License-Identifier: Apache-2.0
"""A rule between two GPIO lines of the kernel: from the wire of an input to that of a relay, whatever becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.machine.events import UNIT, add_following, get
from tests.machine.guest import poll
from tests.machine.kernel_board import DRIVEN, PATIENCE, Board, use_board

if TYPE_CHECKING:
    from tests.machine.machine import Machine


@pytest.fixture(scope="module")
def board(machine: Machine) -> Board:
    """The services with the test board, whose relay1 is on while in1 is closed."""
    board = use_board(machine)
    board.chip.pull("in1", "up")
    board.wait("in1", State="open")
    add_following(machine, board.get("in1", "Number"), "relay1")
    return board


def follows(board: Board, closed: bool) -> None:
    """Open or close the contact of the input, and wait until the wire of the relay has followed."""
    board.chip.pull("in1", "down" if closed else "up")
    level = DRIVEN["relay1"] if closed else 1 - DRIVEN["relay1"]
    poll(lambda: board.level("relay1") == level, PATIENCE, f"the relay follows to {level}", 0.2)


def test_a_rule_moves_a_real_line(board: Board) -> None:
    for closed in (True, False, True, False):
        follows(board, closed)
    assert get(board.machine, "rule/1", "Rule", "Activations") == 2


@pytest.mark.parametrize("command", [f"systemctl restart {UNIT}", f"systemctl kill --signal KILL {UNIT}"])
def test_what_a_rule_holds_does_not_move_when_its_service_ends(board: Board, command: str) -> None:
    follows(board, closed=True)
    with board.nothing_moves("relay1"):
        process = board.pid(UNIT)
        board.machine.run(command, timeout=PATIENCE)
        board.restarted(UNIT, process)
        # By then it knows what there is, so nothing of the start is to come any more.
        poll(lambda: get(board.machine, "rule/1", "Rule", "Active"), PATIENCE, "the rule is known to be active", 0.2)
    follows(board, closed=False)


def test_a_rule_is_there_after_a_reboot(machine: Machine, board: Board) -> None:
    follows(board, closed=True)
    machine.reboot()
    board.ready()
    # The chip forgot what pulled at its lines.
    follows(board, closed=False)
    follows(board, closed=True)
    assert machine.run("systemctl --failed --no-legend").stdout == ""
