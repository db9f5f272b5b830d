# SPDX-License-Identifier: Apache-2.0
"""How the device is reached over HTTP, as something that can be tried: axiod-system keeps these settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from axiod.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from axiod.bus.connection import Connection

_SYSTEM, _WEB = "org.axiod.system1", "org.axiod.system1.Web"
_TRIED = ("Protocols", "HttpPort", "HttpsPort", "RtspPort", "Certificate")
"""What can cut somebody off."""


class WebPorts:
    """An area of settings that can be tried, see axiod.network.trial."""

    name = "web ports"

    def __init__(self, connection: Connection) -> None:
        self._system = Service(connection, _SYSTEM)
        self._path = f"{self._system.root}/web"

    async def capture(self) -> Any:
        """See Area. Where there is no axiod-system, nobody can change its settings."""
        try:
            found = await self._system.properties(self._path, _WEB)
        except Unavailable:
            return None
        return {name: found[name] for name in _TRIED if name in found}

    async def restore(self, former: Any) -> None:
        """See Area. A certificate that is gone meanwhile keeps nothing else from coming back."""
        now = await self.capture() or {}
        changes = {name: value for name, value in former.items() if now.get(name) != value}
        try:
            await self._configure(changes)
        except Conflict:
            if "Certificate" not in changes:
                raise
            await self._configure({name: value for name, value in changes.items() if name != "Certificate"})

    async def _configure(self, changes: dict[str, Any]) -> None:
        if changes:
            await self._system.call(self._path, _WEB, "Configure", changes)
