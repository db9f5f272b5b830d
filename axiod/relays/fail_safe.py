# SPDX-License-Identifier: Apache-2.0
"""What becomes of the relays when axiod-relays cannot be kept alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.gpio.board import BoardLines
from axiod.gpio.fail_safe import put
from axiod.relays.service import KINDS, SETTINGS, relay_settings
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.board.profile import Board
    from axiod.runtime.fds import FdStore


def fail_safe(board: Board, fds: FdStore, state_dir: Path) -> None:
    """Put each relay where its failure policy says; "hold" is not touched. Raises HardwareFailure."""
    file = SettingsFile(state_dir / SETTINGS, KINDS)
    lines = BoardLines(board)
    for relay in board.relays:
        policy = relay_settings(file, relay).failure_policy
        if policy != "hold":
            put(relay.id, relay.line, policy == "on", lines, fds)
