# SPDX-License-Identifier: Apache-2.0
"""The event log on disk: SQLite in a thread of its own, written a few times a second, bounded.

What is written a few times a second is kind to flash; a crash of the process loses what came since. What the disk does
not take waits, up to a bound, and then the oldest of it is lost and counted.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.errors import HardwareFailure, InvalidArgument
from axiod.runtime.store import set_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_log = logging.getLogger(__name__)

BATCH_SECONDS = 0.25
AGAIN_SECONDS = 2.0
"""After the disk refused it is tried again after this."""
SYNC_SECONDS = 5.0
"""What was written is on the disk at most so much later."""
MOST_WAITING = 20_000
SEARCH_SECONDS = 10.0
_STEPS = 20_000
"""So many steps of SQLite pass between two looks at the clock."""
_COLUMNS = "id, at, kind, topic, source, data, rule, text, result"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry."""

    at_usec: int
    kind: str
    """event, rule or action."""
    topic: str = ""
    source: Mapping[str, str] | None = None
    data: Mapping[str, str] | None = None
    rule: str = ""
    text: str = ""
    result: str = ""


class LogFile:
    """One file of entries, whose ids rise by one."""

    def __init__(self, path: Path, limit: int, on_problem: Callable[[str | None], None]) -> None:
        """Open or create the file; one that is damaged is set aside. Where the disk refuses, on_problem says so."""
        self.limit = limit
        self.lost = 0
        """Entries that could not be kept since the start."""
        self.newest_usec = 0
        """The latest time of an entry when the file was opened; 0 when there was none."""
        self._path = path
        self._on_problem = on_problem
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="event-log")
        self._searching = ThreadPoolExecutor(1, thread_name_prefix="event-log-search")
        self._database: sqlite3.Connection | None = None
        self._first, self._next = 1, 1
        self._waiting: deque[Entry] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._sync_timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[bool] | None = None
        try:
            self._open()
        except (OSError, sqlite3.Error) as error:
            self._report(error)

    @property
    def count(self) -> int:
        """How many entries there are."""
        return self._next - self._first

    def add(self, entry: Entry) -> None:
        """Add an entry; never waits."""
        self._waiting.append(entry)
        self._bound()
        if self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(BATCH_SECONDS, self._start)

    async def query(self, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what Query of the contract does; raises InvalidArgument for a search that takes too long."""
        await self.flush()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._searching, self._search, dict(options))

    async def clear(self) -> None:
        """Remove all entries; raises HardwareFailure."""
        await self.flush()
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._clear)
        except (OSError, sqlite3.Error) as error:
            raise HardwareFailure(self._report(error)) from error

    async def flush(self) -> None:
        """Write what waits, unless the disk refuses."""
        while self._writing or self._waiting:
            writing = self._start()
            if not await asyncio.shield(writing):
                return

    async def close(self) -> None:
        """Write what waits, and close the file."""
        await self.flush()
        for timer in (self._timer, self._sync_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._sync_timer = None
        if self._database is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._database.close)
        self._thread.shutdown()
        self._searching.shutdown()

    # --- writing ---

    def _start(self) -> asyncio.Task[bool]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())
        return self._writing

    async def _write(self) -> bool:
        """Write what waits now; return whether the disk took it."""
        loop = asyncio.get_running_loop()
        batch, self._waiting = self._waiting, deque()
        again, taken = BATCH_SECONDS, True
        try:
            await loop.run_in_executor(self._thread, self._commit, batch)
        except (OSError, sqlite3.Error) as error:
            self._report(error)
            batch.extend(self._waiting)
            self._waiting = batch
            self._bound()
            again, taken = AGAIN_SECONDS, False
        else:
            self._on_problem(None)
            if self._sync_timer is None:
                self._sync_timer = loop.call_later(SYNC_SECONDS, self._sync)
        self._writing = None
        if self._waiting and self._timer is None:
            self._timer = loop.call_later(again, self._start)
        return taken

    def _bound(self) -> None:
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self.lost += 1

    def _sync(self) -> None:
        self._sync_timer = None
        self._thread.submit(self._sync_log)

    def _report(self, error: Exception) -> str:
        text = f"{self._path} cannot be written: {error}"
        self._on_problem(text)
        return text

    # --- in the thread that writes ---

    def _commit(self, batch: deque[Entry]) -> None:
        database = self._database or self._open()
        rows = [
            (id_, e.at_usec, e.kind, e.topic, _json(e.source), _json(e.data), e.rule, e.text, e.result)
            for id_, e in enumerate(batch, self._next)
        ]
        following = self._next + len(rows)
        first = max(self._first, following - self.limit)
        try:
            _write_rows(database, rows, first)
        except sqlite3.OperationalError:
            # On a full disk the blocks that the log has already can be used once more.
            database.execute("PRAGMA wal_checkpoint(RESTART)")
            _write_rows(database, rows, first)
        except sqlite3.DatabaseError as error:
            database.close()
            self._database = None
            self._set_aside(error)
            raise
        self._first, self._next = first, following

    def _clear(self) -> None:
        (self._database or self._open()).execute("DELETE FROM entries")
        self._first = self._next

    def _sync_log(self) -> None:
        try:
            log = os.open(f"{self._path}-wal", os.O_RDONLY)
            try:
                os.fdatasync(log)
            finally:
                os.close(log)
        except OSError as error:
            _log.warning("%s cannot be synced: %s", self._path, error)

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = self._read()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            self._database = self._read()
        return self._database

    def _set_aside(self, error: Exception) -> None:
        aside = set_aside(self._path)
        for rest in ("-wal", "-shm"):
            self._path.with_name(self._path.name + rest).unlink(missing_ok=True)
        _log.error("%s is damaged (%s); set aside as %s, the event log begins anew", self._path, error, aside.name)

    def _read(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, at INTEGER, kind TEXT, topic TEXT,"
                " source TEXT, data TEXT, rule TEXT, text TEXT, result TEXT)"
            )
            first, last = database.execute("SELECT min(id), max(id) FROM entries").fetchone()
            if last is not None:
                self._first, self._next = first, last + 1
                self.newest_usec = database.execute("SELECT at FROM entries WHERE id = ?", (last,)).fetchone()[0]
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            database.close()
            raise
        return database

    # --- in the thread that searches ---

    def _search(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        where, given = _conditions(options)
        order = "ASC" if "AfterId" in options and "BeforeId" not in options else "DESC"
        end = time.monotonic() + SEARCH_SECONDS
        statement = f"SELECT {_COLUMNS} FROM entries{where} ORDER BY id {order} LIMIT ?"  # noqa: S608 # our own words
        try:
            # Each search has a connection of its own: it holds up nobody, and sees the file that is there now.
            with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as reader:
                reader.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
                rows = reader.execute(statement, [*given, options.get("Limit", 100)]).fetchall()
        except sqlite3.OperationalError as error:
            if str(error) == "interrupted":
                raise InvalidArgument(
                    f"the search took more than {SEARCH_SECONDS:g} s; name a shorter time with FromUsec and ToUsec"
                ) from error
            raise HardwareFailure(f"{self._path} cannot be read: {error}") from error
        except sqlite3.Error as error:
            raise HardwareFailure(f"{self._path} cannot be read: {error}") from error
        return [_record(row) for row in rows]


def _write_rows(database: sqlite3.Connection, rows: list[tuple[Any, ...]], first: int) -> None:
    database.execute("BEGIN")
    try:
        database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute("DELETE FROM entries WHERE id < ?", (first,))
        database.execute("COMMIT")
    except sqlite3.Error:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _json(items: Mapping[str, str] | None) -> str | None:
    return None if items is None else json.dumps(dict(items), ensure_ascii=False)


def _conditions(options: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return a WHERE clause and what stands for its question marks."""
    terms: list[tuple[str, list[Any]]] = []
    for name, term in (
        ("FromUsec", "at >= ?"),
        ("ToUsec", "at <= ?"),
        ("Kind", "kind = ?"),
        ("BeforeId", "id < ?"),
        ("AfterId", "id > ?"),
    ):
        if name in options:
            value = options[name]
            terms.append((term, [min(value, 2**63 - 1) if isinstance(value, int) else value]))
    if topic := options.get("Topic"):
        terms.append(("substr(topic, 1, ?) = ?", [len(topic), topic]))
    if text := options.get("Text"):
        like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = ("topic", "source", "data", "text")
        terms.append(
            (f"({' OR '.join(f'{name} LIKE ? ESCAPE {chr(39)}{chr(92)}{chr(39)}' for name in columns)})", [like] * 4)
        )
    if not terms:
        return "", []
    return " WHERE " + " AND ".join(term for term, _ in terms), [value for _, values in terms for value in values]


def _record(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return an entry as the contract has it."""
    id_, at, kind, topic, source, data, rule, text, result = row
    record: dict[str, Any] = {"Id": id_, "When": at, "Kind": kind}
    if topic:
        record["Topic"] = topic
    if source is not None:
        record["Source"] = json.loads(source)
    if data is not None:
        record["Data"] = json.loads(data)
    record.update({name: value for name, value in (("Rule", rule), ("Text", text), ("Result", result)) if value})
    return record
