# SPDX-License-Identifier: Apache-2.0
"""What becomes of the relays when axiod-relays cannot be kept alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.gpio.board import BoardLines
from axiod.gpio.fail_safe import Aim, put
from axiod.relays.stored import relay_settings, settings_file

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.board.profile import Board
    from axiod.runtime.fds import FdStore

_ACTIVE = {"hold": None, "off": False, "on": True}


def fail_safe(board: Board, fds: FdStore, state_dir: Path) -> list[str]:
    """Put each relay where its failure policy says. Returns those that could not be put there.

    Raises HardwareFailure.
    """
    file = settings_file(state_dir)
    aims = [Aim(relay.id, relay.line, _ACTIVE[relay_settings(file, relay).failure_policy]) for relay in board.relays]
    return put(aims, BoardLines(board), fds, state_dir)
