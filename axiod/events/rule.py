# SPDX-License-Identifier: Apache-2.0
"""What a rule is: conditions that must all hold, and actions in their order. Values only. Pure.

Sources: manual "Rules"; VAPIX action1 (vapix/services).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_RULES = 256
MOST_CONDITIONS = 16
MOST_ACTIONS = 16
MOST_FOR_MS = 31 * 86_400_000
"""A month."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: an event by topic and source, and what its data must say."""

    topic: str
    """For example "tns1:Device/tnsaxis:IO/Port"."""
    source: Mapping[str, str] = field(default_factory=dict)
    """The items of the source that must be so; one that is not named may be anything."""
    item: str = ""
    """The item of the data that is looked at; "" looks at none: the condition is that the event happens."""
    equals: str | None = None
    """The value that it must have. "0" and "false", "1" and "true" are the same."""
    above: float | None = None
    below: float | None = None
    """Limits of a number; both may be given, and both must hold."""
    inverted: bool = False
    """It must not be as said. What was never heard of is neither so nor not so: the condition does not hold."""
    for_ms: int = 0
    """It must have been so for this long without a break."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action. Which of the parameters an action has depends on its kind."""

    kind: str
    """set, toggle, pulse, virtual-input, led, notify, send-file, publish or log."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """As the contract names them (Actions of org.axiod.events1.Rule): Output, Active, DurationMs, Recipient, …"""
    while_active: bool = False
    """It lasts while the rule is active, and is undone after: set, virtual-input and led. A notify is
    repeated."""
    delay_ms: int = 0
    """It waits so long after the action before it, or after the activation."""
    at_most_once: bool = False
    """It is not done again where it is unknown, after a crash, whether it was done. (Otherwise it is done again.)
    toggle and pulse always are at most once."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    id: str
    name: str
    enabled: bool
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    first_is_trigger: bool = False
    """The first condition only starts the rule; it stays active as long as the others hold."""
    wait_ms: int = 0
    """So long must pass from one activation to the next (manual "Wait between actions")."""


def at_most_once(action: Action) -> bool:
    """Whether an action is not done again where it is unknown whether it was done."""
    return action.at_most_once or action.kind in ("toggle", "pulse")


def amended(rule: Rule, changes: Mapping[str, Any]) -> Rule:
    """Return a rule with changes, by the names of its fields.

    A change of more than the name turns an enabled rule off unless it says that it is enabled (manual "Trigger an
    action": it must be turned on again), so that nothing that is half changed acts.
    """
    changed = replace(rule, **changes)
    if "enabled" not in changes and replace(changed, name=rule.name) != rule:
        return replace(changed, enabled=False)
    return changed
