# SPDX-License-Identifier: Apache-2.0
"""Conditions and actions in words: what a person types becomes what the contract has, and back."""

from __future__ import annotations

from typing import Any

import pytest

from axiod.bus.topics import TOPICS
from axiod.cli import actions, conditions
from axiod.cli.find import Thing
from axiod.cli.rule_names import Names
from axiod.errors import AxiodError, InvalidArgument, NotFound

PORT, RELAY = "tns1:Device/tnsaxis:IO/Port", "tns1:Device/Trigger/Relay"
INTERVAL, PULSE = "tns1:UserAlarm/tnsaxis:Recurring/Interval", "tns1:UserAlarm/tnsaxis:Recurring/Pulse"
OFFICE = "com.axis.schedules.office_hours"


def thing(id_: str, **values: Any) -> Thing:
    return Thing(f"/x/{id_}", {"x": values})


RELAYS = [thing("relay1", Number=0, Name="Lock", Terminal="Relay 1")]
NAMES = Names(
    {
        "port": [thing("io1", Number=7, Name="Door", Terminal="I/O 1")],
        "relay": [*RELAYS, thing("io1", Number=7, Name="Door", Terminal="I/O 1")],
        "output": [*RELAYS, thing("io1", Number=7, Name="Door", Terminal="I/O 1")],
        "schedule": [
            thing("office_hours", Name="Office hours", EventId=OFFICE),
            thing("1", Name="Shop open", EventId="com.axis.schedules.genid.id-1"),
            thing("2", Name="1", EventId="com.axis.schedules.genid.id-2"),
        ],
        "virtual input": [thing("3", Number=3, Name="Fire")],
        "manual trigger": [thing("1", Number=1, Name="Bell")],
        "led": [thing("status", Terminal="Status")],
        "recipient": [thing("4", Name="guard"), thing("5", Name="the boss")],
    }
)
KINDS = ("port", "relay", "output", "schedule", "virtual input", "manual trigger", "led", "recipient")
NOTHING = Names({kind: [] for kind in KINDS})


def port(**more: Any) -> dict[str, Any]:
    return {"Topic": PORT, "Source": {"port": "7"}, "Item": "state", "Equals": "1"} | more


CONDITIONS: list[tuple[str, dict[str, Any], str]] = [
    ("IO/Port port=io1 state=1", port(), ""),
    ("io/port port=7", port(), "IO/Port port=io1 state=1"),
    ("Port port='I/O 1' state=on", port(), "IO/Port port=io1 state=1"),
    ("Port port=Door state=inactive", port(Equals="0"), "IO/Port port=io1 state=0"),
    ("tns1:Device/tnsaxis:IO/Port port=7 state=1", port(), "IO/Port port=io1 state=1"),
    ("onvif:Device/axis:IO/axis:Port port=7 state=1", port(), "IO/Port port=io1 state=1"),
    ("not IO/Port port=io1 state=1 for 5s", port(Inverted=True, ForMs=5000), ""),
    (
        "Trigger/Relay RelayToken=relay1 LogicalState=active",
        {"Topic": RELAY, "Source": {"RelayToken": "0"}, "Item": "LogicalState", "Equals": "active"},
        "",
    ),
    (
        'Recurring/Interval id="Shop open" active=1',
        {
            "Topic": INTERVAL,
            "Source": {"id": "com.axis.schedules.genid.id-1"},
            "Item": "active",
            "Equals": "1",
        },
        "",
    ),
    (
        "Recurring/Interval id=2 active=1",
        {
            "Topic": INTERVAL,
            "Source": {"id": "com.axis.schedules.genid.id-2"},
            "Item": "active",
            "Equals": "1",
        },
        "",
    ),
    (
        "Interval id='Office hours'",
        {"Topic": INTERVAL, "Source": {"id": OFFICE}, "Item": "active", "Equals": "1"},
        "Recurring/Interval id=office_hours active=1",
    ),
    (f"Recurring/Pulse id={OFFICE}", {"Topic": PULSE, "Source": {"id": OFFICE}}, "Recurring/Pulse id=office_hours"),
    (
        'MQTT/Stateful subscription="shed temp" payload>20.5 payload<30',
        {
            "Topic": "tnsaxiod:MQTT/Stateful",
            "Source": {"subscription": "shed temp"},
            "Item": "payload",
            "Above": 20.5,
            "Below": 30.0,
        },
        "",
    ),
    (
        "IO/VirtualInput port=Fire",
        {"Topic": "tns1:Device/tnsaxis:IO/VirtualInput", "Source": {"port": "3"}, "Item": "active", "Equals": "1"},
        "IO/VirtualInput port=3 active=1",
    ),
    ("IO/Port", {"Topic": PORT, "Item": "state", "Equals": "1"}, "IO/Port state=1"),
    (
        "Status/SystemReady",
        {"Topic": "tns1:Device/tnsaxis:Status/SystemReady", "Item": "ready", "Equals": "1"},
        "Status/SystemReady ready=1",
    ),
]


@pytest.mark.parametrize(("text", "record", "shown"), CONDITIONS, ids=[text for text, *_ in CONDITIONS])
def test_a_condition(text: str, record: dict[str, Any], shown: str) -> None:
    assert conditions.read(text, NAMES) == record
    assert conditions.write(record, NAMES) == (shown or text)
    assert conditions.read(conditions.write(record, NAMES), NAMES) == record, "it is written in words that can be read"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("IO/Port port='x", "no closing quotation; a quote that begins must end"),
        ("not", "it names no event; a condition is [not] EVENT"),
        ("IO/Prot port=1", "there is no event 'IO/Prot'; did you mean IO/Port"),
        ("Nonsense", "there is no event 'Nonsense'; there is IO/Port, IO/SupervisedPort"),
        ("tns2:Device", "'tns2:Device' is no topic; write it like tns1:Device/tnsaxis:IO/Port"),
        ("IO/Port 1", "'1' is no ITEM=VALUE; a condition is"),
        ("IO/Port port=gate", "there is no port 'gate'; there is io1 (Door)"),
        ("IO/Port port=io1 stat=1", "IO/Port has no 'stat'; it has port, state"),
        ("IO/Port state=1 state=0", "it says twice what state must be"),
        (
            "IO/SupervisedPort port=io1",
            "it does not say which state; add state=VALUE, which is open, closed, cut, shorted",
        ),
        ("IO/SupervisedPort state=cut tampered=1", "it looks at state and at tampered; make it two conditions"),
        ("MQTT/Stateful payload>hot", "payload>hot compares with no number; write it like payload>20.5"),
        ("MQTT/Stateful payload>1 payload>2", "it says twice what payload must be"),
        ("IO/Port port=io1 for ever", "a time is 'ever'; it must be a number and its unit"),
        ("Recurring/Interval id=night", "there is no schedule 'night'; there is office_hours (Office hours)"),
    ],
)
def test_a_wrong_condition_teaches(text: str, says: str) -> None:
    with pytest.raises(AxiodError) as error:
        conditions.read(text, NAMES)
    assert str(error.value).startswith(f"condition {text!r}: ")
    assert says in str(error.value)


def test_every_declared_event_has_a_short_name_that_means_it() -> None:
    for topic in TOPICS:
        assert conditions.find(conditions.short(topic.name)) == topic.name
        assert conditions.find(topic.name) == topic.name
        assert ":" not in conditions.short(topic.name)
    assert conditions.short("tnsaxis:New/Thing") == "tnsaxis:New/Thing"
    with pytest.raises(InvalidArgument, match="there is no event"):
        conditions.find("Device/")


ACTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("pulse relay1 2s", {"Kind": "pulse", "Output": "relay1", "DurationMs": 2000}, ""),
    ("pulse Lock 1min", {"Kind": "pulse", "Output": "relay1", "DurationMs": 60_000}, "pulse relay1 1min"),
    ("set relay1 on while-active", {"Kind": "set", "Output": "relay1", "Active": True, "WhileActive": True}, ""),
    ("off io1", {"Kind": "set", "Output": "io1", "Active": False}, "set io1 off"),
    ("toggle relay1 after 500ms", {"Kind": "toggle", "Output": "relay1", "DelayMs": 500}, ""),
    ("virtual-input Fire on", {"Kind": "virtual-input", "Input": 3, "Active": True}, "virtual-input 3 on"),
    (
        'notify guard "Gate opened" timeout=10s retries=3 every 30s',
        {
            "Kind": "notify", "Recipient": "4", "Message": "Gate opened", "TimeoutMs": 10_000, "Retries": 3,
            "PeriodMs": 30_000, "WhileActive": True,
        },
        'notify guard "Gate opened" while-active timeout=10s retries=3 every 30s',
    ),
    (
        "notify 'the boss' '' method=POST body='{\"a\": 1}' content-type=application/json header:X-A=b parameter:n=1",
        {
            "Kind": "notify", "Recipient": "5", "Message": "", "Method": "POST", "Body": '{"a": 1}',
            "ContentType": "application/json", "Headers": {"X-A": "b"}, "Parameters": {"n": "1"},
        },
        'notify "the boss" "" body=\'{"a": 1}\' method=POST content-type=application/json header:X-A=b parameter:n=1',
    ),
    (
        "led status red flash=250ms between=green while-active",
        {"Kind": "led", "Led": "status", "Colour": "red", "FlashMs": 250, "Between": "green", "WhileActive": True},
        "",
    ),
    (
        "led status none duration=2s",
        {"Kind": "led", "Led": "status", "Colour": "none", "DurationMs": 2000},
        "",
    ),
    (
        "send-file 9 event-log file-name=log-%F.csv",
        {"Kind": "send-file", "Recipient": "9", "File": "event-log", "FileName": "log-%F.csv"},
        "ids",
    ),
    (
        "publish gate/state 'it\\s \"open\"' qos=1 retain use-device-prefix",
        {
            "Kind": "publish", "Topic": "gate/state", "Payload": 'it\\s "open"', "Qos": 1, "Retain": True,
            "UseDevicePrefix": True,
        },
        "",
    ),
    (
        "log \"it's \\\"open\\\"\" severity=warning at-most-once",
        {"Kind": "log", "Message": 'it\'s "open"', "Severity": "warning", "AtMostOnce": True},
        "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "record", "shown"), ACTIONS, ids=[text for text, *_ in ACTIONS])
def test_an_action(text: str, record: dict[str, Any], shown: str) -> None:
    names = NAMES
    if shown == "ids":  # somebody who may not read the recipients gives an id
        names, shown = NOTHING, ""
    assert actions.read(text, names) == record
    assert actions.write(record, names) == (shown or text)
    assert actions.read(actions.write(record, names), names) == record


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "explode relay1",
            "'explode' is nothing that can be done; it must be one of: set, toggle, pulse, virtual-input",
        ),
        ("pulse relay1", "there is too little; it must be pulse OUTPUT TIME"),
        ("pulse relay1 2", "a time is '2'; it must be a number and its unit"),
        ("pulse relay9 2s", "there is no output 'relay9'; did you mean relay1 (Lock)?"),
        ("set relay1 maybe", "Active is 'maybe'; it must be true or false"),
        ("set relay1 on now", "'now' is no option of set; it must be set OUTPUT on|off [after TIME]"),
        ("set relay1 on while-active=1", "while-active must be alone"),
        ("set relay1 on timeout", "timeout must be timeout=VALUE"),
        ("toggle relay1 after", "after needs a time, such as after 5s"),
        ("notify nobody hello", "there is no recipient 'nobody'; there is 4 (guard), 5 (the boss)"),
        ("notify guard a method=DELETE", "Method is 'DELETE'; it must be one of GET, POST, PUT"),
        ("publish a b qos=3", "Qos is 3; it must be a whole number from 0 to 2"),
        ("publish a b qos=1 qos=2", "qos is given twice"),
        ("led statsu red duration=1s", "there is no led 'statsu'; did you mean status (Status)?"),
        ("led status pink duration=1s", "Colour is 'pink'; it must be one of none, amber, blue"),
        ("virtual-input 65 on", "Input is 65; it must be a whole number from 1 to 64"),
        ("log", 'it must be log "MESSAGE" [severity=info|warning|error]'),
    ],
)
def test_a_wrong_action_teaches(text: str, says: str) -> None:
    with pytest.raises((InvalidArgument, NotFound)) as error:
        actions.read(text, NAMES)
    assert str(error.value).startswith(f"action {text!r}: ")
    assert says in str(error.value)
