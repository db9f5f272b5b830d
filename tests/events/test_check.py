# SPDX-License-Identifier: Apache-2.0
"""What is found wrong with rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from axiod.bus import topics
from axiod.events.check import Finding, There, check, excludes
from axiod.events.index import Known
from axiod.events.loops import circles
from axiod.events.rule import Action, Condition, Rule
from tests.events.stage import EVENTS, IO, OUTPUTS, RELAYS, off, on, port, pulse, rule, schedule

OUTPUT_MAP = {output.id: output for output in OUTPUTS}
THERE = There(
    known={
        (topics.PORT, (("port", "1"),)): Known(IO, {"state": "0"}, 0),
        (topics.PORT, (("port", "2"),)): Known(IO, {"state": "0"}, 0),
        (topics.RELAY, (("RelayToken", "5"),)): Known(RELAYS, {"LogicalState": "inactive"}, 0),
        (topics.RELAY, (("RelayToken", "6"),)): Known(RELAYS, {"LogicalState": "inactive"}, 0),
        (topics.OUTPUT_PORT, (("port", "2"),)): Known(IO, {"state": "0"}, 0),
        (topics.VIRTUAL_INPUT, (("port", "1"),)): Known(EVENTS, {"active": "0"}, 0),
        (topics.INTERVAL, (("id", "office"),)): Known(EVENTS, {"active": "0"}, 0),
    },
    outputs=OUTPUT_MAP,
    recipients=("1",),
    schedules=("office", "tick"),
    subscriptions=("a/#",),
    mqtt_prefix="axis/ACCC8E",
)
RELAY1_ON = Condition(topics.RELAY, {"RelayToken": "5"}, "LogicalState", "active")
RELAY1_OFF = replace(RELAY1_ON, equals="inactive")
RELAY2_ON = replace(RELAY1_ON, source={"RelayToken": "6"})
PAYLOAD = Condition(topics.MQTT_STATELESS, {"subscription": "a/#"}, "payload", above=20)


def found(*rules: Rule, there: There = THERE) -> list[tuple[str, str, str]]:
    return [(one.rule, one.severity, one.kind) for one in check(rules, there)]


def only(*rules: Rule, there: There = THERE) -> Finding:
    (finding,) = check(rules, there)
    return finding


def test_nothing_is_wrong() -> None:
    assert (
        found(
            rule("1", [port(1), schedule()], [on(while_active=True), Action("notify", {"Recipient": "1"})]),
            rule("2", [port(1, "0")], [off()]),
            rule("3", [pulse()], [off("relay2")]),
            rule("4", [PAYLOAD], [on("relay2")]),
            rule("5", [RELAY1_ON], [Action("log", {"Message": "x"})]),
            rule("6", [Condition(topics.ACTION_FAILED)], [Action("log", {"Message": "x"})]),
        )
        == []
    )


NUMBER = Condition(topics.MQTT_STATEFUL, {"subscription": "t"}, "payload")
BLOCKED = Condition(topics.SUPERVISED_PORT, {"port": "1"}, "state", "open")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (port(1), port(1, "0"), True),
        (port(1), port(1, "false"), True),
        (port(1), port(1, inverted=True), True),
        (port(1), port(1, "0", inverted=True), False),
        (port(1, inverted=True), port(1, "0", inverted=True), True),
        (port(1), port(2, "0"), False),
        (port(1), replace(port(1, "0"), source={}), False),
        (port(1), Condition("axis:X", {"port": "1"}, "state", "0"), False),
        (BLOCKED, replace(BLOCKED, equals="cut"), True),
        (replace(BLOCKED, inverted=True), replace(BLOCKED, equals="cut", inverted=True), False),
        (BLOCKED, replace(BLOCKED, item="tampered", equals="1"), False),
        (replace(NUMBER, above=5), replace(NUMBER, below=5), True),
        (replace(NUMBER, above=5), replace(NUMBER, below=5.001), False),
        (replace(NUMBER, above=5), replace(NUMBER, below=5, inverted=True), False),
        (replace(NUMBER, above=5), replace(NUMBER, above=5, inverted=True), True),
        (replace(NUMBER, above=5), replace(NUMBER, above=4, inverted=True), True),
        (replace(NUMBER, above=5), replace(NUMBER, equals="7"), False),
        (replace(NUMBER, above=5), replace(NUMBER, equals="open"), True),
        (replace(NUMBER, equals="a"), replace(NUMBER, equals="b", inverted=True), False),
        (replace(NUMBER, equals="a", inverted=True), replace(NUMBER, equals="b", inverted=True), False),
        (pulse(), pulse(), False),
    ],
)
def test_contradictions(first: Condition, second: Condition, *, expected: bool) -> None:
    assert excludes(first, second) is expected
    assert excludes(second, first) is expected


def test_a_dead_rule() -> None:
    finding = only(rule("1", [port(1), schedule(), port(1, "0", for_ms=500)], enabled=False))
    assert (finding.rule, finding.severity, finding.kind) == ("1", "error", "dead")
    assert finding.text == (
        "it can never become active: condition 3 (Digital input (port 1): state is 0 for 0.5 s) contradicts condition "
        "1 (Digital input (port 1): state is 1)"
    )


@pytest.mark.parametrize(
    ("wrong", "severity", "text"),
    [
        (rule("1", [port(9)]), "warning", "condition 1: there is no Digital input (port 9) now, so the rule does not"),
        (rule("1", [schedule("lost")]), "warning", "condition 1: there is no Schedule (id lost) now"),
        (rule("1", [pulse("lost")]), "warning", "condition 1: there is no Recurrence (id lost) now"),
        (
            rule("1", [replace(PAYLOAD, source={"subscription": "b"})]),
            "warning",
            "no MQTT message (subscription b) now",
        ),
        (rule("1", [port(1)], [on("relay9")]), "error", "action 1: there is no output relay9 now, so nothing is done"),
        (
            rule("1", [port(1)], [on(), Action("notify", {"Recipient": "7"})]),
            "error",
            "action 2: there is no recipient 7, so nothing is sent",
        ),
    ],
)
def test_absent(wrong: Rule, severity: str, text: str) -> None:
    finding = only(wrong)
    assert (finding.severity, finding.kind) == (severity, "absent")
    assert text in finding.text


@pytest.mark.parametrize(
    ("colour", "leds", "text"),
    [
        ("red", {}, "action 1: there is no LED status now, so nothing is done"),
        ("red", {"status": ["green"]}, "the LED status shows no red, so nothing is done; it shows green"),
    ],
)
def test_an_led_that_cannot_do_it(colour: str, leds: dict[str, list[str]], text: str) -> None:
    wrong = rule("1", [port(1)], [Action("led", {"Led": "status", "Colour": colour}, while_active=True)])
    finding = only(wrong, there=replace(THERE, leds=leds))
    assert (finding.severity, finding.kind) == ("error", "absent")
    assert text in finding.text
    assert found(wrong, there=replace(THERE, leds={"status": ["green", "red"]})) == []


def test_mqtt_is_turned_off() -> None:
    publish = rule("1", [port(1)], [Action("publish", {"Topic": "x"})])
    assert only(publish, there=replace(THERE, mqtt_active=False)).text.startswith("action 1: the MQTT client is turned")


def test_a_conflict() -> None:
    rules = [rule("1", [port(1)], [on(while_active=True)]), rule("2", [port(2)], [off()])]
    one, other = check(rules, THERE)
    assert (one.rule, one.severity, one.kind) == ("1", "warning", "conflict")
    assert one.text == (
        "rule 2 (rule 2) may want relay1 at the other level at the same time; the one that becomes active later has "
        "its way"
    )
    assert other.rule == "2"
    assert found(rules[0], replace(rules[1], enabled=False)) == []
    assert found(rules[0], rule("2", [port(1, "0")], [off()])) == [], "they are never active together"
    assert found(rules[0], rule("2", [port(2)], [off()], first_is_trigger=True)) == [], "it is momentary"
    # A trigger need not hold any more.
    latched = rule("2", [port(1, "0"), schedule()], [off(while_active=True)], first_is_trigger=True)
    assert len(found(rules[0], latched)) == 2


def test_many_conflicts_are_one_finding_for_each_rule() -> None:
    rules = [rule(str(n), [port(1 + n % 2)], [on() if n % 2 else off()]) for n in range(1, 101)]
    findings = check(rules, THERE)
    assert len(findings) == 100
    assert "rule 2 (rule 2), rule 4 (rule 4), rule 6 (rule 6) and 47 more may want relay1" in findings[0].text


def test_a_rule_against_itself() -> None:
    finding = only(rule("1", [port(1)], [on(while_active=True), off(while_active=True)]))
    assert finding.text == "actions 1 and 2 keep relay1 at different levels; the later one has its way"
    assert found(rule("1", [port(1)], [on(), off(delay_ms=500)])) == []


# --- loops ---


def looping(*rules: Rule) -> list[tuple[str, ...]]:
    return [circle.rules for circle in circles(rules, OUTPUT_MAP, "axis/ACCC8E")]


def test_a_rule_that_starts_itself() -> None:
    finding = only(rule("1", [RELAY1_OFF], [on(while_active=True)]))
    assert (finding.severity, finding.kind) == ("warning", "loop")
    assert finding.text == (
        "it starts itself again: rule 1 moves relay1, which ends rule 1; the end of rule 1 moves relay1, which starts "
        "rule 1"
    )


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (on(), False),
        (off(), False),
        (on(while_active=True), False),
        (off(while_active=True), True),
        (Action("toggle", {"Output": "relay1"}), False),
        (Action("pulse", {"Output": "relay1", "DurationMs": 100}), False),
        (Action("toggle", {"Output": "relay2"}), False),
    ],
)
def test_which_actions_on_its_own_condition_are_a_loop(action: Action, *, expected: bool) -> None:
    assert bool(looping(rule("1", [RELAY1_ON], [action]))) is expected


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([on()], False),
        ([Action("toggle", {"Output": "relay1"})], False),
        ([Action("pulse", {"Output": "relay1", "DurationMs": 100})], True),
        ([on(), off(delay_ms=500)], True),
        ([off(), on(delay_ms=500)], False),
    ],
)
def test_which_actions_on_the_opposite_are_a_loop(actions: list[Action], *, expected: bool) -> None:
    assert bool(looping(rule("1", [RELAY1_OFF], actions))) is expected


def test_two_that_undo_each_other() -> None:
    assert looping(rule("1", [RELAY1_ON], [off()]), rule("2", [RELAY1_OFF], [on()])) == [("1", "2")]
    # The second one ends itself; the first one never does.
    assert looping(rule("1", [RELAY1_ON], [on("relay2")]), rule("2", [RELAY2_ON], [on(), off("relay2")])) == []


def test_two_that_hold_each_other_are_no_loop() -> None:
    assert (
        looping(
            rule("1", [RELAY1_ON], [on("relay2", while_active=True)]), rule("2", [RELAY2_ON], [on(while_active=True)])
        )
        == []
    )


def test_on_every_change() -> None:
    assert looping(rule("1", [replace(RELAY1_ON, item="", equals=None)], [Action("toggle", {"Output": "relay1"})]))


def test_a_loop_of_three_over_a_virtual_input_and_a_port() -> None:
    virtual = Condition(topics.VIRTUAL_INPUT, {"port": "1"}, "active", "1")
    output = Condition(topics.OUTPUT_PORT, {"port": "2"}, "state", "1")
    rules = [
        rule("1", [virtual], [on("relay1", while_active=True)]),
        rule("2", [RELAY1_ON], [on("io3", while_active=True)]),
        rule("3", [output], [Action("virtual-input", {"Input": 1, "Active": False}, while_active=True)]),
        rule("4", [RELAY1_ON], [on("relay2")]),
    ]
    (circle,) = circles(rules, OUTPUT_MAP)
    assert circle.rules == ("1", "2", "3")
    assert circle.text.split("; ") == [
        "rule 1 moves relay1, which starts rule 2",
        "rule 2 moves io3, which starts rule 3",
        "rule 3 moves virtual input 1, which ends rule 1",
        "the end of rule 1 moves relay1, which ends rule 2",
        "the end of rule 2 moves io3, which ends rule 3",
        "the end of rule 3 moves virtual input 1, which starts rule 1",
    ]
    assert looping(*rules[:2], rules[3]) == []


def test_what_comes_to_rest_is_no_loop() -> None:
    assert looping(rule("1", [RELAY1_ON], [on("relay2")]), rule("2", [RELAY2_ON], [on("relay1")])) == []
    assert looping(rule("1", [RELAY1_ON], [off("relay2")]), rule("2", [RELAY2_ON], [off("relay1")])) == []
    assert looping(
        rule("1", [RELAY1_ON], [on("relay2"), off("relay2", delay_ms=500)]),
        rule("2", [RELAY2_ON], [off("relay1"), on("relay1", delay_ms=500)]),
    )


@pytest.mark.parametrize(
    ("topic", "payload", "condition", "expected"),
    [
        ("a/b", "21", PAYLOAD, True),
        ("a/b", "19", PAYLOAD, False),
        ("a/b", "%T", PAYLOAD, True),
        ("b", "21", PAYLOAD, False),
        ("a", "21", PAYLOAD, True),
        ("b", "21", replace(PAYLOAD, source={"subscription": "axis/ACCC8E/+"}), True),
        ("axis/ACCC8E/b", "21", replace(PAYLOAD, source={"subscription": "b"}), True),
        ("b/c", "21", replace(PAYLOAD, source={"subscription": "+"}), False),
        ("b/c", "21", replace(PAYLOAD, source={}), True),
    ],
)
def test_messages(topic: str, payload: str, condition: Condition, *, expected: bool) -> None:
    publish = Action("publish", {"Topic": topic, "Payload": payload})
    assert bool(looping(rule("1", [condition], [publish]))) is expected


def test_a_message_about_a_failed_message() -> None:
    assert looping(rule("1", [Condition(topics.ACTION_FAILED)], [Action("notify", {"Recipient": "1"})]))


def test_all_rules_that_there_can_be() -> None:
    """The worst that an operator can make of it ends."""
    rules = [rule(str(n), [RELAY1_ON] * 16, [Action("toggle", {"Output": "relay1"})] * 16) for n in range(1, 257)]
    (circle,) = circles(rules, OUTPUT_MAP)
    assert len(circle.rules) == 256
