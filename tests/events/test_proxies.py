# SPDX-License-Identifier: Apache-2.0
"""Recipients and the global proxies that axiod-network keeps, both as they run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest_asyncio

from axiod.bus.client import Service
from tests.events.test_recipients import add, recipient, web
from tests.sim.device_process import Thing
from tests.system1.conftest import SystemProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from axiod.bus.connection import Connection
    from tests.events.conftest import EventsProcess


class NetworkProcess(SystemProcess):
    """`python -m axiod.network` in a folder of its own."""

    def __init__(self, connection: Connection, address: str, folder: Path) -> None:
        super().__init__(connection, address, folder)
        self.command = [sys.executable, "-m", "axiod.network"]


@pytest_asyncio.fixture
async def proxy(events: EventsProcess, tmp_path: Path) -> AsyncIterator[Thing]:
    """org.axiod.network1.Proxy, of a service that runs."""
    process = NetworkProcess(events.connection, events.address, tmp_path)
    await process.start()
    name = "org.axiod.network1"
    yield Thing(Service(events.connection, name), "/org/axiod/network1/proxy", f"{name}.Proxy")
    await process.stop()


async def test_without_axiod_network_there_is_no_proxy(events: EventsProcess) -> None:
    async with web() as server:
        id_ = await add(events, "http", Url=server.url)
        assert (await recipient(events, id_).call("Test"))[0] is True
        assert len(server.messages) == 1


async def test_recipients_go_through_the_global_proxy(events: EventsProcess, proxy: Thing) -> None:
    async with web() as first, web() as second:
        id_ = await add(events, "http", Url="http://gate.invalid/hook")
        test = recipient(events, id_)
        assert "the host gate.invalid is not found" in (await test.call("Test"))[1]
        await proxy.configure(HttpProxy=f"http://127.0.0.1:{first.port}")
        assert (await test.call("Test"))[0] is True
        await proxy.configure(HttpProxy=f"http://joe:secret@127.0.0.1:{second.port}")
        assert (await test.call("Test"))[0] is True
        assert (len(first.messages), len(second.messages)) == (1, 1)
        await proxy.configure(NoProxy=["example.org", "invalid"])
        assert "the host gate.invalid is not found" in (await test.call("Test"))[1]
        await proxy.configure(NoProxy=[])
        await test.configure(ProxyHost="127.0.0.1", ProxyPort=first.port)
        assert (await test.call("Test"))[0] is True
        assert (len(first.messages), len(second.messages)) == (2, 1), "its own one comes first"


async def test_what_is_near_is_reached_without_it(events: EventsProcess, proxy: Thing) -> None:
    async with web() as server, web() as elsewhere:
        await proxy.configure(HttpProxy=f"http://127.0.0.1:{elsewhere.port}")
        id_ = await add(events, "http", Url=server.url)
        assert (await recipient(events, id_).call("Test"))[0] is True
        assert (len(server.messages), len(elsewhere.messages)) == (1, 0)
