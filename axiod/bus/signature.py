# SPDX-License-Identifier: Apache-2.0
"""D-Bus types and Python types.

b bool | y n q i u x t int | d float | s o g str | ay bytes | aX list | a{KV} dict | (..) tuple | v Variant
"""

from __future__ import annotations

import operator
import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_INTEGERS = {"y": (0, 8), "n": (1, 16), "q": (0, 16), "i": (1, 32), "u": (0, 32), "x": (1, 64), "t": (0, 64)}
BASIC: dict[str, type] = {"b": bool, "d": float, "s": str, "o": str, "g": str, **dict.fromkeys(_INTEGERS, int)}


@cache
def split(signature: str) -> tuple[str, ...]:
    """Split a signature into its complete types: "a(su)bs" is ("a(su)", "b", "s")."""
    found = []
    start = 0
    while start < len(signature):
        end = _end(signature, start)
        found.append(signature[start:end])
        start = end
    return tuple(found)


def _end(signature: str, start: int) -> int:
    if start >= len(signature):
        raise ValueError(f"signature {signature!r} ends too early")
    first = signature[start]
    if first == "a":
        return _end(signature, start + 1)
    if first in "({":
        depth = 0
        for index in range(start, len(signature)):
            depth += (signature[index] in "({") - (signature[index] in ")}")
            if not depth:
                return index + 1
        raise ValueError(f"signature {signature!r} has no end for its {first}")
    if first not in BASIC and first not in "vh":
        raise ValueError(f"signature {signature!r} has no type {first!r}")
    return start + 1


def integer_bounds(signature: str) -> tuple[int, int]:
    """Return the lowest and highest value of an integer type."""
    signed, bits = _INTEGERS[signature]
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)


def is_integer(signature: str) -> bool:
    """Whether one complete type is an integer."""
    return signature in _INTEGERS


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither True nor False")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _text(value: str) -> str:
    text = str.__str__(value)  # raises TypeError for anything but a string, and makes one of an enum's value
    if "\0" in text:
        raise ValueError(f"{text!r} has a NUL in it")
    if not text.isascii():
        text.encode()
    return text


def _whole(signature: str) -> Callable[[Any], int]:
    low, high = integer_bounds(signature)

    def whole(value: Any) -> int:
        number = operator.index(value)
        if not low <= number <= high:
            raise ValueError(f"{number} is not between {low} and {high}")
        return number

    return whole


_PATH = re.compile(r"/|(/[A-Za-z0-9_]+)+")


def _path(value: str) -> str:
    if not _PATH.fullmatch(value):
        raise ValueError(f"{value!r} is not an object path")
    return str.__str__(value)


_EXACT: dict[str, Callable[[Any], Any]] = {
    "b": _truth,
    "d": _number,
    "s": _text,
    "o": _path,
    "g": _text,
    **{signature: _whole(signature) for signature in _INTEGERS},
}


@cache
def to_wire(signature: str) -> Callable[[Any], Any]:
    """Return what makes a Python value fit for the library: exact types, and a list for each struct.

    It raises TypeError or ValueError for what cannot be sent. A string is no boolean: "false" would be true.
    """
    if signature in _EXACT:
        return _EXACT[signature]
    if signature in ("v", "ay"):
        return lambda value: value
    if signature.startswith("a{"):
        key, value = map(to_wire, split(signature[2:-1]))
        return lambda items: {key(k): value(v) for k, v in items.items()}
    if signature.startswith("a"):
        item = to_wire(signature[1:])
        return lambda items: [item(i) for i in items]
    if signature.startswith("("):
        parts = tuple(map(to_wire, split(signature[1:-1])))
        return lambda items: [part(i) for part, i in zip(parts, items, strict=True)]
    raise ValueError(f"cannot send {signature!r}")


@cache
def from_wire(signature: str) -> Callable[[Any], Any] | None:
    """Return what turns a received value into the Python type, or None where it is that already."""
    if signature in BASIC or signature in ("v", "ay"):
        return None
    if signature.startswith("a{"):
        value = from_wire(split(signature[2:-1])[1])
        return (lambda items: {k: value(v) for k, v in items.items()}) if value else None
    if signature.startswith("a"):
        item = from_wire(signature[1:])
        return (lambda items: [item(i) for i in items]) if item else None
    parts = tuple(map(from_wire, split(signature[1:-1])))
    return lambda items: tuple(part(i) if part else i for part, i in zip(parts, items, strict=True))


def fits(signature: str, plain: Any) -> bool:
    """Whether a plain Python value (lists for arrays, lists or tuples for structs) can be sent as one complete type."""
    if is_integer(signature):
        low, high = integer_bounds(signature)
        return isinstance(plain, int) and not isinstance(plain, bool) and low <= plain <= high
    if signature == "d":
        return isinstance(plain, int | float) and not isinstance(plain, bool)
    if signature == "b":
        return isinstance(plain, bool)
    if signature in ("s", "o"):
        return isinstance(plain, str)
    if signature == "ay":
        return isinstance(plain, bytes)
    if signature.startswith("a{"):
        key, value = split(signature[2:-1])
        return isinstance(plain, dict) and all(fits(key, k) and fits(value, v) for k, v in plain.items())
    if not isinstance(plain, list | tuple):
        return False
    if signature.startswith("a"):
        return all(fits(signature[1:], item) for item in plain)
    parts = split(signature[1:-1])
    return len(parts) == len(plain) and all(map(fits, parts, plain))
