# SPDX-License-Identifier: Apache-2.0
"""What a line is, whoever provides it.

A line is one file descriptor. It stays requested, and an output driven, as long as any process holds a copy of it.
Levels are logical: active is what active_low makes of the pin; for a terminal it means a closed circuit, for a relay an
energised coil.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from axiod.board.profile import AdcRef, LineRef


class Direction(StrEnum):
    """Which way a line works."""

    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Edge:
    """A change of an input."""

    active: bool
    """The level after it."""
    timestamp_ns: int
    """CLOCK_MONOTONIC."""
    sequence: int
    """Counts the edges of this line; a gap means that the kernel had to drop some."""


EDGE_BYTES = 48
_EDGE = struct.Struct("<Q4I24x")  # struct gpio_v2_line_event, linux/gpio.h
_RISING = 1
_FALLING = 2


def unpack_edges(data: bytes) -> list[Edge]:
    """Read the events that the kernel wrote, struct gpio_v2_line_event."""
    return [
        Edge(kind == _RISING, timestamp, sequence)
        for timestamp, kind, _offset, _sequence, sequence in _EDGE.iter_unpack(data)
    ]


def pack_edge(edge: Edge) -> bytes:
    """Write one event as the kernel does."""
    return _EDGE.pack(edge.timestamp_ns, _RISING if edge.active else _FALLING, 0, edge.sequence, edge.sequence)


class Line(Protocol):
    """One line. Every method raises OSError when the line cannot be had any more."""

    was_output: bool
    """The line was driven when it was taken: its level is somebody's will, not an accident."""

    def fileno(self) -> int:
        """Return the file descriptor; it is readable while edges wait."""

    def get(self) -> bool:
        """Return the present level."""

    def set(self, active: bool) -> None:
        """Drive an output."""

    def to_input(self, debounce_us: int) -> bool:
        """Make it an input that tells its edges; return whether the line debounces by itself."""

    def to_output(self, active: bool) -> None:
        """Make it an output with this level, without a level in between."""

    def edges(self) -> list[Edge]:
        """Return the edges that wait, without waiting for any."""

    def close(self) -> None:
        """Let go of this copy of the descriptor."""


class Lines(Protocol):
    """Where lines come from."""

    def request(self, ref: LineRef) -> Line:
        """Take a line as it is, without changing its direction or level; raises HardwareFailure that says why not."""

    def adopt(self, ref: LineRef, fd: int) -> Line:
        """Go on with a line that was requested before this process began; raises OSError for what can be none."""

    def boot_id(self) -> str:
        """Return what tells one boot of the hardware from another; raises HardwareFailure."""


class Adc(Protocol):
    """Where analogue readings come from."""

    async def read(self, ref: AdcRef) -> int:
        """Return the present level, 0 to the highest of the ADC; raises OSError."""

    def close(self) -> None:
        """Let go of everything."""
