# SPDX-License-Identifier: Apache-2.0
"""What becomes of the outputs when axiod-io cannot be kept alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.gpio.board import BoardLines
from axiod.gpio.fail_safe import put
from axiod.io.model import CLOSED
from axiod.io.port import port_settings
from axiod.io.service import KINDS, SETTINGS
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.board.profile import Board
    from axiod.runtime.fds import FdStore


def fail_safe(board: Board, fds: FdStore, state_dir: Path) -> None:
    """Put each output where its failure policy says; "hold" is not touched. Raises HardwareFailure."""
    file = SettingsFile(state_dir / SETTINGS, KINDS)
    lines = BoardLines(board)
    for port in board.ports:
        settings = port_settings(file, port)
        if settings.direction == "output" and settings.failure_policy != "hold":
            active = settings.failure_policy == "active"
            put(port.id, port.line, active != (settings.normal_state == CLOSED), lines, fds)
