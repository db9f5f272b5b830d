# SPDX-License-Identifier: Apache-2.0
"""What is to be sent, in an SQLite file of its own, read and written by a thread of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from axiod.runtime.store import set_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

_TABLE = """CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, message TEXT NOT NULL, origin TEXT NOT NULL,
    retries INTEGER NOT NULL, timeout_ms INTEGER NOT NULL, at_most_once INTEGER NOT NULL, created_usec INTEGER NOT NULL,
    attempts INTEGER NOT NULL, begun INTEGER NOT NULL)"""


@dataclass(slots=True)
class Entry:
    """One thing to be sent."""

    number: int
    """Unique, and rising."""
    recipient: str
    message: str | None
    """As JSON; None where only the file has it."""
    size: int
    """How many bytes that is."""
    origin: Mapping[str, str] = field(default_factory=dict)
    """Why it is sent, for the one who is told the result."""
    retries: int = 5
    timeout_ms: int = 20_000
    at_most_once: bool = False
    created_usec: int = 0
    attempts: int = 0
    begun: bool = False
    """It may have been sent."""


class OutboxFile:
    """One file. Everything raises OSError or sqlite3.Error where the disk refuses, and then nothing was changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._database: sqlite3.Connection | None = None

    async def open(self) -> tuple[int, list[Entry]]:
        """Return the last number that was given, and what is still to be sent, in its order."""
        return await self._in_thread(self._open)

    async def write(
        self, added: Collection[Entry], marked: Mapping[int, tuple[int, bool]], gone: Collection[int]
    ) -> None:
        """Add entries, set attempts and begun of others, and remove some; on disk when it returns."""
        new = [
            (
                entry.number, entry.recipient, entry.message or "", json.dumps(dict(entry.origin)), entry.retries,
                entry.timeout_ms, entry.at_most_once, entry.created_usec, entry.attempts, entry.begun,
            )
            for entry in added
        ]  # fmt: skip
        marks = [(attempts, begun, number) for number, (attempts, begun) in marked.items()]
        await self._in_thread(self._write, new, marks, [(number,) for number in gone])

    async def message(self, number: int) -> str:
        """Return the message of an entry; raises KeyError where there is none."""
        return await self._in_thread(self._message, number)

    async def close(self) -> None:
        """Close the file."""
        await self._in_thread(self._close)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[..., _T], *arguments: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    # --- in the thread ---

    def _open(self) -> tuple[int, list[Entry]]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Before there is anything in it: nobody else shall read what people are told.
        self.path.touch(mode=0o600)
        try:
            return self._read()
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            self._close()
            aside = set_aside(self.path)
            for rest in ("-wal", "-shm"):
                self.path.with_name(self.path.name + rest).unlink(missing_ok=True)
            _log.error("%s is damaged (%s); set aside as %s, what waited in it is lost", self.path, error, aside.name)
            self.path.touch(mode=0o600)
            return self._read()

    def _read(self) -> tuple[int, list[Entry]]:
        database = self._connected()
        rows = database.execute(
            "SELECT number, recipient, length(CAST(message AS BLOB)), origin, retries, timeout_ms, at_most_once, "
            "created_usec, attempts, begun FROM entry ORDER BY number"
        ).fetchall()
        entries = [
            Entry(
                number=int(row[0]), recipient=str(row[1]), message=None, size=int(row[2]), origin=_origin(row[3]),
                retries=int(row[4]), timeout_ms=int(row[5]), at_most_once=bool(row[6]), created_usec=int(row[7]),
                attempts=int(row[8]), begun=bool(row[9]),
            )
            for row in rows
        ]  # fmt: skip
        last = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entry'").fetchone()
        return int(last[0]) if last else 0, entries

    def _connected(self) -> sqlite3.Connection:
        if self._database is None:
            database = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            try:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = FULL")
                database.execute(_TABLE)
            except sqlite3.Error:
                database.close()
                raise
            self._database = database
        return self._database

    def _write(self, new: list[tuple[Any, ...]], marks: list[tuple[int, bool, int]], gone: list[tuple[int]]) -> None:
        database = self._connected()
        database.execute("BEGIN")
        try:
            database.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", new)
            database.executemany("UPDATE entry SET attempts = ?, begun = ? WHERE number = ?", marks)
            database.executemany("DELETE FROM entry WHERE number = ?", gone)
            database.execute("COMMIT")
        except sqlite3.Error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise

    def _message(self, number: int) -> str:
        row = self._connected().execute("SELECT message FROM entry WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise KeyError(number)
        return str(row[0])

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _origin(text: object) -> dict[str, str]:
    found = json.loads(str(text))
    if not isinstance(found, dict):
        raise ValueError("an origin must be an object")
    return {str(key): str(value) for key, value in found.items()}
