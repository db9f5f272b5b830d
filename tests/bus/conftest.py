# SPDX-License-Identifier: Apache-2.0
"""Services for the tests of the bus: handlers made from the contract, on a private bus."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest_asyncio

from axiod.bus.server import Server
from tests.bus.contract_handler import ContractHandler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from axiod.bus.connection import Connection
    from tests.conftest import Connect

NAME = "org.axiod.relays1"
ROOT = "/org/axiod/relays1"
RELAY = "org.axiod.relays1.Relay"
PATH = ROOT + "/relay/relay1"


@dataclass
class Served:
    """A service with one relay, and a client of it."""

    connection: Connection
    server: Server
    relay: ContractHandler
    client: Connection
    name: str = NAME

    async def call(self, member: str, signature: str = "", *body: Any, path: str = PATH, interface: str = RELAY) -> Any:
        """Call a method of the relay from the client and return the body of the answer."""
        return await self.client.call(self.name, path, interface, member, signature, list(body))

    def change(self, **values: Any) -> None:
        """Change properties of the relay and have it told."""
        for name, value in values.items():
            setattr(self.relay, name, value)
        self.server.changed(PATH, RELAY)


class Serve(Protocol):
    """Starts a service."""

    async def __call__(self, address: str | None = None) -> Served: ...


@pytest_asyncio.fixture
async def serve(connection: Connect) -> AsyncIterator[Serve]:
    """A function that starts a service with one relay on the session's bus, or on the one at an address."""
    running: list[Server] = []

    async def start(address: str | None = None) -> Served:
        mine = await connection(address)
        server = Server(mine, ROOT)
        running.append(server)
        relay = ContractHandler(RELAY)
        server.export(PATH, RELAY, relay)
        await mine.request_name(NAME)
        return Served(mine, server, relay, await connection(address))

    yield start
    for server in running:
        await server.close()


@pytest_asyncio.fixture
async def served(serve: Serve) -> Served:
    """A service with one relay on the session's bus."""
    return await serve()


class RelayProcess:
    """relay_process.py, running."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.carried_out: list[tuple[str, list[Any]]] = []
        """Member and arguments of each call, in order."""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            member, arguments = json.loads(line)
            self.carried_out.append((member, arguments))

    def stop(self) -> None:
        """Make it stand still."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self) -> None:
        """Make it go on."""
        self._process.send_signal(signal.SIGCONT)

    async def close(self) -> None:
        """End it."""
        self._process.kill()
        await self._process.wait()
        await self._reading
        # Without it the transport is closed by the garbage collector, which warns.
        self._process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way


class StartRelay(Protocol):
    """Starts relay_process.py, by way of another command if one is given."""

    async def __call__(self, address: str, *by_way_of: str) -> RelayProcess: ...


@pytest_asyncio.fixture
async def start_relay() -> AsyncIterator[StartRelay]:
    """A function that starts the relay as a process of its own."""
    running: list[RelayProcess] = []

    async def start(address: str, *by_way_of: str) -> RelayProcess:
        command = (*by_way_of, sys.executable, "-m", "tests.bus.relay_process", address)
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        assert process.stdout
        assert await process.stdout.readline() == b"READY\n"
        running.append(RelayProcess(process))
        return running[-1]

    yield start
    for relay in running:
        await relay.close()
