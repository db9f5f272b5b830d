# SPDX-License-Identifier: Apache-2.0
"""Which events a filter lets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.bus.client import Event
from axiod.errors import InvalidArgument
from axiod.gateway.vapix.topics import Filter, path

PORT, RELAY = "tns1:Device/tnsaxis:IO/Port", "tns1:Device/Trigger/Relay"


def event(topic: str, **items: str) -> Event:
    port = items.pop("port", "0")
    return Event(topic, {"port": port}, items or {"state": "0"}, 0, 0)


def matches(filter_: Filter, of: Event) -> bool:
    return filter_.matches(of, path(of.topic))


@pytest.mark.parametrize(
    ("topics", "hits", "misses"),
    [
        ("//.", [PORT, RELAY, "tnsaxiod:Device/Motion"], []),
        (PORT, [PORT], [RELAY, "tns1:Device/tnsaxis:IO/SupervisedPort", PORT + "/Deeper"]),
        ("tns1:Device/tnsaxis:IO//.", [PORT, "tns1:Device/tnsaxis:IO/OutputPort"], [RELAY, "tns1:Device/IO/Port"]),
        ("tns1:Device//.", [PORT, RELAY], ["tns1:UserAlarm/tnsaxis:Recurring/Pulse"]),
        (f"{PORT}|{RELAY}", [PORT, RELAY], ["tns1:Device/tnsaxis:IO/OutputPort"]),
        (f" {PORT} | {RELAY} ", [PORT, RELAY], []),
        ("onvif:Device/axis:IO/Port", [PORT], [RELAY]),
        ("tns1:Device/tnsaxis:IO/tnsaxis:Port", [PORT], []),
        ("tnsaxiod:Device/Motion", ["tnsaxiod:Device/Motion"], [PORT]),
    ],
)
def test_topics(topics: str, hits: list[str], misses: list[str]) -> None:
    filter_ = Filter.parse(topics)
    assert [topic for topic in hits if not matches(filter_, event(topic))] == []
    assert [topic for topic in misses if matches(filter_, event(topic))] == []


@pytest.mark.parametrize(
    "topics",
    ["", "Device/IO/Port", "other:Device", "tns1:", "tns1:Device/", "tns1:*//.", "|", "//.|", "tns1:Device//",
     "tns1:a b", "tns1:Device/*", "x" * 5000, "|".join([PORT] * 40)],
)  # fmt: skip
def test_what_is_no_topic(topics: str) -> None:
    with pytest.raises(InvalidArgument, match="topic"):
        Filter.parse(topics)


ONE = 'boolean(//SimpleItem[@Name="port" and @Value="1"])'


@pytest.mark.parametrize(
    ("content", "hit"),
    [
        (ONE, True),
        (ONE.replace("1", "2"), False),
        (ONE + ' and boolean(//SimpleItem[@Name="state" and @Value="1"])', True),
        (ONE + ' and boolean(//SimpleItem[@Name="state" and @Value="0"])', False),
        (ONE + ' or boolean(//SimpleItem[@Name="state" and @Value="0"])', True),
        ("boolean( //tt:SimpleItem[ @Name='port'  and  @Value='1' ] )", True),
        ('boolean(//SimpleItem[@Name="nothing" and @Value="1"])', False),
        ("", True),
    ],
)
def test_content(content: str, hit: bool) -> None:
    assert matches(Filter.parse("//.", content), event(PORT, port="1", state="1")) is hit


@pytest.mark.parametrize(
    "content",
    [
        "true()",
        "//SimpleItem",
        ONE + " and",
        ONE + ONE,
        f"({ONE})",
        "not(" + ONE + ")",
        ONE + " xor " + ONE,
        "x" * 5000,
    ],
)
def test_content_that_is_not_taken(content: str) -> None:
    with pytest.raises(InvalidArgument, match="content filter"):
        Filter.parse("//.", content)


@given(topics=st.text(), content=st.text())
def test_anything_is_taken_or_refused(topics: str, content: str) -> None:
    try:
        filter_ = Filter.parse(topics, content)
    except InvalidArgument:
        return
    matches(filter_, event(PORT))
