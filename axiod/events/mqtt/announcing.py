# SPDX-License-Identifier: Apache-2.0
"""Home Assistant, as long as a connection lasts: what it was told, and what it wants."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from axiod.bus.follow import key
from axiod.events.mqtt.home_assistant import Discovery, Entity, entities
from axiod.events.mqtt.message import Message, Received, matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.bus.client import Event
    from axiod.bus.follow import Key
    from axiod.events.mqtt.settings import ClientSettings
    from axiod.events.mqtt.surroundings import Surroundings


_REST_SECONDS = 0.1
"""After so long an output is switched again."""
_MOST_CLEARED = 200
_LONGEST_CLEARED = 1024
"""So many announcements, with topics of so many characters, are taken away on one connection. A broker may have any
number of them; ours were fewer."""


class Announcing:
    """What Home Assistant knows of this device. Does nothing while the option is off."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._discovery: Discovery | None = None
        self._prefix = ""
        self._known: dict[str, Entity] = {}
        self._by_key: dict[Key, Entity] = {}
        self._present: dict[str, Event] = {}
        self._seen: set[Key] = set()
        """What was there when everything was announced, whether it is an entity or not."""
        self._told: dict[str, bytes] = {}
        """What was announced on this connection, by topic."""
        self._cleared = 0
        """How many were taken away on this connection."""
        self._resting: set[str] = set()
        """What was switched a moment ago."""
        self._wanted: dict[str, bool] = {}
        """What it shall be after that."""
        self._listening = False
        """The broker has taken the subscription of commands: what arrives from now on was sent now."""

    def begin(self) -> None:
        """There is a new connection."""
        self._told.clear()
        self._cleared = 0
        self._listening = False

    def end(self) -> None:
        """It is gone."""
        self._listening = False

    def filters(self, settings: ClientSettings) -> dict[str, int]:
        """Return what is subscribed to.

        QoS 0, so that no broker keeps commands for the time after: an output must not move because of an old one.
        """
        if not settings.home_assistant:
            return {}
        discovery = Discovery(settings, self._around.device())
        return {discovery.commands: 0, discovery.announcements: 0}

    def subscribed(self, filter_: str) -> None:
        """The broker has taken a subscription."""
        if self._discovery is not None and filter_ == self._discovery.commands:
            self._listening = True

    def announced(self, settings: ClientSettings) -> list[Message]:
        """Return what is to be told: what appeared, is another, or went, and the state of everything."""
        if not settings.home_assistant:
            self._discovery = None
            return []
        discovery = self._discovery = Discovery(settings, self._around.device())
        self._prefix = settings.home_assistant_prefix
        present = list(self._around.present())
        self._seen = {key(event) for event in present}
        self._known = entities(present, self._around.name_of)
        self._by_key = {entity.key: entity for entity in self._known.values()}
        messages: list[Message] = []
        topics = set()
        for entity in self._known.values():
            message = discovery.announcement(entity)
            topics.add(message.topic)
            if self._told.get(message.topic) != message.payload:
                self._told[message.topic] = message.payload
                messages.append(message)
        for topic in [topic for topic in self._told if topic not in topics]:
            del self._told[topic]
            messages += discovery.removal(topic)
        for event in present:
            state = self.state(event)
            if state is not None:
                messages.append(state)
        return messages

    def withdrawn(self, settings: ClientSettings) -> list[Message]:
        """Return what takes everything away where it is not wanted any more, or not there."""
        discovery = self._discovery
        if discovery is None or (settings.home_assistant and settings.home_assistant_prefix == self._prefix):
            return []
        gone = [message for topic in self._told for message in discovery.removal(topic)]
        self._told.clear()
        self._discovery = None
        self._listening = False
        return gone

    def is_new(self, event: Event) -> bool:
        """Whether a stateful event is one that was not there when everything was announced."""
        if self._discovery is None or key(event) in self._seen:
            return False
        self._seen.add(key(event))
        return True

    def state(self, event: Event) -> Message | None:
        """Return what an event means to Home Assistant; None where that is nothing."""
        if self._discovery is None:
            return None
        key_ = key(event)
        entity = self._by_key.get(key_)
        if entity is None:
            return None
        self._present[entity.id] = event
        return self._discovery.state(entity, event)

    def received(self, message: Received, send: Callable[[Message], None]) -> bool:
        """Take a message of Home Assistant, or of our own former self; False for any other one."""
        discovery = self._discovery
        if discovery is None:
            return False
        if matches(discovery.announcements, message.topic):
            # One that nobody announces any more: what it was of is gone, or has another name.
            few = self._cleared < _MOST_CLEARED and len(message.topic) <= _LONGEST_CLEARED
            stale = few and message.retained and message.payload and message.topic not in self._told
            if stale and _is_ours(message.payload):
                self._cleared += 1
                for gone in discovery.removal(message.topic):
                    send(gone)
            return True
        if not matches(discovery.commands, message.topic):
            return False
        command = discovery.command(message.topic, message.payload)
        # One that is retained was sent at some time, for whatever was then.
        if command is None or message.retained or not self._listening:
            return True
        self._command(*command)
        return True

    def _command(self, id_: str, on: bool) -> None:
        """Carry out a command. Of many in a short time the last one counts, so that no flood wears a relay out."""
        entity, event = self._known.get(id_), self._present.get(id_)
        if self._discovery is None or entity is None or event is None or entity.component != "switch":
            return
        if id_ in self._resting:
            self._wanted[id_] = on
            return
        self._resting.add(id_)
        asyncio.get_running_loop().call_later(_REST_SECONDS, self._rested, id_)
        self._around.command(event, on)

    def _rested(self, id_: str) -> None:
        self._resting.discard(id_)
        if (on := self._wanted.pop(id_, None)) is not None:
            self._command(id_, on)


def _is_ours(payload: bytes) -> bool:
    try:
        found = json.loads(payload)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("origin"), dict) and found["origin"].get("name") == "axiod"
