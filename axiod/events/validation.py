# SPDX-License-Identifier: Apache-2.0
"""Which rules are refused, with a sentence that says what would be right. Pure.

What a rule is on need not be there now: a service may be away, a port may become an input later. That is a warning of
check.py. Refused is what can never work.
"""

from __future__ import annotations

from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING

from axiod.bus import topics
from axiod.errors import InvalidArgument
from axiod.events.rule import MOST_ACTIONS, MOST_CONDITIONS, MOST_FOR_MS
from axiod.events.watch import is_stateless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from axiod.bus.topics import Topic
    from axiod.events.index import Known
    from axiod.events.moment import Key
    from axiod.events.rule import Action, Condition, Rule

_NETWORK = frozenset({"TimeoutMs", "Retries"})
_PARAMETERS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "set": (frozenset({"Output", "Active"}), frozenset()),
    "toggle": (frozenset({"Output"}), frozenset()),
    "pulse": (frozenset({"Output", "DurationMs"}), frozenset()),
    "virtual-input": (frozenset({"Input", "Active"}), frozenset()),
    "led": (frozenset({"Led", "Colour"}), frozenset({"FlashMs", "Between", "DurationMs"})),
    "notify": (
        frozenset({"Recipient"}),
        _NETWORK | {"Message", "Subject", "Method", "Headers", "Body", "ContentType", "Parameters", "PeriodMs"},
    ),
    "send-file": (frozenset({"Recipient", "File"}), _NETWORK | {"FileName"}),
    "publish": (frozenset({"Topic"}), _NETWORK | {"Payload", "Qos", "Retain", "UseDevicePrefix"}),
    "log": (frozenset({"Message"}), frozenset({"Severity"})),
}
"""Of each kind of action: what must be given, and what may be."""
_LASTING = ("set", "virtual-input", "led", "notify")


def validate(rule: Rule, known: Mapping[Key, Known] | None) -> None:
    """Raise InvalidArgument, naming the condition or action by its place, for a rule that can never work.

    `known`: the present states, for topics that are not declared; None while nothing is known, then those may be any.
    """
    _count("condition", len(rule.conditions), MOST_CONDITIONS)
    _count("action", len(rule.actions), MOST_ACTIONS)
    for number, condition in enumerate(rule.conditions, 1):
        try:
            _condition(condition, known)
        except InvalidArgument as error:
            raise InvalidArgument(f"condition {number}: {error}") from None
    _moments(rule)
    lasts = stays_active(rule)
    for number, action in enumerate(rule.actions, 1):
        try:
            _action(action, lasts=lasts)
        except InvalidArgument as error:
            raise InvalidArgument(f"action {number}: {error}") from None


def stays_active(rule: Rule) -> bool:
    """Whether a rule can be active for longer than a moment."""
    if rule.first_is_trigger:
        return len(rule.conditions) > 1
    return not any(map(is_stateless, rule.conditions))


def _count(what: str, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise InvalidArgument(f"a rule with {count or 'no'} {what}s cannot be; it must have 1 to {most} of them")


def _moments(rule: Rule) -> None:
    places = [number for number, condition in enumerate(rule.conditions, 1) if is_stateless(condition)]
    if len(places) > 1:
        raise InvalidArgument(
            f"condition {places[1]}: it holds only for a moment, as condition {places[0]} does; they never hold at the "
            "same time, make two rules"
        )
    if rule.first_is_trigger and places and places[0] > 1:
        raise InvalidArgument(
            f"condition {places[0]}: it holds only for a moment, so it is the trigger; put it first, or do not set "
            "FirstIsTrigger"
        )


def _condition(condition: Condition, known: Mapping[Key, Known] | None) -> None:
    topic = topics.canonical(condition.topic)
    declared = topics.declared(topic)
    if declared is not None:
        _source(condition, declared)
        names = [item.name for item in declared.data]
    elif known is None:
        names = [condition.item]
    else:
        names = _undeclared(condition, topic, known)
    if not condition.item:
        if condition.equals is not None or condition.above is not None or condition.below is not None:
            raise InvalidArgument(f"it has a value, but no Item; {_one_of(names)}")
        if condition.inverted or condition.for_ms:
            raise InvalidArgument("that an event happens can neither be Inverted nor have ForMs; name an Item")
        return
    if condition.item not in names:
        raise InvalidArgument(f"{topic} has no {condition.item[:80]!r} in its data; {_one_of(names)}")
    _value(condition, declared)
    if not 0 <= condition.for_ms <= MOST_FOR_MS:
        raise InvalidArgument(f"ForMs is {condition.for_ms}; it must be 0 to {MOST_FOR_MS}")
    if condition.for_ms and is_stateless(condition):
        raise InvalidArgument(f"{topic} only happens for a moment; it cannot have ForMs")


def _source(condition: Condition, declared: Topic) -> None:
    for name, value in condition.source.items():
        item = declared.source_item(name)
        if item is None:
            names = [item.name for item in declared.source]
            raise InvalidArgument(f"{declared.name} has no {name[:80]!r} in its source; {_one_of(names)}")
        if not item.allows(value):
            raise InvalidArgument(f"{name} in the source is {value[:80]!r}; it must be {item.range}")


def _undeclared(condition: Condition, topic: str, known: Mapping[Key, Known]) -> list[str]:
    """Return the items of the data of a topic that is known only because a service told it."""
    told = [(dict(key[1]), one.data) for key, one in known.items() if key[0] == topic]
    if not told:
        every = {*(declared.name for declared in topics.TOPICS), *(key[0] for key in known)}
        raise InvalidArgument(f"no service tells {topic}; {_nearest(topic, every)}")
    sources = list(dict.fromkeys(name for source, _ in told for name in source))
    for name in condition.source:
        if name not in sources:
            raise InvalidArgument(f"{topic} has no {name[:80]!r} in its source; {_one_of(sources)}")
    return list(dict.fromkeys(name for _, data in told for name in data))


def _value(condition: Condition, declared: Topic | None) -> None:
    name, above, below = condition.item, condition.above, condition.below
    item = declared.item(name) if declared is not None else None
    if condition.equals is not None:
        if above is not None or below is not None:
            raise InvalidArgument("it has Equals, and Above or Below besides; give one or the other")
        if item is not None and not item.allows(condition.equals):
            raise InvalidArgument(f"{name} never is {condition.equals[:80]!r}; it must be {item.range}")
        return
    if above is None and below is None:
        raise InvalidArgument(f"it does not say what {name} must be; give Equals, or Above or Below")
    if item is not None and item.kind not in (topics.Kind.NUMBER, topics.Kind.ANY):
        raise InvalidArgument(f"{name} is no number, so it is never above or below one; give Equals, {item.range}")
    if not all(isfinite(limit) for limit in (above, below) if limit is not None):
        raise InvalidArgument("Above and Below must be numbers that are not infinite")
    if above is not None and below is not None and above >= below:
        raise InvalidArgument(f"no number is above {above:g} and below {below:g}")


def _action(action: Action, *, lasts: bool) -> None:
    if action.kind not in _PARAMETERS:
        raise InvalidArgument(f"Kind is {action.kind[:80]!r}; {_one_of(_PARAMETERS)}")
    needed, possible = _PARAMETERS[action.kind]
    for name in action.parameters:
        if name not in needed | possible:
            takes = ", ".join(sorted(needed | possible))
            raise InvalidArgument(f"{action.kind} takes no {name[:80]}; it takes {takes}")
    for name in sorted(needed):
        if action.parameters.get(name) in (None, ""):
            raise InvalidArgument(f"{action.kind} needs {name}")
    if action.kind == "publish" and set("+#\0") & set(str(action.parameters["Topic"])):
        raise InvalidArgument("Topic has a + or #, which are for subscriptions; name one topic")
    if action.kind == "led":
        _led(action)
    repeats = "PeriodMs" in action.parameters
    if not action.while_active:
        if repeats:
            raise InvalidArgument("PeriodMs repeats it while the rule is active; set WhileActive too")
        return
    if action.kind not in _LASTING:
        raise InvalidArgument(f"{action.kind} cannot last while the rule is active; {', '.join(_LASTING)} can")
    if not lasts:
        raise InvalidArgument(
            "it is to last while the rule is active, but the rule is active only for a moment; add a condition that "
            "lasts, or do not set WhileActive"
        )
    if action.kind == "notify" and not repeats:
        raise InvalidArgument("WhileActive repeats a notify; set PeriodMs too, how often")


def _led(action: Action) -> None:
    given = action.parameters
    if action.while_active == ("DurationMs" in given):
        raise InvalidArgument("give either WhileActive or DurationMs, so that the LED shows its own again some time")
    if "Between" in given and "FlashMs" not in given:
        raise InvalidArgument("Between is what the LED shows between flashes; give FlashMs, too")


def _one_of(names: Iterable[str]) -> str:
    found = list(names)
    return f"it must be one of {', '.join(found)}" if found else "there is none, leave it out"


def _nearest(topic: str, every: Collection[str]) -> str:
    near = get_close_matches(topic, sorted(every), 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"an example is {topics.PORT}"
