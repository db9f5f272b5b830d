# SPDX-License-Identifier: Apache-2.0
"""Puts outputs where their failure policy says, when their service cannot be kept alive."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.errors import HardwareFailure
from axiod.gpio.held import HeldLine
from axiod.gpio.lines import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from axiod.board.profile import LineRef
    from axiod.gpio.lines import Lines
    from axiod.runtime.fds import FdStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Aim:
    """Where one output goes."""

    name: str
    line: LineRef
    active: bool | None
    """None: it stays where it is, but what runs on it is over, as it would be by itself."""
    inverted: bool = False
    """It is active while its line is inactive."""


def put(aims: Sequence[Aim], lines: Lines, fds: FdStore, state_dir: Path) -> list[str]:
    """Put every output where it goes, kept by systemd; returns the names of those that could not be put there.

    Nothing goes on from there when the service is back: what ran is over, and where they stand is stored.
    """
    stand: dict[str, bool] = {}
    failed: list[str] = []

    def one(aim: Aim, active: bool) -> None:
        if _drive(aim, active, lines, fds):
            stand[aim.name] = active
        else:
            failed.append(aim.name)

    for aim in aims:
        if aim.active is not None:
            one(aim, aim.active)
    try:
        _settle(aims, one, stand, state_dir)
    except (HardwareFailure, OSError) as error:
        _log.error("where the outputs stand now could not be stored: %s", error)
    return failed


def _drive(aim: Aim, active: bool, lines: Lines, fds: FdStore) -> bool:
    """Drive one line and leave it there. What goes wrong is logged, so that the others are tried."""
    held = HeldLine(aim.name, aim.line, lines, fds)
    try:
        held.take().to_output(active != aim.inverted)
        held.works_as(Direction.OUTPUT)
    except HardwareFailure as error:
        _log.error("the failure policy of %s was not carried out: %s", aim.name, error)
    except OSError as error:
        reason = held.failed("could not be driven", error)
        _log.error("the failure policy of %s was not carried out: %s", aim.name, reason)
    else:
        word = "active" if active else "inactive"
        _log.warning("%s was put where its failure policy says: it is %s", aim.name, word)
        return True
    finally:
        held.drop()
    return False


def _settle(aims: Sequence[Aim], one: Callable[[Aim, bool], None], stand: Mapping[str, bool], state_dir: Path) -> None:
    """End what ran, also on outputs that stay, and store where each stands."""
    # Only now, when the outputs that move have moved, is there time for these.
    import asyncio

    from axiod.clock import wall_usec
    from axiod.gpio.memory import Memory
    from axiod.runtime.state import State

    async def settle() -> None:
        state = State(state_dir / "state.sqlite", lambda problem: _log.error("%s", problem) if problem else None)
        try:
            for aim in aims:
                memory = Memory(aim.name, state)
                if aim.active is None and memory.program:
                    one(aim, memory.program.final)
                if aim.name in stand:
                    memory.settled(active=stand[aim.name], now_usec=wall_usec())
        finally:
            await state.close()

    asyncio.run(settle())
