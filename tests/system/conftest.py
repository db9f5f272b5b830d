# SPDX-License-Identifier: Apache-2.0
"""A whole device of real processes, for each test its own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.bus.client import Service
from axiod.bus.connection import Connection
from axiod.sim.device import Device

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PORT = "org.axiod.io1.Port"
RELAY = "org.axiod.relays1.Relay"
WIRE = "org.axiod.sim1.Wire"
DRIVE = "org.axiod.sim1.Drive"
LAMP = "org.axiod.sim1.Lamp"
PORTS = "/org/axiod/io1/port/"
RELAYS = "/org/axiod/relays1/relay/"
TERMINALS = "/org/axiod/sim1/terminal/"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: sockets need one."""
    path = Path(tempfile.mkdtemp(prefix="axiod-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest_asyncio.fixture
async def device(folder: Path) -> AsyncIterator[Device]:
    """A device that is up."""
    device = Device(folder / "device", "a9210-sim", watchdog_seconds=3, start_limit=1000)
    try:
        await device.start()
        yield device
    finally:
        await device.stop()


@pytest_asyncio.fixture
async def connection(device: Device) -> AsyncIterator[Connection]:
    """A client of the device."""
    connection = await Connection.open(device.address)
    yield connection
    await connection.close()


@pytest.fixture
def io(connection: Connection) -> Service:
    return Service(connection, "org.axiod.io1")


@pytest.fixture
def relays(connection: Connection) -> Service:
    return Service(connection, "org.axiod.relays1")


@pytest.fixture
def sim(connection: Connection) -> Service:
    return Service(connection, "org.axiod.sim1")
