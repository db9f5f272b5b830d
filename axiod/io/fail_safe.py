# SPDX-License-Identifier: Apache-2.0
"""What becomes of the outputs and LEDs when axiod-io cannot be kept alive."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from axiod.errors import HardwareFailure
from axiod.gpio.board import BoardLines
from axiod.gpio.fail_safe import Aim, put
from axiod.io.model import CLOSED
from axiod.io.stored import port_settings, settings_file

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.board.profile import Board, Led
    from axiod.runtime.fds import FdStore

_log = logging.getLogger(__name__)

_ACTIVE = {"hold": None, "normal": False, "active": True}


def fail_safe(board: Board, fds: FdStore, state_dir: Path) -> list[str]:
    """Put each output where its failure policy says, and give back each LED: nobody would let it flash, or end that.

    Returns those that failed. Raises HardwareFailure.
    """
    file = settings_file(state_dir)
    ports = [(port, port_settings(file, port)) for port in board.ports]
    aims = [
        Aim(port.id, port.line, _ACTIVE[settings.failure_policy], inverted=settings.normal_state == CLOSED)
        for port, settings in ports
        if settings.direction == "output"
    ]
    failed = put(aims, BoardLines(board), fds, state_dir)
    return failed + _give_back(board, fds, state_dir)


def _give_back(board: Board, fds: FdStore, state_dir: Path) -> list[str]:
    """Have every LED show again what it shows by itself; returns those that could not be given back."""
    if not board.free_leds:
        return []
    # Only now, when the outputs have moved, is there time for these.
    import asyncio

    from axiod.io.orders import key
    from axiod.runtime.state import State

    lines = BoardLines(board)
    failed = []

    async def give_back() -> None:
        state = State(state_dir / "state.sqlite", lambda problem: _log.error("%s", problem) if problem else None)
        try:
            for led in board.free_leds:
                stored = state.get(key(led.id))
                if stored and not _gave_back(led, stored, lines, fds):
                    failed.append(led.id)
                elif stored:
                    state.soon(key(led.id), None)
        finally:
            await state.close()

    asyncio.run(give_back())
    return failed


def _gave_back(led: Led, stored: Any, lines: BoardLines, fds: FdStore) -> bool:
    from axiod.gpio.led import Own, lamp

    light = lamp(led, lines, fds)
    try:
        if stored["boot"] == lines.boot_id():
            light.give_back(Own.from_json(stored["own"]))
    except HardwareFailure as error:
        _log.error("the LED %s was not given back: %s", led.id, error)
        return False
    except (LookupError, AttributeError, TypeError):
        _log.error("what was stored of the LED %s makes no sense", led.id)
    finally:
        light.close()
    return True
