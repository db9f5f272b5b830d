# SPDX-License-Identifier: Apache-2.0
"""Whoever wants to hear of events: the log, which only takes note, then the rules, which move something, then MQTT."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from axiod.bus.client import Event
from axiod.bus.follow import key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from axiod.bus.follow import Key
    from axiod.bus.service import EventSource
    from axiod.events.log import LogHandler
    from axiod.events.running import Running

_log = logging.getLogger(__name__)

EVENTS = "org.axiod.events1"


class Listener(Protocol):
    """Somebody else who wants to hear."""

    def event(self, event: Event, *, stateful: bool) -> None:
        """Something happened. Must not wait."""

    def present_changed(self) -> None:
        """Something appeared or went."""


class Hearing:
    """All events, those of others and our own."""

    def __init__(self, own: EventSource, running: Running, log: LogHandler) -> None:
        self._own = own
        self._running = running
        self._log = log
        self._present: dict[str, dict[Key, Event]] = {}
        """What each service has now."""
        self._live = False
        self._listeners: list[Listener] = []
        own.listen(self._heard_own)

    def listen(self, listener: Listener) -> None:
        """Tell somebody of everything from now on."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Our own states are all there; what happens to them from now on is an event."""
        self._running.snapshot(EVENTS, list(self._present.setdefault(EVENTS, {}).values()))
        self._live = True

    def present(self) -> Collection[Event]:
        """Return the present value of every stateful event."""
        return [event for events in self._present.values() for event in events.values()]

    # --- of others ---

    def event(self, service: str, event: Event, *, stateful: bool) -> None:
        """Something happened; see axiod.events.sources."""
        self._log.event(event)
        self._running.event(service, event)
        came = False
        if stateful:
            present, what = self._present.setdefault(service, {}), key(event)
            came = what not in present
            present[what] = event
        self._tell(event, stateful=stateful)
        if came:
            self._present_changed()

    def snapshot(self, service: str, events: list[Event], news: list[Event], *, first: bool) -> None:
        """This is all that a service has."""
        # What was known already when we ended is no news when we start.
        known_until = self._log.newest_usec if first else -1
        news = [event for event in news if event.timestamp_usec > known_until]
        for event in news:
            self._log.event(event)
        self._running.snapshot(service, events)
        present = {key(event): event for event in events}
        changed = present.keys() != self._present.get(service, {}).keys()
        self._present[service] = present
        for event in news:
            self._tell(event, stateful=True)
        if changed:
            self._present_changed()

    # --- our own ---

    def _heard_own(
        self,
        topic: str,
        source: Mapping[str, str],
        data: Mapping[str, str] | None,
        timestamp_usec: int,
        *,
        stateful: bool,
    ) -> None:
        event = Event(topic, dict(source), dict(data or {}), timestamp_usec, 0)
        if data is None:
            present = self._present.setdefault(EVENTS, {})
            present.pop(key(event), None)
            if self._live:
                self._running.snapshot(EVENTS, list(present.values()))
            self._present_changed()
            return
        if self._live or not stateful:
            self.event(EVENTS, event, stateful=stateful)
        else:
            self._present.setdefault(EVENTS, {})[key(event)] = event

    def _tell(self, event: Event, *, stateful: bool) -> None:
        for listener in self._listeners:
            try:
                listener.event(event, stateful=stateful)
            except Exception:  # noqa: BLE001 # one who listens must not keep it from the others
                _log.exception("%s could not be told", event.topic)

    def _present_changed(self) -> None:
        for listener in self._listeners:
            listener.present_changed()
