# SPDX-License-Identifier: Apache-2.0
"""The client with mosquitto: what is published, what is subscribed to, and what a loss does."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from axiod.errors import Conflict, InvalidArgument
from axiod.events.mqtt.message import Message
from axiod.events.mqtt.publication import Filter, Publication
from axiod.events.mqtt.subscription import Subscription
from tests.events.mqtt.conftest import EVERYTHING, SERIAL, port_event, pulse
from tests.events.mqtt.peers import free_port, publish, throw_out

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Until
    from tests.events.mqtt.conftest import Brokers, Make, Read
    from tests.events.mqtt.peers import Broker

PORT_TOPIC = f"axis/{SERIAL}/event/tns:onvif/Device/tns:axis/IO/Port/$source/port/1"
CONNECTION = f"axis/{SERIAL}/event/connection"


async def test_an_event_is_published_as_vapix_has_it(broker: Broker, make: Make, read: Read, until: Until) -> None:
    reader = await read(broker, "#")
    made = make()
    made.apply(EVERYTHING, port=broker.port)
    made.client.start()
    await until(lambda: made.connected)
    made.event(port_event(1, 1))
    await until(lambda: reader.on(PORT_TOPIC))
    assert json.loads(reader.on(PORT_TOPIC)[0]) == {
        "topic": "onvif:Device/axis:IO/Port",
        "timestamp": 1590045190230,
        "message": {"source": {"port": "1"}, "key": {}, "data": {"state": "1"}},
    }
    hello = json.loads(reader.on(CONNECTION)[0])
    assert hello.pop("timestamp").endswith("Z")
    assert hello == {"serialNumber": SERIAL, "connected": True, "description": "Connected"}


async def test_goodbye_is_said_and_a_loss_is_told_by_the_last_will(
    broker: Broker, make: Make, read: Read, until: Until
) -> None:
    reader = await read(broker, CONNECTION)
    made = make()
    made.apply(port=broker.port)
    made.client.start()
    await until(lambda: len(reader.lines) == 1)
    await made.client.stop()
    await until(lambda: len(reader.lines) == 2)
    assert json.loads(reader.payloads[1])["description"] == "Disconnected"
    made.client.start()
    await until(lambda: len(reader.lines) == 3)
    assert json.loads(reader.payloads[2])["connected"] is True
    # Another one with its id: the broker throws it out without a goodbye.
    await throw_out(broker.port, f"axiod-{SERIAL}")
    await until(lambda: len(reader.lines) >= 4)
    assert json.loads(reader.payloads[3])["description"] == "Connection Lost"
    await until(lambda: len(reader.lines) == 5 and made.connected)
    assert json.loads(reader.payloads[4])["description"] == "Connected"


async def test_own_messages_stand_for_the_default_ones(broker: Broker, make: Make, read: Read, until: Until) -> None:
    reader = await read(broker, "#")
    made = make()
    made.apply(
        port=broker.port,
        connect_message_use_default=False,
        connect_message_topic="hello",
        connect_message_payload="here",
        connect_message_qos=2,
        connect_message_retain=False,
        disconnect_message_send=False,
    )
    made.client.start()
    await until(lambda: reader.lines)
    assert reader.lines == ["2 0 hello here"]
    await made.client.stop()
    await publish(broker, "end", "end")
    await until(lambda: reader.on("end"))
    assert len(reader.lines) == 2


async def test_what_is_present_is_told_after_each_connection(
    broker: Broker, make: Make, read: Read, until: Until
) -> None:
    reader = await read(broker, f"axis/{SERIAL}/event/tns:onvif/#")
    made = make()
    for number in range(3):
        made.around.events[number] = port_event(number, number % 2)
    made.apply(EVERYTHING, port=broker.port)
    made.client.start()
    await until(lambda: len(reader.lines) == 3)
    await made.client.stop()
    made.client.start()
    await until(lambda: len(reader.lines) == 6)
    assert reader.lines[:3] == reader.lines[3:]


async def test_what_waited_comes_before_what_is_present(broker: Broker, make: Make, read: Read, until: Until) -> None:
    reader = await read(broker, f"axis/{SERIAL}/event/tns:onvif/#")
    made = make()
    made.apply(EVERYTHING, port=free_port())
    made.client.start()
    made.event(port_event(1, 1))
    made.event(port_event(1, 0))
    await until(lambda: "is not reached" in made.problem)
    made.event(port_event(1, 1))
    assert made.client.waiting == 3
    made.apply(port=broker.port)
    await until(lambda: len(reader.lines) == 4)
    states = [json.loads(payload)["message"]["data"]["state"] for payload in reader.payloads]
    assert states == ["1", "0", "1", "1"]


async def test_retain_and_qos_are_those_of_the_filter(broker: Broker, make: Make, read: Read, until: Until) -> None:
    filters = (
        Filter("onvif:Device/axis:IO/Port", 0, "all"),
        Filter("tns1:Device//.", 2, "property"),
        Filter("onvif:UserAlarm//.", 1, "property"),
    )
    made = make()
    made.apply(Publication(filters=filters, custom_topic_prefix="a/b", topic_prefix="custom"), port=broker.port)
    made.client.start()
    await until(lambda: made.connected)
    made.event(port_event(1, 1))
    made.event(port_event(2, 1, "tns1:Device/tnsaxis:IO/OutputPort"))
    made.client.event(pulse("x"), stateful=False)
    await until(lambda: made.client.waiting == 0)
    reader = await read(broker, "a/#")
    await until(lambda: len(reader.lines) == 2)
    heads = sorted(line.rsplit(" ", 1)[0] for line in reader.lines)
    assert heads == [
        "0 1 a/b/tns:onvif/Device/tns:axis/IO/Port/$source/port/1",
        "2 1 a/b/tns:onvif/Device/tns:axis/IO/OutputPort/$source/port/2",
    ]


async def test_messages_become_events(broker: Broker, make: Make, until: Until) -> None:
    await publish(broker, "house/light", "old", "-r")
    await publish(broker, f"axis/{SERIAL}/mode", "night", "-r")
    made = make()
    made.apply(
        subscriptions=(Subscription("house/#", qos=1), Subscription("mode", use_device_prefix=True, stateful=True)),
        port=broker.port,
    )
    made.client.start()
    await until(lambda: made.around.heard_events)
    await publish(broker, "house/door", "open")
    await until(lambda: len(made.around.heard_events) == 2)
    first, second = made.around.heard_events
    # What is retained is no news to a stateless subscription.
    assert (first.topic, dict(first.source)) == ("tnsaxiod:MQTT/Stateful", {"subscription": "mode"})
    assert first.data == {"payload": "night", "topic": f"axis/{SERIAL}/mode"}
    assert (second.topic, dict(second.source)) == ("tnsaxiod:MQTT/Stateless", {"subscription": "house/#"})
    assert second.data == {"payload": "open", "topic": "house/door"}


async def test_subscriptions_change_without_a_new_connection(broker: Broker, make: Make, until: Until) -> None:
    made = make()
    made.apply(subscriptions=(Subscription("a"), Subscription("s", stateful=True)), port=broker.port)
    made.client.start()
    await until(lambda: "Sending SUBACK" in broker.log)
    made.apply(subscriptions=(Subscription("b", qos=2),))
    assert made.around.gone == [{"subscription": "s"}]
    await until(lambda: "Received UNSUBSCRIBE" in broker.log and "b (QoS 2)" in broker.log)
    await publish(broker, "a", "1")
    await publish(broker, "b", "2")
    await until(lambda: made.around.heard_events)
    assert [event.data["payload"] for event in made.around.heard_events] == ["2"]
    assert broker.log.count("New client connected from 127.0.0.1:") >= 1
    assert broker.log.count(f"as axiod-{SERIAL} (") == 1


async def test_subscriptions_are_there_again_after_the_broker_was_away(
    broker: Broker, make: Make, until: Until
) -> None:
    made = make()
    made.apply(subscriptions=(Subscription("a/+"),), port=broker.port)
    made.client.start()
    await until(lambda: f"Sending SUBACK to axiod-{SERIAL}" in broker.log)
    for number in range(3):
        broker.kill()
        await until(lambda: not made.connected)
        await broker.start()
        wanted = number + 1
        await until(lambda: broker.log.count(f"Sending SUBACK to axiod-{SERIAL}") > wanted)  # noqa: B023 # awaited in its turn
        await publish(broker, f"a/{number}", str(number))
        await until(lambda: len(made.around.heard_events) == wanted)  # noqa: B023 # awaited in its turn


async def test_the_action_publish(broker: Broker, make: Make, read: Read, until: Until) -> None:
    reader = await read(broker, "note")
    made = make()
    made.apply(port=broker.port)
    with pytest.raises(Conflict, match="turned off"):
        made.client.publish(Message("note", b"x"))
    with pytest.raises(Conflict, match="Host"):
        make("other").client.start()
    made.client.start()
    made.client.publish(Message("note", b"hello", 2, True))
    await until(lambda: reader.lines)
    assert reader.lines == ["2 0 note hello"]
    for wrong in (Message("no/+", b""), Message("", b""), Message("é" * 35_000, b""), Message("x", b"0" * 300_000)):
        with pytest.raises(InvalidArgument):
            made.client.publish(wrong)
    made.client.publish(Message("t" * 65_000, b"long topic", 1))
    await until(lambda: made.client.waiting == 0)


async def test_a_wrong_password_is_told(make: Make, brokers: Brokers, tmp_path: Path, until: Until) -> None:
    subprocess.run(  # noqa: ASYNC221 # a moment
        ["mosquitto_passwd", "-b", "-c", str(tmp_path / "users"), "joe", "right"], check=True
    )
    (tmp_path / "users").chmod(0o644)
    broker = brokers(options=f"allow_anonymous false\npassword_file {tmp_path}/users")
    await broker.start()
    made = make()
    made.apply(port=broker.port, username="joe", password="wrong")
    made.client.start()
    await until(lambda: "does not take this Username" in made.problem or "does not allow" in made.problem)
    assert "wrong" not in made.problem
    made.apply(password="right")
    await until(lambda: made.connected)
    assert made.client.status.problem is None
