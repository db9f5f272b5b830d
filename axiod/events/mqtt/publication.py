# SPDX-License-Identifier: Apache-2.0
"""Which events are published, on which topics, and with what payload. Pure.

Sources: manual "MQTT publication"; VAPIX mqtt/event.cgi, whose topics and payloads these are:

    axis/ACCC8E012345/event/tns:onvif/Device/tns:axis/IO/Port/$source/port/1
    {"topic":"onvif:Device/axis:IO/Port","timestamp":1590045190230,
     "message":{"source":{"port":"1"},"key":{},"data":{"state":"1"}}}

Namespaces are written as clients of VAPIX know them: tns1 is onvif, tnsaxis is axis, and ours, tnsaxiod, is axiod.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.errors import InvalidArgument
from axiod.events.mqtt.message import LONGEST_TOPIC, QOS, Message, check_topic, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.client import Event

MOST_FILTERS = 100
RETAIN = ("none", "property", "all")
_LONG_NAMES = {prefix: long for long, prefix in topics.ALIASES.items()}
_EVERYTHING = "//."


@dataclass(frozen=True, slots=True)
class Filter:
    """Events that are published, and how."""

    topic_filter: str
    """As VAPIX writes it: "onvif:Device/axis:IO//." is all below, "//." everything; tns1: and tnsaxis: do as well."""
    qos: int = 0
    retain: str = "none"
    """none, property (stateful events are retained), or all."""

    def __post_init__(self) -> None:
        """Raise InvalidArgument for what cannot be."""
        parse(self.topic_filter)
        if self.qos not in QOS:
            raise InvalidArgument(f"Qos of {shown(self.topic_filter)} is {self.qos}; it must be 0, 1 or 2")
        if self.retain not in RETAIN:
            raise InvalidArgument(
                f"Retain of {shown(self.topic_filter)} is {shown(self.retain)}; it must be one of {', '.join(RETAIN)}"
            )


@dataclass(frozen=True, slots=True)
class Publication:
    """The settings of the publication."""

    topic_prefix: str = "default"
    """default: the device topic prefix and "event"; custom: CustomTopicPrefix."""
    custom_topic_prefix: str = ""
    append_event_topic: bool = True
    include_topic_namespaces: bool = True
    include_serial_number: bool = False
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        """Raise InvalidArgument for what cannot be."""
        if self.topic_prefix == "custom":
            if not self.custom_topic_prefix:
                raise InvalidArgument("CustomTopicPrefix is empty; give it a text, or set TopicPrefix to default")
        elif self.topic_prefix != "default":
            raise InvalidArgument(f"TopicPrefix is {shown(self.topic_prefix)}; it must be default or custom")
        if self.custom_topic_prefix:
            check_topic(self.custom_topic_prefix, "CustomTopicPrefix")
        if len(self.filters) > MOST_FILTERS:
            raise InvalidArgument(f"there are {len(self.filters)} filters; at most {MOST_FILTERS} are taken")


def publication(values: Mapping[str, Any]) -> Publication:
    """Return the settings of Python names and values; filters are records {TopicFilter, Qos, Retain}.

    Raises InvalidArgument.
    """
    filters = []
    for record in values.get("filters", []):
        if "TopicFilter" not in record:
            raise InvalidArgument("a filter has no TopicFilter; give it one, for example onvif:Device/axis:IO//.")
        filters.append(Filter(record["TopicFilter"], record.get("Qos", 0), record.get("Retain", "none")))
    return Publication(**{**values, "filters": tuple(filters)})


class Publisher:
    """Makes messages of events. What it says of a topic is remembered, because there are few and they come often."""

    def __init__(self, publication: Publication, device_prefix: str, serial: str) -> None:
        """`device_prefix`: the device topic prefix, for example axis/ACCC8E012345."""
        self._publication = publication
        custom = publication.topic_prefix == "custom"
        self._prefix = publication.custom_topic_prefix if custom else f"{device_prefix}/event"
        self._serial = serial if publication.include_serial_number else None
        self._filters = [(parse(filter_.topic_filter), filter_) for filter_ in publication.filters]
        self._wanted: dict[str, Filter | None] = {}

    def message(self, event: Event, *, stateful: bool) -> Message | None:
        """Return the message of an event, None where no filter wants it, or MQTT has no room for its topic.

        The first filter that names it says QoS and retain.
        """
        found = self._filter(event.topic)
        if found is None:
            return None
        topic = self._prefix
        if self._publication.append_event_topic:
            topic += "/" + event_topic(event, namespaces=self._publication.include_topic_namespaces)
        if len(topic.encode()) > LONGEST_TOPIC:
            return None
        retain = found.retain == "all" or (found.retain == "property" and stateful)
        return Message(topic, payload(event, self._serial), found.qos, retain)

    def _filter(self, topic: str) -> Filter | None:
        if topic not in self._wanted:
            if len(self._wanted) > 1000:
                self._wanted.clear()
            self._wanted[topic] = self._find(topic)
        return self._wanted[topic]

    def _find(self, topic: str) -> Filter | None:
        topic = topics.same(topic)
        for (want, below), filter_ in self._filters:
            if topic == want or (below and (not want or topic.startswith(want + "/"))):
                return filter_
        return None


def parse(topic_filter: str) -> tuple[str, bool]:
    """Read a filter: the topic in its one form, and whether those below it belong to it. Raises InvalidArgument."""
    below = topic_filter.endswith(_EVERYTHING)
    topic = topic_filter.removesuffix(_EVERYTHING)
    if below and not topic:
        return "", True
    try:
        return topics.canonical(topic), below
    except InvalidArgument:
        raise InvalidArgument(
            f"TopicFilter {shown(topic_filter)} names no event; write it like onvif:Device/axis:IO/Port, "
            f"onvif:Device{_EVERYTHING} for all below, or {_EVERYTHING} for all"
        ) from None


def event_topic(event: Event, *, namespaces: bool) -> str:
    """Return how the topic of an event stands in an MQTT topic, with its source."""
    levels = []
    for part in event.topic.split("/"):
        prefix, colon, name = part.rpartition(":")
        if colon and namespaces:
            levels.append(f"tns:{_LONG_NAMES.get(prefix, prefix)}")
        levels.append(name)
    for index, (name, value) in enumerate(event.source.items()):
        levels += (["$source"] if index == 0 else []) + [_level(name), _level(value)]
    return "/".join(levels)


def _level(text: str) -> str:
    """Return a text as one level of a topic: what would part it, or be a wildcard, is an underscore."""
    return re.sub(r"[/+#\x00-\x1f\x7f]", "_", text)


def vapix_topic(topic: str) -> str:
    """Return a topic as payloads have it: tns1:Device/tnsaxis:IO/Port is onvif:Device/axis:IO/Port."""
    levels = []
    for part in topic.split("/"):
        prefix, colon, name = part.rpartition(":")
        levels.append(f"{_LONG_NAMES.get(prefix, prefix)}{colon}{name}")
    return "/".join(levels)


def payload(event: Event, serial: str | None) -> bytes:
    """Return the payload of an event, JSON in UTF-8; the timestamp is in milliseconds since 1970 (UTC)."""
    body: dict[str, object] = {"topic": vapix_topic(event.topic), "timestamp": event.timestamp_usec // 1000}
    if serial is not None:
        body["serial"] = serial
    body["message"] = {"source": _items(event.source), "key": {}, "data": _items(event.data)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _items(items: Mapping[str, str]) -> dict[str, str]:
    return dict(items)
