# SPDX-License-Identifier: Apache-2.0
"""The board that a service runs with: the profile that its settings name, none yet, or the last good one."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.board import loader
from axiod.board.profile import Board
from axiod.errors import HardwareFailure
from axiod.runtime.config import ConfigError, Settings
from axiod.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)

NO_BOARD = Board("none", "no board is chosen")
"""What a service runs with until somebody says which board this is: it has nothing, and says so."""
NO_BOARD_PROBLEM = (
    "no board is chosen, so there is nothing to drive; choose a shipped profile with `axioctl board use NAME`, "
    "or write one as docs/boards.md says"
)
_LAST_GOOD = "board.yaml"


def chosen(settings: Settings, state_dir: Path, *, lines_are_kept: bool) -> Board:
    """Return the board that the settings name, and note it as the one that the service runs with. Errors as named."""
    board, profile = named(settings, lines_are_kept=lines_are_kept)
    if board is not NO_BOARD:
        _note(profile, state_dir)
    return board


def chosen_if_any(settings: Settings, state_dir: Path) -> Board:
    """Return the board for a service that drives nothing of it, and so runs whatever became of the profile.

    That is the one that the settings name, the last good one where that cannot be used, and NO_BOARD where there never
    was any.
    """
    try:
        return chosen(settings, state_dir, lines_are_kept=False)
    except ConfigError as error:
        _log.error("%s", error)
        return last_good(state_dir) or NO_BOARD


def named(settings: Settings, *, lines_are_kept: bool) -> tuple[Board, Mapping[str, Any]]:
    """Return the board that the settings name, and its whole profile. Raises ConfigError.

    Without any profile it is NO_BOARD, but not while lines are kept: there was a profile then, and a service that goes
    on without it would let its outputs fall.
    """
    if settings.board == Settings().board and not Path(settings.board).exists() and not lines_are_kept:
        return NO_BOARD, {}
    try:
        whole = loader.load_whole(loader.find(settings.board))
    except loader.BoardError as error:
        raise ConfigError(str(error)) from error
    return whole.board, whole.profile


def last_good(state_dir: Path) -> Board | None:
    """Return the board that the service ran with last, whatever became of its profile; None when there was none."""
    store = Store(state_dir / _LAST_GOOD)
    for path in (store.path, store.previous):
        try:
            if path.exists():
                return loader.load(path)
        except loader.BoardError as error:
            _log.error("%s", error.mistakes[0])
    return None


def _note(profile: Mapping[str, Any], state_dir: Path) -> None:
    store = Store(state_dir / _LAST_GOOD)
    try:
        if store.load(_any, None) != profile:
            store.save(profile)
    except (HardwareFailure, OSError) as error:
        _log.warning("the board profile was not noted: %s", error)


def _any(found: Any) -> Any:
    return found
