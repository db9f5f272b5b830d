# SPDX-License-Identifier: Apache-2.0
"""A line that is ours across restarts: inherited, or requested and then kept by systemd under its name."""

from __future__ import annotations

import errno
import logging
from typing import TYPE_CHECKING

from axiod.board.profile import Drive
from axiod.errors import HardwareFailure
from axiod.gpio.lines import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.board.profile import LineRef
    from axiod.gpio.lines import Line, Lines
    from axiod.runtime.fds import FdStore

_log = logging.getLogger(__name__)

_GONE = (errno.ENODEV, errno.ENXIO, errno.EPIPE, errno.ECONNRESET, errno.EBADF, errno.ENOTTY, errno.ENOTSOCK)
"""The line is no more, or never was one. Any other error may pass, and letting go would let an output fall."""


class HeldLine:
    """One line of the board, as this service holds it."""

    def __init__(self, name: str, ref: LineRef, lines: Lines, fds: FdStore) -> None:
        self.name = name
        self._ref = ref
        self._lines = lines
        self._fds = fds
        self._line: Line | None = None
        self._kept = False
        self._reading = False
        self.driven = False
        """The line drives its terminal now, by our will or by that of whoever had it before."""
        self.inherited = False
        """The line was requested by the process before us: its edges since then wait in the kernel."""

    @property
    def reads_back(self) -> bool:
        """The level of an output can be read back. Where others may pull an open drain, it cannot."""
        return self._ref.drive is Drive.PUSH_PULL

    @property
    def held(self) -> bool:
        """The line is ours."""
        return self._line is not None

    def take(self) -> Line:
        """Return the line: the one that we have, the one that we inherited, or a new one as it is.

        Raises HardwareFailure that says why it cannot be had.
        """
        if self._line is None:
            self._line = self._inherited() or self._requested()
        return self._line

    def works_as(self, direction: Direction) -> None:
        """Have the line kept, and remember what it has just been made."""
        if self._line is None:
            raise HardwareFailure(f"{self.name} has no line")
        if not self._kept:
            self._fds.keep(self.name, self._line.fileno())
            self._kept = True
        self.driven = direction is Direction.OUTPUT

    def listen(self, callback: Callable[[], None] | None) -> None:
        """Have a function called whenever something comes from the line; with None, no more."""
        import asyncio  # the fail-safe listens to nothing, and has no time to lose

        if self._reading and self._line is not None:
            asyncio.get_running_loop().remove_reader(self._line.fileno())
            self._reading = False
        if callback is not None and self._line is not None:
            asyncio.get_running_loop().add_reader(self._line.fileno(), callback)
            self._reading = True

    def failed(self, what: str, error: OSError) -> HardwareFailure:
        """Return what to report of an error of the line; a line that is gone is let go of."""
        if error.errno in _GONE:
            self.drop()
            self._forget()
        return HardwareFailure(f"{self.name} {what}: {error.strerror}")

    def drop(self) -> None:
        """Close our copy; what systemd keeps stays as it is."""
        if self._reading:
            self.listen(None)
        if self._line is not None:
            self._line.close()
            self._line = None

    def _forget(self) -> None:
        if self._kept:
            self._fds.drop(self.name)
            self._kept = False
        self.driven = False

    def _inherited(self) -> Line | None:
        fd = self._fds.take(self.name)
        if fd is None:
            return None
        try:
            line = self._adopted(fd)
        except OSError as error:
            _log.error("%s: the inherited line cannot be used: %s", self.name, error)
            self._fds.drop(self.name)
            return None
        self._kept = self.inherited = True
        self.driven = line.was_output
        return line

    def _adopted(self, fd: int) -> Line:
        line = self._lines.adopt(self._ref, fd)
        try:
            line.get()
        except OSError as error:
            if error.errno in _GONE:
                line.close()
                raise
        return line

    def _requested(self) -> Line:
        self.inherited = False
        line = self._lines.request(self._ref)
        self.driven = line.was_output
        return line
