# SPDX-License-Identifier: Apache-2.0
"""What rules would do if events happened: the engine itself, on a clock that the events carry. Pure.

It begins where nothing is known. Outputs are not played: what they did is among the events of a recorded log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from axiod.bus import topics
from axiod.errors import InvalidArgument
from axiod.events.effect import Became, Dropped, Perform, Suspended, Undo
from axiod.events.engine import Engine
from axiod.events.moment import Happening, Moment
from axiod.events.wording import action_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from axiod.events.effect import Effect
    from axiod.events.output import Output
    from axiod.events.rule import Rule

Recorded = tuple[int, str, "Mapping[str, str]", "Mapping[str, str]"]
"""(timestamp_usec, topic, source, data)."""

MOST_STEPS = 100_000
AFTER_USEC = 60_000_000
"""So long it goes on after the last event, for what is delayed."""
_SERVICE = "replay"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One thing that would happen."""

    when_usec: int
    rule: str
    what: str
    """activated, deactivated, performed, undone, dropped or suspended."""
    text: str


def replay(rules: Iterable[Rule], events: Iterable[Recorded], outputs: Iterable[Output] = ()) -> list[Replayed]:
    """Return what the rules that are turned on would do. The same every time.

    An event whose time is before that of the one before it counts as at the same time. Raises InvalidArgument where
    too much would happen.
    """
    engine = Engine((_SERVICE,), _SERVICE)
    engine.set_outputs(outputs)
    found: list[Replayed] = []
    now: Moment | None = None
    for timestamp_usec, topic, source, data in events:
        if now is None:
            now = Moment(timestamp_usec, timestamp_usec)
            _begin(engine, rules, now, found)
        then = Moment(max(now.monotonic_usec, timestamp_usec), max(now.wall_usec, timestamp_usec))
        _pass(engine, then, found)
        now = then
        _take(engine, engine.event(_SERVICE, Happening(topic, source, data, timestamp_usec), now), now, found)
    if now is not None:
        _pass(engine, now.after(AFTER_USEC), found)
    return found


def _begin(engine: Engine, rules: Iterable[Rule], now: Moment, found: list[Replayed]) -> None:
    for service in {_SERVICE, *(service for topic in topics.TOPICS for service in topic.services)}:
        engine.snapshot(service, (), now)
    for rule in rules:
        _take(engine, engine.put(replace(rule), now), now, found)


def _pass(engine: Engine, until: Moment, found: list[Replayed]) -> None:
    while (due := engine.next_due) is not None and due <= until.monotonic_usec:
        now = Moment(due, due)
        _take(engine, engine.due(now), now, found)


def _take(engine: Engine, effects: list[Effect], now: Moment, found: list[Replayed]) -> None:
    for effect in effects:
        match effect:
            case Became():
                what = "activated" if effect.active else "deactivated"
                _add(found, now, effect.rule, what, effect.text)
            case Perform():
                _add(found, now, effect.rule, "performed", action_words(effect.action))
                _take(engine, engine.done(effect.rule, effect.activation, effect.step, now), now, found)
            case Undo():
                _add(found, now, effect.rule, "undone", action_words(effect.action))
                _take(engine, engine.undone(effect.rule, effect.activation, effect.step, now), now, found)
            case Dropped():
                _add(found, now, effect.rule, "dropped", effect.text)
            case Suspended():
                _add(found, now, effect.rule, "suspended", effect.text)


def _add(found: list[Replayed], now: Moment, rule: str, what: str, text: str) -> None:
    if len(found) >= MOST_STEPS:
        raise InvalidArgument(f"more than {MOST_STEPS} things would happen; replay fewer events at once")
    found.append(Replayed(now.wall_usec, rule, what, text))
