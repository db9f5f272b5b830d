# SPDX-License-Identifier: Apache-2.0
"""Typed values out of a profile's mappings; whatever is wrong is noted, and reading goes on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from axiod.board.keys import MEANING
from axiod.board.mistakes import hint

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator
    from enum import StrEnum

    from axiod.board.source import Node, Notes

_E = TypeVar("_E", bound="StrEnum")
_ID = re.compile(r"[a-z][a-z0-9_]*")


class Table:
    """One mapping of the profile. Keys that are not among `keys` are noted at once.

    `node` is a mapping: the root is one, and `table` and `section` give no other.
    """

    def __init__(self, node: Node, keys: Iterable[str], notes: Notes) -> None:
        self.node = node
        self._notes = notes
        self._entries: dict[str, Node] = {}
        if not isinstance(node.value, dict):
            return
        known = tuple(keys)
        for key, entry in node.value.items():
            if key in known:
                self._entries[key] = entry
            else:
                notes.add(entry, "unknown key" + hint(key, known))

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def at(self, key: str) -> Node:
        """Return the node of a key, or of the mapping as a whole."""
        return self._entries.get(key, self.node)

    def note(self, key: str, text: str) -> None:
        """Note a mistake of a key, whether it is there or not."""
        path = f"{self.node.key}.{key}" if self.node.key else key
        self._notes.add(self.at(key), text, path)

    def missing(self, key: str) -> None:
        """Note that a key is not there."""
        self.note(key, f"missing; {MEANING[key]}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that is not empty, or the default; without either it is a mistake."""
        if key not in self._entries:
            if default is None:
                self.missing(key)
            return default or ""
        return self._text(self._entries[key])

    def texts(self, key: str) -> list[Node]:
        """Return the nodes of a list of at least one text; those that are not are noted and left out."""
        if key not in self._entries:
            self.missing(key)
            return []
        node = self._entries[key]
        if not isinstance(node.value, list) or not node.value:
            self._notes.add(node, f"expected a list, for example [green, red], not {shown(node)}")
            return []
        return [item for item in node.value if self._text(item)]

    def integer(self, key: str, lower: int, upper: int) -> int | None:
        """Return a whole number within the bounds; None when it is missing or wrong."""
        if key not in self._entries:
            self.missing(key)
            return None
        return whole(self._entries[key], lower, upper, self._notes)

    def positive(self, key: str) -> float | None:
        """Return a number above 0; None when it is missing or wrong."""
        if key not in self._entries:
            self.missing(key)
            return None
        node = self._entries[key]
        if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not 0 < node.value < float("inf"):
            self._notes.add(node, f"expected a number above 0, not {shown(node)}")
            return None
        return float(node.value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false, the default when the key is not there."""
        if key not in self._entries:
            return default
        node = self._entries[key]
        if not isinstance(node.value, bool):
            self._notes.add(node, f"expected true or false, not {shown(node)}")
            return default
        return node.value

    def choice(self, key: str, values: type[_E], default: _E | None = None) -> _E | None:
        """Return one of the values, the default when the key is not there; None when it is wrong."""
        if key not in self._entries:
            if default is None:
                self.missing(key)
            return default
        node = self._entries[key]
        if node.value in tuple(values):
            return values(str(node.value))
        self._notes.add(node, f"unknown value {shown(node)}" + hint(str(node.value), values))
        return None

    def table(self, key: str, keys: Iterable[str]) -> Table | None:
        """Return the mapping under a key; None when it is not there, or is something else."""
        return self._table(self._entries[key], keys) if key in self._entries else None

    def section(self, key: str, keys: Iterable[str]) -> Iterator[tuple[str, Table]]:
        """Yield id and mapping of each entry under a key."""
        if key not in self._entries:
            return
        node = self._entries[key]
        if not isinstance(node.value, dict):
            self._notes.add(node, f"expected a mapping of ids, not {shown(node)}")
            return
        for name, entry in node.value.items():
            if not _ID.fullmatch(name):
                self._notes.add(entry, "an id has small letters, digits and _, a letter first, for example input1")
            table = self._table(entry, keys)
            if table:
                yield name, table

    def _table(self, node: Node, keys: Iterable[str]) -> Table | None:
        if isinstance(node.value, dict):
            return Table(node, keys, self._notes)
        self._notes.add(node, f"expected a mapping, not {shown(node)}")
        return None

    def _text(self, node: Node) -> str:
        if isinstance(node.value, str) and node.value:
            return node.value
        quoted = isinstance(node.value, int | float)
        self._notes.add(node, f"expected text, not {shown(node)}" + ("; put it in quotes" if quoted else ""))
        return ""


class Once:
    """Things that may be used once: who uses each."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._first: dict[Hashable, Node] = {}

    def claim(self, thing: Hashable, node: Node, text: str) -> None:
        """Note a mistake at `node` when `thing`, called `text`, is somebody else's already."""
        first = self._first.setdefault(thing, node)
        if first is not node:
            where = f"line {first.line}" if first.file == node.file else f"{first.file}:{first.line}"
            self._notes.add(node, f"{text} is already used by {first.key} ({where})")


def whole(node: Node, lower: int, upper: int, notes: Notes) -> int | None:
    """Return a whole number within the bounds; None, and a note, when it is not one."""
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not lower <= node.value <= upper:
        notes.add(node, f"expected a whole number from {lower} to {upper}, not {shown(node)}")
        return None
    return node.value


def shown(node: Node) -> str:
    """Return a value as a mistake shows it."""
    match node.value:
        case None:
            return "nothing"
        case bool():
            return "true" if node.value else "false"
        case int() | float():
            return f"the number {node.value}"
        case str():
            return f'"{node.value}"'
        case list():
            return "a list"
        case _:
            return "a mapping"
