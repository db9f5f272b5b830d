# SPDX-License-Identifier: Apache-2.0
"""A running device with its simulated line, and sensors that come and go with each test."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.bus.client import Service
from axiod.errors import Conflict
from tests.fieldbus.conftest import Peers, free_port, libmodbus_server
from tests.sim.device_process import Client, Thing
from tests.sim.shared_device import client, device

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

__all__ = ["client", "device", "free_port", "libmodbus_server"]

NAME, ROOT = "org.axiod.sensors1", "/org/axiod/sensors1"
SENSOR, SENSORS = f"{NAME}.Sensor", f"{NAME}.Sensors"
TEMPLATE, TEMPLATES = f"{NAME}.Template", f"{NAME}.Templates"
FIELDBUS = "org.axiod.fieldbus1"
_FAULTS = ("BitErrorPercent", "TruncatedPercent", "DoubledPercent", "DelayedPercent", "ForeignPercent", "NoisePercent")


class World:
    """The sensors of a device, and the hands of whoever plays with its line."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.service = Service(client.connection, NAME)
        self.fieldbus = Service(client.connection, FIELDBUS)
        self.sensors = Thing(self.service, f"{ROOT}/sensors", SENSORS)
        self.templates = Thing(self.service, f"{ROOT}/templates", TEMPLATES)
        self.line = Thing(client.sim, "/org/axiod/sim1/bus/rs485", "org.axiod.sim1.Bus")
        self.port = Thing(self.fieldbus, "/org/axiod/fieldbus1/port/rs485", f"{FIELDBUS}.Port")

    def sensor(self, id_: str) -> Thing:
        return Thing(self.service, f"{ROOT}/sensor/{id_}", SENSOR)

    def template(self, id_: str) -> Thing:
        return Thing(self.service, f"{ROOT}/template/{id_}", TEMPLATE)

    def unit(self, address: int) -> Thing:
        return Thing(self.client.sim, f"/org/axiod/sim1/bus/rs485/unit/{address}", "org.axiod.sim1.Unit")

    async def add(self, id_: str, unit: int, template: str, port: str = "rs485", **settings: Any) -> Thing:
        """Add a sensor that is read each 200 ms."""
        options = {"Id": id_, "IntervalMs": 200} | settings
        await self.sensors.call("AddSensor", id_.capitalize(), port, unit, template, options)
        return self.sensor(id_)

    async def add_unit(self, address: int, model: str = "xy-md02") -> Thing:
        """Put a unit on the line whose values stay."""
        with contextlib.suppress(Conflict):
            await self.line.call("AddUnit", address, model)
        unit = self.unit(address)
        await unit.configure(Drifting=False, DelayMs=0)
        return unit

    async def clear(self) -> None:
        """Take all sensors, templates, units and faults away that were not there before."""
        for path, interfaces in (await self.service.objects()).items():
            if SENSOR in interfaces:
                await Thing(self.service, path, SENSOR).call("Remove")
        for path, interfaces in (await self.service.objects()).items():
            if interfaces.get(TEMPLATE, {}).get("Origin") == "user":
                await Thing(self.service, path, TEMPLATE).call("Remove")
        for path, interfaces in (await self.fieldbus.objects()).items():
            if interfaces.get(f"{FIELDBUS}.Port", {}).get("Kind") not in (None, "serial"):
                await Thing(self.fieldbus, path, f"{FIELDBUS}.Port").call("Remove")
        await self.line.configure(**dict.fromkeys(_FAULTS, 0.0))
        await self.line.call("SetPlugged", True)
        for path, interfaces in (await self.client.sim.objects()).items():
            if "org.axiod.sim1.Unit" in interfaces:
                unit = Thing(self.client.sim, path, "org.axiod.sim1.Unit")
                if path.endswith(("/1", "/2", "/64", "/65", "/66", "/68")):
                    await unit.configure(Silent=False, Failing=False, DelayMs=5, BaudRate=0)
                else:
                    await unit.call("Remove")
        await self.port.eventually(State="online")


@pytest_asyncio.fixture
async def world(client: Client) -> AsyncIterator[World]:
    """The device; what the test did is undone."""
    made = World(client)
    await made.clear()
    yield made
    await made.clear()


@pytest.fixture
def peers() -> Iterator[Peers]:
    """Other programs that speak Modbus."""
    made = Peers()
    yield made
    made.close()
