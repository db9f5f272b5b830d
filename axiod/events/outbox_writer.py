# SPDX-License-Identifier: Apache-2.0
"""When the outbox is written: at once where somebody waits for it, else within a second, and many changes at a time."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.events.outbox_file import Entry, OutboxFile

LATER_SECONDS = 1.0


class Writer:
    """What is to be written into a file. When the disk refuses it stays here, and is tried again."""

    refused = False
    """The disk refused the last time."""

    def __init__(self, file: OutboxFile, on_problem: Callable[[str | None], None]) -> None:
        self._file = file
        self._on_problem = on_problem
        self._added: dict[int, Entry] = {}
        self._marked: dict[int, tuple[int, bool]] = {}
        self._gone: set[int] = set()
        self._waiting: list[asyncio.Future[bool]] = []
        self._writing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False

    def add(self, entry: Entry) -> None:
        """Write a new entry; somebody waits for `on_disk`."""
        self._added[entry.number] = entry

    def mark(self, entry: Entry, *, begun: bool) -> None:
        """Write the attempts of an entry, and whether it may have been sent, later unless somebody waits."""
        entry.begun = begun
        if entry.number not in self._added:
            self._marked[entry.number] = (entry.attempts, begun)
            self._later()

    def forget(self, entry: Entry) -> None:
        """Remove an entry."""
        self._marked.pop(entry.number, None)
        if self._added.pop(entry.number, None) is not None:
            return
        self._gone.add(entry.number)
        if entry.at_most_once:
            # Sooner than the crash that would make what is done look unknown.
            self._soon()
        else:
            self._later()

    def only_here(self, entry: Entry) -> bool:
        """Whether an entry is not on disk, and not on its way there."""
        return entry.number in self._added

    async def on_disk(self) -> bool:
        """Write everything now; return whether it is on disk."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._soon()
        return await future

    async def close(self) -> None:
        """Write everything, and never again."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.on_disk()

    def tell(self, error: Exception | None) -> None:
        """Take note of whether the disk refuses."""
        self.refused = error is not None
        text = f"{self._file.path} cannot be written: {error}; what waits to be sent does not survive a restart"
        self._on_problem(text if error else None)

    def _later(self) -> None:
        if self._timer is None and self._writing is None and not self._closing:
            self._timer = asyncio.get_running_loop().call_later(LATER_SECONDS, self._soon)

    def _soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        """Write, until nobody waits for it any more."""
        first = True
        while self._waiting or first:
            first = False
            waiting, self._waiting = self._waiting, []
            done = await self._write_once()
            for future in waiting:
                if not future.done():
                    future.set_result(done)
        self._writing = None
        if self._added or self._marked or self._gone:
            self._later()

    async def _write_once(self) -> bool:
        added, self._added = self._added, {}
        marked, self._marked = self._marked, {}
        gone, self._gone = self._gone, set()
        try:
            if added or marked or gone:
                await self._file.write(added.values(), marked, gone)
        except (OSError, sqlite3.Error) as error:
            self._gone |= gone
            self._added = {key: entry for key, entry in added.items() if key not in self._gone} | self._added
            self._marked = {key: mark for key, mark in marked.items() if key not in self._gone} | self._marked
            self.tell(error)
            return False
        for entry in added.values():
            entry.message = None
        self.tell(None)
        return True
