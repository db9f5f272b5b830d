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

import pytest
import pytest_asyncio

from axiod.bus.caller import ADMINISTRATOR_GROUP, GATEWAY_USER, OPERATOR_GROUP
from axiod.bus.server import Server
from tests.bus.contract_handler import ContractHandler
from tests.conftest import READING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from axiod.bus.connection import Connection
    from tests.conftest import Connect

NAME = "org.axiod.relays1"
ROOT = "/org/axiod/relays1"
RELAY = "org.axiod.relays1.Relay"
PATH = ROOT + "/relay/relay1"

SERVICES = ("events", "fieldbus", "io", "network", "relays", "sensors", "sim", "system")
ROOTS = {"network"}
"""Services that are root."""
OTHERS, OPERATORS, ADMINISTRATORS = 64100, 64101, 64102
"""Groups; the first has no name."""
USERS = {GATEWAY_USER: 64110} | {
    f"axiod-{name}": 64111 + place for place, name in enumerate(SERVICES) if name not in ROOTS
}
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Accounts:
    """A machine that has the users and groups of axiod, whatever this one has."""

    within: tuple[str, ...]
    """The beginning of a command: what follows it sees them in /etc/passwd and /etc/group."""

    def user(self, name: str) -> tuple[str, ...]:
        """Return the beginning of a command that is run as one of the users."""
        return (*self.within, "setpriv", "--reuid", str(USERS[name]), "--clear-groups", *READING)


def somebody(uid: int = NOBODY, *groups: int) -> tuple[str, ...]:
    """Return the beginning of a command that is run as a user with just these groups."""
    which = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
    return ("setpriv", "--reuid", str(uid), which)


@pytest.fixture(scope="session")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    """The users and groups of axiod; skips where no process can be given a /etc of its own."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("only root, and not in every container, can have a /etc/group of its own")
    folder = tmp_path_factory.mktemp("etc")
    groups = {OPERATOR_GROUP: OPERATORS, ADMINISTRATOR_GROUP: ADMINISTRATORS}
    entries = {
        "group": {name: f"{name}:x:{gid}:" for name, gid in groups.items()},
        "passwd": {name: f"{name}:x:{uid}:{NOBODY}::/:/bin/false" for name, uid in USERS.items()},
    }
    for file, ours in entries.items():
        lines = Path("/etc", file).read_text().splitlines()
        others = [line for line in lines if line.partition(":")[0] not in ours]
        (folder / file).write_text("\n".join([*others, *ours.values()]) + "\n")
    mounts = " && ".join(f"mount --bind {folder / file} /etc/{file}" for file in entries)
    return Accounts(("unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh"))


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
