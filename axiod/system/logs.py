# SPDX-License-Identifier: Apache-2.0
"""org.axiod.system1.Logs: the system log, the access log and the audit log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from axiod.errors import Busy
from axiod.runtime.log_file import file_of_this_process
from axiod.system.log_question import Question
from axiod.system.service_logs import ServiceLogs
from axiod.system.system_journal import SystemJournal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from axiod.runtime.app import Context

_T = TypeVar("_T")
LOGS = "org.axiod.system1.Logs"
_AT_ONCE = 2
_MOST_WAITING = 8


class Backend(Protocol):
    """Where entries are kept."""

    @property
    def origin(self) -> str:
        """What Origin says."""

    async def query(self, question: Question) -> tuple[list[dict[str, Any]], bool]:
        """Return what Query does."""

    async def units(self) -> list[str]:
        """Return what ListUnits does."""


class LogsHandler:
    """org.axiod.system1.Logs; the attributes are the properties of the contract."""

    origin: str

    def __init__(self, context: Context) -> None:
        self._context = context
        own = file_of_this_process()
        self._backend: Backend = SystemJournal() if own is None else ServiceLogs(own.parent)
        self.origin = self._backend.origin
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    def start(self) -> None:
        """Export it."""
        self._context.server.export(f"{self._context.path}/logs", LOGS, self)

    async def query(self, options: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        question = Question.of(options)
        return await self._in_turn(lambda: self._backend.query(question))

    async def list_units(self) -> list[str]:
        return await self._in_turn(self._backend.units)

    async def _in_turn(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Ask when it is its turn: a search costs the whole device, and answers come late where many search."""
        if self._waiting >= _MOST_WAITING:
            raise Busy(f"{_MOST_WAITING} others are waiting for the logs already; try again in some seconds")
        self._waiting += 1
        try:
            async with self._turn:
                return await ask()
        finally:
            self._waiting -= 1
