# SPDX-License-Identifier: Apache-2.0
"""Puts outputs where their failure policy says, when their service cannot be kept alive."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from axiod.errors import HardwareFailure
from axiod.gpio.held import HeldLine
from axiod.gpio.lines import Direction

if TYPE_CHECKING:
    from axiod.board.profile import LineRef
    from axiod.gpio.lines import Lines
    from axiod.runtime.fds import FdStore

_log = logging.getLogger(__name__)


def put(name: str, ref: LineRef, level: bool, lines: Lines, fds: FdStore) -> None:
    """Drive one line to a level and leave it there, kept by systemd. What goes wrong is logged, the others go on."""
    held = HeldLine(name, ref, lines, fds)
    try:
        held.take().to_output(level)
        held.works_as(Direction.OUTPUT)
    except HardwareFailure as error:
        _log.error("the failure policy of %s was not carried out: %s", name, error)
    except OSError as error:
        _log.error("the failure policy of %s was not carried out: %s", name, held.failed("could not be driven", error))
    else:
        _log.warning(
            "%s was put where its failure policy says: its line is %s", name, "active" if level else "inactive"
        )
    finally:
        held.drop()
