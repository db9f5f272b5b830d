# SPDX-License-Identifier: Apache-2.0
"""The events that axiod tells: each topic with its source, its data, and the services that tell it. Pure.

A topic is a path of names, each with its namespace; a name without one has that of the name before it. So
"tns1:Device/tnsaxis:IO/Port" and "onvif:Device/axis:IO/axis:Port" are the same topic, and canonical() is its one form.

A new event of a service gets its line in the table here. Sources: ONVIF Core, "Topic Structure"; VAPIX "Event topics".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from axiod.errors import InvalidArgument

NAMESPACES = {
    "tns1": "http://www.onvif.org/ver10/topics",
    "tnsaxis": "http://www.axis.com/2009/event/topics",
    "tnsaxiod": "urn:axiod:event:topics",
}
"""The prefixes of topics, with the names in XML that they stand for."""

ALIASES = {"onvif": "tns1", "axis": "tnsaxis", "axiod": "tnsaxiod"}
"""Prefixes that clients use besides."""

LONGEST = 512
_NAME = re.compile(r"[A-Za-z0-9_.-]+")

IO, RELAYS, SYSTEM, EVENTS = "org.axiod.io1", "org.axiod.relays1", "org.axiod.system1", "org.axiod.events1"
FIELDBUS, SENSORS, NETWORK = "org.axiod.fieldbus1", "org.axiod.sensors1", "org.axiod.network1"


class Kind(StrEnum):
    """What the values of an item are."""

    BOOLEAN = "boolean"
    """0 or 1; some topics of ONVIF write false and true, which is the same."""
    WORD = "word"
    """One of a few."""
    NUMBER = "number"
    TEXT = "text"
    ANY = "any"
    """Whatever the sender has: text, or a number."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a source or of data."""

    name: str
    kind: Kind
    human_name: str
    words: tuple[str, ...] = ()
    """The values of a word; the one that counts as active first, where there is one."""
    lowest: int | None = None
    highest: int | None = None
    """Limits of a number."""

    def allows(self, value: str) -> bool:
        """Whether it can have that value."""
        if self.kind is Kind.BOOLEAN:
            return plain(value) in ("0", "1")
        if self.kind is Kind.WORD:
            return value in self.words
        if self.kind is not Kind.NUMBER:
            return True
        found = number(value)
        if found is None:
            return False
        return (self.lowest is None or found >= self.lowest) and (self.highest is None or found <= self.highest)

    @property
    def range(self) -> str:
        """The values in words, for a sentence "it must be …"."""
        if self.kind is Kind.BOOLEAN:
            return "0 or 1"
        if self.kind is Kind.WORD:
            return ", ".join(self.words[:-1]) + f" or {self.words[-1]}"
        if self.kind is Kind.NUMBER and self.lowest is not None and self.highest is not None:
            return f"a number from {self.lowest} to {self.highest}"
        return "a number" if self.kind is Kind.NUMBER else "a text"


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of event."""

    name: str
    """In its canonical form."""
    human_name: str
    services: tuple[str, ...]
    """The bus names of those that tell it."""
    source: tuple[Item, ...]
    data: tuple[Item, ...]
    """The first one is the state that clients look at."""
    stateful: bool = True
    """It has a value at every time; a stateless one only happens."""

    @property
    def state(self) -> Item | None:
        """The item of the data that is the state; None where there is no state."""
        return self.data[0] if self.stateful and self.data else None

    def item(self, name: str) -> Item | None:
        """Return an item of the data."""
        return next((item for item in self.data if item.name == name), None)

    def source_item(self, name: str) -> Item | None:
        """Return an item of the source."""
        return next((item for item in self.source if item.name == name), None)


def _port(lowest: int = 0, highest: int = 65535, name: str = "port", human_name: str = "Port") -> Item:
    return Item(name, Kind.NUMBER, human_name, lowest=lowest, highest=highest)


def _flag(name: str, human_name: str) -> Item:
    return Item(name, Kind.BOOLEAN, human_name)


def _text(name: str, human_name: str) -> Item:
    return Item(name, Kind.TEXT, human_name)


VIRTUAL_INPUTS = 64
MANUAL_TRIGGERS = 8

PORT = "tns1:Device/tnsaxis:IO/Port"
SUPERVISED_PORT = "tns1:Device/tnsaxis:IO/SupervisedPort"
OUTPUT_PORT = "tns1:Device/tnsaxis:IO/OutputPort"
DIGITAL_INPUT = "tns1:Device/Trigger/DigitalInput"
RELAY = "tns1:Device/Trigger/Relay"
CASING = "tns1:Device/tnsaxis:Casing/Open"
MOTION = "tnsaxiod:Device/Motion"
EXTERNAL_TAMPER = "tnsaxiod:Device/ExternalTamper"
SYSTEM_READY = "tns1:Device/tnsaxis:Status/SystemReady"
BLOCKED_IP = "tns1:Device/tnsaxis:Network/BlockedIP"
NETWORK_LOST = "tns1:Device/tnsaxis:Network/Lost"
ADDRESS_ADDED = "tns1:Device/tnsaxis:Network/AddressAdded"
ADDRESS_REMOVED = "tns1:Device/tnsaxis:Network/AddressRemoved"
TRIAL_ENDED = "tnsaxiod:Network/TrialEnded"
VIRTUAL_INPUT = "tns1:Device/tnsaxis:IO/VirtualInput"
MANUAL_TRIGGER = "tns1:Device/tnsaxis:IO/VirtualPort"
INTERVAL = "tns1:UserAlarm/tnsaxis:Recurring/Interval"
PULSE = "tns1:UserAlarm/tnsaxis:Recurring/Pulse"
MQTT_STATUS = "tns1:Device/tnsaxis:MQTT/ClientStatus"
ACTION_FAILED = "tns1:Device/tnsaxis:SystemMessage/ActionFailed"
FIELDBUS_PORT = "tnsaxiod:Fieldbus/PortOnline"
SENSOR_ONLINE = "tnsaxiod:Sensors/Online"
SENSOR_THRESHOLD = "tnsaxiod:Sensors/Threshold"
SENSOR_OUT_OF_RANGE = "tnsaxiod:Sensors/OutOfRange"
SENSOR_VALUE = "tnsaxiod:Sensors/Value"
MQTT_STATELESS = "tnsaxiod:MQTT/Stateless"
MQTT_STATEFUL = "tnsaxiod:MQTT/Stateful"

_MESSAGE = (Item("payload", Kind.ANY, "Payload"), _text("topic", "MQTT topic"))
_SUBSCRIPTION = (_text("subscription", "Subscription"),)
_INTERFACE = (_text("interface", "Interface"),)
_NETWORK_ADDRESS = (_text("address", "Address"), _text("origin", "Origin"))
_CHANNEL = (_text("sensor", "Sensor"), _text("channel", "Channel"))

TOPICS = (
    Topic(PORT, "Digital input", (IO,), (_port(),), (_flag("state", "Active"),)),
    Topic(
        SUPERVISED_PORT,
        "Supervised input",
        (IO,),
        (_port(),),
        (
            Item("state", Kind.WORD, "State", ("open", "closed", "cut", "shorted", "undefined")),
            _flag("tampered", "Tampered"),
        ),
    ),
    Topic(OUTPUT_PORT, "Digital output", (IO,), (_port(),), (_flag("state", "Active"),)),
    Topic(
        DIGITAL_INPUT,
        "Digital input (ONVIF)",
        (IO,),
        (_port(name="InputToken", human_name="Input"),),
        (_flag("LogicalState", "Active"),),
    ),
    Topic(
        RELAY,
        "Relay or output",
        (IO, RELAYS),
        (_port(name="RelayToken", human_name="Relay"),),
        (Item("LogicalState", Kind.WORD, "State", ("active", "inactive")),),
    ),
    Topic(CASING, "Casing open", (IO,), (_text("Name", "Casing"),), (_flag("Open", "Open"),)),
    Topic(MOTION, "Device moved", (IO,), (_text("Name", "Alarm"),), (_flag("Moved", "Moved"),)),
    Topic(EXTERNAL_TAMPER, "External tamper", (IO,), (_text("Name", "Alarm"),), (_flag("Tampered", "Tampered"),)),
    Topic(SYSTEM_READY, "System ready", (SYSTEM,), (), (_flag("ready", "Ready"),)),
    Topic(BLOCKED_IP, "Address blocked", (SYSTEM,), (_text("address", "Address"),), (_flag("blocked", "Blocked"),)),
    Topic(NETWORK_LOST, "Network lost", (NETWORK,), _INTERFACE, (_flag("lost", "Lost"),)),
    Topic(ADDRESS_ADDED, "Address added", (NETWORK,), _INTERFACE, _NETWORK_ADDRESS, stateful=False),
    Topic(ADDRESS_REMOVED, "Address removed", (NETWORK,), _INTERFACE, _NETWORK_ADDRESS, stateful=False),
    Topic(
        TRIAL_ENDED,
        "Network settings tried",
        (NETWORK,),
        (),
        (Item("how", Kind.WORD, "How it ended", ("expired", "rolled-back", "confirmed")),),
        stateful=False,
    ),
    Topic(VIRTUAL_INPUT, "Virtual input", (EVENTS,), (_port(1, VIRTUAL_INPUTS),), (_flag("active", "Active"),)),
    Topic(MANUAL_TRIGGER, "Manual trigger", (EVENTS,), (_port(1, MANUAL_TRIGGERS),), (_flag("state", "Active"),)),
    Topic(INTERVAL, "Schedule", (EVENTS,), (_text("id", "Schedule"),), (_flag("active", "Active"),)),
    Topic(PULSE, "Recurrence", (EVENTS,), (_text("id", "Schedule"),), (), stateful=False),
    Topic(MQTT_STATUS, "MQTT client", (EVENTS,), (), (_flag("connected", "Connected"), _flag("active", "Active"))),
    Topic(ACTION_FAILED, "Action failed", (EVENTS,), (), (_text("description", "Description"),), stateful=False),
    Topic(
        FIELDBUS_PORT,
        "Fieldbus port online",
        (FIELDBUS,),
        (_text("port", "Port"),),
        (_flag("online", "Online"), Item("state", Kind.WORD, "State", ("online", "offline", "in-use", "disabled"))),
    ),
    Topic(
        SENSOR_ONLINE,
        "Sensor online",
        (SENSORS,),
        (_text("sensor", "Sensor"),),
        (
            _flag("online", "Online"),
            Item("state", Kind.WORD, "State", ("online", "offline", "mismatch", "disabled", "unusable")),
        ),
    ),
    Topic(
        SENSOR_THRESHOLD,
        "Sensor beyond a limit",
        (SENSORS,),
        _CHANNEL,
        (_flag("active", "Beyond"), Item("level", Kind.WORD, "Level", ("above", "below", "normal"))),
    ),
    Topic(
        SENSOR_VALUE,
        "Sensor value",
        (SENSORS,),
        _CHANNEL,
        (
            Item("value", Kind.NUMBER, "Value"),
            Item("quality", Kind.WORD, "Quality", ("good", "stale", "fault")),
            _text("quantity", "Quantity"),
            _text("unit", "Unit"),
            _text("name", "Name"),
        ),
    ),
    Topic(SENSOR_OUT_OF_RANGE, "Sensor out of range", (SENSORS,), _CHANNEL, (_flag("active", "Out of range"),)),
    Topic(MQTT_STATELESS, "MQTT message", (EVENTS,), _SUBSCRIPTION, _MESSAGE, stateful=False),
    Topic(MQTT_STATEFUL, "MQTT state", (EVENTS,), _SUBSCRIPTION, _MESSAGE),
)
"""Every topic that a service of axiod tells."""

_BY_NAME = {topic.name: topic for topic in TOPICS}

_PLAIN = {"false": "0", "true": "1"}


def declared(topic: str) -> Topic | None:
    """Return what is declared of a topic, in whichever form it is written; None for one that is not declared."""
    return _BY_NAME.get(topic) or _BY_NAME.get(_canonical(topic) or "")


def stateful(topic: str) -> bool:
    """Whether an event tells a state that lasts; so does one that is not declared."""
    found = declared(topic)
    return found is None or found.stateful


def canonical(topic: str) -> str:
    """Return the one form of a topic; raises InvalidArgument for what is no topic."""
    found = _canonical(topic)
    if found is None:
        raise InvalidArgument(f"{topic[:200]!r} is no topic; write it like {PORT}")
    return found


def same(topic: str) -> str:
    """Return the one form of a topic, and what is no topic as it is."""
    return topic if topic in _BY_NAME else _canonical(topic) or topic


def plain(value: str) -> str:
    """Return a value so that equal ones are equal: "false" is "0", "true" is "1", whatever their letters' case."""
    return _PLAIN.get(value.lower(), value) if 4 <= len(value) <= 5 else value


def number(value: str) -> float | None:
    """Return the number that a value is; None where it is none. Infinity is none."""
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < float("inf") else None


@lru_cache(maxsize=1024)
def _canonical(topic: str) -> str | None:
    if len(topic) > LONGEST:
        return None
    parts: list[str] = []
    prefix = ""
    for part in topic.split("/"):
        given, colon, name = part.rpartition(":")
        former = prefix
        if colon:
            prefix = ALIASES.get(given, given)
        if prefix not in NAMESPACES or not _NAME.fullmatch(name):
            return None
        parts.append(name if prefix == former else f"{prefix}:{name}")
    return "/".join(parts)
