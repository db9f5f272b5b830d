# SPDX-License-Identifier: Apache-2.0
"""An event of ours as a message of VAPIX: XML for the metadata stream, JSON for the WebSocket. Pure.

Clients parse these by their looks, so nothing here is free: one NotificationMessage in a document, a Topic with its
Dialect, and the items in the order of the event.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from axiod.bus.topics import NAMESPACES, stateful
from axiod.errors import InvalidArgument
from axiod.gateway.vapix.topics import path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.client import Event
    from axiod.gateway.vapix.topics import Path

Key = tuple[str, tuple[tuple[str, str], ...]]
"""What an event is about: topic and source."""

_DIALECT = "http://docs.oasis-open.org/wsn/t-1/TopicExpression/Simple"
_WSNT = "http://docs.oasis-open.org/wsn/b-2"
_TT = "http://www.onvif.org/ver10/schema"
API_VERSION = "1.0"


class Operation(StrEnum):
    """What an event is to one client."""

    INITIALIZED = "Initialized"
    """The client hears of this state for the first time."""
    CHANGED = "Changed"
    HAPPENED = ""
    """It has no state; the document has no PropertyOperation then."""


class Notification:
    """One event, written out once for all who want it."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.key: Key = (event.topic, tuple(sorted(event.source.items())))
        self._documents: dict[Operation, bytes] = {}

    @cached_property
    def stateful(self) -> bool:
        """Whether the event tells a state; otherwise it only happened."""
        return stateful(self.event.topic)

    @cached_property
    def path(self) -> Path | None:
        """The topic, taken to pieces; None for one that VAPIX cannot express."""
        try:
            return path(self.event.topic)
        except InvalidArgument:
            return None

    @cached_property
    def json(self) -> str:
        """The frame of a WebSocket."""
        event = self.event
        notification = {
            "timestamp": event.timestamp_usec // 1000,
            "topic": event.topic,
            "message": {"source": dict(event.source), "key": {}, "data": dict(event.data)},
        }
        return json.dumps(
            {"apiVersion": API_VERSION, "method": "events:notify", "params": {"notification": notification}},
            ensure_ascii=False,
        )

    def xml(self, operation: Operation) -> bytes:
        """Return the document of the metadata stream."""
        if operation not in self._documents:
            self._documents[operation] = self._document(operation).encode()
        return self._documents[operation]

    def _document(self, operation: Operation) -> str:
        event = self.event
        what = f' PropertyOperation="{operation}"' if operation else ""
        used = {prefix for prefix, _ in self.path or ()}
        spaces = "".join(f' xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items() if prefix in used)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<tt:MetadataStream xmlns:tt="{_TT}"><tt:Event><wsnt:NotificationMessage xmlns:wsnt="{_WSNT}"{spaces}>'
            f'<wsnt:Topic Dialect="{_DIALECT}">{event.topic}</wsnt:Topic><wsnt:Message>'
            f'<tt:Message UtcTime="{utc(event.timestamp_usec)}"{what}>'
            f"<tt:Source>{_items(event.source)}</tt:Source><tt:Key></tt:Key><tt:Data>{_items(event.data)}</tt:Data>"
            "</tt:Message></wsnt:Message></wsnt:NotificationMessage></tt:Event></tt:MetadataStream>\n"
        )


def utc(usec: int) -> str:
    """Return microseconds since 1970 as a time of XML."""
    when = datetime.fromtimestamp(usec // 1_000_000, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{usec % 1_000_000:06}Z"


def xml_text(text: str) -> str:
    """Return a text without the characters that XML 1.0 cannot have, not even escaped."""
    return "".join(character if character in "\t\n\r" or _allowed(ord(character)) else "�" for character in text)


def _allowed(code: int) -> bool:
    return 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF


def _items(items: Mapping[str, str]) -> str:
    return "".join(f"<tt:SimpleItem Name={quoted(name)} Value={quoted(value)}/>" for name, value in items.items())


def quoted(text: str) -> str:
    """Return a text as the value of an attribute, with its quotation marks."""
    return quoteattr(xml_text(text), {'"': "&quot;"})
