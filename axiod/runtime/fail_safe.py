# SPDX-License-Identifier: Apache-2.0
"""The other end of a daemon: it could not be kept alive, and its outputs go where their failure policy says.

Nothing is imported here that is not needed for just that, least of all D-Bus: it has little time, and what broke the
daemon must not break this.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from systemd import daemon

from axiod.errors import AxiodError
from axiod.runtime import log
from axiod.runtime.board import last_good, named
from axiod.runtime.config import ConfigError
from axiod.runtime.fds import FdStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from axiod.board.profile import Board
    from axiod.runtime.options import Options

_log = logging.getLogger(__name__)

EXIT_FAIL_SAFE = 79


def run(options: Options, fail_safe: Callable[[Board, FdStore, Path], list[str]]) -> None:
    """Do it and exit with status 79, whatever came of it: to be started again would not help."""
    log.setup("info")
    fds = FdStore()
    try:
        board, reason = _board(options, fds)
        if board:
            failed = fail_safe(board, fds, options.state_dir)
            but = f", but for {', '.join(failed)}: see the log" if failed else ""
            daemon.notify(f"STATUS={reason}; its outputs are where their failure policies say{but}")
    except AxiodError as error:
        log.complain(error)
    except Exception:  # noqa: BLE001 # whatever it is, it is not to be started again and again
        _log.exception("a fault of axiod")
    sys.exit(EXIT_FAIL_SAFE)


def _board(options: Options, fds: FdStore) -> tuple[Board | None, str]:
    """Return the board, or when its profile cannot be used now, the one that the service ran with last; and why."""
    try:
        board, _ = named(options.settings(), lines_are_kept=fds.any)
    except ConfigError as error:
        return last_good(options.state_dir), log.complain(error)
    return board, "it could not be kept alive"
