# SPDX-License-Identifier: Apache-2.0
"""Everybody who follows the events of the device over VAPIX, and what each of them has heard of already."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from axiod.gateway.hearing import may_hear
from axiod.gateway.outbox import STOPPING
from axiod.gateway.person import LOGGED_OUT
from axiod.gateway.vapix.notification import Notification, Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.bus.client import Event
    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.notification import Key
    from axiod.gateway.vapix.topics import Filter


class Follower(ABC):
    """One stream."""

    def __init__(self, person: Person, filters: Sequence[Filter] = ()) -> None:
        self.person = person
        self.filters = filters
        """An event is told once for each of them that it matches."""
        self._heard: set[Key] = set()

    def take(self, notification: Notification) -> None:
        """Tell an event if it is wanted."""
        topic = notification.path
        if topic is None or not may_hear(self.person.role, notification.event):
            return
        operation = Operation.HAPPENED
        if notification.stateful:
            operation = Operation.CHANGED if notification.key in self._heard else Operation.INITIALIZED
            self._heard.add(notification.key)
        for filter_ in self.filters:
            if filter_.matches(notification.event, topic):
                self.tell(notification, operation)

    @abstractmethod
    def tell(self, notification: Notification, operation: Operation) -> None:
        """Send it; must not wait."""

    @abstractmethod
    def end(self, reason: str) -> None:
        """End the stream, and say why where the protocol can."""


class Audience:
    """All streams of one kind. One that joined hears everything in the order in which it happened."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._accounts = gateway.accounts
        self._followers: dict[Follower, None] = {}
        gateway.mirror.listen(self)
        gateway.accounts.on_change(self._look_who_may_stay)
        gateway.on_stop.append(self._stop)

    def __len__(self) -> int:
        return len(self._followers)

    def join(self, follower: Follower) -> None:
        """Tell somebody the present value of every stateful event, and all changes from now on.

        Whoever is there already hears the present values once more. Somebody who may not stay is told that.
        """
        if not self._accounts.valid(follower.person):
            follower.end(LOGGED_OUT)  # since the connection was opened
            return
        self._followers[follower] = None
        for _, event in list(self._mirror.states()):
            follower.take(Notification(event))

    def leave(self, follower: Follower) -> None:
        """Tell somebody nothing more."""
        self._followers.pop(follower, None)

    def _tell(self, notification: Notification) -> None:
        for follower in list(self._followers):
            follower.take(notification)

    def _look_who_may_stay(self) -> None:
        for follower in list(self._followers):
            if not self._accounts.valid(follower.person):
                follower.end(LOGGED_OUT)

    def _stop(self) -> None:
        for follower in list(self._followers):
            follower.end(STOPPING)

    # --- what services tell (the mirror's Listener) ---

    def changed(self, thing: Thing, former: Thing | None) -> None:
        """See Listener."""

    def removed(self, thing: Thing) -> None:
        """See Listener."""

    def event(self, service: str, event: Event) -> None:
        """See Listener."""
        if not self._followers or not self._mirror.available(service):
            return  # a service that comes back tells everything below
        self._tell(Notification(event))

    def service(self, name: str, *, available: bool) -> None:
        """See Listener."""
        if not available or not self._followers:
            return
        for service, event in list(self._mirror.states()):
            if service == name:
                self._tell(Notification(event))
