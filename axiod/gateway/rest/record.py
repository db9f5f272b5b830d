# SPDX-License-Identifier: Apache-2.0
"""What the stream of events tells, and what of it a client wants. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from axiod.bus.arguments import unknown
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from axiod.bus.caller import Role

KINDS = ("event", "changed", "removed", "service")
"""What a client may choose from. A snapshot and a heartbeat it gets in any case."""
_MOST_PATTERNS = 32
_LONGEST = 256


@dataclass(frozen=True)
class Record:
    """One message, serialised at most once for all clients."""

    kind: str
    role: Role
    """Whoever has less does not see it."""
    subject: str
    """What patterns are held against: the topic of an event, the resource (ports/input1) of anything else."""
    content: Mapping[str, Any]
    position: str
    """EPOCH-SEQUENCE."""

    def __len__(self) -> int:
        """How many bytes it has."""
        return len(self.json)

    @cached_property
    def json(self) -> bytes:
        """The message as JSON."""
        epoch, _, sequence = self.position.partition("-")
        whole = {"Kind": self.kind, "Epoch": epoch, "Sequence": int(sequence), **self.content}
        return json.dumps(whole, separators=(",", ":"), default=str).encode("ascii")

    @cached_property
    def sse(self) -> bytes:
        """The message as a server-sent event (WHATWG HTML, section 9.2)."""
        return b"id: %b\ndata: %b\n\n" % (self.position.encode(), self.json)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client wants to be told."""

    role: Role
    kinds: frozenset[str] = frozenset(KINDS)
    topics: tuple[str, ...] = field(default=("*",))
    resources: tuple[str, ...] = field(default=("*",))

    @classmethod
    def read(cls, role: Role, query: Mapping[str, str], resources: Collection[str]) -> Wish:
        """Read kinds, topics and resources from a query: words with commas between them. Raises InvalidArgument.

        `resources`: the kinds that there are. Of them an id need not be there yet; of topics nothing need be.
        """
        if strange := query.keys() - {"kinds", "topics", "resources", "since"}:
            raise InvalidArgument(unknown("parameter", min(strange), ("kinds", "topics", "resources", "since")))
        kinds = _words(query, "kinds", KINDS)
        if strange := set(kinds) - set(KINDS):
            raise InvalidArgument(unknown("kind", min(strange), KINDS))
        wanted = _words(query, "resources", ("*",))
        for word in wanted:
            kind = word.partition("/")[0]
            start, star, _ = kind.partition("*")
            known = any(name.startswith(start) for name in resources) if star else kind in resources
            if word != "*" and not known:
                raise InvalidArgument(unknown("resource", kind, resources))
        return cls(role, frozenset(kinds), _words(query, "topics", ("*",)), wanted)

    def takes(self, record: Record) -> bool:
        """Whether the client shall be told of this."""
        if record.role > self.role or record.kind not in self.kinds:
            return False
        if record.kind == "service":
            return True
        return _matches(self.topics if record.kind == "event" else self.resources, record.subject)

    def wants_resource(self, subject: str) -> bool:
        """Whether the client wants to know of a resource at all."""
        return bool(self.kinds & {"changed", "removed"}) and _matches(self.resources, subject)

    def wants_topic(self, topic: str) -> bool:
        """Whether the client wants to know of an event at all."""
        return "event" in self.kinds and _matches(self.topics, topic)


def _words(query: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    if name not in query:
        return default
    words = tuple(word for word in query[name].split(",") if word)
    if not words or len(words) > _MOST_PATTERNS or any(len(word) > _LONGEST for word in words):
        raise InvalidArgument(f"{name} must be 1 to {_MOST_PATTERNS} words with commas between them")
    return words


def _matches(patterns: Iterable[str], subject: str) -> bool:
    """Whether one of the patterns is the subject, or its beginning: everything after a * is left open.

    A pattern of a whole kind of resource (ports) takes all of that kind.
    """
    for pattern in patterns:
        start, star, _ = pattern.partition("*")
        if subject.startswith(start) if star else subject == pattern or subject.startswith(pattern + "/"):
            return True
    return False
