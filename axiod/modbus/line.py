# SPDX-License-Identifier: Apache-2.0
"""The time that characters, frames and silences take on a serial line. Pure.

Source: Modbus over Serial Line 1.02, section 2.5.1.1: frames are separated by 3.5 characters of silence, and by 1.75 ms
above 19200 baud.
"""

from __future__ import annotations

from dataclasses import dataclass

BAUD_RATES = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
_FAST = 19200
_FAST_SILENCE = 0.00175
LONGEST_FRAME = 256
"""Bytes of an RTU frame: address, 253 of the PDU, checksum."""


@dataclass(frozen=True, slots=True)
class Line:
    """How characters are sent."""

    baud_rate: int = 9600
    parity: str = "none"
    """none, even or odd."""
    stop_bits: int = 1

    @property
    def character(self) -> float:
        """Seconds of one character: start bit, 8 bits, parity, stop bits."""
        return (9 + (self.parity != "none") + self.stop_bits) / self.baud_rate

    @property
    def silence(self) -> float:
        """Seconds of silence between two frames."""
        return _FAST_SILENCE if self.baud_rate > _FAST else 3.5 * self.character

    def frame(self, size: int) -> float:
        """Return the seconds that so many characters take."""
        return size * self.character
