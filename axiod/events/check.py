# SPDX-License-Identifier: Apache-2.0
"""What is wrong with rules although each of them can be: dead, conflicting and looping ones. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from axiod.bus import topics
from axiod.events import loops
from axiod.events.output import DARK, target, words
from axiod.events.validation import stays_active
from axiod.events.watch import is_stateless, judge
from axiod.events.wording import condition_words, event_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from axiod.events.index import Known
    from axiod.events.moment import Key
    from axiod.events.output import Output, Target
    from axiod.events.rule import Action, Condition, Rule


_MOST_NAMED = 3


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """It cannot work."""
    WARNING = "warning"


class Kind(StrEnum):
    """What is wrong, for programs."""

    DEAD = "dead"
    """It can never become active."""
    ABSENT = "absent"
    """What it is on, or what it moves, is not there now."""
    CONFLICT = "conflict"
    """It works against another, or against itself."""
    LOOP = "loop"
    """It starts itself again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    rule: str
    severity: Severity
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class There:
    """What there is now."""

    known: Mapping[Key, Known] = field(default_factory=dict)
    """The present states."""
    outputs: Mapping[str, Output] = field(default_factory=dict)
    leds: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The colours of each LED."""
    recipients: Collection[str] = ()
    schedules: Collection[str] | None = None
    """The ids of all schedules in events; None where they are not known."""
    subscriptions: Collection[str] | None = None
    """The filters of all MQTT subscriptions; None where they are not known."""
    mqtt_active: bool = True
    """The MQTT client is turned on."""
    mqtt_prefix: str = ""
    """What stands before the topics of the device."""


def check(rules: Sequence[Rule], there: There) -> list[Finding]:
    """Return what is wrong with rules, rule by rule; of one that is turned off only what is wrong with itself."""
    found: list[Finding] = []
    for rule in rules:
        found += _dead(rule)
        found += _absent(rule, there)
        found += _against_itself(rule)
    on = [rule for rule in rules if rule.enabled]
    found += _conflicts(on)
    for circle in loops.circles(on, there.outputs, there.mqtt_prefix):
        text = f"it starts itself again: {circle.text}"
        found += [Finding(rule, Severity.WARNING, Kind.LOOP, text) for rule in circle.rules]
    order = {rule.id: place for place, rule in enumerate(rules)}
    return sorted(found, key=lambda finding: order[finding.rule])


# --- dead ---


def _dead(rule: Rule) -> list[Finding]:
    for (one, first), (other, second) in combinations(enumerate(rule.conditions, 1), 2):
        if excludes(first, second):
            text = f"it can never become active: condition {other} ({condition_words(second)}) contradicts "
            text += f"condition {one} ({condition_words(first)})"
            return [Finding(rule.id, Severity.ERROR, Kind.DEAD, text)]
    return []


def excludes(first: Condition, second: Condition) -> bool:
    """Whether two conditions can never hold at the same time, because they are on the same state of the same source."""
    if topics.same(first.topic) != topics.same(second.topic) or first.item != second.item or not first.item:
        return False
    if dict(first.source) != dict(second.source) or not _whole_source(first) or is_stateless(first):
        return False
    return not any(_true(first, value) and _true(second, value) for value in _values(first, second))


def _true(condition: Condition, value: str) -> bool:
    verdict = judge(condition, {condition.item: value})
    return verdict is not None and verdict != condition.inverted


def _values(first: Condition, second: Condition) -> list[str]:
    """Return values such that if two conditions hold together for any, they do for one of these."""
    declared = topics.declared(first.topic)
    item = declared.item(first.item) if declared is not None else None
    if item is not None and item.kind is topics.Kind.BOOLEAN:
        return ["0", "1"]
    if item is not None and item.kind is topics.Kind.WORD:
        return list(item.words)
    limits = sorted({one for c in (first, second) for one in (c.above, c.below) if one is not None})
    between = [(low + high) / 2 for low, high in pairwise(limits)]
    beside = [limits[0] - 1, limits[-1] + 1] if limits else []
    equal = [condition.equals for condition in (first, second) if condition.equals is not None]
    return [*map(str, [*limits, *between, *beside]), *equal, "neither " + " ".join(equal)]


def _whole_source(condition: Condition) -> bool:
    """Whether a condition is about one source only."""
    declared = topics.declared(condition.topic)
    return declared is not None and all(item.name in condition.source for item in declared.source)


# --- absent ---


def _absent(rule: Rule, there: There) -> list[Finding]:
    found: list[Finding] = []
    for number, condition in enumerate(rule.conditions, 1):
        if not _is_there(condition, there):
            what = event_words(condition.topic, condition.source)
            text = f"condition {number}: there is no {what} now, so the rule does not become active"
            found.append(Finding(rule.id, Severity.WARNING, Kind.ABSENT, text))
    for number, action in enumerate(rule.actions, 1):
        missing = _missing(action, there)
        if missing:
            found.append(Finding(rule.id, Severity.ERROR, Kind.ABSENT, f"action {number}: {missing}"))
        if action.kind == "publish" and not there.mqtt_active:
            text = f"action {number}: the MQTT client is turned off, so the message waits until it is turned on"
            found.append(Finding(rule.id, Severity.WARNING, Kind.ABSENT, text))
    return found


def _is_there(condition: Condition, there: There) -> bool:
    topic = topics.same(condition.topic)
    if topic in (topics.PULSE, topics.MQTT_STATELESS, topics.MQTT_STATEFUL):
        item, names = ("id", there.schedules) if topic == topics.PULSE else ("subscription", there.subscriptions)
        wanted = condition.source.get(item)
        return names is None or (wanted in names if wanted is not None else bool(names))
    if is_stateless(condition) and condition.item:
        return True
    declared = topics.declared(topic)
    if declared is not None and not declared.stateful:
        return True
    source = set(condition.source.items())
    return any(key[0] == topic and source <= set(key[1]) for key in there.known)


def _missing(action: Action, there: There) -> str | None:
    output, recipient = action.parameters.get("Output"), action.parameters.get("Recipient")
    if output is not None and output not in there.outputs:
        return f"there is no output {output} now, so nothing is done"
    if action.kind == "led":
        return _missing_led(str(action.parameters.get("Led")), action, there)
    if recipient is not None and recipient not in there.recipients:
        return f"there is no recipient {recipient}, so nothing is sent"
    return None


def _missing_led(led: str, action: Action, there: There) -> str | None:
    if led not in there.leds:
        return f"there is no LED {led} now, so nothing is done"
    for colour in (action.parameters.get("Colour"), action.parameters.get("Between")):
        if colour not in (None, DARK, *there.leds[led]):
            return f"the LED {led} shows no {colour}, so nothing is done; it shows {', '.join(there.leds[led])}"
    return None


# --- conflicts ---


def _lasting(rule: Rule) -> list[tuple[int, Target, bool]]:
    """Return (number of the action, what it moves, to which level) of all that is meant to stay."""
    found = []
    for number, action in enumerate(rule.actions, 1):
        moved = target(action)
        if moved is not None and action.kind in ("set", "virtual-input"):
            found.append((number, moved, bool(action.parameters.get("Active"))))
    return found


def _against_itself(rule: Rule) -> list[Finding]:
    lasting = [one for one in _lasting(rule) if rule.actions[one[0] - 1].while_active]
    for (one, moved, level), (other, also_moved, other_level) in combinations(lasting, 2):
        if moved == also_moved and level != other_level:
            text = f"actions {one} and {other} keep {words(moved)} at different levels; the later one has its way"
            return [Finding(rule.id, Severity.WARNING, Kind.CONFLICT, text)]
    return []


def _conflicts(rules: Sequence[Rule]) -> list[Finding]:
    """Return the rules that move an output to different levels and can be active at the same time."""
    by_target: dict[Target, dict[str, tuple[Rule, set[bool]]]] = {}
    for rule in rules:
        if stays_active(rule):
            for _, moved, level in _lasting(rule):
                by_target.setdefault(moved, {}).setdefault(rule.id, (rule, set()))[1].add(level)
    found: list[Finding] = []
    for moved, wanting in by_target.items():
        against: dict[str, list[Rule]] = {}
        for (one, levels), (other, other_levels) in combinations(wanting.values(), 2):
            if levels | other_levels == {True, False} and not _exclude(one, other):
                against.setdefault(one.id, []).append(other)
                against.setdefault(other.id, []).append(one)
        for id_, others in against.items():
            named = ", ".join(f"rule {other.id} ({other.name})" for other in others[:_MOST_NAMED])
            more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
            text = f"{named}{more} may want {words(moved)} at the other level at the same time; the one that becomes "
            text += "active later has its way"
            found.append(Finding(id_, Severity.WARNING, Kind.CONFLICT, text))
    return found


def _exclude(one: Rule, other: Rule) -> bool:
    """Whether two rules are never active at the same time. A trigger need not hold any more."""
    return any(
        excludes(first, second)
        for first in one.conditions[1 if one.first_is_trigger else 0 :]
        for second in other.conditions[1 if other.first_is_trigger else 0 :]
    )
