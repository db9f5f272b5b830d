# SPDX-License-Identifier: Apache-2.0
"""Event filters of action rules become conditions, and conditions become filters."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from axiod.bus import topics
from axiod.bus.client import Event
from axiod.gateway.vapix import event_filter, soap
from axiod.gateway.vapix.event_filter import CONCRETE, CONCRETE_SET, ITEM_FILTER, EventFilter
from axiod.gateway.vapix.soap import Fault

WSNT = "http://docs.oasis-open.org/wsn/b-2"
STATES = [
    *(Event(topics.PORT, {"port": port}, {"state": "0"}, 1, 1) for port in ("0", "1")),
    Event(topics.SUPERVISED_PORT, {"port": "1"}, {"state": "open", "tampered": "0"}, 1, 1),
    Event(topics.SYSTEM_READY, {}, {"ready": "1"}, 1, 1),
    Event("tnsaxis:New/Thing", {"id": "7"}, {"level": "3"}, 1, 1),
]
PORT_1 = 'boolean(//SimpleItem[@Name="port" and @Value="1"])'
ACTIVE = 'boolean(//SimpleItem[@Name="state" and @Value="1"])'


def read(topic: str, content: str = "", dialects: tuple[str, str] = (CONCRETE_SET, ITEM_FILTER)) -> EventFilter:
    inside = (
        f'<Topic:TopicExpression xmlns:Topic="{WSNT}" xmlns:o="http://www.onvif.org/ver10/topics" '
        f'xmlns:ax="http://www.axis.com/2009/event/topics" Dialect="{dialects[0]}">{topic}</Topic:TopicExpression>'
    )
    if content:
        inside += f'<MessageContent Dialect="{dialects[1]}">{content}</MessageContent>'
    body = f'<s:Envelope xmlns:s="{soap.ENVELOPE}"><s:Body><Condition>{inside}</Condition></s:Body></s:Envelope>'
    return EventFilter.read(soap.operation(body.encode()))


@pytest.mark.parametrize(
    "topic",
    [
        "tns1:Device/tnsaxis:IO/Port",
        "tns1:Device/tnsaxis:IO/tnsaxis:Port",
        "onvif:Device/axis:IO/axis:Port",
        "o:Device/ax:IO/ax:Port",
        " tns1:Device/tnsaxis:IO/Port\n",
    ],
)
@pytest.mark.parametrize("dialect", [CONCRETE_SET, CONCRETE, ""])
def test_a_condition(topic: str, dialect: str) -> None:
    found = read(topic, f"{PORT_1} and {ACTIVE}", (dialect, ITEM_FILTER)).conditions(STATES)
    assert found == [{"Topic": topics.PORT, "Source": {"port": "1"}, "Item": "state", "Equals": "1"}]


def test_two_items_are_two_conditions() -> None:
    content = f"{PORT_1} and boolean(//SimpleItem[@Name='state' and @Value='cut']) and " + ACTIVE.replace(
        "state", "tampered"
    )
    assert read(topics.SUPERVISED_PORT, content).conditions(STATES) == [
        {"Topic": topics.SUPERVISED_PORT, "Source": {"port": "1"}, "Item": "state", "Equals": "cut"},
        {"Topic": topics.SUPERVISED_PORT, "Source": {"port": "1"}, "Item": "tampered", "Equals": "1"},
    ]


def test_an_event_that_is_not_declared_is_what_it_is_now() -> None:
    content = 'boolean(//SimpleItem[@Name="level" and @Value="3"])'
    assert read("axis:New/Thing", content).conditions(STATES) == [
        {"Topic": "tnsaxis:New/Thing", "Item": "level", "Equals": "3"}
    ]


@pytest.mark.parametrize(
    ("topic", "content", "fault"),
    [
        (topics.PORT, ACTIVE, "InvalidConditionFilterFault"),  # of two ports
        (topics.PORT, ACTIVE + " and " + PORT_1.replace('"1"', '"9"'), "InvalidConditionFilterFault"),  # of none
        (topics.PORT, PORT_1, "InvalidConditionFilterFault"),
        (topics.PORT, "", "InvalidConditionFilterFault"),
        (topics.PULSE, "", "InvalidConditionFilterFault"),
        (topics.PORT, f"{PORT_1} or {ACTIVE}", "InvalidMessageContentExpressionFault"),
        (topics.PORT, PORT_1 + " and " + PORT_1.replace('"1"', '"2"'), "InvalidMessageContentExpressionFault"),
        (topics.PORT, PORT_1.replace("port", "door"), "InvalidMessageContentExpressionFault"),
        (topics.PORT, "true()", "InvalidMessageContentExpressionFault"),
        ("tns1:Device/tnsaxis:IO//.", ACTIVE, "InvalidTopicExpressionFault"),
        (f"{topics.PORT}|{topics.PULSE}", ACTIVE, "InvalidTopicExpressionFault"),
        ("tns1:Device/tnsaxis:IO/Door", ACTIVE, "InvalidTopicExpressionFault"),
        ("nonsense", ACTIVE, "InvalidTopicExpressionFault"),
        ("", ACTIVE, "InvalidTopicExpressionFault"),
    ],
)
def test_what_is_no_condition(topic: str, content: str, fault: str) -> None:
    with pytest.raises(Fault) as caught:
        read(topic, content).conditions(STATES)
    assert caught.value.detail == fault
    assert not caught.value.receiver


def test_the_dialects() -> None:
    with pytest.raises(Fault) as caught:
        read(topics.PORT, PORT_1, ("http://other", ITEM_FILTER))
    assert caught.value.detail == "TopicExpressionDialectUnknownFault"
    with pytest.raises(Fault) as caught:
        read(topics.PORT, PORT_1, (CONCRETE, "http://www.w3.org/TR/1999/REC-xpath-19991116"))
    assert caught.value.detail == "InvalidMessageContentExpressionFault"


def test_a_start_event() -> None:
    assert read(topics.PULSE).start(STATES) == [{"Topic": topics.PULSE}]
    assert read(topics.PORT, ACTIVE).start(STATES) == [{"Topic": topics.PORT, "Item": "state", "Equals": "1"}]
    two = f"{PORT_1} and boolean(//SimpleItem[@Name='state' and @Value='cut']) and " + ACTIVE.replace(
        "state", "tampered"
    )
    with pytest.raises(Fault, match="may name one item"):
        read(topics.SUPERVISED_PORT, two).start(STATES)


@pytest.mark.parametrize(
    "condition",
    [
        {"Topic": topics.PORT, "Source": {"port": "1"}, "Item": "state", "Equals": "1"},
        {"Topic": topics.PULSE, "Source": {"id": 'a "b" <c>'}},
        {"Topic": topics.PULSE},
        {"Topic": topics.SYSTEM_READY, "Item": "ready", "Equals": "0", "Inverted": False, "ForMs": 0},
    ],
)
def test_a_condition_is_shown_so_that_it_reads_the_same(condition: dict[str, Any]) -> None:
    shown = event_filter.shown(condition)
    assert shown is not None
    root = ElementTree.fromstring(f'<x xmlns:wsnt="{WSNT}">{shown}</x>')
    topic, content = (root.findtext(f"{{{WSNT}}}{name}") for name in ("TopicExpression", "MessageContent"))
    escaped = (content or "").replace("<", "&lt;")
    plain = {name: value for name, value in condition.items() if value not in (False, 0)}
    assert read(topic or "", escaped).start(STATES) == [plain]


@pytest.mark.parametrize("more", [{"Inverted": True}, {"ForMs": 1}, {"Above": 1.0}, {"Below": 0.0}, {"Equals": "\"'"}])
def test_what_vapix_cannot_say_is_not_shown(more: dict[str, Any]) -> None:
    assert event_filter.shown({"Topic": topics.PORT, "Item": "state", **more}) is None
