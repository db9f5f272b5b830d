# SPDX-License-Identifier: Apache-2.0
"""MQTT messages, topic names and topic filters (MQTT 3.1.1, section 4.7). Values only. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from axiod.errors import InvalidArgument

LONGEST_TOPIC = 65_535
"""Bytes of UTF-8; the protocol has no room for more."""
LARGEST_PAYLOAD = 256 * 1024
QOS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way to a broker."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.topic) + len(self.payload)


@dataclass(frozen=True, slots=True)
class Received:
    """One message from a broker."""

    topic: str
    payload: bytes
    retained: bool
    """The broker kept it, and tells it because we have just subscribed."""


def check_topic(topic: str, what: str = "topic") -> str:
    """Return a topic that a message can be published on; raises InvalidArgument for any other."""
    _check_text(topic, what)
    if any(wildcard in topic for wildcard in "+#"):
        raise InvalidArgument(f"{what} {shown(topic)} has a wildcard, + or #; only a subscription may have one")
    return topic


def check_filter(topic: str, *, wildcards: bool = True, what: str = "TopicFilter") -> str:
    """Return a filter that can be subscribed to; raises InvalidArgument for any other."""
    _check_text(topic, what)
    levels = topic.split("/")
    for place, level in enumerate(levels):
        if "+" not in level and "#" not in level:
            continue
        if not wildcards:
            raise InvalidArgument(
                f"{what} {shown(topic)} has a wildcard, + or #; a stateful subscription is of one topic, because its "
                "state would be that of several"
            )
        if level not in ("+", "#") or (level == "#" and place != len(levels) - 1):
            raise InvalidArgument(
                f"{what} {shown(topic)} is none; + stands for a whole level, and # for all levels at the end"
            )
    return topic


def _check_text(topic: str, what: str) -> None:
    if not topic:
        raise InvalidArgument(f"{what} is empty; give it a text, for example building/door")
    try:
        size = len(topic.encode())
    except UnicodeEncodeError:
        raise InvalidArgument(f"{what} is no text that UTF-8 can carry") from None
    if size > LONGEST_TOPIC:
        raise InvalidArgument(f"{what} {shown(topic)} has {size} bytes; MQTT has room for {LONGEST_TOPIC}")
    if not topic.isprintable():
        raise InvalidArgument(f"{what} {shown(topic)} has a character that is not printable")


def check_payload(payload: bytes, what: str = "payload") -> bytes:
    """Return a payload; raises InvalidArgument when it is larger than this client sends."""
    if len(payload) > LARGEST_PAYLOAD:
        raise InvalidArgument(f"{what} has {len(payload)} bytes; at most {LARGEST_PAYLOAD} are sent")
    return payload


def matches(filter_: str, topic: str) -> bool:
    """Whether a topic is one of those that a filter names. Wildcards at the front leave out $-topics."""
    wanted, levels = filter_.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for place, want in enumerate(wanted):
        if want == "#":
            return True
        if place >= len(levels) or want not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


def shown(text: str) -> str:
    """Return a text as an error quotes it."""
    return repr(text if len(text) <= 60 else text[:60] + "…")
