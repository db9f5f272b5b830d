# SPDX-License-Identifier: Apache-2.0
"""A device that the tests of the gateway share: `web` asks it over HTTP, `client` looks at it on the bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.gateway.web_device import WebDevice, running
from tests.sim.shared_device import restored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.sim.device_process import Client


@pytest.fixture(scope="session")
def web() -> Iterator[WebDevice]:
    """A device with accounts admin, oper and viewer, whose password is PASSWORD."""
    yield from running()


@pytest.fixture
def new_web() -> Iterator[WebDevice]:
    """A device of its own without any account."""
    yield from running(accounts=False)


@pytest.fixture(scope="session")
def base_url(web: WebDevice) -> str:
    """The device's URL up to its first slash."""
    return web.http


@pytest_asyncio.fixture
async def client(web: WebDevice) -> AsyncIterator[Client]:
    """A client on the bus; what the test changed at ports, relays and wires is put back at its end."""
    async with restored(web.address) as client:
        yield client
