# SPDX-License-Identifier: Apache-2.0
"""What is to be sent to recipients: it survives a restart, is bounded, and is tried again.

Each recipient has a queue and a worker of its own, so a slow one delays no other; what is for one recipient is sent in
its order. What put() returned from is on disk. It is sent at least once: after a crash it may be sent once more. What
is to be sent at most once is marked on disk before it is begun, and never begun again where nobody knows whether it
arrived. One result of everything is told, and after a crash perhaps a second time.

When the disk refuses, what waits is kept in memory, and `on_problem` is told.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sqlite3
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from axiod.clock import wall_usec
from axiod.errors import LimitReached
from axiod.events.outbox_file import Entry, OutboxFile
from axiod.events.outbox_writer import Writer
from axiod.events.sending.failure import SendFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

_log = logging.getLogger(__name__)

MOST_ENTRIES = 10_000
MOST_BYTES = 16 << 20
MOST_OF_ONE = 1 << 20
CLOSE_SECONDS = 2.0
LONGEST_WAIT = 300.0

UNKNOWN = "it is not known whether it was sent, because the service ended meanwhile; it is not sent again"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent."""

    recipient: str
    message: Mapping[str, Any]
    """Anything that JSON has."""
    origin: Mapping[str, str] = field(default_factory=dict)
    """Why, for the one who is told the result: for example the rule."""
    retries: int = 5
    """So often it is tried again after it failed."""
    timeout_ms: int = 20_000
    """Of each attempt."""
    at_most_once: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What is being sent."""

    number: int
    """Unique, rising, and the same in each attempt."""
    created_usec: int
    """When it was ordered, microseconds since 1970 (UTC)."""
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it."""

    number: int
    recipient: str
    origin: Mapping[str, str]
    outcome: Literal["done", "failed", "dropped"]
    reason: str = ""
    """One sentence for people; "" where it was done."""
    attempts: int = 0


def wait_seconds(attempts: int, chance: float, first: float = 1.0) -> float:
    """Return how long to wait after so many attempts: twice as long each time, less up to half of it by chance."""
    longest = min(LONGEST_WAIT, first * 2.0 ** min(attempts - 1, 30))
    return longest * (1 - chance / 2)


class Outbox:
    """The outbox of axiod-events."""

    dropped = 0
    """How many were dropped since the start because there were too many."""

    def __init__(
        self,
        path: Path,
        deliver: Callable[[str, Turn], Awaitable[None]],
        on_result: Callable[[Result], None],
        *,
        on_problem: Callable[[str | None], None] = lambda _text: None,
        first_wait: float = 1.0,
        most_entries: int = MOST_ENTRIES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`deliver` sends to a recipient and raises SendFailed. `on_result` must not raise."""
        self._file = OutboxFile(path)
        self._writer = Writer(self._file, on_problem)
        self._deliver = deliver
        self._on_result = on_result
        self._first_wait = first_wait
        self._most_entries = most_entries
        self._most_bytes = most_bytes
        self._entries: dict[int, Entry] = {}
        self._bytes = 0
        self._last = 0
        self._queues: dict[str, deque[Entry]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._wake: dict[str, asyncio.Event] = {}
        self._sending: set[int] = set()
        self._closing = False

    async def start(self) -> None:
        """Read what is still to be sent, and go on with it."""
        try:
            self._last, entries = await self._file.open()
        except (OSError, sqlite3.Error) as error:
            # Above all numbers that the file may have; what is in it is sent after the next start.
            self._last = wall_usec() // 1000
            self._writer.tell(error)
            return
        for entry in entries:
            self._take(entry)
        for entry in entries:
            if entry.at_most_once and entry.begun:
                self._end(entry, "failed", UNKNOWN)
        for recipient in list(self._queues):
            self._work_for(recipient)

    async def put(self, order: Order) -> int:
        """Take an order; return its number when it is on disk.

        Raises LimitReached for a message that is too large. Where there are too many, the oldest are dropped.
        """
        text = json.dumps(dict(order.message))
        size = len(text)
        if size > min(MOST_OF_ONE, self._most_bytes):
            raise LimitReached(
                f"the message has {size} bytes; it must have {min(MOST_OF_ONE, self._most_bytes)} at most"
            )
        self._last += 1
        entry = Entry(
            self._last, order.recipient, text, size, dict(order.origin), order.retries, order.timeout_ms,
            order.at_most_once, wall_usec(),
        )  # fmt: skip
        self._take(entry)
        self._writer.add(entry)
        self._make_room()
        await self._writer.on_disk()
        if entry.number in self._entries:
            self._work_for(entry.recipient)
        return entry.number

    def waiting(self, recipient: str) -> int:
        """Return how many wait for a recipient."""
        return len(self._queues.get(recipient, ()))

    def drop(self, recipient: str, reason: str) -> None:
        """Drop what waits for a recipient, for example because it was removed."""
        worker = self._workers.pop(recipient, None)
        if worker is not None:
            del self._wake[recipient]
            worker.cancel()
        for entry in list(self._queues.get(recipient, ())):
            self._end(entry, "dropped", reason)

    def hurry(self, recipient: str) -> None:
        """Try again now what waits for a recipient, for example because its settings were changed."""
        if recipient in self._wake:
            self._wake[recipient].set()

    async def close(self) -> None:
        """Begin nothing more, wait a little for what is being sent, and write what is to be written."""
        self._closing = True
        for event in self._wake.values():
            event.set()
        workers = list(self._workers.values())
        if workers:
            await asyncio.wait(workers, timeout=CLOSE_SECONDS)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await self._writer.close()
        await self._file.close()

    # --- the entries ---

    def _take(self, entry: Entry) -> None:
        self._entries[entry.number] = entry
        self._bytes += entry.size
        self._queues.setdefault(entry.recipient, deque()).append(entry)

    def _make_room(self) -> None:
        while len(self._entries) > self._most_entries or self._bytes > self._most_bytes:
            oldest = next((number for number in self._entries if number not in self._sending), None)
            if oldest is None:
                return
            self.dropped += 1
            self._end(self._entries[oldest], "dropped", "too many wait to be sent, and the oldest go first")

    def _end(self, entry: Entry, outcome: Literal["done", "failed", "dropped"], reason: str = "") -> None:
        """Take an entry away, and tell what became of it."""
        del self._entries[entry.number]
        self._bytes -= entry.size
        self._sending.discard(entry.number)
        queue = self._queues[entry.recipient]
        if queue[0] is entry:
            queue.popleft()
        else:
            queue.remove(entry)
        if not queue:
            del self._queues[entry.recipient]
        self._writer.forget(entry)
        self._on_result(Result(entry.number, entry.recipient, entry.origin, outcome, reason, entry.attempts))

    # --- the workers ---

    def _work_for(self, recipient: str) -> None:
        if recipient in self._queues and recipient not in self._workers and not self._closing:
            self._wake[recipient] = asyncio.Event()
            self._workers[recipient] = asyncio.get_running_loop().create_task(self._work(recipient))

    async def _work(self, recipient: str) -> None:
        me = asyncio.current_task()
        try:
            while not self._closing and (queue := self._queues.get(recipient)):
                entry = queue[0]
                if self._writer.only_here(entry) and not self._writer.refused:
                    await self._writer.on_disk()
                    continue
                await self._try(entry)
        finally:
            if self._workers.get(recipient) is me:
                del self._workers[recipient]
                del self._wake[recipient]

    async def _try(self, entry: Entry) -> None:
        """Try once to send an entry; end it, or wait until it is to be tried again."""
        self._sending.add(entry.number)
        try:
            failure = await self._send(entry)
        finally:
            self._sending.discard(entry.number)
        if failure is None:
            self._end(entry, "done")
            return
        if failure.final or entry.attempts > entry.retries or (entry.at_most_once and failure.begun):
            self._end(entry, "failed", str(failure))
            return
        self._writer.mark(entry, begun=False)
        wake = self._wake[entry.recipient]
        wake.clear()
        if not self._closing:
            with suppress(TimeoutError):
                # How long nobody needs to guess; it is no secret.
                chance = random.random()  # noqa: S311 # see above
                await asyncio.wait_for(wake.wait(), wait_seconds(entry.attempts, chance, self._first_wait))

    async def _send(self, entry: Entry) -> SendFailed | None:
        entry.attempts += 1
        try:
            message = json.loads(entry.message or await self._file.message(entry.number))
        except (KeyError, ValueError):
            return SendFailed(f"{self._file.path} does not have it any more", final=True)
        except (OSError, sqlite3.Error) as error:
            return SendFailed(f"{self._file.path} cannot be read: {error}", begun=False)
        if entry.at_most_once:
            self._writer.mark(entry, begun=True)
            # What is not on disk at all no crash can begin again.
            if not self._writer.only_here(entry) and not await self._writer.on_disk():
                return SendFailed("the disk refuses to note that it is sent now", begun=False)
        try:
            async with asyncio.timeout(entry.timeout_ms / 1000):
                await self._deliver(entry.recipient, Turn(entry.number, entry.created_usec, message))
        except SendFailed as failure:
            return failure
        except TimeoutError:
            return SendFailed(f"it was not done within {entry.timeout_ms / 1000:g} s")
        except Exception:  # noqa: BLE001 # one entry that nobody can send must not stop the others
            _log.exception("sending to recipient %s failed", entry.recipient)
            return SendFailed("a fault of axiod; its log says more", final=True)
        return None
