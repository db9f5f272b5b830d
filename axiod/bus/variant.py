# SPDX-License-Identifier: Apache-2.0
"""Values of any type, as the D-Bus library wraps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus._lib import Variant
from axiod.bus.signature import BASIC, split, to_wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.bus.interface import Value


def python_type(signature: str) -> Any:
    """Return the Python type that stands for one complete type, as it is written in annotations."""
    if signature in BASIC:
        return BASIC[signature]
    if signature == "v":
        return Variant
    if signature == "aa{sv}":
        return list[dict[str, Any]]  # records, whose fields are plain
    if signature == "ay":
        return bytes
    if signature.startswith("a{"):
        key, value = split(signature[2:-1])
        return dict[python_type(key), python_type(value)]  # type: ignore[misc] # a type built at run time
    if signature.startswith("a"):
        return list[python_type(signature[1:])]  # type: ignore[misc] # a type built at run time
    if signature.startswith("("):
        return tuple[tuple(map(python_type, split(signature[1:-1])))]  # type: ignore[misc] # built at run time
    raise ValueError(f"no Python type for {signature!r}")


def plain(value: Any) -> Any:
    """Take the Variants out of a received value, at any depth."""
    if isinstance(value, Variant):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def wire(value: Value) -> Callable[[Any], Any]:
    """Return what makes a Python value fit for the library, as to_wire does.

    Plain records get the types of their fields. It raises KeyError, TypeError or ValueError for what cannot be sent.
    """
    fields = value.fields
    if fields is None:
        return to_wire(value.type)
    sends = {name: (field.type, wire(field)) for name, field in fields.items()}

    def record(given: dict[str, Any]) -> dict[str, Variant]:
        return {name: Variant(sends[name][0], sends[name][1](item)) for name, item in given.items()}

    return lambda rows: [record(row) for row in rows]
