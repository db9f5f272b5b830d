# SPDX-License-Identifier: Apache-2.0
"""org.axiod.network1.Proxy: keeps the global proxies, and tells the services that send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus.interface import snake
from axiod.clock import wall_usec
from axiod.network.proxy.settings import Settings
from axiod.runtime.proxy_password import hidden
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from axiod.runtime.app import Context

PROXY = "org.axiod.network1.Proxy"
_KIND = "proxy"


class ProxyHandler:
    """org.axiod.network1.Proxy."""

    changed_usec: int | None

    def __init__(self, context: Context) -> None:
        """Raises HardwareFailure when the disk refuses to be read."""
        self._context = context
        self._path = f"{context.path}/proxy"
        # Nobody is cut off by it who wants to change it, so it is no part of a trial and waits for none.
        self._changing = asyncio.Lock()
        self._where = context.state_dir / "proxy.yaml"
        self._file = SettingsFile(self._where, {_KIND: PROXY}, private=True)
        found = self._file.get(_KIND, _KIND)
        self._settings = Settings(**{**found, "no_proxy": tuple(found.get("no_proxy", ()))})
        self.changed_usec = int(self._where.stat().st_mtime * 1e6) if self._where.exists() else None

    def start(self) -> None:
        """Export it."""
        self._context.server.export(self._path, PROXY, self)

    @property
    def http_proxy(self) -> str:
        return hidden(self._settings.http_proxy)

    @property
    def https_proxy(self) -> str:
        return hidden(self._settings.https_proxy)

    @property
    def no_proxy(self) -> list[str]:
        return list(self._settings.no_proxy)

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            amended = self._settings.amended({snake(name): value for name, value in changes.items()})
            if amended == self._settings:
                return
            await self._file.save(_KIND, _KIND, amended.beyond_default)
            self._settings = amended
            # A password that is replaced is shown as the one before; who asked for it must hear of that as well.
            self.changed_usec = wall_usec()
        self._context.server.changed(self._path, PROXY)

    async def proxy_for(self, scheme: str, host: str) -> str:
        return self._settings.proxy_for(scheme, host)
