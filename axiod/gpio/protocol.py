# SPDX-License-Identifier: Apache-2.0
"""What is spoken on the socket of the simulated world.

A connection to the socket (SOCK_SEQPACKET) is one line, one ADC channel or one LED, as a file descriptor of the kernel
is. The
first packet names it. A request is one packet and is answered by one packet with the same serial; edges of an input
come in between, in packets of their own. The line stays requested until every copy of the connection is closed.
"""

from __future__ import annotations

import os
import struct
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from axiod.board.profile import AdcRef, LineRef

SOCKET_VARIABLE = "AXIOD_SIM_SOCKET"
DEFAULT_SOCKET = "/run/axiod-sim/lines.sock"
MAX_PACKET = 4096

_HEADER = struct.Struct("<BBHI")
"""operation, error number, value, serial"""


class Operation(IntEnum):
    """What a packet asks for; an answer has the same operation."""

    LINE = 1
    """Take the line whose name follows (CHIP/LINE); EBUSY, ENOENT. Value: active_low."""
    ADC = 2
    """Take the ADC channel whose name follows (DEVICE/CHANNEL); ENOENT."""
    GET = 3
    """The level of a line or the reading of an ADC channel, as value; EIO."""
    SET = 4
    """Drive an output to value; EIO, EPERM for an input."""
    INPUT = 5
    """Become an input that tells its edges."""
    OUTPUT = 6
    """Become an output at value; EIO."""
    BOOT = 7
    """The boot id of the simulated board, as text."""
    ABOUT = 9
    """Which line it is (CHIP/LINE follows), and whether it is an output, as value."""
    LED = 10
    """Take the LED whose name in /sys/class/leds follows; ENOENT."""
    NAMES = 11
    """The names of the files of an LED that can be written, separated by spaces."""
    READ = 12
    """What the file of an LED says whose name follows; ENOENT, EIO."""
    WRITE = 13
    """Write a file of an LED: its name and its text follow, with a zero in between; ENOENT, EINVAL, EIO."""
    EDGES = 8
    """Never asked for: edges follow, as the kernel writes them (struct gpio_v2_line_event)."""


def line_name(ref: LineRef) -> str:
    """Return how a line is asked for."""
    return f"{ref.chip.label}/{ref.name if ref.name is not None else ref.offset}"


def adc_name(ref: AdcRef) -> str:
    """Return how an ADC channel is asked for."""
    return f"{ref.device}/{ref.channel}"


def pack(operation: int, serial: int, value: int = 0, error: int = 0, rest: bytes = b"") -> bytes:
    """Write a packet."""
    return _HEADER.pack(operation, error, value, serial) + rest


def unpack(packet: bytes) -> tuple[int, int, int, int, bytes]:
    """Read a packet: operation, error number, value, serial, rest; raises ValueError for one that is too short."""
    if len(packet) < _HEADER.size:
        raise ValueError(f"a packet of {len(packet)} bytes")
    return (*_HEADER.unpack_from(packet), packet[_HEADER.size :])


def socket_path() -> str:
    """Return where the simulated world listens."""
    return os.environ.get(SOCKET_VARIABLE, DEFAULT_SOCKET)


def serial_path(id_: str) -> str:
    """Return where the simulated world has a serial port: a link to a pty, there while the adapter is plugged in."""
    return os.path.join(os.path.dirname(socket_path()), f"serial-{id_}")  # noqa: PTH118, PTH120 # pathlib costs memory
