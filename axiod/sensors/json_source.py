# SPDX-License-Identifier: Apache-2.0
"""JSON read into a tree that knows the line of everything, as axiod.board.source has it of YAML."""

from __future__ import annotations

import json
import re

from axiod.board.source import Node, Notes

_SPACE = re.compile(r"[ \t\r\n]*")
_DEEPEST = 8


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


_scalar = json.JSONDecoder(parse_constant=_refuse)


def read(text: str, file: str, notes: Notes) -> Node | None:
    """Return what JSON says, `file` being its name; None, with the mistake noted, for what is no JSON."""
    try:
        return _Reader(text, file, notes).whole()
    except json.JSONDecodeError as error:
        at = Node(file, error.lineno, "", None)
        notes.add(at, f"not JSON: {error.msg[0].lower()}{error.msg[1:]}, column {error.colno}")
    except ValueError as error:
        notes.add(Node(file, 1, "", None), f"not JSON: {error}")
    return None


class _Reader:
    def __init__(self, text: str, file: str, notes: Notes) -> None:
        self._text = text
        self._file = file
        self._notes = notes

    def whole(self) -> Node:
        node, end = self._value(self._skip(0), "", 0)
        if self._skip(end) != len(self._text):
            raise json.JSONDecodeError("Something follows it", self._text, self._skip(end))
        return node

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _line(self, at: int) -> int:
        return self._text.count("\n", 0, at) + 1

    def _value(self, at: int, key: str, depth: int, line: int = 0) -> tuple[Node, int]:
        """Read what begins at a place; `line` is that of its key."""
        if depth > _DEEPEST:
            raise json.JSONDecodeError("Nested too deeply", self._text, at)
        line = line or self._line(at)
        if self._text[at : at + 1] == "{":
            return self._object(at, key, depth, line)
        if self._text[at : at + 1] == "[":
            items: list[Node] = []
            at = self._skip(at + 1)
            while self._text[at : at + 1] != "]":
                node, at = self._value(at, f"{key}[{len(items)}]", depth + 1)
                items.append(node)
                at = self._next(at, "]")
            return Node(self._file, line, key, items), at + 1
        value, end = _scalar.raw_decode(self._text, at)
        return Node(self._file, line, key, value), end

    def _object(self, at: int, above: str, depth: int, line: int) -> tuple[Node, int]:
        entries: dict[str, Node] = {}
        at = self._skip(at + 1)
        while self._text[at : at + 1] != "}":
            if self._text[at : at + 1] != '"':
                raise json.JSONDecodeError("Expecting a name in double quotes", self._text, at)
            name, end = _scalar.raw_decode(self._text, at)
            of = self._line(at)
            at = self._skip(end)
            if self._text[at : at + 1] != ":":
                raise json.JSONDecodeError("Expecting ':'", self._text, at)
            key = f"{above}.{name}" if above else name
            node, at = self._value(self._skip(at + 1), key, depth + 1, of)
            if name in entries:
                self._notes.add(node, f"given twice; first on line {entries[name].line}")
            else:
                entries[name] = node
            at = self._next(at, "}")
        return Node(self._file, line, above, entries), at + 1

    def _next(self, at: int, end: str) -> int:
        """Go on to the next item, or to the end."""
        at = self._skip(at)
        if self._text[at : at + 1] == end:
            return at
        if self._text[at : at + 1] != ",":
            raise json.JSONDecodeError(f"Expecting ',' or '{end}'", self._text, at)
        at = self._skip(at + 1)
        if self._text[at : at + 1] == end:
            raise json.JSONDecodeError(f"There is a ',' before '{end}'", self._text, at)
        return at
