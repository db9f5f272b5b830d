# SPDX-License-Identifier: Apache-2.0
"""One condition, watched: which of the sources that it is about are as it says. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.bus import topics

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from axiod.events.moment import Key
    from axiod.events.rule import Condition


def is_stateless(condition: Condition) -> bool:
    """Whether a condition holds only for a moment: its event happens, and has no value after."""
    if not condition.item:
        return True
    known = topics.declared(condition.topic)
    return known is not None and not known.stateful


def judge(condition: Condition, data: Mapping[str, str]) -> bool | None:
    """Whether data are as a condition says, not inverted; None where they say nothing about it."""
    if not condition.item:
        return True
    value = data.get(condition.item)
    if value is None:
        return None
    if condition.equals is not None:
        return topics.plain(value) == topics.plain(condition.equals)
    found = topics.number(value)
    if found is None:
        return None
    return (condition.above is None or found > condition.above) and (condition.below is None or found < condition.below)


class Watch:
    """One condition of one rule, and what is known about it."""

    __slots__ = ("condition", "exact", "hold_usec", "place", "services", "source", "stateless", "topic", "verdicts")

    def __init__(self, condition: Condition, place: int, services: Collection[str]) -> None:
        """`place`: from 0. `services`: all there are, for a topic of which nobody knows who tells it."""
        self.condition = condition
        self.place = place
        self.topic = topics.same(condition.topic)
        self.source = frozenset(condition.source.items())
        self.stateless = is_stateless(condition)
        self.hold_usec = condition.for_ms * 1000
        known = topics.declared(condition.topic)
        self.exact = bool(condition.source) if known is None else len(condition.source) == len(known.source)
        """It is about one source only."""
        self.services = frozenset(services if known is None else known.services)
        self.verdicts: dict[Key, bool | None] = {}
        """By source that it is about: whether it is as said, not inverted; None where it says nothing about it."""

    def take(self, key: Key, data: Mapping[str, str]) -> None:
        """Take the state of a source that it is about."""
        self.verdicts[key] = judge(self.condition, data)

    def drop(self, key: Key) -> None:
        """A source is not known any more."""
        self.verdicts.pop(key, None)

    def happened(self, data: Mapping[str, str]) -> bool:
        """Whether a stateless event is the one that it waits for."""
        verdict = judge(self.condition, data)
        return verdict is not None and verdict != self.condition.inverted

    def holds(self) -> bool | None:
        """Whether it holds now: one source is as said, or inverted, none is. None where nothing is known."""
        known = False
        for verdict in self.verdicts.values():
            if verdict:
                return not self.condition.inverted
            known = known or verdict is False
        return self.condition.inverted if known else None
