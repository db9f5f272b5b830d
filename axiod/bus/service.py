# SPDX-License-Identifier: Apache-2.0
"""What stands at the root of every service: org.axiod.Service1 and org.axiod.EventSource1."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

import axiod
from axiod.clock import wall_usec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from axiod.bus.server import Server

_log = logging.getLogger(__name__)

SERVICE = "org.axiod.Service1"
EVENTS = "org.axiod.EventSource1"

_MOST_WAITING = 256
"""Stateless events that are kept for a bus that takes nothing."""
_Key = tuple[str, tuple[tuple[str, str], ...]]


class Listener(Protocol):
    """Somebody of this process who hears of events."""

    def __call__(
        self,
        topic: str,
        source: Mapping[str, str],
        data: Mapping[str, str] | None,
        timestamp_usec: int,
        *,
        stateful: bool,
    ) -> None:
        """An event happened; without data, it is no more what there is."""


class ServiceRoot:
    """org.axiod.Service1: version, health and status of a service."""

    version: str
    started_usec: int
    status: str

    def __init__(self, server: Server, root: str, on_status: Callable[[str], None]) -> None:
        self._server = server
        self._root = root
        self._on_status = on_status
        self._problems: dict[str, str] = {}
        self.version = axiod.__version__
        self.started_usec = wall_usec()
        self.status = "starting"
        server.export(root, SERVICE, self)

    @property
    def health(self) -> str:
        """Ok, or degraded while there are problems."""
        return "degraded" if self._problems else "ok"

    @property
    def problems(self) -> list[str]:
        """One sentence for each present problem; what several things have in common is said once."""
        return list(dict.fromkeys(self._problems.values()))

    def problem(self, key: str, text: str | None) -> None:
        """Report a problem under a key, or with None that it is over. It is logged unless it is known already."""
        if self._problems.get(key) == text:
            return
        if text is not None and text not in self._problems.values():
            _log.error("%s", text)
        if text is None:
            del self._problems[key]
        else:
            self._problems[key] = text
        self._tell()

    def say(self, status: str) -> None:
        """Set the status line."""
        self.status = status
        self._tell()

    def _tell(self) -> None:
        self._server.changed(self._root, SERVICE)
        line = self.status if not self._problems else f"{self.status}; degraded: {'; '.join(self.problems)}"
        self._on_status(line)


class EventSource:
    """org.axiod.EventSource1: what happens, and the present value of every stateful event."""

    def __init__(self, server: Server, root: str) -> None:
        self._server = server
        self._root = root
        self._sequence = 0
        self._current: dict[_Key, tuple[dict[str, str], int]] = {}
        self._untold: dict[_Key, None] = {}
        self._waiting: list[tuple[str, dict[str, str], dict[str, str], int]] = []
        self._listeners: list[Listener] = []
        self.live = False
        """The service is up: whatever appears from now on is told. Before, it is for the first Snapshot."""
        server.on_drained(self._tell_latest)
        server.export(root, EVENTS, self)

    def listen(self, listener: Listener) -> None:
        """Have a function of this process called for each event, those before the service is live as well."""
        self._listeners.append(listener)

    def snapshot(self) -> tuple[int, list[tuple[str, dict[str, str], dict[str, str], int]]]:
        """Snapshot of the contract."""
        events = [
            (topic, dict(source), data, timestamp) for (topic, source), (data, timestamp) in self._current.items()
        ]
        return self._sequence, events

    def state(self, topic: str, source: Mapping[str, str], data: Mapping[str, str], timestamp_usec: int) -> None:
        """Tell a stateful event if its data differ from the present ones, or there were none."""
        key = (topic, tuple(source.items()))
        former = self._current.get(key)
        if former is not None and former[0] == data:
            return
        self._current[key] = (dict(data), timestamp_usec)
        if self.live:
            self._emit(key)
        for listener in self._listeners:
            listener(topic, source, data, timestamp_usec, stateful=True)

    def happened(self, topic: str, source: Mapping[str, str], data: Mapping[str, str], timestamp_usec: int) -> None:
        """Tell a stateless event: it has no present value, and is in no snapshot.

        While the bus takes nothing, as many wait as are worth it; those that cannot wait leave a gap in the sequence.
        """
        self._tell_stateless(topic, dict(source), dict(data), timestamp_usec)
        for listener in self._listeners:
            listener(topic, source, data, timestamp_usec, stateful=False)

    def forget(self, topic: str, source: Mapping[str, str]) -> None:
        """Take a stateful event out of the snapshot: what it told of is no more."""
        key = (topic, tuple(source.items()))
        if self._current.pop(key, None) is not None:
            if self.live:
                # Nothing can be said of what is no more. The gap in the sequence says that the snapshot has changed.
                self._sequence += 1
            for listener in self._listeners:
                listener(topic, source, None, 0, stateful=True)
        self._untold.pop(key, None)

    def _tell_stateless(self, topic: str, source: dict[str, str], data: dict[str, str], timestamp_usec: int) -> None:
        self._sequence += 1
        event = (topic, source, data, timestamp_usec, self._sequence)
        if not self._server.emit(self._root, EVENTS, "Event", *event) and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(event[:4])

    def _emit(self, key: _Key) -> None:
        topic, source = key
        data, timestamp_usec = self._current[key]
        self._sequence += 1
        event = (topic, dict(source), data, timestamp_usec, self._sequence)
        if not self._server.emit(self._root, EVENTS, "Event", *event):
            self._untold[key] = None

    def _tell_latest(self) -> None:
        # Of the events that were dropped the latest of each source is told now; their sequence shows the gap.
        waiting, self._waiting = self._waiting, []
        for stateless in waiting:
            self._tell_stateless(*stateless)
        untold, self._untold = self._untold, {}
        for key in untold:
            self._emit(key)
