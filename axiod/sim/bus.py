# SPDX-License-Identifier: Apache-2.0
"""org.axiod.sim1.Bus and org.axiod.sim1.Unit on the bus: the hands of whoever plays with a simulated line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus.interface import snake
from axiod.errors import Conflict, NotFound
from axiod.sim.serial_line import SerialLine
from axiod.sim.units import Unit

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from axiod.runtime.app import Context

BUS, UNIT = "org.axiod.sim1.Bus", "org.axiod.sim1.Unit"
_TICK_SECONDS = 2.0
_FIRST_UNITS = {1: "xy-md02", 2: "klha", 64: "tibbo-bp01", 65: "tibbo-bp02", 66: "tibbo-bp03", 68: "tibbo-bp05"}
"""What is there at first: the Tibbo probes at the addresses that they come with."""


class UnitHandler:
    """org.axiod.sim1.Unit; the attributes are the properties of the contract."""

    address: int
    model: str

    def __init__(self, bus: BusHandler, unit: Unit) -> None:
        self._bus = bus
        self.of = unit
        self.path = f"{bus.path_on_bus}/unit/{unit.address}"
        self.address = unit.address
        self.model = unit.model

    @property
    def values(self) -> dict[str, float]:
        return {name: round(value, 2) for name, value in self.of.values.items()}

    @property
    def silent(self) -> bool:
        return self.of.silent

    @property
    def failing(self) -> bool:
        return self.of.failing

    @property
    def drifting(self) -> bool:
        return self.of.drifting

    @property
    def delay_ms(self) -> int:
        return self.of.delay_ms

    @property
    def baud_rate(self) -> int:
        return self.of.baud_rate

    @property
    def requests(self) -> int:
        return self.of.requests

    def configure(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            setattr(self.of, snake(name), value)
        self._bus.tell(self)

    def set_value(self, name: str, value: float) -> None:
        self.of.set_value(name, value)
        self._bus.tell(self)

    def remove(self) -> None:
        self._bus.remove(self)


class BusHandler:
    """org.axiod.sim1.Bus; the attributes are the properties of the contract."""

    def __init__(self, context: Context, id_: str, path: Path, random: Random) -> None:
        """`path`: where the link to its pty is."""
        self._server = context.server
        self._random = random
        self.path_on_disk = path
        self.path_on_bus = f"{context.path}/bus/{id_}"
        self._line = SerialLine(path, random)
        self._handlers: dict[int, UnitHandler] = {}
        context.server.export(self.path_on_bus, BUS, self)
        for address, model in _FIRST_UNITS.items():
            self.add_unit(address, model)
        self._line.plug()
        self._ticking = context.tasks.create_task(self._tick())
        context.server.changed(self.path_on_bus, BUS)

    # --- properties ---

    @property
    def path(self) -> str:
        return str(self.path_on_disk)

    @property
    def plugged(self) -> bool:
        return self._line.plugged

    @property
    def echo(self) -> bool:
        return self._line.echo

    @property
    def units(self) -> int:
        return len(self._handlers)

    @property
    def requests(self) -> int:
        return self._line.requests

    @property
    def answered(self) -> int:
        return self._line.answered

    @property
    def bit_error_percent(self) -> float:
        return self._line.faults.bit_error_percent

    @property
    def truncated_percent(self) -> float:
        return self._line.faults.truncated_percent

    @property
    def doubled_percent(self) -> float:
        return self._line.faults.doubled_percent

    @property
    def delayed_percent(self) -> float:
        return self._line.faults.delayed_percent

    @property
    def foreign_percent(self) -> float:
        return self._line.faults.foreign_percent

    @property
    def noise_percent(self) -> float:
        return self._line.faults.noise_percent

    # --- methods ---

    def configure(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            setattr(self._line if name == "Echo" else self._line.faults, snake(name), value)
        self._changed()

    def set_plugged(self, plugged: bool) -> None:
        if plugged:
            self._line.plug()
        else:
            self._line.unplug()
        self._changed()

    def add_unit(self, unit: int, model: str) -> None:
        if unit in self._handlers:
            raise Conflict(f"there is a unit {unit} already, a {self._handlers[unit].model}; remove it first")
        handler = UnitHandler(self, Unit(unit, model))
        self._line.units[unit] = handler.of
        self._handlers[unit] = handler
        self._server.export(handler.path, UNIT, handler)
        self._changed()

    # --- inside ---

    def tell(self, handler: UnitHandler) -> None:
        """Tell what changed at a unit."""
        if self._handlers.get(handler.address) is handler:
            self._server.changed(handler.path, UNIT)

    def remove(self, handler: UnitHandler) -> None:
        """Take a unit off the bus."""
        if self._handlers.get(handler.address) is not handler:
            raise NotFound(f"unit {handler.address} was removed")
        del self._handlers[handler.address], self._line.units[handler.address]
        self._server.unexport(handler.path)
        self._changed()

    def close(self) -> None:
        """Pull everything out."""
        self._ticking.cancel()
        self._line.close()

    def _changed(self) -> None:
        self._server.changed(self.path_on_bus, BUS)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            for handler in self._handlers.values():
                handler.of.drift(self._random.uniform)
                self.tell(handler)
            self._changed()
