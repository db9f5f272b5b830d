# SPDX-License-Identifier: Apache-2.0
"""Why a rule is active or is not, in words. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.events.wording import condition_words, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.events.activity import Activity
    from axiod.events.engine import Engine
    from axiod.events.index import Known
    from axiod.events.moment import Key, Moment
    from axiod.events.watch import Watch

_MOST_VALUES = 5


@dataclass(frozen=True, slots=True)
class ConditionNow:
    """One condition, as it is now."""

    text: str
    """What it says."""
    holds: bool
    """Its hold time included; a stateless one never holds."""
    value: str | None
    """What it looks at is now; None where nothing is known."""
    since_usec: int | None
    """Since when, by the wall clock; None where nothing is known."""
    why_not: str = ""
    """Why it does not hold, as a part of a sentence."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a rule is active or is not."""

    sentences: tuple[str, ...]
    conditions: tuple[ConditionNow, ...]

    @property
    def text(self) -> str:
        """The sentences, one a line."""
        return "\n".join(self.sentences)


def explain(engine: Engine, rule: str, now: Moment, clock: Callable[[int], str]) -> Explanation:
    """Say why a rule is active or is not.

    `clock`: writes a moment of the wall clock, in microseconds since 1970, for people.
    """
    activity = engine.activity(rule)
    conditions = tuple(_condition(engine, activity, watch, now, clock) for watch in activity.watches)
    sentences = [_present(activity, conditions, now)]
    for number, condition in enumerate(conditions, 1):
        verdict = "holds" if condition.holds else f"does not hold: {condition.why_not}"
        since = f" since {clock(condition.since_usec)}" if condition.holds and condition.since_usec is not None else ""
        trigger = " (the trigger)" if activity.trigger == number - 1 else ""
        sentences.append(f"Condition {number}{trigger}, {condition.text}: {verdict}{since}.")
    state = activity.state
    if state.last is not None:
        times = "once" if state.activations == 1 else f"{state.activations} times"
        sentences.append(f"It became active {times}, last at {clock(state.last.wall_usec)}.")
    else:
        sentences.append("It never was active.")
    if state.missed is not None:
        why = state.missed.reason.text(state.missed.place)
        sentences.append(f"At {clock(state.missed.wall_usec)} it did not become active: {why}.")
    return Explanation(tuple(sentences), conditions)


def _present(activity: Activity, conditions: tuple[ConditionNow, ...], now: Moment) -> str:
    if not activity.rule.enabled:
        return "It is turned off."
    if activity.state.suspended:
        return "It is suspended: it started itself again and again; turn it on again when that is mended."
    if activity.state.active:
        return "It is active."
    watching = list(zip(activity.watches, conditions, strict=True))
    unknown = [watch.place + 1 for watch, _ in watching if activity.waits_for(watch)]
    if unknown:
        return f"It waits for the service that tells {_places(unknown)}."
    missing = [watch.place + 1 for watch, one in watching if watch.place != activity.trigger and not one.holds]
    if missing:
        return f"It is not active, because {_places(missing)} {'does' if len(missing) == 1 else 'do'} not hold."
    wait_usec = activity.wait_usec(now) - now.monotonic_usec
    waiting = f" its wait ends in {seconds(-(-wait_usec // 1000))}," if wait_usec > 0 else ""
    if activity.trigger is None:
        return f"It is not active:{waiting} then it becomes active." if waiting else "It becomes active now."
    if waiting:
        return f"It is not active:{waiting} and until then {_places([activity.trigger + 1])} does not start it."
    return f"It would become active now if {_places([activity.trigger + 1])} started it."


def _places(numbers: list[int]) -> str:
    text = ", ".join(map(str, numbers[:-1]))
    return f"condition {numbers[0]}" if len(numbers) == 1 else f"conditions {text} and {numbers[-1]}"


def _condition(
    engine: Engine, activity: Activity, watch: Watch, now: Moment, clock: Callable[[int], str]
) -> ConditionNow:
    words = condition_words(watch.condition)
    if watch.stateless:
        return ConditionNow(words, holds=False, value=None, since_usec=None, why_not="it only happens for a moment")
    found = [(key, engine.known[key]) for key in sorted(watch.verdicts) if key in engine.known]
    if not found:
        waits = activity.waits_for(watch)
        why = "its service has not told anything yet" if waits else "nothing is known of it, it is not there now"
        return ConditionNow(words, holds=False, value=None, since_usec=None, why_not=why)
    value = _value(watch, found)
    since = max(known.timestamp_usec for _, known in found)
    if activity.truth(watch, now):
        return ConditionNow(words, holds=True, value=value, since_usec=since)
    why = f"it is {value}"
    held = activity.state.since.get(watch.place)
    if watch.holds() and held is not None:
        left = held.monotonic_usec + watch.hold_usec - now.monotonic_usec
        why = f"it is so since {clock(held.wall_usec)}, {seconds(-(-left // 1000))} more are needed"
    elif watch.holds():
        why = "its time has not begun, because the rule is not turned on"
    return ConditionNow(words, holds=False, value=value, since_usec=since, why_not=why)


def _value(watch: Watch, found: list[tuple[Key, Known]]) -> str:
    values = [(key, known.data.get(watch.condition.item, "unknown")[:80]) for key, known in found]
    if len(values) == 1:
        return values[0][1]
    said = [f"{' '.join(f'{name} {one}' for name, one in key[1])}: {value}" for key, value in values[:_MOST_VALUES]]
    return ", ".join(said) + (", …" if len(values) > _MOST_VALUES else "")
