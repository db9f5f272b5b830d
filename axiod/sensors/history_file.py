# SPDX-License-Identifier: Apache-2.0
"""The history on disk, in SQLite. Everything here takes a while, and is called in a thread.

What was read is written in packs, so that flash memory wears little: one of each channel now and then (`recent`), and
once an hour one of all that is of the hour (`samples`), one of its minutes (`minutes`), and one of the hours of its day
(`hours`). One that cannot be read when it is needed for that is set aside (`damaged`).
"""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, TypeVar

from axiod.errors import HardwareFailure
from axiod.runtime.store import set_aside
from axiod.sensors.chunks import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Samples,
    Span,
    between,
    joined,
    merged,
    pack,
    pack_spans,
    thinned,
    unpack,
    unpack_spans,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

KEEP_SAMPLES_MS = DAY_MS
KEEP_MINUTES_MS = 31 * DAY_MS
KEEP_HOURS_MS = 2 * 366 * DAY_MS
_SCHEMA = """
CREATE TABLE IF NOT EXISTS channel (
  id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, channel TEXT NOT NULL, UNIQUE (sensor, channel));
CREATE TABLE IF NOT EXISTS recent (id INTEGER PRIMARY KEY, channel INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS samples (channel INTEGER, part INTEGER, data BLOB NOT NULL, PRIMARY KEY (channel, part));
CREATE TABLE IF NOT EXISTS minutes (channel INTEGER, part INTEGER, data BLOB NOT NULL, PRIMARY KEY (channel, part));
CREATE TABLE IF NOT EXISTS hours (channel INTEGER, part INTEGER, data BLOB NOT NULL, PRIMARY KEY (channel, part));
CREATE TABLE IF NOT EXISTS damaged (origin TEXT NOT NULL, channel INTEGER NOT NULL, part INTEGER, data BLOB NOT NULL);
"""
_TABLES = {
    "samples": (HOUR_MS, KEEP_SAMPLES_MS),
    "minutes": (HOUR_MS, KEEP_MINUTES_MS),
    "hours": (DAY_MS, KEEP_HOURS_MS),
}
"""How much time a row of each is of, and how long it is kept, milliseconds."""
Key = tuple[str, str]
"""The ids of a sensor and of a channel."""


class HistoryFile:
    """One database. Used by one thread at a time."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        """Raises HardwareFailure when the disk refuses."""
        self._path = path
        self._most_bytes = most_bytes
        try:
            self._database, self._ids = self._open()
        except (OSError, sqlite3.Error) as error:
            raise HardwareFailure(f"{path} cannot be opened: {error}") from error

    @property
    def size(self) -> int:
        """Bytes that are in use, on disk; raises HardwareFailure."""
        with _Reading(self._path):
            (pages,) = self._database.execute("PRAGMA page_count").fetchone()
            (free,) = self._database.execute("PRAGMA freelist_count").fetchone()
            (size,) = self._database.execute("PRAGMA page_size").fetchone()
            return int((pages - free) * size)

    @property
    def damage(self) -> str | None:
        """Say whose packs were set aside, until they are forgotten; None where nothing was. Raises HardwareFailure."""
        of_whom = "SELECT DISTINCT c.sensor, c.channel FROM damaged d JOIN channel c ON c.id = d.channel ORDER BY 1, 2"
        with _Reading(self._path):
            names = [f"{channel} of {sensor}" for sensor, channel in self._database.execute(of_whom)]
        if not names:
            return None
        return (
            f"some of the history of {', '.join(names)} could not be read and was set aside; Clear ends that and "
            "forgets the rest of the history of the sensor as well"
        )

    def close(self) -> None:
        """Close it."""
        self._database.close()

    def put(self, packs: Mapping[Key, Samples]) -> None:
        """Write what was read of each channel since the last time; raises HardwareFailure, and then nothing is."""
        with _Writing(self._database, self._path) as database:
            for key in packs.keys() - self._ids.keys():
                database.execute("INSERT OR IGNORE INTO channel (sensor, channel) VALUES (?, ?)", key)
            ids = _known(self._database)
            rows = [(ids[key], pack(samples)) for key, samples in packs.items() if samples.times]
            database.executemany("INSERT INTO recent (channel, data) VALUES (?, ?)", rows)
        self._ids = ids

    def settle(self, now: int) -> None:
        """Make hours of what is of hours that are over, and forget what is too old. Raises HardwareFailure."""
        # All at once, because what is of one channel shares its pages with what is of others.
        with _Writing(self._database, self._path) as database:
            for id_ in self._ids.values():
                self._settle(database, id_, now // HOUR_MS * HOUR_MS)
                self._forget_old(database, id_, now)
        if self.size > self._most_bytes:
            self._make_room()

    def forget(self, sensor: str) -> None:
        """Remove all of a sensor; raises HardwareFailure."""
        ids = [(id_,) for key, id_ in self._ids.items() if key[0] == sensor]
        with _Writing(self._database, self._path) as database:
            for table in ("recent", "damaged", *_TABLES):
                database.executemany(f"DELETE FROM {table} WHERE channel = ?", ids)  # noqa: S608 # our names
            database.executemany("DELETE FROM channel WHERE id = ?", ids)
            left = _known(database)
        self._ids = left

    # --- reading ---

    def samples(self, key: Key, begin: int, end: int) -> Samples:
        """Return what was read between two moments; raises HardwareFailure."""
        with _Reading(self._path):
            rows = self._rows("samples", key, begin, end)
            return between(joined([*map(unpack, rows), self._recent(key)]), begin, end)

    def minutes(self, key: Key, begin: int, end: int) -> list[Span]:
        """Return the minutes between two moments; raises HardwareFailure."""
        return self._spans("minutes", MINUTE_MS, key, begin, end)

    def hours(self, key: Key, begin: int, end: int) -> list[Span]:
        """Return the hours between two moments; raises HardwareFailure."""
        return self._spans("hours", HOUR_MS, key, begin, end)

    def _spans(self, table: str, width: int, key: Key, begin: int, end: int) -> list[Span]:
        with _Reading(self._path):
            spans = [span for data in self._rows(table, key, begin, end) for span in unpack_spans(data)]
            spans += thinned(self._recent(key), width)
        first = begin // width * width
        return merged(sorted(span for span in spans if first <= span.start < end), width)

    def _rows(self, table: str, key: Key, begin: int, end: int) -> list[bytes]:
        size = _TABLES[table][0]
        rows = self._database.execute(
            f"SELECT data FROM {table} WHERE channel = ? AND part >= ? AND part < ? ORDER BY part",  # noqa: S608 # our names
            (self._ids.get(key), begin // size, -(-end // size)),
        )
        return [data for (data,) in rows]

    def _recent(self, key: Key) -> Samples:
        rows = self._database.execute("SELECT data FROM recent WHERE channel = ?", (self._ids.get(key),))
        return joined([unpack(data) for (data,) in rows])

    # --- inside ---

    def _settle(self, database: sqlite3.Connection, id_: int, begin: int) -> None:
        """Make hours of what was read of a channel before a moment."""
        rows = database.execute("SELECT id, data FROM recent WHERE channel = ?", (id_,)).fetchall()
        recent = joined(self._readable(database, "recent", id_, rows, unpack))
        rest = between(recent, begin, begin + HOUR_MS)
        over = between(recent, recent.times[0], begin) if recent.times else Samples.none()
        while over.times:
            hour = over.times[0] // HOUR_MS
            mine = between(over, hour * HOUR_MS, (hour + 1) * HOUR_MS)
            over = between(over, (hour + 1) * HOUR_MS, begin)
            self._add_hour(database, id_, hour, mine)
        database.executemany("DELETE FROM recent WHERE id = ?", [(number,) for number, _ in rows])
        if rest.times:
            database.execute("INSERT INTO recent (channel, data) VALUES (?, ?)", (id_, pack(rest)))

    def _add_hour(self, database: sqlite3.Connection, id_: int, hour: int, samples: Samples) -> None:
        """Add what was read of a channel in an hour; there may be something of it, where the clock was set back."""

        def known(table: str, part: int, read: Callable[[bytes], _T]) -> list[_T]:
            query = f"SELECT part, data FROM {table} WHERE channel = ? AND part = ?"  # noqa: S608 # our names
            return self._readable(database, table, id_, database.execute(query, (id_, part)).fetchall(), read)

        def put(table: str, part: int, data: bytes) -> None:
            database.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (id_, part, data))  # noqa: S608 # our names

        samples = joined([*known("samples", hour, unpack), samples])
        minutes = thinned(samples, MINUTE_MS)
        (span,) = merged(minutes, HOUR_MS)
        day = hour * HOUR_MS // DAY_MS
        hours = [other for found in known("hours", day, unpack_spans) for other in found if other.start != span.start]
        hours = sorted([*hours, span])
        put("samples", hour, pack(samples))
        put("minutes", hour, pack_spans(minutes))
        put("hours", day, pack_spans(hours))

    def _readable(
        self,
        database: sqlite3.Connection,
        table: str,
        id_: int,
        rows: Iterable[tuple[int, bytes]],
        read: Callable[[bytes], _T],
    ) -> list[_T]:
        """Return what the packs of a channel say; those that cannot be read are set aside, and do not stop the rest."""
        found = []
        for part, data in rows:
            try:
                found.append(read(data))
            except ValueError as error:
                database.execute("INSERT INTO damaged VALUES (?, ?, ?, ?)", (table, id_, part, data))
                _log.error(
                    "a pack of %s is set aside, number %d of channel %d in %s: %s", self._path, part, id_, table, error
                )
        return found

    def _forget_old(self, database: sqlite3.Connection, id_: int, now: int) -> None:
        for table, (size, keep) in _TABLES.items():
            # What is of the future, because the clock was set back, would never grow old.
            database.execute(
                f"DELETE FROM {table} WHERE channel = ? AND (part < ? OR part > ?)",  # noqa: S608 # our names
                (id_, (now - keep) // size, (now + DAY_MS) // size),
            )

    def _make_room(self) -> None:
        """There are too many channels for so little room: forget the oldest day of minutes."""
        with _Writing(self._database, self._path) as database:
            (oldest,) = database.execute("SELECT min(part) FROM minutes").fetchone()
            for table in ("samples", "minutes") if oldest is not None else ():
                database.execute(f"DELETE FROM {table} WHERE part < ?", (oldest + 24,))  # noqa: S608 # our names

    def _open(self) -> tuple[sqlite3.Connection, dict[Key, int]]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._connect()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            aside = set_aside(self._path)
            for rest in ("-wal", "-shm"):
                self._path.with_name(self._path.name + rest).unlink(missing_ok=True)
            _log.error("%s is damaged (%s); set aside as %s, the history begins anew", self._path, error, aside.name)
            return self._connect()

    def _connect(self) -> tuple[sqlite3.Connection, dict[Key, int]]:
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("PRAGMA journal_size_limit = 4194304")
            database.executescript(_SCHEMA)
            return database, _known(database)
        except sqlite3.Error:
            database.close()
            raise


def _known(database: sqlite3.Connection) -> dict[Key, int]:
    """Return the ids of all channels."""
    rows = database.execute("SELECT id, sensor, channel FROM channel")
    return {(sensor, channel): id_ for id_, sensor, channel in rows}


class _Writing:
    """A transaction: all of it, or nothing."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._database.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise HardwareFailure(f"{self._path} cannot be written: {error}") from error
        return self._database

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            if kind is None:
                self._database.execute("COMMIT")
                return
        except sqlite3.Error as failed:
            error = failed
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error | ValueError):
            raise HardwareFailure(f"{self._path} cannot be written: {error}") from error


class _Reading:
    """What cannot be read is a HardwareFailure."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, sqlite3.Error | ValueError):
            raise HardwareFailure(f"{self._path} cannot be read: {error}") from error
