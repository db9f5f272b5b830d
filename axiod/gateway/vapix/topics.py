# SPDX-License-Identifier: Apache-2.0
"""Which events a client of VAPIX wants: topic filters and content filters. Pure.

A topic is compared name by name, each with its namespace; a name without one has that of the name before it, so
"tns1:Device/tnsaxis:IO/Port" and "tns1:Device/tnsaxis:IO/tnsaxis:Port" are the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.bus.topics import ALIASES, NAMESPACES
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.client import Event

_EVERYTHING = "//."
_LONGEST = 4096
_MOST_TERMS = 32
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_TERM = re.compile(
    r"""\s*boolean\(\s*//\s*(?:\w+:)?SimpleItem\s*\[\s*
        @Name\s*=\s*(["'])(?P<name>(?:(?!\1).)*)\1\s+and\s+@Value\s*=\s*(["'])(?P<value>(?:(?!\3).)*)\3\s*\]\s*\)\s*""",
    re.VERBOSE | re.DOTALL,
)
_JOINT = re.compile(r"(and|or)\b")

Path = tuple[tuple[str, str], ...]
"""(namespace prefix, name) of each name of a topic."""


def path(topic: str) -> Path:
    """Take a topic to pieces; raises InvalidArgument for what is no topic."""
    found: list[tuple[str, str]] = []
    prefix = ""
    for part in topic.split("/"):
        given, colon, name = part.rpartition(":")
        if colon:
            prefix = ALIASES.get(given, given)
        if prefix not in NAMESPACES or not _NAME.fullmatch(name):
            raise InvalidArgument(
                f"{topic[:200]!r} is no topic; write it like tns1:Device/tnsaxis:IO/Port, or {_EVERYTHING} for all"
            )
        found.append((prefix, name))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a client wants: events under one of the topics whose content is as it says."""

    topics: tuple[tuple[Path, bool], ...]
    """Each topic, and whether those below it belong to it."""
    content: tuple[tuple[tuple[str, str], ...], ...] = ()
    """One of these must be true; each is items (name, value) that the event must all have. Empty for any content."""

    @classmethod
    def parse(cls, topics: str, content: str = "") -> Filter:
        """Read filters as a client writes them; raises InvalidArgument that says what would be right."""
        return cls(_topics(topics), content_terms(content) if content.strip() else ())

    def matches(self, event: Event, path_: Path) -> bool:
        """Whether an event, with the path of its topic, is wanted."""
        if not any(path_ == want or (below and path_[: len(want)] == want) for want, below in self.topics):
            return False
        if not self.content:
            return True
        return any(all(_has(event, name, value) for name, value in items) for items in self.content)


def _has(event: Event, name: str, value: str) -> bool:
    return _item(event.source, name, value) or _item(event.data, name, value)


def _item(items: Mapping[str, str], name: str, value: str) -> bool:
    return items.get(name) == value


def _topics(text: str) -> tuple[tuple[Path, bool], ...]:
    if len(text) > _LONGEST or text.count("|") >= _MOST_TERMS:
        raise InvalidArgument(f"the topic filter is too long; at most {_MOST_TERMS} topics are taken")
    found: list[tuple[Path, bool]] = []
    for term in map(str.strip, text.split("|")):
        if term == _EVERYTHING:
            found.append(((), True))
        elif term.endswith(_EVERYTHING):
            found.append((path(term.removesuffix(_EVERYTHING)), True))
        else:
            found.append((path(term), False))
    return tuple(found)


def content_terms(text: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Read a content filter: items (name, value) that are joined by "and" and "or"; "and" binds closer.

    Returns what is joined by "or". Raises InvalidArgument that says what would be right.
    """
    wrong = InvalidArgument(
        "the content filter is none that is taken here; write it like "
        """boolean(//SimpleItem[@Name="port" and @Value="1"]), several of them joined by "and" or "or" """.rstrip()
    )
    if len(text) > _LONGEST:
        raise wrong
    either: list[tuple[tuple[str, str], ...]] = []
    items: list[tuple[str, str]] = []
    place = 0
    while True:
        term = _TERM.match(text, place)
        if term is None:
            raise wrong
        items.append((term["name"], term["value"]))
        place = term.end()
        if place == len(text):
            return (*either, tuple(items))
        joint = _JOINT.match(text, place)
        if joint is None:
            raise wrong
        if joint[1] == "or":
            either.append(tuple(items))
            items = []
        place = joint.end()
