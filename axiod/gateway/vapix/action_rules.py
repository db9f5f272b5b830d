# SPDX-License-Identifier: Apache-2.0
"""Action rules of the action service (action1): our rules, as far as VAPIX can express them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument, NotFound
from axiod.gateway.hearing import may_hear
from axiod.gateway.names import RULE, RULES
from axiod.gateway.vapix import event_filter
from axiod.gateway.vapix.action_template import is_unlimited
from axiod.gateway.vapix.configurations import Configurations
from axiod.gateway.vapix.event_filter import AA, EventFilter
from axiod.gateway.vapix.notification import quoted
from axiod.gateway.vapix.soap import Fault
from axiod.gateway.vapix.soap_operation import changing, reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.soap import Element
    from axiod.gateway.vapix.soap_operation import Operation

_FLAGS = {"true": True, "1": True, "": True, "false": False, "0": False}
_DURATION = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,5})M)?(?:(\d{1,6})(?:\.(\d{1,3})\d*)?S)?", re.ASCII)


class ActionRules:
    """The operations."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting
        self._configurations = Configurations(gateway.mirror)

    def operations(self) -> Mapping[str, Operation]:
        """Return what there is, by name."""
        return {
            "AddActionRule": changing(self._add, RULES, "AddRule"),
            "GetActionRules": reading(self._get, RULE),
            "RemoveActionRule": changing(self._remove, RULE, "Remove"),
        }

    async def _add(self, person: Person, asked: Element) -> str:
        new = asked.require("NewActionRule")
        start, listed = new.child("StartEvent"), new.child("Conditions")
        wanted = listed.all("Condition") if listed is not None else []
        action = self._action(new.value("PrimaryAction"))
        if new.child("FailoverAction") is not None:
            raise Fault("there are no fallback actions; leave out FailoverAction", subcode="ter:InvalidArgVal")
        if start is None and not wanted:
            raise _fault("InsufficientActivationRuleFault", "a rule needs a start event or a condition")
        if is_unlimited(action[0]) and not wanted:
            raise _fault(
                "InsufficientActivationRuleFault", "an unlimited action needs a condition, or it would not end"
            )
        states = [event for _, event in self._mirror.states() if may_hear(person.role, event)]
        conditions = EventFilter.read(start).start(states) if start is not None else []
        for one in wanted:
            conditions += EventFilter.read(one).conditions(states)
        options: dict[str, Any] = {"Enabled": _enabled(new.value("Enabled")), "FirstIsTrigger": start is not None}
        if timeout := new.value("ActivationTimeout"):
            options["WaitMs"] = _milliseconds(timeout)
        name = new.value("Name") or "Action rule"
        rules = self._mirror.thing(RULES)
        id_ = await self._acting.act(person, rules, "AddRule", name, conditions, action[1], options)
        return f"<aa:AddActionRuleResponse><aa:RuleID>{id_}</aa:RuleID></aa:AddActionRuleResponse>"

    def _action(self, id_: str) -> tuple[str, list[dict[str, Any]]]:
        try:
            found = self._configurations.actions(id_)
        except InvalidArgument as error:
            raise _fault("InvalidActionConfigurationFault", str(error)) from None
        if found is None:
            raise _fault("ActionConfigurationNotFoundFault", f"there is no action {id_[:40]!r}")
        return found

    async def _get(self, _person: Person, _asked: Element) -> str:
        actions = self._configurations.of_rules()
        shown = (_shown(rule, actions[rule.id]) for rule in self._mirror.things(RULE) if rule.id in actions)
        content = "".join(one for one in shown if one)
        return f"<aa:GetActionRulesResponse><aa:ActionRules>{content}</aa:ActionRules></aa:GetActionRulesResponse>"

    async def _remove(self, person: Person, asked: Element) -> str:
        id_ = asked.value("RuleID")
        try:
            thing = self._mirror.thing(RULE, id_)
        except NotFound:
            raise _fault("ActionRuleNotFoundFault", f"there is no rule {id_[:40]!r}") from None
        await self._acting.act(person, thing, "Remove")
        return "<aa:RemoveActionRuleResponse/>"


def _shown(rule: Thing, action: str) -> str:
    """Return a rule; empty for one with a condition that VAPIX cannot express."""
    conditions = [event_filter.shown(condition) for condition in rule["Conditions"]]
    if None in conditions:
        return ""
    start = f"<aa:StartEvent>{conditions.pop(0)}</aa:StartEvent>" if rule["FirstIsTrigger"] else ""
    held = "".join(f"<aa:Condition>{condition}</aa:Condition>" for condition in conditions)
    wait = f"<aa:ActivationTimeout>PT{rule['WaitMs'] / 1000:g}S</aa:ActivationTimeout>" if rule["WaitMs"] else ""
    return (
        f"<aa:ActionRule><aa:RuleID>{rule.id}</aa:RuleID><aa:Name>{quoted(rule['Name'])[1:-1]}</aa:Name>"
        f"<aa:Enabled>{'true' if rule['Enabled'] else 'false'}</aa:Enabled>{start}"
        f"{f'<aa:Conditions>{held}</aa:Conditions>' if held else ''}{wait}"
        f"<aa:PrimaryAction>{action}</aa:PrimaryAction></aa:ActionRule>"
    )


def _enabled(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise Fault(f"Enabled is {text[:40]!r}; it must be true or false", subcode="ter:InvalidArgVal")
    return _FLAGS[text.lower()]


def _milliseconds(text: str) -> int:
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise _fault("InvalidActivationTimeoutFault", f"ActivationTimeout is {text[:40]!r}; it must be like PT10S")
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "").ljust(3, "0"))


def _fault(name: str, reason: str) -> Fault:
    return Fault(reason, subcode="ter:InvalidArgVal", detail=name, namespace=AA)
