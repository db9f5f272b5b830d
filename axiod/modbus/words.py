# SPDX-License-Identifier: Apache-2.0
"""Modbus in words, for people who look at what goes over a line. Pure."""

from __future__ import annotations

EXCEPTION = 0x80
"""Added to the function code of an answer that is an exception."""

_NAMES = {
    1: "read coils",
    2: "read discrete inputs",
    3: "read holding registers",
    4: "read input registers",
    5: "write a coil",
    6: "write a register",
    7: "read the exception status",
    8: "diagnostics",
    11: "read the event counter",
    12: "read the event log",
    15: "write coils",
    16: "write registers",
    17: "report the server id",
    20: "read a file",
    21: "write a file",
    22: "mask a register",
    23: "read and write registers",
    24: "read a FIFO",
    43: "read the identification",
}
_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
_RANGES = (1, 2, 3, 4, 15, 16)


def function(code: int) -> str:
    """Return what a function does."""
    return _NAMES.get(code & ~EXCEPTION, f"function {code & ~EXCEPTION}")


def exception(code: int) -> str:
    """Return what an exception means."""
    return _EXCEPTIONS.get(code, f"exception {code}")


def request(pdu: bytes) -> str:
    """Return what a request asks: "read input registers 400 to 405"."""
    said = function(pdu[0])
    if pdu[0] in _RANGES and len(pdu) >= 5:
        first, count = _word(pdu, 1), _word(pdu, 3)
        return f"{said} {first}" + (f" to {first + count - 1}" if count > 1 else "")
    if pdu[0] in (5, 6) and len(pdu) == 5:
        return f"{said}: {_word(pdu, 1)} = {_word(pdu, 3)}"
    return said


def answer(pdu: bytes) -> str:
    """Return what an answer says: the registers as numbers, an exception in words."""
    if pdu[0] & EXCEPTION and len(pdu) == 2:
        return exception(pdu[1])
    if pdu[0] in (3, 4, 23) and len(pdu) >= 2 and pdu[1] == len(pdu) - 2 and not pdu[1] % 2:
        return " ".join(str(_word(pdu, place)) for place in range(2, len(pdu), 2))
    if pdu[0] in (1, 2) and len(pdu) >= 2:
        return " ".join(f"{byte:08b}"[::-1] for byte in pdu[2:])
    if pdu[0] in (5, 6, 15, 16) and len(pdu) == 5:
        return "done"
    return function(pdu[0])


def _word(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "big")
