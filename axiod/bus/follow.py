# SPDX-License-Identifier: Apache-2.0
"""Following the events of a service without losing anything: what org.axiod.EventSource1 asks of a client. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from axiod.bus.client import Event

Key = tuple[str, tuple[tuple[str, str], ...]]


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
    _known: dict[Key, Mapping[str, str]] = field(default_factory=dict)

    def take(self, event: Event) -> Verdict:
        """Judge an event; after a GAP take a snapshot."""
        if self.last is not None and event.sequence <= self.last:
            return Verdict.OLD
        self._known[key(event)] = event.data
        if self.last is None or event.sequence != self.last + 1:
            return Verdict.GAP
        self.last = event.sequence
        return Verdict.NEXT

    def snapshot(self, sequence: int, events: Collection[Event]) -> list[Event]:
        """Take a snapshot; return what in it was not known."""
        self.last = sequence
        news = [event for event in events if self._known.get(key(event)) != event.data]
        # What the snapshot does not have any more is no more; kept, it would grow for ever, and hide its return.
        self._known = {key(event): event.data for event in events}
        return news


def key(event: Event) -> Key:
    """Return what an event is of: its topic and source. Two with the same key are values of the same thing."""
    return event.topic, tuple(sorted(event.source.items()))
