# SPDX-License-Identifier: Apache-2.0
"""Following the events of a service without losing anything: what org.axiod.EventSource1 asks of a client. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from axiod.bus.client import Event

_Key = tuple[str, tuple[tuple[str, str], ...]]


class Verdict(Enum):
    """What an event is to somebody who follows."""

    NEXT = "the one that was expected"
    OLD = "contained in the snapshot"
    GAP = "others before it were lost"


@dataclass(slots=True)
class Follower:
    """What is known of one source of events."""

    last: int | None = None
    """The sequence of the last event that is known; None before the first snapshot."""
    _known: dict[_Key, Mapping[str, str]] = field(default_factory=dict)

    def take(self, event: Event) -> Verdict:
        """Judge an event; after a GAP take a snapshot."""
        if self.last is not None and event.sequence <= self.last:
            return Verdict.OLD
        self._known[_key(event)] = event.data
        if self.last is None or event.sequence != self.last + 1:
            return Verdict.GAP
        self.last = event.sequence
        return Verdict.NEXT

    def snapshot(self, sequence: int, events: Iterable[Event]) -> list[Event]:
        """Take a snapshot; return what in it was not known."""
        self.last = sequence
        news = [event for event in events if self._known.get(_key(event)) != event.data]
        self._known |= {_key(event): event.data for event in news}
        return news


def _key(event: Event) -> _Key:
    return event.topic, tuple(sorted(event.source.items()))
