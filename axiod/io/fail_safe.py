# SPDX-License-Identifier: Apache-2.0
"""What becomes of the outputs when axiod-io cannot be kept alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.gpio.board import BoardLines
from axiod.gpio.fail_safe import Aim, put
from axiod.io.model import CLOSED
from axiod.io.stored import port_settings, settings_file

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.board.profile import Board
    from axiod.runtime.fds import FdStore

_ACTIVE = {"hold": None, "normal": False, "active": True}


def fail_safe(board: Board, fds: FdStore, state_dir: Path) -> list[str]:
    """Put each output where its failure policy says. Returns those that could not be put there.

    Raises HardwareFailure.
    """
    file = settings_file(state_dir)
    ports = [(port, port_settings(file, port)) for port in board.ports]
    aims = [
        Aim(port.id, port.line, _ACTIVE[settings.failure_policy], inverted=settings.normal_state == CLOSED)
        for port, settings in ports
        if settings.direction == "output"
    ]
    return put(aims, BoardLines(board), fds, state_dir)
