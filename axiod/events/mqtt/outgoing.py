# SPDX-License-Identifier: Apache-2.0
"""The order in which messages go out: what waited, then how things are, then what happens. Pure, but for the queue."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from axiod.events.mqtt.waiting import WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.events.mqtt.message import Message
    from axiod.events.mqtt.waiting import Waiting

_AT_ONCE = 32
"""Messages that are handed over in one go."""


class Sender(Protocol):
    """A connection."""

    @property
    def has_room(self) -> bool:
        """Whether a message can be handed over now."""

    @property
    def on_the_way(self) -> int:
        """How many messages the broker has not acknowledged."""

    def send(self, message: Message, id_: int | None) -> bool:
        """Hand a message over, with its packet id or with one that is made up."""


class Outgoing:
    """What is to be sent on the present connection, besides what waits in the queue."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._now: deque[Message] = deque()
        """Sent on this connection, or never."""
        self._latest: dict[str, Message] = {}
        """The same by topic: only the latest of each matters."""
        self._barrier: int | None = None
        """The last message of the queue that goes before these; None when there is none."""

    def now(self, messages: Iterable[Message]) -> None:
        """Have messages sent on this connection, or never."""
        self._now.extend(messages)

    def latest(self, message: Message) -> None:
        """The same for a message that replaces the one before it on its topic."""
        self._latest[message.topic] = message

    def after_what_waits(self) -> None:
        """What is to be sent now goes after what waits now, and before what comes into the queue from now on."""
        self._barrier = self._waiting.last

    def end(self) -> None:
        """The connection is gone."""
        self._now.clear()
        self._latest.clear()
        self._barrier = None

    def pump(self, sender: Sender) -> None:
        """Hand over as much as there is room for."""
        for _ in range(_AT_ONCE):
            if not sender.has_room or sender.on_the_way >= WINDOW:
                return
            if (self._now or self._latest) and not self._is_before_barrier:
                message = self._now.popleft() if self._now else self._latest.pop(next(iter(self._latest)))
                if not self._now:
                    self._barrier = None
                sender.send(message, None)
                continue
            taken = self._waiting.take(self._barrier if self._now else None)
            if taken is None:
                return
            sender.send(taken[1], taken[0])

    @property
    def _is_before_barrier(self) -> bool:
        return self._barrier is not None and self._waiting.is_waiting(self._barrier)
