# SPDX-License-Identifier: Apache-2.0
"""What the services say, followed: the switches and names of axiod-network, what axiod-system says of the device.

axiod-network ends when it has nothing to do. It is asked once, which starts it, and again when it started anew; what
changes in between it tells by signals, so it is not kept awake.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from axiod.bus.connection import Subscription
from axiod.discovery.model import announced
from axiod.errors import AxiodError

if TYPE_CHECKING:
    from axiod.bus._lib import Message
    from axiod.bus.connection import Connection
    from axiod.discovery.model import Announced

_log = logging.getLogger(__name__)

_BUS = "org.freedesktop.DBus"
_SETTINGS = "org.axiod.network1.Discovery"
_DEVICE = "org.axiod.system1.Device"
_WEB = "org.axiod.system1.Web"
_PATHS = {
    _SETTINGS: "/org/axiod/network1/discovery",
    _DEVICE: "/org/axiod/system1/device",
    _WEB: "/org/axiod/system1/web",
}
_AGAIN_SECONDS = 30.0
"""After this a service that did not answer is asked again."""


class Sources:
    """The properties of three objects. Use next_change() in a loop."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._services = {name: Service(connection, name) for name in map(_service, _PATHS)}
        self._known: dict[str, dict[str, Any]] = {}
        self._stale = set(_PATHS)
        self._silent: set[str] = set()
        self._reading = ""
        self._changed = asyncio.Event()
        self._changed.set()
        self.missing: list[str] = []
        """One sentence for each object that is not known."""

    async def start(self) -> None:
        """Begin to follow; raises AxiodError."""
        await self._connection.subscribe(
            Subscription(_BUS, _BUS, "NameOwnerChanged", "/org/freedesktop/DBus", self._on_owner)
        )
        for service in self._services.values():
            await service.on_changed(self._on_changed)

    async def next_change(self) -> Announced | None:
        """Wait until what is to be announced may have changed, and return it; None as long as it is not known."""
        try:
            async with asyncio.timeout(_AGAIN_SECONDS if self._stale else None):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()
        self.missing = []
        for interface in sorted(self._stale):
            await self._read(interface)
        if len(self._known) < len(_PATHS):
            return None
        return announced(self._known[_SETTINGS], self._known[_DEVICE], self._known[_WEB])

    async def _read(self, interface: str) -> None:
        self._stale.discard(interface)
        self._reading = interface
        try:
            self._known[interface] = await self._services[_service(interface)].properties(_PATHS[interface], interface)
        except AxiodError as error:
            self._stale.add(interface)
            if interface not in self._silent:
                _log.warning("%s does not answer: %s", _service(interface), error)
            self._silent.add(interface)
            if interface not in self._known:
                self.missing.append(f"{_service(interface)} does not answer")
        else:
            self._silent.discard(interface)
        finally:
            self._reading = ""

    def _on_changed(self, path: str, interface: str, changed: dict[str, Any], gone: list[str]) -> None:
        if _PATHS.get(interface) != path:
            return
        if interface == self._reading:
            self._stale.add(interface)  # what is being read may be older than this
            self._changed.set()
        known = self._known.get(interface)
        if known is not None:
            known.update(changed)
            for name in gone:
                known.pop(name, None)
            if interface != _SETTINGS:
                # What avahi announces follows from it, too: asking axiod-network starts it, and it sees to that. This
                # process does so because it always runs and hears it anyway. A path unit of systemd would have to
                # follow a file of axiod-system, which is nobody else's and is written before its new values are told.
                self._stale.add(_SETTINGS)
            self._changed.set()

    def _on_owner(self, message: Message) -> None:
        name, _former, owner = message.body
        if owner and name in self._services:
            self._stale |= {interface for interface in _PATHS if _service(interface) == name}
            self._changed.set()


def _service(interface: str) -> str:
    return interface.rpartition(".")[0]
