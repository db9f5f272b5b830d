# SPDX-License-Identifier: Apache-2.0
"""What is known of the world, and which conditions are about which part of it. Pure.

An event is looked up by its topic and each choice of the items of its source, so what it costs does not depend on how
many conditions there are on anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING

from axiod.bus import topics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from axiod.events.activity import Activity
    from axiod.events.moment import Key, Told
    from axiod.events.watch import Watch

_MOST_ITEMS = 4
"""The conditions for an event with more items in its source are found by going through all."""
_NONE: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """The present value of one stateful event."""

    service: str
    data: Mapping[str, str]
    timestamp_usec: int


def key_of(told: Told) -> Key:
    """Return what an event is of."""
    return topics.same(told.topic), tuple(sorted(told.source.items()))


class Index:
    """The present states, and the conditions."""

    def __init__(self) -> None:
        self.known: dict[Key, Known] = {}
        """The present value of every stateful event."""
        self._told: dict[str, set[Key]] = {}
        """The keys of these by service."""
        self._watches: dict[tuple[str, frozenset[tuple[str, str]]], list[tuple[Activity, Watch]]] = {}

    def add(self, activity: Activity) -> None:
        """Take the conditions of a rule, and tell them what is known already."""
        for watch in activity.watches:
            self._watches.setdefault((watch.topic, watch.source), []).append((activity, watch))
            if not watch.stateless:
                for key, known in self.known.items():
                    if key[0] == watch.topic and watch.source <= set(key[1]):
                        watch.take(key, known.data)

    def take_out(self, activity: Activity) -> None:
        """Forget the conditions of a rule."""
        for watch in activity.watches:
            place = (watch.topic, watch.source)
            left = [entry for entry in self._watches.get(place, ()) if entry[0] is not activity]
            if left:
                self._watches[place] = left
            else:
                self._watches.pop(place, None)

    def touching(self, key: Key) -> list[tuple[Activity, Watch]]:
        """Return the conditions that are about an event, without a look at any other."""
        topic, items = key
        if len(items) > _MOST_ITEMS:
            there = set(items)
            places = [place for place in self._watches if place[0] == topic and place[1] <= there]
        elif len(items) == 1:
            places = [(topic, _NONE), (topic, frozenset(items))]
        else:
            places = [(topic, frozenset(some)) for some in _choices(items)]
        found: list[tuple[Activity, Watch]] = []
        for place in places:
            found += self._watches.get(place, ())
        return found

    def learn(self, service: str, key: Key, told: Told) -> None:
        """Take the present state of something."""
        former = self.known.get(key)
        if former is not None and former.service != service:
            self._told[former.service].discard(key)
        self.known[key] = Known(service, told.data, told.timestamp_usec)
        self._told.setdefault(service, set()).add(key)

    def of(self, service: str) -> list[Key]:
        """Return what a service told of, in a fixed order."""
        return sorted(self._told.get(service, ()))

    def forget(self, key: Key) -> None:
        """Something is not known any more."""
        self._told[self.known.pop(key).service].discard(key)


def _choices(items: tuple[tuple[str, str], ...]) -> Iterator[tuple[tuple[str, str], ...]]:
    return chain.from_iterable(combinations(items, count) for count in range(len(items) + 1))
