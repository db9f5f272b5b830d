# SPDX-License-Identifier: Apache-2.0
"""Fixtures of a device that the tests of a folder share; each test leaves it as it found it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.bus.connection import Connection
from tests.sim.device_process import Client, DeviceProcess, Restorer, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@asynccontextmanager
async def restored(address: str) -> AsyncIterator[Client]:
    """A client of the device on a bus; what was changed at ports, relays and wires is put back at the end."""
    connection = await Connection.open(address)
    client = Client(connection, address)
    restorer = Restorer(client)
    await restorer.remember()
    yield client
    await restorer.restore()
    await connection.close()


@pytest.fixture(scope="session")
def device() -> Iterator[DeviceProcess]:
    """A device that is up."""
    yield from running()


@pytest_asyncio.fixture
async def client(device: DeviceProcess) -> AsyncIterator[Client]:
    """A client; what the test changed is put back at its end."""
    async with restored(device.address) as client:
        yield client
