# SPDX-License-Identifier: Apache-2.0
"""What a bad line does to answers. Pure: chance is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_LATE_SECONDS = (0.02, 0.4)
_MOST_BITS = 4
_HIGHEST, _STRANGERS = 247, 20


def crc(data: bytes) -> bytes:
    """Return the checksum of a frame as it is sent; computed bit by bit, apart from the one of the service."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


@dataclass(slots=True)
class Faults:
    """How often something goes wrong, in percent of the answers."""

    bit_error_percent: float = 0.0
    truncated_percent: float = 0.0
    doubled_percent: float = 0.0
    delayed_percent: float = 0.0
    foreign_percent: float = 0.0
    noise_percent: float = 0.0

    def spoil(self, frame: bytes, random: Random) -> tuple[bytes, float]:
        """Return what is heard instead of an answer, and the seconds that it comes late."""

        def happens(percent: float) -> bool:
            return random.random() * 100 < percent

        heard = frame
        if happens(self.bit_error_percent):
            spoilt = bytearray(frame)
            for bit in random.sample(range(len(frame) * 8), random.randint(1, _MOST_BITS)):
                spoilt[bit // 8] ^= 1 << bit % 8
            heard = bytes(spoilt)
        if happens(self.truncated_percent):
            heard = heard[: random.randrange(1, len(heard))]
        if happens(self.doubled_percent):
            heard += heard
        if happens(self.foreign_percent):
            # Of a device that nobody asks here: with the address of one that is asked it would be its answer.
            other = bytes((_HIGHEST - frame[0] % _STRANGERS,)) + frame[1:-2]
            heard = other + crc(other) + heard
        if happens(self.noise_percent):
            heard = random.randbytes(random.randint(1, 12)) + heard
        return heard, random.uniform(*_LATE_SECONDS) if happens(self.delayed_percent) else 0.0
