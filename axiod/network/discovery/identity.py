# SPDX-License-Identifier: Apache-2.0
"""What axiod-system says of the device, as far as it is announced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.bus.client import Service
from axiod.bus.connection import Subscription
from axiod.errors import AxiodError
from axiod.network.discovery.bonjour import Web
from axiod.network.discovery.settings import default_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.bus._lib import Message
    from axiod.bus.connection import Connection

_BUS, _BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_SYSTEM = "org.axiod.system1"
_DEVICE, _WEB = f"{_SYSTEM}.Device", f"{_SYSTEM}.Web"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this is, and where its web server is."""

    default_name: str
    serial_number: str
    web: Web


class System:
    """axiod-system."""

    def __init__(self, connection: Connection, changed: Callable[[], None]) -> None:
        """`changed` is called when it says something else."""
        self._connection = connection
        self._service = Service(connection, _SYSTEM)
        self._changed = changed

    async def start(self) -> None:
        """Begin to hear of changes; its start is one."""
        await self._service.on_changed(
            lambda _path, interface, _changed, _gone: self._changed() if interface in (_DEVICE, _WEB) else None
        )
        await self._connection.subscribe(Subscription(_BUS, _BUS, "NameOwnerChanged", _BUS_PATH, self._on_owner))

    def _on_owner(self, message: Message) -> None:
        name, _former, owner = message.body
        if name == _SYSTEM and owner:
            self._changed()

    async def identity(self) -> Identity | None:
        """Ask; None while it does not answer."""
        try:
            device = await self._service.properties(f"{self._service.root}/device", _DEVICE)
            web = await self._service.properties(f"{self._service.root}/web", _WEB)
        except AxiodError:
            return None
        protocols = web["Protocols"]
        return Identity(
            default_name(device["ShortName"], device["SerialNumber"]),
            device["SerialNumber"],
            Web(
                web["HttpPort"] if protocols != "https" else None,
                web["HttpsPort"] if protocols != "http" else None,
            ),
        )
