# SPDX-License-Identifier: Apache-2.0
"""Which messages of a broker become events. Pure: time is an argument.

Sources: manual "MQTT subscriptions"; VAPIX mqtt/event.cgi.

A message becomes one event for each subscription whose filter names its topic:
    tnsaxiod:MQTT/Stateless   source {subscription: the filter as it is configured}   data {payload, topic}
    tnsaxiod:MQTT/Stateful    the same; it keeps its value
`topic` is the one that the message had. A payload that is no UTF-8, or longer than 4 KiB, stands there as "base64:" and
as many of its first bytes as have room in 4 KiB, so that nothing that arrives is without an event.

A retained message tells how things are, not that something happens: it is an event of a stateful subscription alone. So
a rule is not started again by the same message whenever the connection is made anew.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from axiod.bus.topics import MQTT_STATEFUL, MQTT_STATELESS
from axiod.errors import InvalidArgument
from axiod.events.mqtt.message import Received, check_filter, matches, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_SUBSCRIPTIONS = 100
LONGEST_PAYLOAD = 4096
"""Of an event: bytes of UTF-8."""
_BASE64 = "base64:"
_ROOM = (LONGEST_PAYLOAD - len(_BASE64)) // 4 * 3
_LONGEST_TOPIC = 4096
"""Characters of the topic in an event."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription."""

    topic_filter: str
    use_device_prefix: bool = False
    qos: int = 0
    stateful: bool = False

    def __post_init__(self) -> None:
        """Raise InvalidArgument for what cannot be."""
        check_filter(self.topic_filter, wildcards=not self.stateful)
        if self.qos not in (0, 1, 2):
            raise InvalidArgument(f"Qos of {shown(self.topic_filter)} is {self.qos}; it must be 0, 1 or 2")

    def filter(self, prefix: str) -> str:
        """Return what the broker is asked for."""
        return f"{prefix}/{self.topic_filter}" if self.use_device_prefix else self.topic_filter


@dataclass(frozen=True, slots=True)
class Heard:
    """An event of a message."""

    topic: str
    source: Mapping[str, str]
    data: Mapping[str, str]
    stateful: bool


def subscriptions(records: Iterable[Mapping[str, Any]]) -> tuple[Subscription, ...]:
    """Return the subscriptions of records {TopicFilter, UseDevicePrefix, Qos, Stateful}; raises InvalidArgument."""
    found: dict[tuple[str, bool, bool], Subscription] = {}
    for record in records:
        if "TopicFilter" not in record:
            raise InvalidArgument("a subscription has no TopicFilter; give it the topic that is subscribed to")
        one = Subscription(
            record["TopicFilter"],
            record.get("UseDevicePrefix", False),
            record.get("Qos", 0),
            record.get("Stateful", False),
        )
        key = (one.topic_filter, one.use_device_prefix, one.stateful)
        if key in found:
            raise InvalidArgument(f"TopicFilter {shown(one.topic_filter)} is there twice; remove one of the two")
        found[key] = one
    if len(found) > MOST_SUBSCRIPTIONS:
        raise InvalidArgument(f"there are {len(found)} subscriptions; at most {MOST_SUBSCRIPTIONS} are taken")
    return tuple(found.values())


def wanted(all_: Iterable[Subscription], prefix: str) -> dict[str, int]:
    """Return what the broker is asked for, and with which QoS: the highest where two ask for the same."""
    asked: dict[str, int] = {}
    for one in all_:
        filter_ = one.filter(prefix)
        asked[filter_] = max(one.qos, asked.get(filter_, 0))
    return asked


def events(all_: Iterable[Subscription], prefix: str, message: Received) -> list[Heard]:
    """Return the events of a message."""
    found: list[Heard] = []
    data: dict[str, str] | None = None
    for one in all_:
        if (message.retained and not one.stateful) or not matches(one.filter(prefix), message.topic):
            continue
        data = data or {"payload": text_of(message.payload), "topic": message.topic[:_LONGEST_TOPIC]}
        topic = MQTT_STATEFUL if one.stateful else MQTT_STATELESS
        found.append(Heard(topic, {"subscription": one.topic_filter}, data, one.stateful))
    return found


def text_of(payload: bytes) -> str:
    """Return a payload as an event has it."""
    if len(payload) <= LONGEST_PAYLOAD:
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            pass
        else:
            # D-Bus has no NUL in its texts.
            if "\0" not in text:
                return text
    return _BASE64 + base64.b64encode(payload[:_ROOM]).decode()


@dataclass(slots=True)
class Throttle:
    """So many events a second, and a store for a burst; what is beyond is not let through. Time is an argument."""

    per_second: float = 200.0
    burst: float = 400.0
    _left: float = field(default=-1.0)
    _at: float = 0.0

    def take(self, now: float) -> bool:
        """Whether one more may pass."""
        if self._left < 0:
            self._left, self._at = self.burst, now
        self._left = min(self.burst, self._left + max(0.0, now - self._at) * self.per_second)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def wait(self) -> float:
        """Return the seconds after which one may pass."""
        return max(0.0, (1.0 - self._left) / self.per_second)
