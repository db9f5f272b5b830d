# SPDX-License-Identifier: Apache-2.0
"""Whether a command may have waited too long.

A command that waited while the service was stopped or hung must not be carried out late: a door would open when nobody
expects it any more. A beat of the event loop shows that it stood still. What was on its way then is known to be over
when the bus has answered a question that was asked afterwards, because it keeps the order.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from axiod.clock import monotonic_usec
from axiod.errors import AxiodError, Timeout, Unavailable

if TYPE_CHECKING:
    from axiod.bus.connection import Connection

_log = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
STALE_SECONDS = 2.0
"""Older than this a command without a deadline is not carried out."""


def check_deadline(deadline_usec: int) -> None:
    """Raise Timeout when a deadline has passed."""
    late = monotonic_usec() - deadline_usec
    if late > 0:
        raise Timeout(f"the command came {late / 1e6:.3f} s after its deadline and was not carried out; ask again")


class Freshness:
    """Tells whether the event loop stood still while a message may have been waiting."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._last = time.monotonic()
        self._stale_after: float | None = None
        self._times_stale = 0
        self._question: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(BEAT_SECONDS, self._beat)

    def close(self) -> None:
        """Stop beating."""
        self._timer.cancel()
        if self._question:
            self._question.cancel()

    def arrived(self) -> int | Timeout:
        """Return the deadline of a command that was just read and has none, or the refusal if it may be stale already.

        To be asked while the message is being read: later, the answer may be that of later messages.
        """
        self._look()
        if self._stale_after is not None:
            return Timeout(
                f"the service stood still for {self._stale_after:.1f} s and the command may be as old; "
                "it was not carried out; ask again"
            )
        return monotonic_usec() + int(STALE_SECONDS * 1e6)

    def _beat(self) -> None:
        self._look()
        self._timer = self._loop.call_later(BEAT_SECONDS, self._beat)

    def _look(self) -> None:
        now = time.monotonic()
        gap, self._last = now - self._last, now
        if gap > STALE_SECONDS:
            _log.warning("the service stood still for %.1f s", gap)
            self._stale_after = gap
            self._times_stale += 1
            if self._question is None:
                self._question = self._loop.create_task(self._ask())

    async def _ask(self) -> None:
        # What answers a question that was asked before the loop stood still again proves nothing.
        while self._stale_after is not None:
            asked_at = self._times_stale
            try:
                await self._connection.call(
                    "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId"
                )
            except Unavailable:
                break
            except AxiodError as error:
                _log.warning("the bus did not answer after the service stood still: %s", error)
                continue
            if asked_at == self._times_stale:
                self._stale_after = None
        self._question = None
