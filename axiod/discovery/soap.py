# SPDX-License-Identifier: Apache-2.0
"""Reads the SOAP message of a stranger: bounded, without a document type, so without entities. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 8192
_MOST_ELEMENTS = 128
_DEEPEST = 12
_LONGEST_TEXT = 2048

Name = tuple[str, str]
"""Namespace and local name."""


class Refused(ValueError):
    """It is not XML that is read here."""


@dataclass(frozen=True, slots=True)
class Element:
    """What one element says."""

    text: str
    attributes: Mapping[str, str]
    prefixes: Mapping[str, str]
    """The namespaces that are known in it, for names that stand in its text."""

    def names(self) -> list[Name]:
        """Return the qualified names in its text; raises Refused for a prefix that nobody declared."""
        found = []
        for word in self.text.split():
            prefix, colon, local = word.rpartition(":")
            space = self.prefixes.get(prefix)
            if space is None and colon:
                raise Refused(f"nothing is declared for {prefix!r}")
            found.append((space or "", local))
        return found


def read(data: bytes) -> dict[tuple[Name, ...], Element]:
    """Return the elements below the root by their path; of several at a path, the first. Raises Refused."""
    if len(data) > MAX_BYTES:
        raise Refused("it is too long")
    return _Reader().read(data)


class _Reader:
    def __init__(self) -> None:
        self._found: dict[tuple[Name, ...], Element] = {}
        self._path: list[Name] = []
        self._open: list[tuple[list[str], dict[str, str]]] = []
        self._prefixes: list[dict[str, str]] = [{}]
        self._declared: dict[str, str] = {}
        self._count = 0

    def read(self, data: bytes) -> dict[tuple[Name, ...], Element]:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            whole = True
            parser.Parse(data, whole)
        except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an encoding that nobody knows
            raise Refused(str(error)) from None
        return self._found

    def _doctype(self, *_what: object) -> None:
        raise Refused("it has a document type")

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_ELEMENTS or len(self._path) >= _DEEPEST:
            raise Refused("it has too many elements")
        space, _, local = name.rpartition(" ")
        self._path.append((space, local))
        self._prefixes.append(self._prefixes[-1] | self._declared if self._declared else self._prefixes[-1])
        self._declared = {}
        self._open.append(([], attributes))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][0].append(text)

    def _end(self, _name: str) -> None:
        texts, attributes = self._open.pop()
        text = "".join(texts).strip()
        if len(text) > _LONGEST_TEXT:
            raise Refused("it has a text that is too long")
        self._found.setdefault(tuple(self._path[1:]), Element(text, attributes, self._prefixes.pop()))
        self._path.pop()
