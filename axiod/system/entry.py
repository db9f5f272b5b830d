# SPDX-License-Identifier: Apache-2.0
"""Private files read back: every key must be there, right, and known. No error quotes a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from axiod.system import model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HEX = {"md5": re.compile(r"[0-9a-f]{32}"), "sha256": re.compile(r"[0-9a-f]{64}")}


class Entry:
    """A mapping. What is missing, wrong or left over raises ValueError."""

    def __init__(self, found: Any) -> None:
        if not isinstance(found, dict):
            raise ValueError("there is something else than a mapping")  # which the store takes
        self._rest: dict[Any, Any] = dict(found)

    def take(self, key: str, right: Callable[[Any], bool]) -> Any:
        if key not in self._rest or not right(self._rest[key]):
            raise ValueError(f"{key} is missing or wrong")
        return self._rest.pop(key)

    def text(self, key: str) -> str:
        found: str = self.take(key, lambda value: isinstance(value, str) and value.isprintable())
        return found

    def lines(self, key: str) -> str:
        found: str = self.take(key, lambda value: isinstance(value, str) and value.isascii())
        return found

    def texts(self, key: str) -> list[str]:
        found: list[str] = self.take(
            key, lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value)
        )
        return found

    def flag(self, key: str) -> bool:
        found: bool = self.take(key, lambda value: isinstance(value, bool))
        return found

    def version(self, number: int) -> None:
        """See that it is of this version of its format."""
        self.take("version", lambda value: value == number)

    def role(self) -> str:
        found: str = self.take("role", lambda value: value in model.ROLES)
        return found

    def usec(self, key: str) -> int:
        found: int = self.take(key, is_usec)
        return found

    def hexadecimal(self, key: str) -> str:
        found: str = self.take(key, lambda value: isinstance(value, str) and bool(_HEX[key].fullmatch(value)))
        return found

    def entries(self, key: str) -> list[tuple[str, Any]]:
        found: Mapping[Any, Any] = self.take(key, lambda value: isinstance(value, dict))
        if not all(isinstance(name, str) for name in found):
            raise ValueError(f"{key} has a name that is no text")
        return list(found.items())

    def end(self) -> None:
        """See that there is nothing else."""
        if self._rest:
            raise ValueError("there is a key that nobody knows")


def is_usec(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64
