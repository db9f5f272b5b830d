# SPDX-License-Identifier: Apache-2.0
"""What is pure: topics and payloads, filters, settings, subscriptions, the throttle, WebSocket frames."""

from __future__ import annotations

import json
from typing import Any

import pytest
from axis.interfaces.mqtt import mqtt_json_to_event
from hypothesis import given
from hypothesis import strategies as st

from axiod.bus import interface as contract
from axiod.bus import topics
from axiod.bus.client import Event
from axiod.errors import InvalidArgument
from axiod.events.mqtt import websocket
from axiod.events.mqtt.message import Received, check_filter, matches
from axiod.events.mqtt.publication import Filter, Publication, Publisher, event_topic, publication
from axiod.events.mqtt.settings import ClientSettings
from axiod.events.mqtt.subscription import Subscription, Throttle, events, subscriptions, text_of, wanted
from tests.events.mqtt.conftest import SERIAL, port_event
from tests.interfaces.conformance import problems

PREFIX = f"axis/{SERIAL}"


def publisher(**settings: Any) -> Publisher:
    return Publisher(Publication(**({"filters": (Filter("//."),)} | settings)), PREFIX, SERIAL)


@pytest.mark.parametrize(
    ("settings", "topic"),
    [
        ({}, f"{PREFIX}/event/tns:onvif/Device/tns:axis/IO/Port/$source/port/1"),
        ({"include_topic_namespaces": False}, f"{PREFIX}/event/Device/IO/Port/$source/port/1"),
        ({"append_event_topic": False}, f"{PREFIX}/event"),
        ({"topic_prefix": "custom", "custom_topic_prefix": "a/b", "include_topic_namespaces": False},
         "a/b/Device/IO/Port/$source/port/1"),
    ],
)  # fmt: skip
def test_the_topic(settings: dict[str, Any], topic: str) -> None:
    message = publisher(**settings).message(port_event(1, 1), stateful=True)
    assert message is not None
    assert message.topic == topic


def test_our_own_namespace_and_a_strange_source() -> None:
    event = Event("tnsaxiod:Device/Motion", {"Name": "a/b+#", "Other": "c"}, {"Moved": "1"}, 1, 1)
    assert event_topic(event, namespaces=True) == "tns:axiod/Device/Motion/$source/Name/a_b__/Other/c"


def test_the_serial_number_in_the_payload() -> None:
    message = publisher(include_serial_number=True).message(port_event(1, 1), stateful=True)
    assert message is not None
    assert json.loads(message.payload)["serial"] == SERIAL


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (port_event(1, 1), ("tns1:Device/tnsaxis:IO/Port", "port", "1", "state", "1")),
        (
            Event(topics.RELAY, {"RelayToken": "10"}, {"LogicalState": "active"}, 1, 1),
            ("tns1:Device/Trigger/Relay", "RelayToken", "10", "LogicalState", "active"),
        ),
        (Event(topics.SYSTEM_READY, {}, {"ready": "1"}, 1, 1), (topics.SYSTEM_READY, "", "", "ready", "1")),
    ],
)
def test_the_public_axis_client_reads_it(event: Event, found: tuple[str, ...]) -> None:
    message = publisher().message(event, stateful=True)
    assert message is not None
    read = mqtt_json_to_event(message.payload)
    assert (read["topic"], read["source"], read["source_idx"], read["type"], read["value"]) == found


@pytest.mark.parametrize(
    ("filter_", "wants"),
    [
        ("//.", True),
        ("onvif:Device//.", True),
        ("onvif:Device/axis:IO//.", True),
        ("tns1:Device/tnsaxis:IO/Port", True),
        ("tns1:Device/tnsaxis:IO/tnsaxis:Port", True),
        ("onvif:Device/axis:IO", False),
        ("onvif:Device/axis:IO/Po//.", False),
        ("onvif:UserAlarm//.", False),
        ("axis:Device//.", False),
    ],
)
def test_a_filter(filter_: str, wants: bool) -> None:
    message = publisher(filters=(Filter(filter_),)).message(port_event(1, 1), stateful=True)
    assert (message is not None) is wants


@pytest.mark.parametrize("retain", ["none", "property", "all"])
@pytest.mark.parametrize("stateful", [False, True])
def test_retain(retain: str, stateful: bool) -> None:
    message = publisher(filters=(Filter("//.", 2, retain),)).message(port_event(1, 1), stateful=stateful)
    assert message is not None
    assert (message.qos, message.retain) == (2, retain == "all" or (retain == "property" and stateful))


def test_an_event_whose_topic_has_no_room_is_left_out() -> None:
    event = Event("tns1:Device/tnsaxis:IO/Port", {"port": "1" * 70_000}, {"state": "1"}, 1, 1)
    assert publisher().message(event, stateful=True) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"filters": [{"TopicFilter": "Device/Port"}]},
        {"filters": [{"TopicFilter": "x" * 70_000}]},
        {"filters": [{"TopicFilter": "nobody:Device//."}]},
        {"filters": [{"Qos": 1}]},
        {"filters": [{"TopicFilter": "//.", "Qos": 3}]},
        {"filters": [{"TopicFilter": "//.", "Retain": "some"}]},
        {"filters": [{"TopicFilter": "//."}] * 101},
        {"topic_prefix": "custom"},
        {"topic_prefix": "custom", "custom_topic_prefix": "a/#"},
    ],
)
def test_a_wrong_publication(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as error:
        publication(wrong)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "mqtt://broker"},
        {"host": "a b"},
        {"http_proxy": "ftp://proxy"},
        {"http_proxy": "http://joe:secret@proxy/path"},
        {"https_proxy": "http://joe:secret@:80"},
        {"https_proxy": "http://joe:secret@proxy:99999"},
        {"https_proxy": "http://" + "p" * 260},
        {"base_path": "mqtt"},
        {"base_path": "/a b"},
        {"alpn_protocol": "é"},
        {"device_topic_prefix": "a/+"},
        {"home_assistant_prefix": ""},
        {"connect_message_use_default": False},
        {"last_will_use_default": False, "last_will_topic": "a/#"},
        {"disconnect_message_topic": "x" * 70_000},
    ],
)
def test_wrong_settings(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as error:
        ClientSettings().amended(wrong)
    assert "secret" not in str(error.value)
    assert len(str(error.value)) < 300


def test_the_defaults() -> None:
    settings = ClientSettings(host="b")
    assert [settings.amended({"protocol": name}).server().port for name in ("tcp", "ssl", "ws", "wss")] == [
        1883, 8883, 80, 443,
    ]  # fmt: skip
    assert (settings.id(SERIAL), settings.prefix(SERIAL)) == (f"axiod-{SERIAL}", PREFIX)
    will = settings.last_will(SERIAL)
    assert will is not None
    assert (will.topic, will.qos, will.retain) == (f"{PREFIX}/event/connection", 1, True)
    assert json.loads(will.payload) == {
        "serialNumber": SERIAL, "connected": False, "description": "Connection Lost", "timestamp": None,
    }  # fmt: skip
    assert settings.beyond_default() == {"host": "b"}


def test_the_settings_are_those_of_the_contract() -> None:
    configurable = contract.load("org.axiod.events1.Mqtt").configurable
    assert {value.python_name for value in configurable.values()} == set(ClientSettings.__slots__)


def test_the_handlers_are_what_their_xml_says() -> None:
    from axiod.events.mqtt.filters_handlers import MqttPublicationHandler, MqttSubscriptionsHandler
    from axiod.events.mqtt.handler import MqttHandler

    for handler in (MqttHandler, MqttPublicationHandler, MqttSubscriptionsHandler):
        name = "org.axiod.events1." + handler.__name__.removesuffix("Handler")
        assert problems(contract.load(name), handler) == []


@pytest.mark.parametrize(
    ("filter_", "topic", "result"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("+", "/a", False),
        ("/+", "/a", True),
    ],
)
def test_a_topic_filter(filter_: str, topic: str, result: bool) -> None:
    assert matches(check_filter(filter_), topic) is result


@pytest.mark.parametrize(
    "wrong",
    [
        [{"TopicFilter": "a/#/b"}],
        [{"TopicFilter": "a+"}],
        [{"TopicFilter": ""}],
        [{}],
        [{"TopicFilter": "é" * 35_000}],
        [{"TopicFilter": "a/+", "Stateful": True}],
        [{"TopicFilter": "#", "Stateful": True}],
        [{"TopicFilter": "a", "Qos": 3}],
        [{"TopicFilter": "a"}, {"TopicFilter": "a"}],
        [{"TopicFilter": str(number)} for number in range(101)],
    ],
)
def test_wrong_subscriptions(wrong: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidArgument) as error:
        subscriptions(wrong)
    assert len(str(error.value)) < 300


def test_what_is_asked_of_the_broker() -> None:
    all_ = (
        Subscription("a", qos=1),
        Subscription("a", qos=2, stateful=True),
        Subscription("b", use_device_prefix=True),
    )
    assert wanted(all_, "p") == {"a": 2, "p/b": 0}
    heard = events(all_, "p", Received("a", b"x", retained=False))
    assert [event.topic for event in heard] == [topics.MQTT_STATELESS, topics.MQTT_STATEFUL]


def test_every_topic_that_is_heard_is_declared() -> None:
    for topic in (topics.MQTT_STATELESS, topics.MQTT_STATEFUL):
        declared = topics.declared(topic)
        assert declared is not None
        assert {item.name for item in declared.data} == {"payload", "topic"}


@given(st.binary(max_size=8192))
def test_a_payload_becomes_a_text_of_at_most_4_kib(payload: bytes) -> None:
    text = text_of(payload)
    assert "\0" not in text
    assert len(text.encode()) <= 4096


def test_the_throttle() -> None:
    throttle = Throttle(10.0, 5.0)
    assert [throttle.take(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert throttle.wait() == pytest.approx(0.1)
    assert throttle.take(0.1)
    assert not throttle.take(0.1)
    # A clock that steps back lets nothing through, and harms nothing.
    assert not throttle.take(-100.0)


def server_frame(opcode: int, data: bytes) -> bytes:
    size = len(data)
    if size < 126:
        return bytes([0x80 | opcode, size]) + data
    if size < 65536:
        return bytes([0x80 | opcode, 126]) + size.to_bytes(2, "big") + data
    return bytes([0x80 | opcode, 127]) + size.to_bytes(8, "big") + data


@given(
    st.lists(st.tuples(st.sampled_from([websocket.BINARY, websocket.PING]), st.binary(max_size=120)), max_size=8),
    st.integers(1, 50),
)
def test_frames_are_read_however_they_are_cut(frames: list[tuple[int, bytes]], step: int) -> None:
    stream = b"".join(server_frame(opcode, data) for opcode, data in frames)
    decoder, binary, controls = websocket.Decoder(), b"", []
    for start in range(0, len(stream), step):
        piece, found = decoder.feed(stream[start : start + step])
        binary += piece
        controls += found
    assert binary == b"".join(data for opcode, data in frames if opcode == websocket.BINARY)
    assert controls == [frame for frame in frames if frame[0] == websocket.PING]


def test_a_frame_without_an_end_takes_no_memory() -> None:
    decoder = websocket.Decoder()
    decoder.feed(b"\x82\x7f" + (1 << 62).to_bytes(8, "big"))
    for _ in range(100):
        assert decoder.feed(b"x" * 1000) == (b"x" * 1000, [])
    assert len(decoder._buffer) == 0


@pytest.mark.parametrize("wrong", [b"\x81\x01x", b"\x82\x81mask", b"\xc2\x00", b"\x89\x7e\xff\xff"])
def test_a_frame_that_no_server_may_send(wrong: bytes) -> None:
    with pytest.raises(ConnectionError):
        websocket.Decoder().feed(wrong)


@given(st.binary(max_size=70_000), st.binary(min_size=4, max_size=4))
def test_a_frame_is_masked(data: bytes, mask: bytes) -> None:
    frame = websocket.frame(websocket.BINARY, data, mask)
    start = len(frame) - len(data)
    assert frame[start - 4 : start] == mask or not data
    assert bytes(byte ^ mask[place % 4] for place, byte in enumerate(frame[start:])) == data
