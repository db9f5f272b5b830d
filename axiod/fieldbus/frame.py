# SPDX-License-Identifier: Apache-2.0
"""Modbus frames: what a request is answered with, and whether what came is that. Pure.

A PDU begins with the function code; an RTU frame is the address, the PDU and a CRC. Sources: Modbus Application
Protocol 1.1b3, section 6; Modbus over Serial Line 1.02, section 2.5.1.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum

from axiod.fieldbus.crc import crc
from axiod.modbus.words import EXCEPTION

LONGEST_PDU = 253
_BITS = (1, 2)
_REGISTERS = (3, 4)
_REPEATED_WHOLE = (5, 6, 22)
"""The answer is the request."""
_REPEATED_RANGE = (15, 16)
"""The answer is where, and how many."""
_COUNTED = (12, 17, 20, 21)
"""The answer says how long it is."""
_FIXED = {7: 2, 11: 5}
_SMALLEST_FRAME = 4


class Fault(StrEnum):
    """Why what came is no answer."""

    CHECKSUM = "checksum"
    LENGTH = "length"
    """Too short, too long, or rubbish."""
    FOREIGN = "foreign"
    """Of another unit or function, or to another request."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked."""

    unit: int
    pdu: bytes

    @property
    def function(self) -> int:
        """Its function code."""
        return self.pdu[0]

    @property
    def frame(self) -> bytes:
        """The RTU frame."""
        return framed(self.unit, self.pdu)

    @property
    def repeated(self) -> bool:
        """A right answer may be equal to the request, so that an echo could be taken for it."""
        return self.function in (*_REPEATED_WHOLE, 8)

    @property
    def told_by_answer(self) -> bool:
        """A right answer says which request it is to."""
        return self.function in _REPEATED_WHOLE

    @property
    def answer_size(self) -> int | None:
        """Bytes of the PDU of a right answer; None where only the answer says it."""
        pdu, function = self.pdu, self.function
        if function in _BITS and len(pdu) == 5:
            return 2 + (_word(pdu, 3) + 7) // 8
        if function in _REGISTERS and len(pdu) == 5:
            return 2 + 2 * _word(pdu, 3)
        if function == 23 and len(pdu) >= 5:
            return 2 + 2 * _word(pdu, 3)
        if function in _REPEATED_WHOLE or function == 8:
            return len(pdu)
        if function in _REPEATED_RANGE:
            return 5
        return _FIXED.get(function)

    def fits(self, answer: bytes) -> bool:
        """Whether a PDU is an answer to this request, a right one or an exception."""
        if len(answer) == 2 and answer[0] == self.function | EXCEPTION:
            return True
        size = self.answer_size
        if not answer or answer[0] != self.function or (size is not None and len(answer) != size):
            return False
        if self.function in (*_BITS, *_REGISTERS, 23, *_COUNTED):
            return len(answer) >= 2 and answer[1] == len(answer) - 2
        if self.function == 24:
            return len(answer) >= 3 and _word(answer, 1) == len(answer) - 3
        if self.function in _REPEATED_WHOLE:
            return answer == self.pdu
        if self.function in _REPEATED_RANGE:
            return answer[1:5] == self.pdu[1:5]
        if self.function == 8:
            return answer == self.pdu if self.pdu[1:3] == b"\0\0" else answer[1:3] == self.pdu[1:3]
        return True


@dataclass(frozen=True, slots=True)
class Found:
    """An answer among what was received."""

    pdu: bytes
    begin: int
    end: int
    """Where its frame begins and ends."""


def framed(unit: int, pdu: bytes) -> bytes:
    """Return the RTU frame of a PDU."""
    body = bytes((unit,)) + pdu
    return body + struct.pack("<H", crc(body))


def find(received: bytes, request: Request, *, silent: bool) -> Found | None:
    """Return the answer to a request where its whole frame is there, whatever stands before it.

    `silent`: nothing has come for a while, so that a frame may end where only silence says so.
    """
    function = request.function
    for begin in range(len(received) - _SMALLEST_FRAME):
        if received[begin] != request.unit or received[begin + 1] & ~EXCEPTION != function & ~EXCEPTION:
            continue
        if received[begin + 1] == function | EXCEPTION:
            size: int | None = 2
        elif received[begin + 1] != function:
            continue
        else:
            size = request.answer_size or _said_size(received[begin + 1 : -2])
        end = begin + 3 + size if size is not None else len(received) if silent else 0
        if end > len(received) and not silent:
            return None  # its rest may be on its way
        if not begin < end <= len(received):
            continue
        frame = received[begin:end]
        if crc(frame) == 0 and request.fits(pdu := frame[1:-2]):
            return Found(pdu, begin, end)
    return None


def fault(received: bytes, request: Request) -> Fault:
    """Say what is wrong with something in which there is no answer."""
    if first_frame(received):
        return Fault.FOREIGN
    size = request.answer_size
    whole = 5 if len(received) > 1 and received[1] & EXCEPTION else None if size is None else size + 3
    return Fault.CHECKSUM if len(received) == whole else Fault.LENGTH


def first_frame(received: bytes) -> int:
    """Return the length of the whole frame that something begins with; 0 where it begins with none."""
    rest = 0xFFFF
    for place, byte in enumerate(received[:256], 1):
        rest = crc(bytes((byte,)), rest)
        if rest == 0 and place >= _SMALLEST_FRAME:
            return place
    return 0


def frames(received: bytes) -> list[bytes]:
    """Split what was received into whole frames, as far as there are any, and a rest."""
    found = []
    while received:
        size = first_frame(received) or len(received)
        found.append(received[:size])
        received = received[size:]
    return found


def _said_size(pdu: bytes) -> int | None:
    if pdu[0] in _COUNTED and len(pdu) >= 2:
        return 2 + pdu[1]
    if pdu[0] == 24 and len(pdu) >= 3:
        return 3 + _word(pdu, 1)
    return None


def _word(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "big")
