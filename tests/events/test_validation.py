# SPDX-License-Identifier: Apache-2.0
"""Which rules are refused, and what is said."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from axiod.bus import topics
from axiod.errors import InvalidArgument
from axiod.events.index import Known
from axiod.events.rule import Action, Condition
from axiod.events.validation import validate
from tests.events.stage import on, port, pulse, rule, schedule

if TYPE_CHECKING:
    from axiod.events.moment import Key
    from axiod.events.rule import Rule

KNOWN: dict[Key, Known] = {("tnsaxiod:Plant/Boiler", (("unit", "1"),)): Known("org.example", {"heat": "21.5"}, 0)}
BOILER = Condition("tnsaxiod:Plant/Boiler", {"unit": "1"}, "heat", above=80)
NOTIFY = Action("notify", {"Recipient": "1", "Message": "x"})
PUBLISH = Action("publish", {"Topic": "a/b", "Payload": "x", "Qos": 1, "Retain": False, "TimeoutMs": 1000})


def given(action: Action, **changes: Any) -> Action:
    return replace(action, parameters={**action.parameters, **changes})


@pytest.mark.parametrize(
    "right",
    [
        rule("1", [port(9, inverted=True, for_ms=1)]),
        rule("1", [port(1, "true"), Condition(topics.SUPERVISED_PORT, {"port": "1"}, "state", "shorted")]),
        rule("1", [Condition("onvif:Device/axis:IO/axis:Port", {}, "state", "0")]),
        rule("1", [pulse(), port(1)], [on(), NOTIFY, PUBLISH, Action("log", {"Message": "x", "Severity": "info"})]),
        rule("1", [pulse(), port(1)], [on(while_active=True)], first_is_trigger=True),
        rule("1", [BOILER]),
        rule("1", [replace(BOILER, below=90)]),
        rule("1", [Condition(topics.MQTT_STATEFUL, {"subscription": "t"}, "payload", above=20)]),
        rule("1", [Condition(topics.ACTION_FAILED)], [Action("send-file", {"Recipient": "2", "File": "report"})]),
        rule("1", [port(1)], [replace(given(NOTIFY, PeriodMs=1000), while_active=True)]),
        rule("1", [port(1)], [Action("virtual-input", {"Input": 3, "Active": True}, while_active=True)]),
        rule("1", [port(1)], [Action("pulse", {"Output": "io2", "DurationMs": 5}), Action("toggle", {"Output": "x"})]),
        rule("1", [schedule()] * 16, [on()] * 16),
    ],
)
def test_right(right: Rule) -> None:
    validate(right, KNOWN)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition("IO/Port"), "'IO/Port' is no topic; write it like tns1:Device/tnsaxis:IO/Port"),
        (
            Condition("tns1:Device/tnsaxis:IO/Prot", {}, "state", "1"),
            "no service tells tns1:Device/tnsaxis:IO/Prot; did you mean tns1:Device/tnsaxis:IO/Port?",
        ),
        (Condition("tnsaxiod:Plant/Boilr", {}, "heat", "1"), "did you mean tnsaxiod:Plant/Boiler?"),
        (Condition("tns1:X", {}, "heat", "1"), "no service tells tns1:X; an example is tns1:Device/tnsaxis:IO/Port"),
        (port(1, "2"), "state never is '2'; it must be 0 or 1"),
        (Condition(topics.RELAY, {"RelayToken": "1"}, "LogicalState", "1"), "it must be active or inactive"),
        (Condition(topics.PORT, {"prot": "1"}, "state", "1"), "has no 'prot' in its source; it must be one of port"),
        (Condition(topics.SYSTEM_READY, {"x": "1"}, "ready", "1"), "in its source; there is none, leave it out"),
        (Condition(topics.VIRTUAL_INPUT, {"port": "65"}, "active", "1"), "it must be a number from 1 to 64"),
        (Condition(topics.PORT, {}, "stat", "1"), "has no 'stat' in its data; it must be one of state"),
        (Condition(topics.PULSE, {}, "active", "1"), "has no 'active' in its data; there is none, leave it out"),
        (Condition(topics.PORT, {}, "", "1"), "it has a value, but no Item; it must be one of state"),
        (Condition(topics.PORT, {}, "", above=1), "it has a value, but no Item"),
        (Condition(topics.PORT, {}, "state"), "it does not say what state must be; give Equals, or Above or Below"),
        (Condition(topics.PORT, {}, "state", above=1), "state is no number"),
        (replace(BOILER, equals="1"), "it has Equals, and Above or Below besides; give one or the other"),
        (replace(BOILER, below=80), "no number is above 80 and below 80"),
        (replace(BOILER, above=float("nan")), "must be numbers that are not infinite"),
        (replace(BOILER, item="cold"), "has no 'cold' in its data; it must be one of heat"),
        (replace(BOILER, source={"room": "1"}), "has no 'room' in its source; it must be one of unit"),
        (Condition(topics.PULSE, inverted=True), "can neither be Inverted nor have ForMs"),
        (Condition(topics.MQTT_STATELESS, {}, "payload", "x", for_ms=5), "only happens for a moment; it cannot have"),
        (port(1, for_ms=10**12), "ForMs is 1000000000000; it must be 0 to 2678400000"),
    ],
)
def test_wrong_conditions(condition: Condition, text: str) -> None:
    with pytest.raises(InvalidArgument, match="^condition 2: .*" + re.escape(text)):
        validate(rule("1", [port(1), condition]), KNOWN)


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Action("explode", {}), "Kind is 'explode'; it must be one of set, toggle, pulse"),
        (Action("set", {"Output": "relay1"}), "set needs Active"),
        (Action("toggle", {"Output": ""}), "toggle needs Output"),
        (given(on(), DurationMs=5), "set takes no DurationMs; it takes Active, Output"),
        (given(on(), TimeoutMs=1000), "set takes no TimeoutMs"),
        (Action("notify", {"Message": "x"}), "notify needs Recipient"),
        (given(PUBLISH, Topic="a/#"), "Topic has a + or #"),
        (given(NOTIFY, PeriodMs=1000), "set WhileActive too"),
        (replace(NOTIFY, while_active=True), "set PeriodMs too"),
        (Action("led", {"Led": "status", "Colour": "red"}), "give either WhileActive or DurationMs, so that the LED"),
        (
            Action("led", {"Led": "status", "Colour": "red", "DurationMs": 5}, while_active=True),
            "give either WhileActive or DurationMs",
        ),
        (Action("led", {"Led": "status", "Colour": "red", "Between": "none"}, while_active=True), "give FlashMs, too"),
        (Action("led", {"Led": "status"}, while_active=True), "led needs Colour"),
        (replace(PUBLISH, while_active=True), "publish cannot last while the rule is active"),
        (Action("toggle", {"Output": "x"}, while_active=True), "toggle cannot last while the rule is active"),
    ],
)
def test_wrong_actions(action: Action, text: str) -> None:
    with pytest.raises(InvalidArgument, match="^action 2: .*" + re.escape(text)):
        validate(rule("1", [port(1)], [on(), action]), KNOWN)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (rule("1", []), "a rule with no conditions cannot be; it must have 1 to 16"),
        (rule("1", [port(1)] * 17), "a rule with 17 conditions cannot be"),
        (replace(rule("1", [port(1)]), actions=()), "a rule with no actions cannot be"),
        (rule("1", [port(1)], [on()] * 17), "a rule with 17 actions cannot be"),
        (rule("1", [pulse(), port(1), pulse("b")]), "condition 3: it holds only for a moment, as condition 1 does"),
        (rule("1", [port(1), pulse()], first_is_trigger=True), "condition 2: it holds only for a moment, so it is the"),
        (
            rule("1", [port(1), pulse()], [on(while_active=True)]),
            "action 1: it is to last while the rule is active, but",
        ),
        (rule("1", [port(1)], [on(while_active=True)], first_is_trigger=True), "action 1: it is to last"),
    ],
)
def test_wrong_rules(wrong: Rule, text: str) -> None:
    with pytest.raises(InvalidArgument, match="^" + re.escape(text)):
        validate(wrong, KNOWN)
