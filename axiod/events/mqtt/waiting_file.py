# SPDX-License-Identifier: Apache-2.0
"""The file of the messages that wait for the broker: SQLite. Everything here waits for the disk."""

from __future__ import annotations

import logging
import os
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.events.mqtt.message import Message
from axiod.runtime.store import set_aside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One message in the file."""

    number: int
    message: Message
    released: bool
    """The broker has received it; only its release is left to do."""


class WaitingFile:
    """The file. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None

    def read(self, reserve: int) -> tuple[int, list[Row]]:
        """Return the first number that was never used, and what waits in its order. Reserves so many numbers.

        A damaged file is set aside. Raises OSError or sqlite3.Error.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._read(reserve)
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, ValueError) as error:
            aside = set_aside(self._path)
            for rest in ("-wal", "-shm"):
                self._path.with_name(self._path.name + rest).unlink(missing_ok=True)
            _log.error("%s is damaged (%s); set aside as %s, nothing waits any more", self._path, error, aside.name)
            return self._read(reserve)

    def _read(self, reserve: int) -> tuple[int, list[Row]]:
        database = _connect(self._path)
        try:
            (first,) = database.execute("SELECT number FROM reserved").fetchone()
            rows = database.execute("SELECT * FROM message ORDER BY number").fetchall()
            database.execute("UPDATE reserved SET number = ?", (first + reserve,))
            found = [
                Row(number, Message(topic, payload, qos, bool(retain)), bool(released))
                for number, topic, payload, qos, retain, released in rows
            ]
        except (sqlite3.Error, ValueError):
            database.close()
            raise
        self._database = database
        return first, found

    def write(self, rows: Sequence[Row], gone: Sequence[int], reserve: int | None, syncing: bool) -> None:
        """Write rows, remove others, and say up to which number is reserved. Survives the end of the process.

        `syncing`: this and all before it survive a power cut. Raises OSError or sqlite3.Error.
        """
        if self._database is None:
            self._database = _connect(self._path)
        database = self._database
        values = [
            (row.number, row.message.topic, row.message.payload, row.message.qos, row.message.retain, row.released)
            for row in rows
        ]
        database.execute("BEGIN")
        try:
            database.executemany("INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?, ?)", values)
            database.executemany("DELETE FROM message WHERE number = ?", [(number,) for number in gone])
            if reserve is not None:
                database.execute("UPDATE reserved SET number = ?", (reserve,))
            database.execute("COMMIT")
        except sqlite3.Error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
        if syncing:
            # In WAL mode a commit survives the process in any case, and a power cut only after a sync of the log.
            log = os.open(f"{self._path}-wal", os.O_RDONLY)
            try:
                os.fdatasync(log)
            finally:
                os.close(log)

    def close(self) -> None:
        """Close it."""
        if self._database is not None:
            self._database.close()
            self._database = None


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        path.chmod(0o600)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS message (number INTEGER PRIMARY KEY, topic TEXT NOT NULL,"
            " payload BLOB NOT NULL, qos INTEGER NOT NULL, retain INTEGER NOT NULL, released INTEGER NOT NULL)"
        )
        database.execute("CREATE TABLE IF NOT EXISTS reserved (number INTEGER NOT NULL)")
        database.execute("INSERT INTO reserved SELECT 1 WHERE NOT EXISTS (SELECT * FROM reserved)")
    except (OSError, sqlite3.Error):
        database.close()
        raise
    return database
