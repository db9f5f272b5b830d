# SPDX-License-Identifier: Apache-2.0
"""The fieldbus ports, as axiod-fieldbus tells of them. Where it is away, there is none."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from axiod.bus.connection import Subscription
from axiod.errors import AxiodError, NotFound, Unavailable
from axiod.modbus.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from axiod.bus._lib import Message
    from axiod.bus.connection import Connection

_log = logging.getLogger(__name__)

FIELDBUS, PORT = "org.axiod.fieldbus1", "org.axiod.fieldbus1.Port"
_BUS, _BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_MANAGER = "org.freedesktop.DBus.ObjectManager"
_AGAIN_SECONDS = 1.0
_OF_INTEREST = {"Kind", "BaudRate", "Parity", "StopBits", "State", "Reason"}


class Ports:
    """All ports of axiod-fieldbus."""

    def __init__(self, connection: Connection, on_changed: Callable[[], None]) -> None:
        """`on_changed` is called when a port came, went, or is another one than before."""
        self.service = Service(connection, FIELDBUS)
        self._connection = connection
        self._on_changed = on_changed
        self._ports: dict[str, dict[str, Any]] | None = None
        self.known = False
        """Whether it was found out what there is."""
        self._asking: asyncio.Task[None] | None = None
        self._again = False
        self._told = 0
        """Counts what was told of the ports."""

    async def start(self) -> None:
        """Follow them. What there is is asked for, and not awaited."""
        root = self.service.root
        await self.service.on_changed(self._on_properties)
        for member in ("InterfacesAdded", "InterfacesRemoved"):
            await self._connection.subscribe(Subscription(FIELDBUS, _MANAGER, member, root, lambda _: self._ask()))
        await self._connection.subscribe(Subscription(_BUS, _BUS, "NameOwnerChanged", _BUS_PATH, self._on_owner))
        self._ask()

    def stop(self) -> None:
        """Do not follow them any more."""
        if self._asking is not None:
            self._asking.cancel()

    def path(self, id_: str) -> str:
        """Return the object of a port."""
        return f"{self.service.root}/port/{id_}"

    def get(self, id_: str) -> Mapping[str, Any]:
        """Return the properties of a port; raises Unavailable where the service is away, NotFound."""
        if self._ports is None:
            raise Unavailable("axiod-fieldbus is not there; see systemctl status axiod-fieldbus")
        port = self._ports.get(id_)
        if port is None:
            raise NotFound(f"there is no port {id_[:40]!r}; there is {', '.join(sorted(self._ports)) or 'none'}")
        return port

    async def look_for(self, id_: str) -> None:
        """Look once more where a port is not known: it may have been added a moment ago."""
        if id_ not in (self._ports or {}):
            with contextlib.suppress(AxiodError):
                self._take(await self._fetched())

    def line(self, id_: str, own: Line | None) -> Line | None:
        """Return how characters are sent on a port, to a sensor with settings of its own; None over TCP, where that
        costs nothing. Raises Unavailable, NotFound."""
        port = self.get(id_)
        if port["Kind"] == "modbus-tcp":
            return None
        return own or Line(port["BaudRate"], port["Parity"], port["StopBits"])

    def is_serial(self, id_: str) -> bool:
        """Whether it is a serial port of the board. Raises Unavailable, NotFound."""
        return bool(self.get(id_)["Kind"] == "serial")

    def trouble(self, id_: str) -> str | None:
        """Say why a port cannot be used now; None where it can."""
        try:
            port = self.get(id_)
        except AxiodError as error:
            return str(error)
        return None if port["State"] == "online" else f"port {id_} is {port['State']}: {port.get('Reason', '')}"

    # --- what is told ---

    def _on_owner(self, message: Message) -> None:
        name, _, owner = message.body
        if name != FIELDBUS:
            return
        if owner:
            self._ask()
        else:
            self._told += 1
            self._take(None)

    def _on_properties(self, path: str, interface: str, changed: dict[str, Any], gone: list[str]) -> None:
        if interface != PORT or not _OF_INTEREST & {*changed, *gone}:
            return
        self._told += 1
        port = (self._ports or {}).get(path.rpartition("/")[2])
        if port is None:
            self._ask()
            return
        port.update(changed)
        for name in gone:
            port.pop(name, None)
        self._on_changed()

    def _ask(self) -> None:
        self._told += 1
        self._again = True
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._load())

    async def _load(self) -> None:
        told = False
        while self._again:
            self._again = False
            try:
                ports = await self._fetched()
            except Unavailable:
                self._take(None)  # it says when it comes
            except AxiodError as error:
                if not told:
                    _log.warning("axiod-fieldbus does not tell what it has: %s", error)
                told = self._again = True
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                self._take(ports)

    async def _fetched(self) -> dict[str, dict[str, Any]]:
        while True:
            told = self._told
            objects = await self.service.objects()
            if told == self._told:  # otherwise the answer may be older than what was told since
                return {path.rpartition("/")[2]: found[PORT] for path, found in objects.items() if PORT in found}

    def _take(self, ports: dict[str, dict[str, Any]] | None) -> None:
        first, self.known = not self.known, True
        if ports != self._ports or first:
            self._ports = ports
            self._on_changed()
