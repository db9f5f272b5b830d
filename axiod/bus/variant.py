# SPDX-License-Identifier: Apache-2.0
"""Values of any type, as the D-Bus library wraps them."""

from __future__ import annotations

from typing import Any

from axiod.bus._lib import Variant
from axiod.bus.signature import BASIC, split


def python_type(signature: str) -> Any:
    """Return the Python type that stands for one complete type, as it is written in annotations."""
    if signature in BASIC:
        return BASIC[signature]
    if signature == "v":
        return Variant
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
