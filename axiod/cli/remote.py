# SPDX-License-Identifier: Apache-2.0
"""The services from here: one connection, opened when it is first needed, and one time limit on everything."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

from axiod.bus import interface as contract
from axiod.bus.client import Service
from axiod.bus.connection import Connection
from axiod.errors import NotAuthorized, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from axiod.bus.client import Objects

_BUS = "org.freedesktop.DBus"
_WHO_MAY = {"administrator": "the group axiod-admin may, and root", "gateway": "only the gateway and root may"}


def how_to_start(service: str) -> str:
    """Return the command that starts a service."""
    return f"systemctl start axiod-{contract.stem(service)} (in a checkout: make run)"


class Remote:
    """The services on one bus. Everything raises Timeout after the given time, and Unavailable with what to do."""

    def __init__(self, address: str | None, seconds: float) -> None:
        self._seconds = seconds
        self._address = address
        self._connection: Connection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection:
            await self._connection.close()

    async def connection(self) -> Connection:
        """Return the connection to the bus."""
        if self._connection is None:
            try:
                self._connection = await Connection.open(self._address, self._seconds)
            except Unavailable as error:
                hint = "is dbus-daemon running? --bus ADDRESS names another bus"
                raise Unavailable(f"{error}; {hint}") from error
        return self._connection

    async def service(self, name: str) -> Service:
        """Return a service; it need not be there."""
        return Service(await self.connection(), name)

    async def owner(self, service: str) -> str | None:
        """Return who has the name of a service now, without starting it; None when it is away."""
        connection = await self.connection()
        try:
            reply = await connection.call(_BUS, "/org/freedesktop/DBus", _BUS, "GetNameOwner", "s", [service])
        except Unavailable:
            if connection.closed.done():
                raise
            return None
        return str(reply[0])

    async def activatable(self, service: str) -> bool:
        """Whether the bus would start a service that is called."""
        connection = await self.connection()
        reply = await connection.call(_BUS, "/org/freedesktop/DBus", _BUS, "ListActivatableNames")
        return service in reply[0]

    async def objects(self, service: str) -> Objects:
        """Return every object of a service with its properties."""
        async with self._explained(service):
            return await (await self.service(service)).objects()

    async def properties(self, service: str, path: str, interface: str) -> dict[str, Any]:
        """Return the properties of one interface of an object."""
        async with self._explained(service):
            return await (await self.service(service)).properties(path, interface)

    async def call(self, path: str, interface: str, member: str, *arguments: Any) -> Any:
        """Call a method of an object; it is not carried out later than the time limit."""
        service = interface.rpartition(".")[0]
        async with self._explained(service, contract.load(interface).methods[member].role):
            return await (await self.service(service)).call(path, interface, member, *arguments)

    @asynccontextmanager
    async def _explained(self, service: str, role: str = "viewer") -> AsyncIterator[None]:
        """Make what the bus says of a service fit for a person."""
        connection = await self.connection()
        try:
            yield
        except Unavailable as error:
            if connection.closed.done() or await self.owner(service) is not None:
                raise  # the service itself said so
            raise Unavailable(f"{service} is not running; start it with: {how_to_start(service)}") from error
        except NotAuthorized as error:
            if not str(error).startswith("Rejected"):  # by a service, not by the bus
                raise
            who = _WHO_MAY.get(role, "the groups axiod-operator and axiod-admin may")
            raise NotAuthorized(f"the bus does not let user {os.getuid()} change {service}; {who}") from error
