# SPDX-License-Identifier: Apache-2.0
"""Counters, last states and timers, in SQLite.

What put() returned from is there after a crash of the process, and after a power cut where it was asked to be durable.
What at_once() took is there after a crash, without anybody having waited. What was given to it, to later() or to soon()
is there after a power cut as well, but for the last second.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from axiod.errors import HardwareFailure
from axiod.runtime.journal import Journal
from axiod.runtime.store import set_aside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_log = logging.getLogger(__name__)

LATER_SECONDS = 1.0


class State:
    """Values by key. Reading is from memory; writing is done in order by one thread, many values at a time."""

    def __init__(self, path: Path, on_problem: Callable[[str | None], None] = lambda _text: None) -> None:
        """Open or create the file; one that is damaged is set aside.

        Where the disk refuses, everything is kept in memory, on_problem says so, and it is tried again with each write.
        """
        self._path = path
        self._on_problem = on_problem
        self._problem: str | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._database: sqlite3.Connection | None = None
        self._values: dict[str, Any] = {}
        self._covered = 0
        """The number of the last value of the journal that the database has, or something newer for its key."""
        try:
            self._database, self._values = self._open()
        except (OSError, sqlite3.Error) as error:
            self._report(error)
        self._journal = Journal(path.with_suffix(".journal"))
        self._pending: dict[str, Any] = self._journal.read(self._covered)
        self._values |= self._pending
        self._loose: dict[str, Any] = {}
        """What neither the journal nor the database has for sure."""
        self._durable = False
        self._waiting: list[asyncio.Future[None]] = []
        self._writing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sync_timer: asyncio.TimerHandle | None = None
        self._syncing = False

    def get(self, key: str) -> Any:
        """Return the value of a key, None where there is none."""
        return self._values.get(key)

    def number(self, key: str) -> int | None:
        """Return a value that is a whole number; anything else that somebody put there counts as none."""
        value = self._values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    async def put(self, key: str, value: Any, *, durable: bool) -> None:
        """Set a value and return when it is written; raises HardwareFailure when it cannot be."""
        future = asyncio.get_running_loop().create_future()
        self._set(key, value)
        self._durable |= durable
        self._waiting.append(future)
        self._start()
        await future

    def at_once(self, key: str, value: Any) -> bool:
        """Set a value and return whether it is there after a crash of the process; if not, put() can be waited for.

        As with put(), what was set before is there then, too.
        """
        if not self._journal.append({**self._loose, key: value}):
            return False
        self._set(key, value)
        self._loose.clear()
        return True

    def later(self, key: str, value: Any) -> None:
        """Set a value that may be lost when the power fails within the next second."""
        self._set(key, value)

    def soon(self, key: str, value: Any) -> None:
        """Set a value and begin to write it; nobody waits for it."""
        self._set(key, value)
        self._start()

    async def close(self) -> None:
        """Write what waits, and close the file."""
        self._start()
        if self._writing:
            await asyncio.wait([self._writing])
        self._cancel_timer()
        if self._sync_timer is not None:
            self._sync_timer.cancel()
        if self._database is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._database.close)
        self._thread.shutdown()
        self._journal.close()

    def _set(self, key: str, value: Any) -> None:
        self._values[key] = self._pending[key] = self._loose[key] = value
        if self._sync_timer is None:
            self._sync_timer = asyncio.get_running_loop().call_later(LATER_SECONDS, self._sync)

    def _sync(self) -> None:
        """Have all that was written until now reach the disk."""
        self._sync_timer = None
        self._syncing = True
        self._start()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        self._cancel_timer()
        if self._writing is None and (self._pending or self._waiting or self._syncing):
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending or self._waiting or self._syncing:
            values, self._pending = self._pending, {}
            waiting, self._waiting = self._waiting, []
            durable, self._durable = self._durable, False
            number = self._journal.number
            syncing, self._syncing = self._syncing, False
            try:
                await loop.run_in_executor(self._thread, self._commit, values, number, durable, syncing)
            except (OSError, sqlite3.Error) as error:
                text = self._report(error)
                self._pending = values | self._pending
                self._durable |= durable
                self._syncing |= syncing
                for future in waiting:
                    if not future.done():
                        future.set_exception(HardwareFailure(text))
                if not self._waiting:
                    self._timer = loop.call_later(LATER_SECONDS, self._start)
                    break
            else:
                self._tell(None)
                self._journal.covered(number)
                self._loose = {key: value for key, value in self._loose.items() if key in self._pending}
                for future in waiting:
                    if not future.done():
                        future.set_result(None)
        self._writing = None

    def _report(self, error: Exception) -> str:
        text = f"{self._path} cannot be written: {error}"
        self._tell(text)
        return text

    def _tell(self, problem: str | None) -> None:
        self._problem = problem
        self._on_problem(problem)

    def _commit(self, values: dict[str, Any], number: int, durable: bool, syncing: bool) -> None:
        if self._database is None:
            self._database, _ = self._open()
        database = self._database
        # In WAL mode a commit survives the process in any case, and a power cut only after an fsync.
        database.execute("PRAGMA synchronous = FULL" if durable else "PRAGMA synchronous = NORMAL")
        rows = [(key, json.dumps(value)) for key, value in values.items() if value is not None]
        gone = [(key,) for key, value in values.items() if value is None]
        try:
            self._write_rows(database, rows, gone, number)
        except sqlite3.OperationalError:
            # On a full disk the blocks that the log has already can be used once more.
            database.execute("PRAGMA wal_checkpoint(RESTART)")
            self._write_rows(database, rows, gone, number)
        self._covered = number
        if syncing:
            # SQLite syncs only a commit that changes something. It has no locks on this file, which close() would lose.
            log = os.open(f"{self._path}-wal", os.O_RDONLY)
            try:
                os.fdatasync(log)
            finally:
                os.close(log)

    def _write_rows(
        self, database: sqlite3.Connection, rows: list[tuple[str, str]], gone: list[tuple[str]], number: int
    ) -> None:
        database.execute("BEGIN")
        try:
            database.executemany("INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = ?2", rows)
            database.executemany("DELETE FROM state WHERE key = ?", gone)
            if number != self._covered:
                database.execute("DELETE FROM covered")
                database.execute("INSERT INTO covered VALUES (?)", (number,))
            database.execute("COMMIT")
        except sqlite3.Error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise

    def _open(self) -> tuple[sqlite3.Connection, dict[str, Any]]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._read()
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, ValueError) as error:
            aside = set_aside(self._path)
            for rest in ("-wal", "-shm"):
                self._path.with_name(self._path.name + rest).unlink(missing_ok=True)
            _log.error("%s is damaged (%s); set aside as %s, counters begin anew", self._path, error, aside.name)
            return self._read()

    def _read(self) -> tuple[sqlite3.Connection, dict[str, Any]]:
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
            database.execute("CREATE TABLE IF NOT EXISTS covered (number INTEGER)")
            rows = database.execute("SELECT key, value FROM state").fetchall()
            self._covered = max((number for (number,) in database.execute("SELECT number FROM covered")), default=0)
            # From here on both files have blocks of their own, which can be written again when the disk is full.
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return database, {key: json.loads(value) for key, value in rows}
        except (sqlite3.Error, ValueError):
            database.close()
            raise
