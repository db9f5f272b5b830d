# SPDX-License-Identifier: Apache-2.0
"""Home Assistant: what is announced, and what it may do. The schema is that of its documentation."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.bus.client import Event
from axiod.events.mqtt.home_assistant import Device, Discovery, entities
from axiod.events.mqtt.settings import ClientSettings
from tests.events.mqtt.conftest import SERIAL, port_event
from tests.events.mqtt.peers import publish

if TYPE_CHECKING:
    from tests.conftest import Until
    from tests.events.mqtt.conftest import Made, Make, Read
    from tests.events.mqtt.peers import Broker, Reader

CONFIG = f"homeassistant/switch/axiod_{SERIAL}/relay_10/config"
KNOWN = {
    "name", "unique_id", "state_topic", "command_topic", "payload_on", "payload_off", "qos", "retain", "device",
    "origin", "availability", "device_class", "entity_category",
    "unit_of_measurement", "state_class",
}  # fmt: skip
KNOWN_DEVICE = {
    "identifiers", "name", "manufacturer", "model", "serial_number", "sw_version", "configuration_url",
}  # fmt: skip


def relay_event(state: str) -> Event:
    return Event(topics.RELAY, {"RelayToken": "10"}, {"LogicalState": state}, 1, 1)


def everything() -> list[Event]:
    return [
        port_event(0, 1),
        Event(topics.SUPERVISED_PORT, {"port": "0"}, {"state": "cut", "tampered": "1"}, 1, 1),
        port_event(3, 1, topics.OUTPUT_PORT),
        Event(topics.RELAY, {"RelayToken": "3"}, {"LogicalState": "active"}, 1, 1),
        relay_event("inactive"),
        Event(topics.CASING, {"Name": "Junction box"}, {"Open": "0"}, 1, 1),
        Event(topics.SYSTEM_READY, {}, {"ready": "1"}, 1, 1),
        value_event("21.5"),
    ]


def value_event(value: str, quality: str = "good", **more: str) -> Event:
    data = {"value": value, "quality": quality, "quantity": "temperature", "unit": "°C", "name": "Cellar Temperature"}
    return Event(topics.SENSOR_VALUE, {"sensor": "cellar", "channel": "temperature"}, {**data, **more}, 1, 1)


def test_a_channel_of_a_sensor_has_its_unit_and_class_and_only_sure_values() -> None:
    discovery = Discovery(ClientSettings(), Device(SERIAL, "Gate", "axiod", "A9210", "0.1.0"))
    (entity,) = entities([value_event("21.5")], lambda _event: None).values()
    config = json.loads(discovery.announcement(entity).payload)
    assert config.items() >= {
        "name": "Cellar Temperature", "device_class": "temperature", "unit_of_measurement": "°C",
        "state_class": "measurement",
    }.items()  # fmt: skip
    assert not config.keys() & {"payload_on", "payload_off", "command_topic"}
    for event, state in (
        (value_event("21.5"), b"21.5"),
        (value_event("21.5", "stale"), b"None"),
        (value_event("", "fault"), b"None"),
    ):
        assert discovery.state(entity, event).payload == state
    (entity,) = entities([value_event("3", unit="K")], lambda _event: None).values()
    config = json.loads(discovery.announcement(entity).payload)
    assert "device_class" not in config, "Home Assistant would refuse it with this unit"


def test_each_thing_is_one_entity() -> None:
    found = entities(everything(), lambda event: "Gate" if event.topic == topics.RELAY else None)
    assert {id_: (entity.component, entity.name) for id_, entity in found.items()} == {
        "input_0": ("binary_sensor", "Input 0"),
        "tamper_0": ("binary_sensor", "Input 0 tampered"),
        "output_3": ("switch", "Output 3"),
        "relay_10": ("switch", "Gate"),
        "casing_Junction_box": ("binary_sensor", "Junction box open"),
        "sensor_cellar_temperature": ("sensor", "Cellar Temperature"),
    }


def test_an_announcement_has_what_home_assistant_knows_and_needs() -> None:
    discovery = Discovery(ClientSettings(), Device(SERIAL, "Gate", "axiod", "A9210", "0.1.0", "http://gate/"))
    found = entities(everything(), lambda _event: None)
    ids = set()
    for entity in found.values():
        message = discovery.announcement(entity)
        prefix, component, node, id_, last = message.topic.split("/")
        assert (prefix, node, last, message.retain) == ("homeassistant", f"axiod_{SERIAL}", "config", True)
        assert all(character.isalnum() or character in "_-" for character in id_)
        config: dict[str, Any] = json.loads(message.payload)
        assert set(config) <= KNOWN
        assert set(config["device"]) <= KNOWN_DEVICE
        assert config["device"]["identifiers"]
        assert config["origin"]["name"] == "axiod"
        assert ("command_topic" in config) == (component == "switch")
        assert config["availability"] == [
            {
                "topic": f"axis/{SERIAL}/event/connection",
                "value_template": "{{ 'online' if value_json.connected else 'offline' }}",
            }
        ]
        # Below the device prefix its own integration of VAPIX devices reads everything as an event.
        assert not config["state_topic"].startswith("axis/")
        ids.add(config["unique_id"])
    assert len(ids) == len(found)


def test_availability_follows_own_messages_where_they_make_sense() -> None:
    own = ClientSettings(
        last_will_use_default=False,
        last_will_topic="t",
        last_will_payload="gone",
        connect_message_use_default=False,
        connect_message_topic="t",
        connect_message_payload="here",
    )
    device = Device(SERIAL, "", "", "", "")
    entity = entities([port_event(0, 1)], lambda _event: None)["input_0"]
    config = json.loads(Discovery(own, device).announcement(entity).payload)
    assert config["availability"] == [{"topic": "t", "payload_available": "here", "payload_not_available": "gone"}]
    other = own.amended({"connect_message_topic": "u"})
    assert "availability" not in json.loads(Discovery(other, device).announcement(entity).payload)


async def ready(broker: Broker, make: Make, read: Read, until: Until) -> tuple[Made, Reader]:
    reader = await read(broker, "homeassistant/#", "axiod/#")
    made = make()
    for event in everything():
        made.around.events[event.topic, str(event.source)] = event
    made.apply(port=broker.port, home_assistant=True)
    made.client.start()
    await until(lambda: reader.on(f"axiod/{SERIAL}/relay_10/state"))
    return made, reader


async def test_what_there_is_appears_and_follows(broker: Broker, make: Make, read: Read, until: Until) -> None:
    made, reader = await ready(broker, make, read, until)
    await until(lambda: len(reader.lines) == 12)
    assert reader.on(f"axiod/{SERIAL}/input_0/state") == ["ON"]
    assert reader.on(f"axiod/{SERIAL}/relay_10/state") == ["OFF"]
    made.event(relay_event("active"))
    await until(lambda: reader.on(f"axiod/{SERIAL}/relay_10/state") == ["OFF", "ON"])
    # What appears while it is connected is announced, too.
    made.event(port_event(7, 1))
    await until(lambda: reader.on(f"axiod/{SERIAL}/input_7/state") == ["ON"])
    assert reader.on(f"homeassistant/binary_sensor/axiod_{SERIAL}/input_7/config")
    late = await read(broker, f"axiod/{SERIAL}/relay_10/state", id_="late")
    await until(lambda: late.lines)
    assert late.lines == [f"1 1 axiod/{SERIAL}/relay_10/state ON"]


async def test_a_command_moves_an_output_but_never_an_old_one(
    broker: Broker, make: Make, read: Read, until: Until
) -> None:
    topic = f"axiod/{SERIAL}/relay_10/set"
    await publish(broker, topic, "ON", "-r")
    made, _ = await ready(broker, make, read, until)
    await until(lambda: f"axiod/{SERIAL}/+/set (QoS 0)" in broker.log)
    await publish(broker, topic, "ON")
    await until(lambda: made.around.commands)
    await publish(broker, topic, "on, please")
    await publish(broker, f"axiod/{SERIAL}/input_0/set", "ON")
    await publish(broker, f"axiod/{SERIAL}/nothing/set", "ON")
    await publish(broker, topic, "OFF")
    await until(lambda: len(made.around.commands) > 1)
    assert [(event.topic, on) for event, on in made.around.commands] == [(topics.RELAY, True), (topics.RELAY, False)]


async def test_of_a_flood_of_commands_the_last_one_counts(broker: Broker, make: Make, read: Read, until: Until) -> None:
    made, _ = await ready(broker, make, read, until)
    await until(lambda: f"axiod/{SERIAL}/+/set (QoS 0)" in broker.log)
    process = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", f"axiod/{SERIAL}/relay_10/set", "-l",
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await process.communicate(b"ON\n" + b"OFF\n" * 500 + b"ON\n" * 500)
    await until(lambda: [on for _, on in made.around.commands[1:] if on])
    assert made.around.commands[-1][1]
    assert len(made.around.commands) < 100


async def test_commands_from_the_time_without_a_connection_are_not_carried_out(
    broker: Broker, make: Make, read: Read, until: Until
) -> None:
    made, _ = await ready(broker, make, read, until)
    made.apply(clean_session=False)
    await until(lambda: "c0, k60" in broker.log and made.connected)
    await until(lambda: broker.log.count(f"axiod/{SERIAL}/+/set (QoS 0)") == 2)
    await made.client.stop()
    await publish(broker, f"axiod/{SERIAL}/relay_10/set", "ON")
    made.client.start()
    await until(lambda: broker.log.count(f"axiod/{SERIAL}/+/set (QoS 0)") == 3)
    await publish(broker, f"axiod/{SERIAL}/relay_10/set", "OFF")
    await until(lambda: made.around.commands)
    assert [on for _, on in made.around.commands] == [False]


async def test_what_went_is_taken_away(broker: Broker, make: Make, read: Read, until: Until) -> None:
    gone = f"homeassistant/switch/axiod_{SERIAL}/relay_99/config"
    foreign = f"homeassistant/switch/axiod_{SERIAL}/other/config"
    await publish(broker, gone, json.dumps({"origin": {"name": "axiod"}}), "-r")
    await publish(broker, foreign, json.dumps({"origin": {"name": "me"}}), "-r")
    made, reader = await ready(broker, make, read, until)
    # One of a former time.
    await until(lambda: reader.on(gone)[-1:] == [""])
    # One that goes now.
    made.around.events = {key: event for key, event in made.around.events.items() if event.topic != topics.RELAY}
    made.client.present_changed()
    await until(lambda: reader.on(CONFIG)[-1:] == [""])
    # All of them, where it is not wanted any more.
    made.apply(home_assistant=False)
    await until(lambda: reader.on(f"homeassistant/binary_sensor/axiod_{SERIAL}/input_0/config")[-1:] == [""])
    await until(lambda: "Received UNSUBSCRIBE" in broker.log)
    late = await read(broker, "homeassistant/#", "axiod/#", id_="late")
    await until(lambda: late.lines)
    assert [line.split(" ")[2] for line in late.lines] == [foreign]
