# SPDX-License-Identifier: Apache-2.0
"""SOAP 1.2: what a request asks for, as a tree, and the envelope of an answer. Pure.

A request is read with a parser that stops at a document type: there are no entities, and nothing is fetched. What it
may be made of is bounded: elements, how deep they are nested, and the prefixes of namespaces that are in scope.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
CONTENT_TYPE = "application/soap+xml"
_DEEPEST = 32
_MOST_ELEMENTS = 10_000
_MOST_PREFIXES = 64


class Fault(Exception):
    """A request that is answered with a fault. The sender is to blame unless `receiver` is set."""

    def __init__(
        self, reason: str, *, subcode: str = "", receiver: bool = False, detail: str = "", namespace: str = ""
    ) -> None:
        """`detail`: the name of the fault in `namespace`, where its service declares one."""
        super().__init__(reason)
        self.subcode = subcode
        self.receiver = receiver
        self.detail = detail
        self.namespace = namespace


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a request."""

    namespace: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    """By their names without a namespace."""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """What each prefix stands for here: texts may use them, too."""
    children: list[Element] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of the element itself, without the space around it."""
        return "".join(self._texts).strip()

    def all(self, name: str) -> list[Element]:
        """Return all children of a name, whatever their namespace: some clients qualify them, some do not."""
        return [child for child in self.children if child.name == name]

    def child(self, name: str) -> Element | None:
        """Return the child of a name, None where there is none; raises Fault where there are several."""
        found = self.all(name)
        if len(found) > 1:
            raise Fault(f"{name} stands {len(found)} times in {self.name}; it may stand there once")
        return found[0] if found else None

    def require(self, name: str) -> Element:
        """Return the child of a name; raises Fault where it is missing."""
        found = self.child(name)
        if found is None:
            raise Fault(f"{name} is missing in {self.name}")
        return found

    def value(self, name: str) -> str:
        """Return the text of the child of a name; empty where there is none."""
        found = self.child(name)
        return "" if found is None else found.text


class _Reader:
    """Reads the first element of the body."""

    def __init__(self) -> None:
        self.found: Element | None = None
        self._path: list[Element | str] = []
        self._elements = 0
        self._scopes: list[dict[str, str]] = [{}]
        self._declared: dict[str, str] = {}

    def declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if len(self._path) >= _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise Fault("the request is nested too deeply, or too long")
        if not self._path and name != f"{ENVELOPE} Envelope":
            raise Fault(f"the request must be an Envelope of {ENVELOPE}")
        scope = self._scopes[-1]
        if self._declared:
            scope = {**scope, **self._declared}
            self._declared = {}
        if len(scope) > _MOST_PREFIXES:
            raise Fault(f"the request declares more than {_MOST_PREFIXES} namespaces")
        self._scopes.append(scope)
        above = self._path[-1] if self._path else None
        first = self._path[1:] == [f"{ENVELOPE} Body"] and self.found is None
        if not first and not isinstance(above, Element):
            self._path.append(name)
            return
        namespace, _, local = name.rpartition(" ")
        element = Element(namespace, local, {key.rpartition(" ")[2]: text for key, text in attributes.items()}, scope)
        if isinstance(above, Element):
            above.children.append(element)
        else:
            self.found = element
        self._path.append(element)

    def text(self, text: str) -> None:
        if isinstance(above := self._path[-1], Element):
            above._texts.append(text)  # it is being made here

    def end(self, _name: str) -> None:
        self._path.pop()
        self._scopes.pop()

    def doctype(self, *_: object) -> None:
        raise Fault("the request must have no document type")


def operation(body: bytes) -> Element:
    """Return what a request asks for: the first element of its Body. Raises Fault."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartNamespaceDeclHandler = reader.declare
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(body, True)  # noqa: FBT003 # it takes no keyword
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Fault(f"the request is no XML that can be read: {error}") from None
    if reader.found is None:
        raise Fault("the Body of the request is empty")
    return reader.found


def envelope(content: str, namespaces: str = "") -> bytes:
    """Return an answer. `namespaces`: declarations that the content needs, each with a space before it."""
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="{ENVELOPE}"{namespaces}>'
        f"<SOAP-ENV:Body>{content}</SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
    )
    return text.encode()


def fault(error: Fault) -> bytes:
    """Return the answer that says what is wrong."""
    who = "Receiver" if error.receiver else "Sender"
    subcode = f"<SOAP-ENV:Subcode><SOAP-ENV:Value>{error.subcode}</SOAP-ENV:Value></SOAP-ENV:Subcode>"
    detail = f'<SOAP-ENV:Detail><aa:{error.detail} xmlns:aa="{error.namespace}"/></SOAP-ENV:Detail>'
    return envelope(
        f"<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:{who}</SOAP-ENV:Value>"
        f"{subcode if error.subcode else ''}</SOAP-ENV:Code><SOAP-ENV:Reason>"
        f'<SOAP-ENV:Text xml:lang="en">{_printable(str(error))}</SOAP-ENV:Text></SOAP-ENV:Reason>'
        f"{detail if error.detail else ''}</SOAP-ENV:Fault>",
        ' xmlns:ter="http://www.onvif.org/ver10/error"',
    )


def _printable(text: str) -> str:
    return escape("".join(character if character.isprintable() else "?" for character in text))
