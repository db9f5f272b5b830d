# SPDX-License-Identifier: Apache-2.0
"""axiod-system as a real process on a private bus, for each test its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.bus.client import Service
from axiod.errors import AxiodError
from tests.conftest import until
from tests.sim.device_process import Thing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from axiod.bus.connection import Connection
    from tests.conftest import Connect

ROOT = "/org/axiod/system1"
NAME = "org.axiod.system1"
PASSWORD = "correct horse battery"


class SystemProcess:
    """`python -m axiod.system` in a folder of its own, and a client of it."""

    def __init__(self, connection: Connection, address: str, folder: Path) -> None:
        connection.timeout = 30  # hashing, and making keys, take their time on a busy machine
        self.client = Service(connection, NAME)
        self.address = address
        self.state = folder / "state"
        self._log = folder / "log"
        self.connection = connection
        self._process: asyncio.subprocess.Process | None = None
        self._systemd: socket.socket | None = None
        self._ready = asyncio.Event()
        config = folder / "system.yaml"
        config.write_text("board: a9210-sim\n", encoding="utf-8")
        self.command = [sys.executable, "-m", "axiod.system", "--config", str(config)]

    async def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        path = self._log.with_name("notify")
        path.unlink(missing_ok=True)
        self._systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._systemd.bind(str(path))
        self._ready.clear()
        asyncio.get_running_loop().add_reader(self._systemd, self._told)
        with self._log.open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stderr=log,
                env={
                    **os.environ,
                    "DBUS_SYSTEM_BUS_ADDRESS": self.address,
                    "STATE_DIRECTORY": str(self.state),
                    "NOTIFY_SOCKET": str(path),
                },
            )
        ended = asyncio.ensure_future(self._process.wait())
        ready = asyncio.ensure_future(self._ready.wait())
        await asyncio.wait((ended, ready), return_when=asyncio.FIRST_COMPLETED)
        assert ready.done(), self.log
        ended.cancel()

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and return its exit code."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        code = await self._process.wait()
        assert self._systemd is not None
        asyncio.get_running_loop().remove_reader(self._systemd)
        self._systemd.close()
        self._process = None
        return code

    async def restart(self, number: int = signal.SIGTERM) -> None:
        """End it, and start it again."""
        await self.stop(number)
        await self.start()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def log(self) -> str:
        """What it logged."""
        return self._log.read_text()

    # --- its objects ---

    def thing(self, path: str, interface: str) -> Thing:
        return Thing(self.client, f"{ROOT}/{path}", f"{NAME}.{interface}")

    @property
    def access(self) -> Thing:
        return self.thing("access", "Access")

    @property
    def web(self) -> Thing:
        return self.thing("web", "Web")

    @property
    def blocking(self) -> Thing:
        return self.thing("blocking", "Blocking")

    @property
    def certificates(self) -> Thing:
        return self.thing("certificates", "Certificates")

    @property
    def root(self) -> Thing:
        return Thing(self.client, ROOT, "org.axiod.Service1")

    def account(self, name: str) -> Thing:
        return self.thing(f"account/{name}", "Account")

    def certificate(self, id_: str = "device") -> Thing:
        return self.thing(f"certificate/{id_}", "Certificate")

    async def add(self, name: str, role: str = "administrator", password: str = PASSWORD, **options: Any) -> Thing:
        """Add an account."""
        await self.access.call("AddAccount", name, password, role, options)
        return self.account(name)

    async def names(self, kind: str) -> list[str]:
        """Return the ids of all objects of a kind."""
        return sorted(path.rpartition("/")[2] for path in await self.client.objects() if f"/{kind}/" in path)

    def _told(self) -> None:
        assert self._systemd is not None
        if b"READY=1" in self._systemd.recv(65536):
            self._ready.set()

    async def problems(self) -> list[str]:
        found: list[str] = await self.root.get("Problems")
        return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of a test."""
    path = Path(tempfile.mkdtemp(prefix="axiod-"))
    yield path
    shutil.rmtree(path)


@pytest_asyncio.fixture
async def stopped(connection: Connect, bus_address: str, folder: Path) -> AsyncIterator[SystemProcess]:
    """The service before its first start."""
    process = SystemProcess(await connection(), bus_address, folder)
    yield process
    if process.running:
        assert await process.stop() == 0, process.log
    if (folder / "log").exists():
        assert "Traceback" not in process.log, process.log
        assert "a fault of axiod" not in process.log, process.log


@pytest_asyncio.fixture
async def system(stopped: SystemProcess) -> SystemProcess:
    """The service, just installed."""
    await stopped.start()
    return stopped


async def refusal(work: Any) -> AxiodError:
    """Return the error that something is refused with."""
    try:
        done = await work
    except AxiodError as error:
        return error
    raise AssertionError(f"it was done: {done!r}")


__all__ = ["PASSWORD", "SystemProcess", "refusal", "until"]
