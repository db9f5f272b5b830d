# SPDX-License-Identifier: Apache-2.0
"""What happens in all services, in one sequence: what the streams of /api/v1/events are fed from.

The sequence counts from 1 for each epoch, which is one run of the gateway. The latest records are kept, so that a
client that was away goes on where it was; one that was away for longer gets a snapshot, and is told that it missed
something.
"""

from __future__ import annotations

import re
import secrets
from collections import deque
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.bus.service import SERVICE
from axiod.errors import Unavailable
from axiod.gateway.hearing import least_role
from axiod.gateway.outbox import STOPPING
from axiod.gateway.rest.answer import shown
from axiod.gateway.rest.record import Record, Wish
from axiod.gateway.rest.services import service as told_service
from axiod.gateway.rest.table import kind_of, resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from axiod.bus.client import Event
    from axiod.gateway.accounts import Accounts
    from axiod.gateway.mirror import Mirror, Thing
    from axiod.gateway.outbox import Outbox
    from axiod.gateway.person import Person

KEPT = 1000
"""So many of the latest records are kept."""
_MOST_BYTES = 512 * 1024
_POSITION = re.compile(r"([0-9a-f]{16})-([0-9]{1,15})", re.ASCII)

NO_LONGER_IN = "the account or token that you came with has changed or ended; log in again"


class Subscriber:
    """One stream."""

    def __init__(self, person: Person, wish: Wish, outbox: Outbox[Record]) -> None:
        self.person = person
        self.wish = wish
        self.outbox = outbox


class Feed:
    """Numbers what happens, keeps the latest, and hands it to the streams. A Listener of the mirror."""

    def __init__(self, mirror: Mirror, accounts: Accounts) -> None:
        self.epoch = secrets.token_hex(8)
        self.sequence = 0
        self._mirror = mirror
        self._accounts = accounts
        self._latest: deque[Record] = deque(maxlen=KEPT)
        self._subscribers: set[Subscriber] = set()
        mirror.listen(self)
        accounts.on_change(self._look)

    @property
    def position(self) -> str:
        """Where the sequence is now."""
        return f"{self.epoch}-{self.sequence}"

    @property
    def streams(self) -> int:
        """How many streams there are."""
        return len(self._subscribers)

    # --- streams ---

    def subscribe(self, subscriber: Subscriber, since: str | None) -> None:
        """Send a stream what it missed, or a snapshot, and from now on what happens. One that may not be is ended."""
        if not self._accounts.valid(subscriber.person):
            subscriber.outbox.close(NO_LONGER_IN)  # since the request was let in
            return
        missed = self._missed(since, subscriber.wish) if since is not None else None
        if missed is None:
            missed = [self._snapshot(subscriber.wish, resync=since is not None)]
        for record in missed:
            subscriber.outbox.put(record)
        self._subscribers.add(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Send it nothing more."""
        self._subscribers.discard(subscriber)

    def stop(self) -> None:
        """End all streams."""
        for subscriber in list(self._subscribers):
            subscriber.outbox.close(STOPPING)

    def heartbeat(self) -> Record:
        """Return a record that says that nothing happened up to now."""
        return Record("heartbeat", Role.VIEWER, "", {}, self.position)

    def _missed(self, since: str, wish: Wish) -> list[Record] | None:
        """Return what came after a position; None when that is not known any more, or longer than a snapshot."""
        match = _POSITION.fullmatch(since)
        if match is None or match[1] != self.epoch:
            return None
        last = int(match[2])
        count = self.sequence - last
        if not 0 <= count <= len(self._latest):
            return None
        missed = list(self._latest)[len(self._latest) - count :]
        wanted = [record for record in missed if wish.takes(record)]
        return wanted if sum(map(len, wanted)) <= _MOST_BYTES else None

    def _snapshot(self, wish: Wish, *, resync: bool) -> Record:
        content = {
            "Resync": resync,
            "Services": [told_service(self._mirror, name) for name in self._mirror.services],
            "Resources": {kind: things for kind, things in self._things(wish) if things},
            "Events": [
                _event(name, event)
                for name, event in self._mirror.states()
                if wish.wants_topic(event.topic) and least_role(event) <= wish.role
            ],
        }
        return Record("snapshot", wish.role, "", content, self.position)

    def _things(self, wish: Wish) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        for kind, resource in resources().items():
            if resource.role > wish.role:
                continue
            try:
                things = self._mirror.things(resource.interface.name)
            except (KeyError, Unavailable):
                continue
            yield kind, [shown(thing) for thing in things if wish.wants_resource(_subject(thing))]

    def _look(self) -> None:
        for subscriber in list(self._subscribers):
            if not self._accounts.valid(subscriber.person):
                subscriber.outbox.close(NO_LONGER_IN)

    # --- what happens (Listener) ---

    def changed(self, thing: Thing, former: Thing | None) -> None:
        """See Listener."""
        if not _subject(thing):
            return
        before = shown(former) if former is not None else {}
        now = shown(thing)
        content: dict[str, Any] = {
            **_named(thing),
            "Changed": {name: item for name, item in now.items() if name != "Id" and before.get(name) != item},
        }
        if gone := [name for name in before if name not in now]:
            content["Gone"] = gone
        self._tell("changed", _role(thing), _subject(thing), content)

    def removed(self, thing: Thing) -> None:
        """See Listener. When a service goes, that says all."""
        if _subject(thing) and self._mirror.available(_service_of(thing)):
            self._tell("removed", _role(thing), _subject(thing), _named(thing))

    def event(self, service: str, event: Event) -> None:
        """See Listener."""
        self._tell("event", least_role(event), event.topic, _event(service, event))

    def service(self, name: str, *, available: bool) -> None:  # noqa: ARG002 # it is in what is told
        """See Listener."""
        self._tell("service", Role.VIEWER, contract.stem(name), told_service(self._mirror, name))

    def _tell(self, kind: str, role: Role, subject: str, content: dict[str, Any]) -> None:
        self.sequence += 1
        record = Record(kind, role, subject, content, self.position)
        self._latest.append(record)
        for subscriber in list(self._subscribers):
            if subscriber.wish.takes(record):
                subscriber.outbox.put(record)


def _service_of(thing: Thing) -> str:
    return ".".join(thing.path.split("/")[1:4])


def _subject(thing: Thing) -> str:
    """Return what a thing is called in patterns; empty where the network does not see it."""
    if thing.interface == SERVICE:
        return f"services/{contract.stem(_service_of(thing))}"
    kind = kind_of(thing.interface)
    return f"{kind}/{thing.id}" if kind and resources()[kind].several else kind


def kinds() -> frozenset[str]:
    """Return the kinds of resources that the feed tells of."""
    return frozenset({*resources(), "services"})


def _named(thing: Thing) -> dict[str, Any]:
    kind, _, id_ = _subject(thing).partition("/")
    return {"Resource": kind, "Id": id_ or thing.id}


def _role(thing: Thing) -> Role:
    return Role.VIEWER if thing.interface == SERVICE else resources()[kind_of(thing.interface)].role


def _event(service: str, event: Event) -> dict[str, Any]:
    return {
        "Service": contract.stem(service),
        "Topic": event.topic,
        "Source": dict(event.source),
        "Data": dict(event.data),
        "TimestampUsec": event.timestamp_usec,
    }
