# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.EventLog: what happened and what was done, for whoever asks later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.clock import wall_usec
from axiod.events.log_file import Entry, LogFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.client import Event
    from axiod.runtime.app import Context
    from axiod.runtime.settings import SettingsFile

LOG = "org.axiod.events1.EventLog"
_FOR_ADMINISTRATORS = frozenset({topics.BLOCKED_IP})
_KEPT_ELSEWHERE = frozenset({topics.SENSOR_VALUE})
"""What would push everything else out: the history of the sensors has it."""
_NOT_KEPT = _FOR_ADMINISTRATORS | _KEPT_ELSEWHERE
_DEFAULT_LIMIT = 50_000
_COUNT_SECONDS = 60.0


class LogHandler:
    """org.axiod.events1.EventLog; the attributes are the properties of the contract."""

    count: int
    lost: int

    def __init__(self, context: Context, settings: SettingsFile, changing: asyncio.Lock) -> None:
        """`changing`: held while a setting changes."""
        self._context = context
        self._settings = settings
        self._changing = changing
        self._path = f"{context.path}/log"
        limit = settings.get("log", "log").get("limit", _DEFAULT_LIMIT)
        self._file = LogFile(context.state_dir / "events.sqlite", limit, self._problem)
        self.count, self.lost = self._file.count, 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Export it."""
        self._context.server.export(self._path, LOG, self)
        self._look()

    async def close(self) -> None:
        """Write what waits, and close the file."""
        if self._timer is not None:
            self._timer.cancel()
        await self._file.close()

    # --- properties and methods of the contract ---

    @property
    def limit(self) -> int:
        return self._file.limit

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            limit = changes.get("Limit", self.limit)
            await self._settings.save("log", "log", {} if limit == _DEFAULT_LIMIT else {"limit": limit})
            self._file.limit = limit
            self._tell()

    async def query(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        return await self._file.query(options)

    async def clear(self) -> None:
        await self._file.clear()
        self._tell()

    # --- for the other parts ---

    @property
    def newest_usec(self) -> int:
        """The time of the newest entry of the run before; 0 when there is none."""
        return self._file.newest_usec

    def event(self, event: Event) -> None:
        """Keep an event, unless not everybody may know of it, the log being for viewers, or it is kept elsewhere."""
        if topics.same(event.topic) in _NOT_KEPT:
            return
        self._file.add(Entry(event.timestamp_usec, "event", event.topic, event.source, event.data))

    def rule(self, rule: str, text: str) -> None:
        """Keep what a rule did."""
        self._file.add(Entry(wall_usec(), "rule", rule=rule, text=text))

    def action(self, rule: str, text: str, result: str, data: Mapping[str, str] | None = None) -> None:
        """Keep what became of an action: done, failed or dropped."""
        self._file.add(Entry(wall_usec(), "action", data=data, rule=rule, text=text, result=result))

    async def recent(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest entries, the newest first."""
        return await self._file.query({"Limit": limit})

    def _problem(self, text: str | None) -> None:
        self._context.root.problem("event log", text)

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_COUNT_SECONDS, self._look)
        self._tell()

    def _tell(self) -> None:
        self.count, self.lost = self._file.count, self._file.lost
        self._context.server.changed(self._path, LOG)
