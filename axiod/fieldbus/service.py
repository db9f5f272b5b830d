# SPDX-License-Identifier: Apache-2.0
"""org.axiod.fieldbus1: all ports, and what adds and removes them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus.connection import Subscription
from axiod.bus.interface import snake
from axiod.errors import Conflict, LimitReached
from axiod.fieldbus import model
from axiod.fieldbus.model import MOST_TCP_PORTS, TOPIC, Kind, PortSettings
from axiod.fieldbus.port import PortHandler
from axiod.fieldbus.stored import serial_settings, settings_file, tcp_default, tcp_ports_file
from axiod.gpio.protocol import serial_path

if TYPE_CHECKING:
    from axiod.bus._lib import Message
    from axiod.runtime.app import Context

PORTS = "org.axiod.fieldbus1.Ports"
_BUS, _BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_TICK_SECONDS = 1.0
_TICKS_TO_COUNT = 2


class FieldbusService:
    """All ports; the handler of org.axiod.fieldbus1.Ports, whose properties are its attributes."""

    limit: int = MOST_TCP_PORTS

    def __init__(self, context: Context) -> None:
        self._context = context
        self._adding = asyncio.Lock()
        """Held while ports come and go: one after the other, each on disk before it is acknowledged."""
        self._settings = settings_file(context.state_dir)
        self._tcp = tcp_ports_file(context.state_dir)
        self._ports: dict[str, PortHandler] = {}
        self._subscription: Subscription | None = None
        self._ticking: asyncio.Task[None] | None = None
        for serial in context.board.serial:
            path = serial_path(serial.id) if serial.simulated else serial.device
            settings = serial_settings(self._settings, serial)
            self._ports[serial.id] = PortHandler(
                context, serial.id, Kind.SERIAL, settings, self._save_serial, self._remove, serial, path
            )
        for id_, (kind, settings) in self._tcp.entries.items():
            if id_ not in self._ports:
                self._ports[id_] = self._tcp_port(id_, kind, settings)

    @property
    def count(self) -> int:
        return len(self._tcp.entries)

    async def add_port(self, name: str, kind: str, host: str, options: dict[str, Any]) -> str:
        wanted = options.get("Id")
        if wanted is not None:
            model.check_id(wanted)
        changes = {snake(key): value for key, value in options.items() if key != "Id"}
        settings = tcp_default(name).amended({**changes, "host": host})
        async with self._adding:
            if len(self._tcp.entries) >= MOST_TCP_PORTS:
                raise LimitReached(f"there are {MOST_TCP_PORTS} TCP ports already; remove one first")
            if wanted in self._ports:
                raise Conflict(f"there is a port {wanted} already; choose another Id")
            id_ = wanted or self._free_id()
            await self._tcp.save(id_, (Kind(kind), settings))
            port = self._ports[id_] = self._tcp_port(id_, Kind(kind), settings)
            await port.start()
            self._changed()
        return id_

    async def start(self) -> None:
        """Export everything, and open the ports."""
        context = self._context
        context.server.export(f"{context.path}/ports", PORTS, self)
        self._subscription = Subscription(_BUS, _BUS, "NameOwnerChanged", _BUS_PATH, self._on_owner)
        await context.connection.subscribe(self._subscription)
        for port in self._ports.values():
            await port.start()
        self._ticking = context.tasks.create_task(self._tick())
        self._say()

    async def stop(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        for port in self._ports.values():
            port.close("the service is stopping")

    def _tcp_port(self, id_: str, kind: Kind, settings: PortSettings) -> PortHandler:
        return PortHandler(self._context, id_, kind, settings, self._save_tcp, self._remove)

    def _free_id(self) -> str:
        number = 1
        while f"tcp{number}" in self._ports:
            number += 1
        return f"tcp{number}"

    async def _save_serial(self, port: PortHandler, settings: PortSettings) -> None:
        default = PortSettings(port.terminal or "")
        async with self._adding:
            await self._settings.save("ports", port.id, settings.beyond(default))

    async def _save_tcp(self, port: PortHandler, settings: PortSettings) -> None:
        async with self._adding:
            await self._tcp.save(port.id, (port.of, settings))

    async def _remove(self, port: PortHandler) -> None:
        async with self._adding:
            await self._tcp.remove(port.id)
            del self._ports[port.id]
            port.close(f"port {port.id} was removed")
            context = self._context
            context.server.unexport(port.path)
            context.root.problem(f"port {port.id}", None)
            context.events.forget(TOPIC, model.event(port.id, model.State.OFFLINE)[0])
            self._changed()

    def _changed(self) -> None:
        self._context.server.changed(f"{self._context.path}/ports", PORTS)
        self._say()

    def _on_owner(self, message: Message) -> None:
        name, _, new = message.body
        if name.startswith(":") and not new:
            for port in self._ports.values():
                port.left(name)

    async def _tick(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            ticks += 1
            for port in self._ports.values():
                port.tick(count=ticks % _TICKS_TO_COUNT == 0)

    def _say(self) -> None:
        count = len(self._ports)
        self._context.root.say(f"{count} port{'s' * (count != 1)}" if count else "no port")


async def start(context: Context) -> FieldbusService:
    """Start the service."""
    service = FieldbusService(context)
    await service.start()
    return service
