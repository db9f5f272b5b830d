# SPDX-License-Identifier: Apache-2.0
"""Messages that wait for the broker, in their order; those of QoS 1 and 2 on disk.

At most 10,000 messages and 16 MiB wait, 1,000 of QoS 0 among them. Where there are more, the oldest goes, and is
counted.

A message of QoS 1 or 2 is on disk at most 0.2 s after it came, at once when it is of QoS 2 or nothing is connected, and
survives a power cut 2 s later. It is removed when the broker has acknowledged it. One that is acknowledged before that
never touches the disk.

The packet id of a message follows from its number, which is never used again, also not after a crash: numbers are
reserved on disk in advance. So after a restart the broker knows a message of QoS 2 that it has already, as long as it
keeps the session. What the broker has received and is about to be released is on disk before it is released.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.events.mqtt.waiting_file import Row, WaitingFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from axiod.events.mqtt.message import Message

MOST = 10_000
MOST_BYTES = 16 << 20
MOST_IN_MEMORY = 1_000
"""Of QoS 0."""
WINDOW = 10
"""So many are on the way at once, and twice as many after a crash: mosquitto takes 20 of QoS 2, and of those beyond it
can lose some when the connection is cut."""
IDS = 60_000
"""Packet ids are 1 to this."""
LATER_SECONDS = 0.2
SYNC_SECONDS = 2.0
_RESERVED = 10_000
_OVERHEAD = 64
"""Bytes that a message takes besides its text."""


@dataclass(slots=True)
class _Entry:
    message: Message
    released: bool = False
    """The broker has received it; only its release is left to do."""


class Waiting:
    """The queue, and its file."""

    def __init__(self, path: Path, on_problem: Callable[[str | None], None] = lambda _text: None) -> None:
        """Open or create the file; one that is damaged is set aside. Where the disk refuses, it is all in memory."""
        self._path = path
        self._on_problem = on_problem
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mqtt-waiting")
        self._file = WaitingFile(path)
        self._entries: dict[int, _Entry] = {}
        self._next = 1
        self._reserved = 0
        try:
            self._next, rows = self._file.read(_RESERVED)
            self._reserved = self._next + _RESERVED
            self._entries = {row.number: _Entry(row.message, row.released) for row in rows}
        except (OSError, sqlite3.Error) as error:
            on_problem(f"{path} cannot be used, so what waits for the broker is lost with a restart: {error}")
        self._bytes = sum(_size(entry.message) for entry in self._entries.values())
        self._zeros: deque[int] = deque()
        # Of these nobody knows whether the process before sent them, and of the released ones whether that is done.
        released = [number for number, entry in self._entries.items() if entry.released]
        unsure = [*released, *[number for number in self._entries if number not in released][:WINDOW]]
        self._on_the_way = {_id(number): number for number in sorted(unsure)}
        self._unsent = deque(number for number in self._entries if number not in unsure)
        self._stored = set(self._entries)
        self._dirty: dict[int, None] = {}
        self._then: list[Callable[[], None]] = []
        self._writing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sync_timer: asyncio.TimerHandle | None = None
        self._syncing = False
        self.patient = False
        """There is a connection, so that most messages need not be written at all."""
        self.dropped = 0
        """How many were dropped because too many waited."""

    def __len__(self) -> int:
        """How many wait, those on the way among them."""
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes that they take."""
        return self._bytes

    @property
    def last(self) -> int:
        """The number of the last one that came."""
        return self._next - 1

    @property
    def on_the_way(self) -> int:
        """How many were handed over and not acknowledged."""
        return len(self._on_the_way)

    # --- in ---

    def put(self, message: Message) -> None:
        """Have a message wait at the end."""
        number = self._next
        self._next += 1
        self._entries[number] = _Entry(message)
        self._bytes += _size(message)
        self._unsent.append(number)
        if message.qos == 0:
            if self._reserves_few and self._timer is None:
                self._start()
            self._zeros.append(number)
            if len(self._zeros) > MOST_IN_MEMORY:
                self._drop(self._zeros[0])
        else:
            self._changed(number, soon=message.qos == 2 or not self.patient)
        while len(self._entries) > MOST or self._bytes > MOST_BYTES:
            oldest = self._first_unsent()
            if oldest is None or oldest == number:
                break
            self._drop(oldest)
        if len(self._unsent) > 2 * len(self._entries) + 100:
            self._unsent = deque(number for number in self._unsent if number in self._entries)

    def _drop(self, number: int) -> None:
        self._remove(number)
        self.dropped += 1

    def _first_unsent(self) -> int | None:
        while self._unsent:
            if self._unsent[0] in self._entries:
                return self._unsent[0]
            self._unsent.popleft()
        return None

    # --- out ---

    def take(self, until: int | None = None) -> tuple[int, Message] | None:
        """Return the next one with its packet id; None where there is none, or too many are on the way.

        One of QoS 0 is gone with that. `until`: the last number that may be taken.
        """
        number = self._first_unsent()
        if number is None or (until is not None and number > until):
            return None
        message = self._entries[number].message
        if message.qos == 0:
            self._unsent.popleft()
            self._remove(number)
            return 0, message
        if len(self._on_the_way) >= WINDOW or _id(number) in self._on_the_way:
            return None
        self._unsent.popleft()
        self._on_the_way[_id(number)] = number
        return _id(number), message

    def is_waiting(self, until: int) -> bool:
        """Whether one with at most that number was not taken yet."""
        number = self._first_unsent()
        return number is not None and number <= until

    def acknowledged(self, id_: int) -> None:
        """The broker has it."""
        number = self._on_the_way.pop(id_, None)
        if number is not None:
            self._remove(number)

    def releasing(self, id_: int, then: Callable[[], None]) -> None:
        """The broker has received it; call a function when that is on disk."""
        number = self._on_the_way.get(id_)
        entry = self._entries.get(number) if number is not None else None
        if number is None or entry is None or entry.released:
            then()
            return
        entry.released = True
        self._then.append(then)
        self._changed(number, soon=True)

    def resume(self) -> dict[int, tuple[Message, bool]]:
        """Return those on the way by packet id, in their order, and whether they were released: a new connection,
        or a new process, has to go on with them.
        """
        return {
            id_: (self._entries[number].message, self._entries[number].released)
            for id_, number in self._on_the_way.items()
        }

    def clear(self) -> None:
        """Have nothing wait any more."""
        for number in list(self._entries):
            self._remove(number)
        self._unsent.clear()
        self._on_the_way.clear()

    def _remove(self, number: int) -> None:
        entry = self._entries.pop(number)
        self._bytes -= _size(entry.message)
        if entry.message.qos == 0:
            # They go in the order in which they came, so it is the first.
            self._zeros.remove(number)
        elif number in self._stored:
            # What is released twice does no harm, but they must not become too many.
            self._changed(number, soon=entry.message.qos == 2)
        else:
            self._dirty.pop(number, None)

    # --- disk ---

    def _changed(self, number: int, *, soon: bool) -> None:
        self._dirty[number] = None
        if soon:
            self._start()
        elif self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(LATER_SECONDS, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is None and (self._dirty or self._then or self._syncing or self._reserves_few):
            self._writing = asyncio.get_running_loop().create_task(self._write())

    @property
    def _reserves_few(self) -> bool:
        """Few of the numbers that are reserved on disk are left."""
        return self._next + _RESERVED // 2 > self._reserved

    def _sync(self) -> None:
        self._sync_timer = None
        self._syncing = True
        self._start()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._dirty or self._then or self._syncing or self._reserves_few:
            dirty, self._dirty = self._dirty, {}
            then, self._then = self._then, []
            syncing, self._syncing = self._syncing, False
            rows = [
                Row(number, entry.message, entry.released) for number in dirty if (entry := self._entries.get(number))
            ]
            gone = [number for number in dirty if number not in self._entries]
            self._stored.update(row.number for row in rows)
            self._stored.difference_update(gone)
            reserve = self._next + _RESERVED if self._reserves_few else None
            try:
                await loop.run_in_executor(self._thread, self._file.write, rows, gone, reserve, syncing)
            except (OSError, sqlite3.Error) as error:
                self._failed(error, dirty)
                for call in then:
                    call()  # it goes on without the disk
                break
            self._reserved = reserve or self._reserved
            self._on_problem(None)
            for call in then:
                call()
            if rows and self._sync_timer is None:
                self._sync_timer = loop.call_later(SYNC_SECONDS, self._sync)
        self._writing = None

    def _failed(self, error: Exception, dirty: dict[int, None]) -> None:
        self._on_problem(f"{self._path} cannot be written, so what waits for the broker may be lost: {error}")
        for number in dirty:
            # One that is gone by now is looked for on disk again, in case it got there.
            self._stored.add(number)
            self._dirty[number] = None
        self._syncing = False
        self._timer = asyncio.get_running_loop().call_later(SYNC_SECONDS, self._start)

    async def close(self) -> None:
        """Write what waits, and close the file."""
        self._syncing = True
        self._start()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        for timer in (self._timer, self._sync_timer):
            if timer is not None:
                timer.cancel()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._file.close)
        self._thread.shutdown()


def _id(number: int) -> int:
    return number % IDS + 1


def _size(message: Message) -> int:
    return message.size + _OVERHEAD
