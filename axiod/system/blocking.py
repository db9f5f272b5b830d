# SPDX-License-Identifier: Apache-2.0
"""org.axiod.system1.Blocking: who is shut out because they guessed too often. Not kept over a restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from axiod.bus.interface import snake
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import NotFound
from axiod.system.model import BlockingSettings, beyond_default
from axiod.system.stored import BLOCKING
from axiod.system.windows import Windows, normal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.runtime.app import Context
    from axiod.runtime.settings import SettingsFile

TOPIC = "tns1:Device/tnsaxis:Network/BlockedIP"


class BlockingHandler:
    """org.axiod.system1.Blocking."""

    def __init__(self, context: Context, file: SettingsFile, changing: asyncio.Lock) -> None:
        self._context = context
        self._path = f"{context.path}/blocking"
        self._file = file
        self._changing = changing
        self._settings = replace(BlockingSettings(), **file.get("blocking", "blocking"))
        self._windows = Windows()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Export it."""
        self._context.server.export(self._path, BLOCKING, self)

    def close(self) -> None:
        """Let nobody in any more because time is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- properties ---

    @property
    def enabled(self) -> bool:
        return self._settings.enabled

    @property
    def period_sec(self) -> int:
        return self._settings.period_sec

    @property
    def page_failures(self) -> int:
        return self._settings.page_failures

    @property
    def page_interval_sec(self) -> int:
        return self._settings.page_interval_sec

    @property
    def device_failures(self) -> int:
        return self._settings.device_failures

    @property
    def device_interval_sec(self) -> int:
        return self._settings.device_interval_sec

    @property
    def blocked(self) -> list[tuple[str, int, int]]:
        return [(block.address, block.since_usec, block.ends_usec) for block in self._windows.blocked.values()]

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            amended = replace(self._settings, **{snake(name): value for name, value in changes.items()})
            if amended == self._settings:
                return
            await self._file.save("blocking", "blocking", beyond_default(amended))
            self._settings = amended
            self._tell([] if amended.enabled else self._windows.clear())

    def report(self, address: str, page: str) -> None:
        counted = normal(address)
        self._tell(self._windows.report(self._settings, counted, page, monotonic_usec(), wall_usec()))

    def unblock(self, address: str) -> None:
        wanted = normal(address.removesuffix("/64"))
        if not self._windows.unblock(wanted):
            raise NotFound(f"{wanted} is not blocked")
        self._tell([wanted])

    # --- time ---

    def _expire(self) -> None:
        self._timer = None
        self._tell(self._windows.expire(monotonic_usec()))

    def _tell(self, addresses: Iterable[str]) -> None:
        """Tell that addresses were shut out or let in, and wake when the next one's time is over."""
        self._context.server.changed(self._path, BLOCKING)
        events, now = self._context.events, wall_usec()
        for address in addresses:
            source = {"address": address}
            if address in self._windows.blocked:
                events.state(TOPIC, source, {"blocked": "1"}, now)
            else:
                events.state(TOPIC, source, {"blocked": "0"}, now)
                events.forget(TOPIC, source)
        self.close()
        until = self._windows.next_usec
        if until is not None:
            wait = max(0, until - monotonic_usec()) / 1e6
            self._timer = asyncio.get_running_loop().call_later(wait, self._expire)
