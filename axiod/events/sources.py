# SPDX-License-Identifier: Apache-2.0
"""What the other services tell: their events, each once and in its order, and what they have after a gap.

A service that hangs, or is not there, delays nobody: each is followed by itself. From a signal to the listener there is
no task and no wait.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from axiod.bus import topics
from axiod.bus.client import Event, Service
from axiod.bus.connection import Subscription
from axiod.bus.follow import Follower, Verdict, key
from axiod.errors import AxiodError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.bus._lib import Message
    from axiod.bus.connection import Connection

_log = logging.getLogger(__name__)

_BUS = "org.freedesktop.DBus"
_BUS_PATH = "/org/freedesktop/DBus"
AGAIN_SECONDS = 1.0
"""A service that does not answer is asked again after this."""
MOST_ASKED = 1024
MOST_HELD = 4096
"""Events that wait for the first snapshot of a service."""


class Listener(Protocol):
    """Who wants to know. Called in the order in which it happened; must not wait, and must not raise."""

    def event(self, service: str, event: Event, *, stateful: bool) -> None:
        """Something happened, after the first snapshot of that service."""

    def snapshot(self, service: str, events: list[Event], news: list[Event], *, first: bool) -> None:
        """This is all that a service has now; `news` is what of it was not told before. `first`: nothing was known."""

    def owner(self, service: str, *, present: bool) -> None:
        """A service came, or went away."""


@dataclass(slots=True)
class _Source:
    """One service."""

    client: Service
    present: bool = False
    told: bool = False
    """The bus has told of an owner: it need not be asked for, and an answer that is under way is old."""
    known: bool = False
    """There was a snapshot."""
    follower: Follower = field(default_factory=Follower)
    arrived: list[Event] = field(default_factory=list)
    """What arrived since a snapshot was asked for."""
    too_many: bool = False
    """More arrived than is held: the snapshot cannot be put in order with it."""
    loading: asyncio.Task[None] | None = None
    seen: set[str] = field(default_factory=set)
    """The topics of snapshots."""
    asked: set[str] = field(default_factory=set)
    """Topics that nobody declared, for which a snapshot was asked for."""


class Sources:
    """All services that tell events."""

    def __init__(self, connection: Connection, services: Iterable[str], listener: Listener) -> None:
        self._connection = connection
        self._listener = listener
        self._sources = {name: _Source(Service(connection, name)) for name in services}

    def client(self, service: str) -> Service:
        """Return a client of one of the services."""
        return self._sources[service].client

    @property
    def names(self) -> Iterable[str]:
        """The bus names of all of them."""
        return self._sources

    def present(self, service: str) -> bool:
        """Whether a service is on the bus."""
        return self._sources[service].present

    async def start(self) -> None:
        """Begin to follow; returns at once, whether services are there or not. Raises AxiodError without a bus."""
        await self._connection.subscribe(Subscription(_BUS, _BUS, "NameOwnerChanged", _BUS_PATH, self._on_owner))
        for source in self._sources.values():
            await source.client.on_event(partial(self._on_event, source))
        for name, source in self._sources.items():
            present = await self._has_owner(name)
            if not source.told:
                self._take_owner(name, source, present)

    async def settled(self, seconds: float) -> None:
        """Wait until all services that are there said what they have, but not longer than that."""
        tasks = [source.loading for source in self._sources.values() if source.loading]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def stop(self) -> None:
        """Ask for nothing more."""
        tasks = [source.loading for source in self._sources.values() if source.loading]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _has_owner(self, name: str) -> bool:
        with suppress(Unavailable):
            await self._connection.call(_BUS, _BUS_PATH, _BUS, "GetNameOwner", "s", [name])
            return True
        return False

    def _on_owner(self, message: Message) -> None:
        name, former, owner = message.body
        source = self._sources.get(name)
        if source is None:
            return
        source.told = True
        if former and owner and source.present:
            self._take_owner(name, source, present=False)
        self._take_owner(name, source, present=bool(owner))

    def _take_owner(self, name: str, source: _Source, present: bool) -> None:
        if source.loading is not None:
            source.loading.cancel()
            source.loading = None
        source.arrived.clear()
        source.follower.last = None
        changed, source.present = present != source.present, present
        if present:
            self._load(source)
        if changed:
            self._listener.owner(name, present=present)

    # --- events ---

    def _on_event(self, source: _Source, event: Event) -> None:
        if source.loading is not None:
            if len(source.arrived) < MOST_HELD:
                source.arrived.append(event)
            else:
                source.too_many = True
            if source.follower.last is None:
                return  # what is of before the snapshot cannot be told from what is of after it yet
        verdict = source.follower.take(event)
        if verdict is Verdict.OLD:
            return
        self._tell(source, event)
        if verdict is Verdict.GAP:
            self._load(source)

    def _tell(self, source: _Source, event: Event) -> None:
        self._listener.event(source.client.name, event, stateful=_stateful(source, event.topic))
        if topics.declared(event.topic) is not None or event.topic in source.seen or event.topic in source.asked:
            return
        if len(source.asked) < MOST_ASKED:
            # Whether it has a present value, only the snapshot says.
            source.asked.add(event.topic)
            self._load(source)

    # --- snapshots ---

    def _load(self, source: _Source) -> None:
        if source.loading is None:
            source.arrived.clear()
            source.too_many = False
            source.loading = asyncio.get_running_loop().create_task(self._ask(source))

    async def _ask(self, source: _Source) -> None:
        told = False
        while (found := await self._snapshot(source.client, told=told)) is None:
            told = True
            await asyncio.sleep(AGAIN_SECONDS)
        source.loading = None
        self._take(source, *found)

    async def _snapshot(self, client: Service, *, told: bool) -> tuple[int, list[Event]] | None:
        """Return what a service has; None when it does not say, which is logged unless it was told before."""
        try:
            return await client.snapshot()
        except AxiodError as error:
            if not told:
                _log.warning("%s does not tell what it has: %s", client.name, error)
        except Exception:  # noqa: BLE001 # an answer that cannot be read must not end the asking
            if not told:
                _log.exception("%s tells what cannot be read", client.name)
        return None

    def _take(self, source: _Source, sequence: int, events: list[Event]) -> None:
        """Take a snapshot. What is newer than it may have arrived before this task got its turn."""
        if source.too_many:
            self._load(source)
            return
        began, first = source.follower.last is None, not source.known
        arrived, source.arrived = source.arrived, []
        newer = [event for event in arrived if event.sequence > sequence]
        if not began:
            # These were told already; the snapshot must not take them back.
            present = {key(event): event for event in events}
            present.update({key(event): event for event in newer if _stateful(source, event.topic)})
            events = list(present.values())
        news = source.follower.snapshot(sequence, events)
        source.known = True
        source.seen.update(event.topic for event in events)
        self._listener.snapshot(source.client.name, events, news, first=first)
        for event in newer:
            if began:
                self._on_event(source, event)
            elif source.follower.take(event) is Verdict.GAP:
                self._load(source)


def _stateful(source: _Source, topic: str) -> bool:
    declared = topics.declared(topic)
    return topic in source.seen if declared is None else declared.stateful
