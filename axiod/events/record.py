# SPDX-License-Identifier: Apache-2.0
"""Rules as the contract has them: records with the names of org.axiod.events1.Rule. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.events.rule import Action, Condition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.events.rule import Rule

_OF_ALL_ACTIONS = ("Kind", "WhileActive", "DelayMs", "AtMostOnce")


def condition(record: Mapping[str, Any]) -> Condition:
    """Return the condition that a record says. What is not a topic stays as it is, for who checks it."""
    return Condition(
        topics.same(record.get("Topic", "")),
        dict(record.get("Source", {})),
        record.get("Item", ""),
        record.get("Equals"),
        record.get("Above"),
        record.get("Below"),
        record.get("Inverted", False),
        record.get("ForMs", 0),
    )


def action(record: Mapping[str, Any]) -> Action:
    """Return the action that a record says."""
    return Action(
        record.get("Kind", ""),
        {name: value for name, value in record.items() if name not in _OF_ALL_ACTIONS},
        record.get("WhileActive", False),
        record.get("DelayMs", 0),
        record.get("AtMostOnce", False),
    )


def of_condition(given: Condition) -> dict[str, Any]:
    """Return the record of a condition, without what is at its default."""
    record: dict[str, Any] = {"Topic": given.topic}
    if given.source:
        record["Source"] = dict(given.source)
    if given.item:
        record["Item"] = given.item
    if given.equals is not None:
        record["Equals"] = given.equals
    if given.above is not None:
        record["Above"] = given.above
    if given.below is not None:
        record["Below"] = given.below
    if given.inverted:
        record["Inverted"] = True
    if given.for_ms:
        record["ForMs"] = given.for_ms
    return record


def of_action(given: Action) -> dict[str, Any]:
    """Return the record of an action, without what is at its default."""
    record: dict[str, Any] = {"Kind": given.kind, **given.parameters}
    if given.while_active:
        record["WhileActive"] = True
    if given.delay_ms:
        record["DelayMs"] = given.delay_ms
    if given.at_most_once:
        record["AtMostOnce"] = True
    return record


def of_rule(rule: Rule) -> dict[str, Any]:
    """Return all settings of a rule by the names of the contract."""
    return {
        "Name": rule.name,
        "Enabled": rule.enabled,
        "Conditions": [of_condition(one) for one in rule.conditions],
        "Actions": [of_action(one) for one in rule.actions],
        "FirstIsTrigger": rule.first_is_trigger,
        "WaitMs": rule.wait_ms,
    }


def changes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by the names of the contract as the fields of a Rule."""
    fields: dict[str, Any] = {}
    for name, value in given.items():
        match name:
            case "Conditions":
                fields["conditions"] = tuple(condition(record) for record in value)
            case "Actions":
                fields["actions"] = tuple(action(record) for record in value)
            case "FirstIsTrigger":
                fields["first_is_trigger"] = value
            case "WaitMs":
                fields["wait_ms"] = value
            case _:
                fields[name.lower()] = value
    return fields
