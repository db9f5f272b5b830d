# SPDX-License-Identifier: Apache-2.0
"""Ports at work without a bus, ptys with something at their other end, and independent peers."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.errors import AxiodError
from axiod.fieldbus.frame import Request
from axiod.fieldbus.model import Kind, PortSettings, State
from axiod.fieldbus.monitor import Monitor
from axiod.fieldbus.turns import Priority, Turn
from axiod.fieldbus.worker import Worker
from axiod.modbus.line import Line
from axiod.sim.serial_line import SerialLine
from axiod.sim.units import Unit
from tests.conftest import until
from tests.sim.shared_device import client, device

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

__all__ = ["client", "device"]

FOLDER = Path(__file__).parent


class Port:
    """A worker with its task."""

    def __init__(self, kind: Kind, device: str, **settings: Any) -> None:
        if kind is not Kind.SERIAL:
            host, _, tcp_port = device.rpartition(":")
            settings |= {"host": host, "tcp_port": int(tcp_port)}
        self.states: list[tuple[State, str | None]] = []
        self.monitor = Monitor(lambda: None)
        self.worker = Worker(kind, device, PortSettings("Test", **settings), self.monitor, self._noted)
        self._task = asyncio.get_running_loop().create_task(self.worker.run())

    @property
    def counts(self) -> Any:
        return self.worker.books.counts

    async def online(self) -> Port:
        await until(lambda: self.worker.state is State.ONLINE)
        return self

    async def ask(
        self, unit: int, pdu: str, *, timeout: float | None = None, priority: Priority = Priority.REQUEST, **line: Any
    ) -> bytes:
        """Send a request, given in hexadecimal, and return the PDU of the answer."""
        settings = self.worker.settings
        given: dict[str, Any] = {
            "baud_rate": settings.baud_rate,
            "parity": settings.parity,
            "stop_bits": settings.stop_bits,
        } | line
        now = time.monotonic()
        turn = Turn(Request(unit, bytes.fromhex(pdu)), Line(**given), priority, "", now, now + 60, timeout)
        return (await self.worker.transact(turn)).pdu

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.monitor.close()
        self.worker.close(AxiodError("closed"))

    def _noted(self) -> None:
        self.states.append((self.worker.state, self.worker.reason))


@pytest_asyncio.fixture
async def port() -> AsyncIterator[Callable[..., Port]]:
    """Makes ports, and closes them."""
    made: list[Port] = []

    def make(kind: Kind, device: object, **settings: Any) -> Port:
        made.append(Port(kind, str(device), **settings))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest_asyncio.fixture
async def line(tmp_path: Path) -> AsyncIterator[SerialLine]:
    """A simulated line, plugged in, with units 1 to 4 that have registers and answer at once."""
    made = SerialLine(tmp_path / "line", Random(7))  # the same each time
    for address in (1, 2, 3, 4):
        made.units[address] = registers(address)
    made.plug()
    yield made
    made.close()


def registers(address: int) -> Unit:
    """A unit whose register n has the value 256 * address + n."""
    unit = Unit(address, "registers", delay_ms=0, drifting=False)
    unit.written = {n: 256 * address + n for n in range(100)}
    return unit


@pytest.fixture(scope="session")
def libmodbus_server() -> Iterator[Path]:
    """The server made with libmodbus."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "libmodbus-server"
        subprocess.run(
            ["gcc", "-O1", "-I/usr/include/modbus", "-o", program, FOLDER / "libmodbus_server.c", "-lmodbus"],
            check=True,
        )
        yield program


class Peers:
    """Starts other programs, and ends them."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[str]] = []

    def start(self, *command: object, ready: bool = True) -> subprocess.Popen[str]:
        """Start a program; it says "ready" when it is."""
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        self._running.append(process)
        if ready:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        return process

    def pymodbus(self, *arguments: object) -> subprocess.Popen[str]:
        return self.start(sys.executable, FOLDER / "pymodbus_server.py", *arguments)

    def pty_pair(self, folder: Path) -> tuple[Path, Path]:
        """Two ptys that are connected."""
        ends = folder / "end-a", folder / "end-b"
        socat = shutil.which("socat")
        assert socat
        self.start(socat, *(f"pty,raw,echo=0,link={end}" for end in ends), ready=False)
        deadline = time.monotonic() + 10
        while not all(end.exists() for end in ends):
            assert time.monotonic() < deadline
        return ends

    def close(self) -> None:
        for process in reversed(self._running):
            process.kill()
            process.communicate()


@pytest.fixture
def peers() -> Iterator[Peers]:
    made = Peers()
    yield made
    made.close()


@pytest.fixture
def free_port() -> int:
    """A TCP port at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
