# SPDX-License-Identifier: Apache-2.0
"""What must be known of a rule so that a restart changes nothing, as plain data. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from axiod.events.effect import Reason
from axiod.events.moment import Happening, Moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.events.moment import Told
    from axiod.events.output import Level, Target
    from axiod.events.rule import Action, Condition, Rule

_VERSION = 1


class Phase(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    BEGUN = "begun"
    """It was asked for; whether it is done is not known yet."""
    DONE = "done"


@dataclass(slots=True)
class Step:
    """One action of one activation. It is kept until it is done, and if it lasts, until it is undone."""

    activation: int
    index: int
    phase: Phase
    due: Moment | None
    """When it is to be done, or to be repeated; None for never more."""
    held: tuple[str, Level, int] | None = None
    """What it keeps at which level, and its place in the order of all that do so, the latest highest."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """An output, virtual input or LED that is being brought to a level because nothing keeps it where it was."""

    activation: int
    index: int
    level: Level


@dataclass(frozen=True, slots=True)
class Missed:
    """Something would have made the rule active, but did not."""

    wall_usec: int
    reason: Reason
    place: int


@dataclass(slots=True)
class RuleState:
    """What is known of a rule besides its settings."""

    active: bool = False
    activations: int = 0
    last: Moment | None = None
    """The last activation."""
    first: bool | None = None
    """Whether the first condition held when it was last known; None before it was ever looked at."""
    suspended: bool = False
    since: dict[int, Moment] = field(default_factory=dict)
    """Since when each condition is as said, for those with a hold time, by its place from 0."""
    steps: list[Step] = field(default_factory=list)
    undoing: dict[Target, Undoing] = field(default_factory=dict)
    happenings: dict[int, Told] = field(default_factory=dict)
    """The events that began the activations of the steps."""
    missed: Missed | None = None
    changed: bool = False
    """It differs from what is stored. This itself is not stored."""

    def to_json(self, of: str, boot_id: str) -> dict[str, Any]:
        """Return what from_json() takes, with the fingerprint of its rule. What is at its default is left out: it is
        written often.
        """
        data: dict[str, Any] = {"version": _VERSION, "of": of, "boot": boot_id}
        for name in ("active", "activations", "suspended"):
            if value := getattr(self, name):
                data[name] = value
        if self.first is not None:
            data["first"] = self.first
        if self.last is not None:
            data["last"] = self.last.to_json()
        if self.since:
            data["since"] = {str(place): moment.to_json() for place, moment in self.since.items()}
        if self.steps:
            data["steps"] = [
                [step.activation, step.index, str(step.phase), step.due and step.due.to_json(), step.held]
                for step in self.steps
            ]
        if self.undoing:
            data["undoing"] = {to: [one.activation, one.index, one.level] for to, one in self.undoing.items()}
        if self.happenings:
            data["happenings"] = {
                str(number): [told.topic, dict(told.source), dict(told.data), told.timestamp_usec]
                for number, told in self.happenings.items()
            }
        if self.missed is not None:
            data["missed"] = [self.missed.wall_usec, self.missed.reason.name, self.missed.place]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RuleState:
        """Return the state that was stored; raises ValueError, TypeError or LookupError for anything else."""
        if data["version"] != _VERSION:
            raise ValueError(f"version {data['version']} is not known")
        last, missed = data.get("last"), data.get("missed")
        return cls(
            active=bool(data.get("active", False)),
            activations=int(data.get("activations", 0)),
            last=Moment.from_json(last) if last else None,
            first=data.get("first"),
            suspended=bool(data.get("suspended", False)),
            since={int(place): Moment.from_json(moment) for place, moment in data.get("since", {}).items()},
            steps=[_step(row) for row in data.get("steps", [])],
            undoing={
                str(moved): Undoing(int(activation), int(index), _level(level))
                for moved, (activation, index, level) in data.get("undoing", {}).items()
            },
            happenings={
                int(number): Happening(topic, source, values, int(stamp))
                for number, (topic, source, values, stamp) in data.get("happenings", {}).items()
            },
            missed=Missed(int(missed[0]), Reason[missed[1]], int(missed[2])) if missed else None,
        )

    def carry_over(self, rule: Rule, now: Moment) -> None:
        """Bring what an earlier boot left to the clocks of this one."""
        if self.last is not None:
            self.last = self.last.past(now)
        self.since = {place: moment.past(now) for place, moment in self.since.items()}
        delays = sum(action.delay_ms for action in rule.actions)
        longest = 1000 * max([delays, *map(period_ms, rule.actions)])
        for step in self.steps:
            if step.due is not None:
                step.due = step.due.coming(now, longest)

    def for_changed(self) -> RuleState:
        """Return what stays of it when the rule is changed: what it did, and what is being undone."""
        return RuleState(activations=self.activations, last=self.last, undoing=self.undoing, changed=True)

    def drop_old_happenings(self) -> None:
        """Forget events whose activations have no steps any more."""
        if len(self.happenings) > 0:
            wanted = {step.activation for step in self.steps}
            for number in self.happenings.keys() - wanted:
                del self.happenings[number]


def period_ms(action: Action) -> int:
    """Return how often an action is repeated while its rule is active; 0 for one that is not."""
    period = action.parameters.get("PeriodMs", 0)
    return period if action.while_active and action.kind == "notify" and isinstance(period, int) else 0


def fingerprint(rule: Rule) -> str:
    """Return what says whether a stored state is of this rule: the same as long as it would do the same.

    What is at its default does not count, so that a field that is added later does not make every rule a new one.
    """
    said: dict[str, Any] = {
        "conditions": [_beyond_default(item) for item in rule.conditions],
        "actions": [_beyond_default(item) for item in rule.actions],
    }
    if rule.first_is_trigger:
        said["first_is_trigger"] = True
    if rule.wait_ms:
        said["wait_ms"] = rule.wait_ms
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _beyond_default(item: Condition | Action) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in fields(item):
        value = getattr(item, one.name)
        if one.name in ("source", "parameters"):
            value = dict(value) or one.default
        if value != one.default:
            # A limit that was written to a file as 80 is the same as 80.0.
            found[one.name] = float(value) if one.name in ("above", "below") else value
    return found


def _step(row: list[Any]) -> Step:
    activation, index, phase, due, held = row
    return Step(
        int(activation),
        int(index),
        Phase(phase),
        Moment.from_json(due) if due else None,
        (str(held[0]), _level(held[1]), int(held[2])) if held else None,
    )


def _level(stored: Any) -> Level:
    return stored if isinstance(stored, str) else bool(stored)
