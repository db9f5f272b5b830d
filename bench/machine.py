# SPDX-License-Identifier: Apache-2.0
"""A private bus, and the daemons of axiod on it as plain processes, without the part of systemd."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

from axiod.bus.connection import Connection, Subscription
from axiod.gpio.protocol import SOCKET_VARIABLE
from bench.figure import BenchError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from axiod.bus._lib import Message

DAEMONS = ("sim", "io", "relays")
WAIT_SECONDS = 20.0
_BUS = "org.freedesktop.DBus"
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


def compiling() -> dict[str, str]:
    """Return an environment in which Python keeps what it compiled, as an installed package has it from the start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Machine:
    """A bus in a folder of its own; use it with `async with`. What it started ends with it."""

    def __init__(self, board: str = "a9210-sim", *, io_settings: Mapping[str, Any] | None = None) -> None:
        """`board`: a profile's name or path. `io_settings`: what axiod-io has stored, by port, as in its settings."""
        self._board = board
        self._io_settings = io_settings
        self._temporary = tempfile.TemporaryDirectory(prefix="axiod-bench-")
        self.folder = Path(self._temporary.name)
        """Everything that is written is in here."""
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._owned: dict[str, asyncio.Future[float]] = {}
        self.address = f"unix:path={self.folder / 'bus'}"
        self.connection: Connection
        """A connection of ours to the bus."""

    async def __aenter__(self) -> Self:
        try:
            await self._start_bus()
            self.connection = await Connection.open(self.address)
            root = "/" + _BUS.replace(".", "/")
            await self.connection.subscribe(Subscription(_BUS, _BUS, "NameOwnerChanged", root, self._name_changed))
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()
        await self._end()

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which processes find the bus and the simulated world."""
        return {
            **compiling(),
            "DBUS_SYSTEM_BUS_ADDRESS": self.address,
            SOCKET_VARIABLE: str(self.folder / "lines"),
        }

    async def start(self, name: str) -> float:
        """Start a daemon of axiod; returns the milliseconds until it owned its name."""
        config = self.folder / f"{name}.yaml"
        config.write_text(yaml.safe_dump({"board": self._board}), encoding="utf-8")
        state = self.folder / name
        state.mkdir(exist_ok=True)
        if name == "io" and self._io_settings:
            settings = yaml.safe_dump({"version": 1, "ports": dict(self._io_settings)})
            (state / "settings.yaml").write_text(settings, encoding="utf-8")
        return await self.spawn(
            f"org.axiod.{name}1",
            [sys.executable, "-m", f"axiod.{name}", "--config", str(config)],
            {"STATE_DIRECTORY": str(state)},
        )

    async def start_all(self) -> None:
        """Start the simulated world and all services."""
        for name in DAEMONS:
            await self.start(name)

    async def spawn(self, bus_name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
        """Start a process; returns the milliseconds until it owned its bus name. Raises BenchError."""
        self._owned[bus_name] = owned = asyncio.get_running_loop().create_future()
        begin = time.monotonic()
        process = await self.launch(bus_name, command, environment)
        ended = asyncio.ensure_future(process.wait())
        await asyncio.wait((owned, ended), timeout=WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not owned.done():
            raise self._not_started(bus_name)
        owned_at: float = owned.result()
        return (owned_at - begin) * 1e3

    async def launch(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        """Start a process that ends with the machine."""
        with self._log(name).open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdout=file,
                stderr=file,
                stdin=asyncio.subprocess.DEVNULL,
                env={**self.environment, **(environment or {})},
            )
        self._processes[name] = process
        return process

    def alive(self, name: str) -> None:
        """Raise BenchError, with the last that it said, if what was launched has ended."""
        if self._processes[name].returncode is not None:
            raise self._not_started(name)

    def _not_started(self, name: str) -> BenchError:
        lines = self._log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        return BenchError(f"{name} did not start: {' | '.join(lines) or 'it said nothing'}")

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def pid(self, bus_name: str) -> int:
        """Return the process id of what was started under a bus name."""
        return self._processes[bus_name].pid

    async def _start_bus(self) -> None:
        config = self.folder / "bus.conf"
        config.write_text(_CONFIG.format(socket=self.folder / "bus"), encoding="utf-8")
        try:
            process = await asyncio.create_subprocess_exec(
                *("dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address"),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise BenchError("there is no dbus-daemon; install the package dbus") from None
        self._processes["bus"] = process
        if process.stdout is None or not await process.stdout.readline():
            raise BenchError("dbus-daemon did not start")

    async def _end(self) -> None:
        """End what was started, the bus last."""
        for process in reversed(self._processes.values()):
            if process.returncode is None:
                process.terminate()
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._temporary.cleanup()

    def _name_changed(self, message: Message) -> None:
        name, _before, after = message.body
        owned = self._owned.get(name)
        if owned is not None and after and not owned.done():
            owned.set_result(time.monotonic())
