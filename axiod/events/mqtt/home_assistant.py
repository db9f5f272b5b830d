# SPDX-License-Identifier: Apache-2.0
"""What Home Assistant is told so that inputs, outputs, relays and sensors appear in it by themselves. Pure.

Source: Home Assistant, "MQTT", discovery messages of single components.

    homeassistant/switch/axiod_ACCC8E012345/relay_10/config    what it is, retained; empty: it is no more
    axiod/ACCC8E012345/relay_10/state                          ON or OFF, retained
    axiod/ACCC8E012345/relay_10/set                            ON or OFF, from Home Assistant; a retained one is ignored

These topics lie beside the device topic prefix: whatever is below that must be in the form of events, because Home
Assistant's own integration of VAPIX devices reads all of it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.bus import topics
from axiod.events.mqtt.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from axiod.bus.client import Event
    from axiod.bus.follow import Key
    from axiod.events.mqtt.settings import ClientSettings

ON, OFF = "ON", "OFF"
UNKNOWN = "None"
"""The state of a sensor whose value nobody knows."""
_DEVICE_CLASSES = {
    "temperature": "°C", "humidity": "%", "illuminance": "lx", "atmospheric_pressure": "hPa", "pressure": "hPa",
    "carbon_dioxide": "ppm", "moisture": "%", "wind_speed": "m/s", "voltage": "V", "current": "A", "power": "W",
}  # fmt: skip
"""What Home Assistant takes, and the unit that it takes it with."""
_QOS = 1


@dataclass(frozen=True, slots=True)
class Device:
    """What the device page of Home Assistant says."""

    serial: str
    name: str
    manufacturer: str
    model: str
    version: str
    url: str = ""
    """Of its web page."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing in Home Assistant, and the event that it shows."""

    id: str
    """Unique on the device, for example relay_10."""
    component: str
    """binary_sensor, switch or sensor."""
    name: str
    key: Key
    item: str
    on: str
    """The value of the item that is ON; of a sensor the value of its quality with which it counts."""
    device_class: str = ""
    diagnostic: bool = False
    unit: str = ""

    def state(self, event: Event) -> str:
        """Return ON or OFF, and of a sensor its value."""
        if self.component == "sensor":
            return event.data.get(self.item, "") if event.data.get("quality") == self.on else UNKNOWN
        return ON if event.data.get(self.item) == self.on else OFF


def entities(events: Iterable[Event], name_of: Callable[[Event], str | None]) -> dict[str, Entity]:
    """Return what there is, by id, of the present value of every stateful event.

    `name_of` returns what people call a port or relay; None where it has no name.
    """
    events = list(events)
    outputs = {event.source.get("port") for event in events if event.topic == topics.OUTPUT_PORT}
    found: dict[str, Entity] = {}
    for event in events:
        # An output tells two events; it is one thing.
        if event.topic == topics.RELAY and event.source.get("RelayToken") in outputs:
            continue
        entity = _entity(event, name_of)
        if entity is not None:
            found[entity.id] = entity
    return found


def _entity(event: Event, name_of: Callable[[Event], str | None]) -> Entity | None:
    from axiod.bus.follow import key

    place = next(iter(event.source.values()), "")
    id_ = re.sub(r"[^A-Za-z0-9_-]", "_", place)
    name = name_of(event)
    key_ = key(event)
    if event.topic == topics.PORT:
        return Entity(f"input_{id_}", "binary_sensor", name or f"Input {place}", key_, "state", "1")
    if event.topic == topics.OUTPUT_PORT:
        return Entity(f"output_{id_}", "switch", name or f"Output {place}", key_, "state", "1")
    if event.topic == topics.RELAY:
        return Entity(f"relay_{id_}", "switch", name or f"Relay {place}", key_, "LogicalState", "active")
    if event.topic == topics.SUPERVISED_PORT:
        name = f"{name or f'Input {place}'} tampered"
        return Entity(f"tamper_{id_}", "binary_sensor", name, key_, "tampered", "1", "tamper", diagnostic=True)
    if event.topic == topics.CASING:
        name = f"{name or place} open"
        return Entity(f"casing_{id_}", "binary_sensor", name, key_, "Open", "1", "tamper", diagnostic=True)
    if event.topic == topics.SENSOR_VALUE:
        data, channel = event.data, re.sub(r"[^A-Za-z0-9_-]", "_", event.source.get("channel", ""))
        unit, quantity = data.get("unit", ""), data.get("quantity", "")
        kind = quantity if _DEVICE_CLASSES.get(quantity) == unit else ""
        name = data.get("name") or f"{place} {channel}"
        return Entity(f"sensor_{id_}_{channel}", "sensor", name, key_, "value", "good", kind, unit=unit)
    return None


class Discovery:
    """The topics and messages of a device."""

    def __init__(self, settings: ClientSettings, device: Device) -> None:
        self._settings = settings
        self._device = device
        self._base = f"axiod/{device.serial}"
        self._node = f"axiod_{device.serial}"
        self.announcements = f"{settings.home_assistant_prefix}/+/{self._node}/+/config"
        """What is subscribed to, to find announcements of what is no more."""
        self.commands = f"{self._base}/+/set"

    def topic(self, entity: Entity) -> str:
        """Where an entity is announced."""
        return f"{self._settings.home_assistant_prefix}/{entity.component}/{self._node}/{entity.id}/config"

    def announcement(self, entity: Entity) -> Message:
        """Return what announces an entity."""
        device = self._device
        about = {
            "identifiers": [self._node],
            "name": device.name,
            "manufacturer": device.manufacturer,
            "model": device.model,
            "serial_number": device.serial,
            "sw_version": device.version,
        }
        if device.url:
            about["configuration_url"] = device.url
        config: dict[str, object] = {
            "name": entity.name,
            "unique_id": f"{self._node}_{entity.id}",
            "state_topic": f"{self._base}/{entity.id}/state",
            "qos": _QOS,
            "device": about,
            "origin": {"name": "axiod", "sw_version": device.version},
        }
        if entity.component == "sensor":
            config["state_class"] = "measurement"
            if entity.unit:
                config["unit_of_measurement"] = entity.unit
        else:
            config |= {"payload_on": ON, "payload_off": OFF}
        if entity.component == "switch":
            config["command_topic"] = f"{self._base}/{entity.id}/set"
            config["retain"] = False
        if entity.device_class:
            config["device_class"] = entity.device_class
        if entity.diagnostic:
            config["entity_category"] = "diagnostic"
        available = self._availability()
        if available is not None:
            config["availability"] = [available]
        return Message(self.topic(entity), json.dumps(config, ensure_ascii=False).encode(), _QOS, retain=True)

    def _availability(self) -> Mapping[str, str] | None:
        """Return how Home Assistant sees whether the device is there: by the last will and the connect message."""
        settings, serial = self._settings, self._device.serial
        will, greeting = settings.last_will(serial), settings.connect_message(serial, "")
        if will is None or greeting is None or will.topic != greeting.topic:
            return None
        if settings.last_will_use_default and settings.connect_message_use_default:
            template = "{{ 'online' if value_json.connected else 'offline' }}"
            return {"topic": will.topic, "value_template": template}
        if settings.last_will_use_default or settings.connect_message_use_default:
            return None
        return {
            "topic": will.topic,
            "payload_available": greeting.payload.decode(),
            "payload_not_available": will.payload.decode(),
        }

    def state(self, entity: Entity, event: Event) -> Message:
        """Return the present state of an entity."""
        return Message(f"{self._base}/{entity.id}/state", entity.state(event).encode(), _QOS, retain=True)

    def removal(self, topic: str) -> list[Message]:
        """Return what takes an announcement away, with the state."""
        id_ = topic.split("/")[-2]
        return [Message(gone, b"", _QOS, retain=True) for gone in (topic, f"{self._base}/{id_}/state")]

    def command(self, topic: str, payload: bytes) -> tuple[str, bool] | None:
        """Return the id of the entity and what it shall be; None for what is no command."""
        parts = topic.removeprefix(f"{self._base}/").split("/")
        if not topic.startswith(f"{self._base}/") or len(parts) != 2 or parts[1] != "set":
            return None
        if payload not in (ON.encode(), OFF.encode()):
            return None
        return parts[0], payload == ON.encode()
