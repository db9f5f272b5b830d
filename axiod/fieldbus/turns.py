# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is: a bounded queue in which requests overtake polls, and nobody starves. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from axiod.fieldbus.frame import Request
    from axiod.modbus.line import Line

MOST = 128
"""So many wait at one port."""
MOST_OF_ONE = 64
"""So many of one client."""
PATIENCE_SECONDS = 1.0
"""A poll that waited so long is next."""


class Priority(IntEnum):
    """What goes first."""

    REQUEST = 0
    POLL = 1


@dataclass(slots=True, eq=False)
class Turn:
    """A transaction that waits."""

    request: Request
    line: Line
    priority: Priority
    client: str
    """The unique name of whoever asked; empty for nobody."""
    since: float
    deadline: float
    """After this moment it is not begun any more."""
    timeout: float | None = None
    """The longest wait that was asked for, seconds."""


@dataclass(slots=True)
class Turns:
    """The queue of one port."""

    _waiting: tuple[list[Turn], list[Turn]] = field(default_factory=lambda: ([], []))
    _poll_was_last: bool = False

    def __len__(self) -> int:
        return sum(map(len, self._waiting))

    def __iter__(self) -> Iterator[Turn]:
        for row in self._waiting:
            yield from row

    def full(self, client: str) -> bool:
        """Whether there is no room for another one of a client."""
        return len(self) >= MOST or sum(turn.client == client for turn in self) >= MOST_OF_ONE

    def add(self, turn: Turn) -> None:
        """Put one at the end of its row."""
        self._waiting[turn.priority].append(turn)

    def remove(self, turn: Turn) -> bool:
        """Take one out; False where it does not wait any more."""
        row = self._waiting[turn.priority]
        if turn in row:
            row.remove(turn)
            return True
        return False

    def take(self, now: float, may_ask: Callable[[Request], float]) -> Turn | float | None:
        """Take out the next one; a moment where all have to wait until then; None where there is none.

        `may_ask`: the moment from which a request may be sent.
        """
        request, poll = (next((t for t in row if may_ask(t.request) <= now), None) for row in self._waiting)
        chosen = request or poll
        if request and poll and now - poll.since >= PATIENCE_SECONDS and not self._poll_was_last:
            chosen = poll
        if chosen is None:
            return min((may_ask(turn.request) for turn in self), default=None)
        self._poll_was_last = chosen.priority is Priority.POLL
        self.remove(chosen)
        return chosen
