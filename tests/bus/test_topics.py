# SPDX-License-Identifier: Apache-2.0
"""The table of topics, and their one form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.board.profile import Alarm, AlarmKind, Chip, LineRef, LoopState, Port
from axiod.bus import topics
from axiod.errors import InvalidArgument
from axiod.gateway.vapix.topics import path
from axiod.io.model import AlarmSettings, Circuit, PortSettings, alarm_facts, port_facts
from axiod.relays import model as relays
from axiod.system import blocking, service

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.mark.parametrize(
    "written",
    [
        "tns1:Device/tnsaxis:IO/Port",
        "tns1:Device/tnsaxis:IO/tnsaxis:Port",
        "onvif:Device/axis:IO/Port",
        "tns1:Device/axis:IO/tnsaxis:Port",
    ],
)
def test_every_form_is_one(written: str) -> None:
    assert topics.canonical(written) == topics.PORT
    assert topics.same(written) == topics.PORT
    found = topics.declared(written)
    assert found is not None
    assert found.human_name == "Digital input"


@pytest.mark.parametrize(
    "wrong",
    ["", "Device", "x:Device", "tns1:", "tns1:Device//IO", "tns1:De vice", "tns1:D\n", "//.", "tns1:" + "x" * 600],
)
def test_what_is_no_topic(wrong: str) -> None:
    with pytest.raises(InvalidArgument, match="is no topic; write it like tns1:Device/tnsaxis:IO/Port"):
        topics.canonical(wrong)
    assert topics.same(wrong) == wrong
    assert topics.declared(wrong) is None


@given(st.text("tnsaxio1:/Dev", max_size=40))
def test_it_is_what_the_gateway_makes_of_it(text: str) -> None:
    """Two topics have one form if and only if the gateway takes them for the same."""
    try:
        parts = path(text)
    except InvalidArgument:
        parts = ()
    if not parts:
        return
    form = topics.canonical(text)
    assert path(form) == parts
    assert topics.canonical(form) == form
    full = "/".join(f"{prefix}:{name}" for prefix, name in parts)
    assert topics.canonical(full) == form


def test_the_table_is_in_order() -> None:
    names = [topic.name for topic in topics.TOPICS]
    assert len(set(names)) == len(names)
    for topic in topics.TOPICS:
        assert topics.canonical(topic.name) == topic.name
        assert topic.services
        for item in (*topic.source, *topic.data):
            assert bool(item.words) == (item.kind is topics.Kind.WORD)
        assert (topic.state is not None) == topic.stateful


def agrees(topic: str, source: Mapping[str, str], data: Mapping[str, str], service_: str) -> None:
    found = topics.declared(topic)
    assert found is not None, topic
    assert found.name == topic
    assert service_ in found.services
    assert [item.name for item in found.source] == list(source)
    assert [item.name for item in found.data] == list(data), "the state must be first"
    for name, value in source.items():
        item = found.source_item(name)
        assert item is not None
        assert item.allows(value)
    for name, value in data.items():
        item = found.item(name)
        assert item is not None
        assert item.allows(value)


def test_what_axiod_io_tells_is_declared() -> None:
    line = LineRef(Chip("chip"), offset=1)
    port = Port("io1", 0, "IO1", "A", line, True, True)
    for active in (False, True):
        circuit = Circuit(closed=active)
        for loop in (None, *LoopState):
            circuit.loop = loop
            for measured in (False, True):
                settings = PortSettings(name="x")
                for fact in port_facts(port, settings, circuit, output_active=None, measured=measured):
                    agrees(fact.topic, fact.source, fact.data, topics.IO)
        settings = PortSettings(name="x", direction="output")
        facts = port_facts(port, settings, circuit, output_active=active)
        assert facts
        for fact in facts:
            agrees(fact.topic, fact.source, fact.data, topics.IO)
        for kind in AlarmKind:
            for fact in alarm_facts(Alarm("a", kind, "A", "A", line), AlarmSettings("a"), circuit):
                agrees(fact.topic, fact.source, fact.data, topics.IO)


def test_what_axiod_relays_and_axiod_system_tell_is_declared() -> None:
    for active in (False, True):
        agrees(relays.TOPIC, *relays.event(3, active), topics.RELAYS)
    agrees(blocking.TOPIC, {"address": "192.0.2.1"}, {"blocked": "1"}, topics.SYSTEM)
    agrees(service.READY_TOPIC, {}, {"ready": "1"}, topics.SYSTEM)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", "1"),
        ("true", "1"),
        ("TRUE", "1"),
        ("False", "0"),
        ("0", "0"),
        ("active", "active"),
        ("", ""),
        ("01", "01"),
    ],
)
def test_plain(value: str, expected: str) -> None:
    assert topics.plain(value) == expected


@pytest.mark.parametrize(("value", "expected"), [("1.5", 1.5), ("-3", -3), ("x", None), ("nan", None), ("inf", None)])
def test_number(value: str, expected: float | None) -> None:
    assert topics.number(value) == expected


@pytest.mark.parametrize(
    ("topic", "item", "good", "bad", "words"),
    [
        (topics.VIRTUAL_INPUT, "port", "64", "65", "a number from 1 to 64"),
        (topics.VIRTUAL_INPUT, "active", "true", "2", "0 or 1"),
        (topics.RELAY, "LogicalState", "inactive", "1", "active or inactive"),
        (topics.SUPERVISED_PORT, "state", "cut", "CUT", "open, closed, cut, shorted or undefined"),
        (topics.MQTT_STATEFUL, "payload", "anything", None, "a text"),
    ],
)
def test_values(topic: str, item: str, good: str, bad: str | None, words: str) -> None:
    declared = topics.declared(topic)
    assert declared is not None
    found = declared.item(item) or declared.source_item(item)
    assert found is not None
    assert found.allows(good)
    assert bad is None or not found.allows(bad)
    assert found.range == words
