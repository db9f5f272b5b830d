# SPDX-License-Identifier: Apache-2.0
"""What carries bytes to units and back: a serial port, or a TCP connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from axiod.errors import Unavailable

if TYPE_CHECKING:
    from axiod.modbus.line import Line


class InUse(Unavailable):
    """Another program has the device."""


class Listener(Protocol):
    """Who hears what a wire brings."""

    def received(self, data: bytes) -> None:
        """Some bytes came."""

    def lost(self, reason: str) -> None:
        """The device is gone, or the connection has ended. Nothing comes any more."""


class Wire(Protocol):
    """One open device or connection. Closed by whoever opened it, also after it was lost."""

    quiet: float
    """Seconds: what belongs together may come in pieces that are so far apart."""

    def listen(self, listener: Listener) -> None:
        """Have somebody told what comes."""

    def set_line(self, line: Line) -> None:
        """Send and receive characters in this way from now on; raises HardwareFailure where the device cannot."""

    def write(self, data: bytes) -> None:
        """Send bytes; raises Unavailable when that cannot be done any more."""

    def close(self) -> None:
        """Let go of it."""
