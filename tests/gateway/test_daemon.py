# SPDX-License-Identifier: Apache-2.0
"""The gateway as a process: what it tells systemd, how it ends, and that nobody has to wait for it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.conftest import Until, run
from tests.gateway.raw import Raw
from tests.gateway.stand_in import System, listener

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.conftest import Connect, Daemon
    from tests.gateway.web_device import WebDevice

PORTS = ("--listen", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--rtsp-port", "0")


class Notified:
    """The notification socket of systemd."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))
        self.told: list[str] = []

    def has(self, text: str, times: int = 1) -> bool:
        """Whether something was told so often."""
        while True:
            try:
                self.told += self._socket.recv(8192).decode().splitlines()
            except BlockingIOError:
                return self.told.count(text) >= times

    def port(self) -> int:
        """Return the port of HTTP that the last status line names; 0 for none."""
        self.has("")
        found = re.findall(r"http at 127\.0\.0\.1:(\d+)", "\n".join(self.told))
        return int(found[-1]) if found else 0

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@pytest.fixture
def notified(tmp_path: Path) -> Iterator[Notified]:
    notified = Notified(tmp_path / "notify")
    yield notified
    notified.close()


class Gateway:
    """A gateway as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def ended(self) -> int:
        """Wait until it ends, and return its exit code."""
        async with asyncio.timeout(15):
            return await self.process.wait()


class Start:
    """Starts gateways, which end with the test."""

    def __init__(self, bus: Daemon, notified: Notified, folder: Path) -> None:
        self._bus = bus
        self._notified = notified
        self._folder = folder
        self.started: list[Gateway] = []

    async def __call__(self, *words: str, **environment: str) -> Gateway:
        log = self._folder / f"log{len(self.started)}"
        with log.open("w") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "axiod.gateway", *words, stderr=file,
                env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self._bus.address, "WATCHDOG_USEC": "200000",
                     "NOTIFY_SOCKET": str(self._notified.path), **environment},
            )  # fmt: skip
        self.started.append(Gateway(process, log))
        return self.started[-1]


@pytest_asyncio.fixture
async def start(bus: Daemon, notified: Notified, tmp_path: Path) -> AsyncIterator[Start]:
    start = Start(bus, notified, tmp_path)
    yield start
    for gateway in start.started:
        if gateway.process.returncode is None:
            gateway.process.kill()
        await gateway.process.wait()
        assert "Traceback" not in gateway.log


async def test_it_is_ready_beats_reloads_and_stops(start: Start, notified: Notified, until: Until) -> None:
    gateway = await start(*PORTS)
    await until(lambda: notified.has("READY=1"))
    await until(lambda: notified.has("WATCHDOG=1", 3))
    assert (await run("curl", "-s", f"http://127.0.0.1:{notified.port()}/healthz")).out.startswith('{"status": "unav')
    gateway.process.send_signal(signal.SIGHUP)
    await until(lambda: notified.has("READY=1", 2))
    assert any(line.startswith("MONOTONIC_USEC=") for line in notified.told)
    gateway.process.send_signal(signal.SIGTERM)
    assert await gateway.ended() == 0
    assert notified.has("STOPPING=1")


async def test_a_certificate_that_cannot_be_used_does_not_end_it(
    bus: Daemon, connection: Connect, start: Start, notified: Notified, until: Until
) -> None:
    system = System(await connection(bus.address))
    system.add_certificate("broken", "", "")
    system.configure(certificate="broken")
    await system.start()
    gateway = await start(*PORTS)
    await until(lambda: notified.has("READY=1") or gateway.process.returncode is not None)
    assert notified.has("READY=1")
    assert "HTTPS keeps what it had" in gateway.log


async def test_without_its_bus_it_ends(bus: Daemon, start: Start, notified: Notified, until: Until) -> None:
    gateway = await start(*PORTS)
    await until(lambda: notified.has("READY=1"))
    bus.kill()
    assert await gateway.ended() == 1
    assert "the connection to the bus ended" in gateway.log
    without = await start(*PORTS)
    assert await without.ended() == 1
    assert "cannot connect to the bus" in without.log


async def test_a_service_that_hangs_keeps_nobody_waiting(
    bus: Daemon, connection: Connect, start: Start, notified: Notified, until: Until
) -> None:
    hanging = await connection(bus.address)
    hanging.serve(lambda _: True)  # takes every call and answers none
    await hanging.request_name("org.axiod.io1")
    await start(*PORTS)
    await until(lambda: notified.has("READY=1"), 15)
    said = await run("curl", "-s", f"http://127.0.0.1:{notified.port()}/healthz")
    assert "io" in json.loads(said.out)["away"]


async def test_a_port_of_the_command_line_that_is_taken(start: Start) -> None:
    with listener() as other:
        port = str(other.getsockname()[1])
        gateway = await start("--listen", "127.0.0.1", "--http-port", port, "--rtsp-port", "0", "--https-port", "0")
        assert await gateway.ended() == 1
    assert f"http cannot listen at port {port}: Address already in use" in gateway.log


async def test_a_wrong_command_line(start: Start) -> None:
    gateway = await start("--http-port", "http")
    assert await gateway.ended() == 2
    assert "usage:" in gateway.log


async def test_it_serves_the_sockets_of_systemd(bus: Daemon, notified: Notified, tmp_path: Path, until: Until) -> None:
    """systemd-socket-activate hands them over, as systemd does."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    log = (tmp_path / "log").open("w+")
    environment = {
        "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
        "NOTIFY_SOCKET": str(notified.path),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    process = await asyncio.create_subprocess_exec(
        "systemd-socket-activate", f"--listen=127.0.0.1:{port}", "--fdname=http",
        *[f"--setenv={name}={value}" for name, value in environment.items()],
        sys.executable, "-m", "axiod.gateway", "--http-port", str(port), "--https-port=0", "--rtsp-port=0",
        stderr=log,
    )  # fmt: skip
    try:
        async with asyncio.timeout(15):
            while (answer := await run("curl", "-s", f"http://127.0.0.1:{port}/healthz")).code:
                pass
        assert answer.out.startswith('{"status"')
        assert notified.port() == port
    finally:
        process.terminate()
        await process.wait()
        log.close()


async def test_stopping_answers_what_was_asked(start: Start, notified: Notified, until: Until) -> None:
    gateway = await start(*PORTS)
    await until(lambda: notified.has("READY=1"))
    async with Raw(notified.port()) as idle, Raw(notified.port()) as half:
        await idle.send(b"GET /healthz HTTP/1.1\r\nHost: d\r\n\r\n")
        assert (await idle.answer())[0] == 503
        await half.send(b"GET /heal")
        gateway.process.send_signal(signal.SIGTERM)
        assert await gateway.ended() == 0
        assert await idle.closed() == b""


async def test_services_come_and_go(new_web: WebDevice) -> None:
    """Nothing ends because something else did."""
    new_web.add_account("admin", "administrator")
    relay = "/api/v1/relays/relay1"
    assert (await new_web.curl(relay, user="admin")).status == 200
    await new_web.give_up("io")
    away = await new_web.curl("/api/v1/ports", user="admin")
    assert away.status == 503
    assert away.header("Retry-After")
    assert (await new_web.curl("/axis-cgi/io/port.cgi?check=2", user="admin")).status == 503
    assert (await new_web.curl(relay, user="admin")).status == 200
    assert (await new_web.curl(f"{relay}/toggle", "-X", "POST", user="admin")).status in (200, 204)
