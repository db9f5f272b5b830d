# SPDX-License-Identifier: Apache-2.0
"""axiod-events as a real process on a private bus, for each test its own, and a whole device that tests share."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from axiod.bus.client import Service
from tests.conftest import until
from tests.sim.device_process import Thing
from tests.system1.conftest import SystemProcess, folder, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from axiod.bus.connection import Connection
    from tests.conftest import Connect

NAME = "org.axiod.events1"
ROOT = "/org/axiod/events1"
INPUT = "tns1:Device/tnsaxis:IO/VirtualInput"
TRIGGER = "tns1:Device/tnsaxis:IO/VirtualPort"


class EventsProcess(SystemProcess):
    """`python -m axiod.events` in a folder of its own, and a client of it."""

    def __init__(self, connection: Connection, address: str, folder: Path) -> None:
        super().__init__(connection, address, folder)
        self.client = Service(connection, NAME)
        config = folder / "events.yaml"
        config.write_text("board: a9210-sim\n", encoding="utf-8")
        self.command = [sys.executable, "-m", "axiod.events", "--config", str(config)]

    def move_to(self, connection: Connection, address: str) -> None:
        """Be on another bus at the next start."""
        self.connection, self.address = connection, address
        self.client = Service(connection, NAME)

    async def ended(self) -> int:
        """Wait until it ends by itself, and return its exit code."""
        return await self.stop(0)

    def thing(self, path: str, interface: str) -> Thing:
        return Thing(self.client, f"{ROOT}/{path}", f"{NAME}.{interface}")

    @property
    def root(self) -> Thing:
        return Thing(self.client, ROOT, "org.axiod.Service1")

    @property
    def rules(self) -> Thing:
        return self.thing("rules", "Rules")

    @property
    def event_log(self) -> Thing:
        return self.thing("log", "EventLog")

    def rule(self, id_: str) -> Thing:
        return self.thing(f"rule/{id_}", "Rule")

    def input(self, number: int) -> Thing:
        return self.thing(f"input/{number}", "VirtualInput")

    def trigger(self, number: int) -> Thing:
        return self.thing(f"trigger/{number}", "Trigger")

    async def add_rule(
        self, conditions: list[dict[str, Any]], actions: list[dict[str, Any]], name: str = "a rule", **options: Any
    ) -> Thing:
        """Add a rule."""
        return self.rule(await self.rules.call("AddRule", name, conditions, actions, options))

    async def logged(self, **options: Any) -> list[dict[str, Any]]:
        """Return entries of the event log, the newest first."""
        found: list[dict[str, Any]] = await self.event_log.call("Query", options)
        return found

    async def kill(self) -> None:
        """Kill it, and start it again."""
        await self.restart(signal.SIGKILL)


def is_on(number: int, active: bool = True, **more: Any) -> dict[str, Any]:
    """A condition: a virtual input is on, or off."""
    return {"Topic": INPUT, "Source": {"port": str(number)}, "Item": "active", "Equals": str(int(active)), **more}


def turn(number: int, active: bool = True, **more: Any) -> dict[str, Any]:
    """An action: a virtual input is turned on, or off."""
    return {"Kind": "virtual-input", "Input": number, "Active": active, **more}


def say(message: str, **more: Any) -> dict[str, Any]:
    """An action: something is written into the log."""
    return {"Kind": "log", "Message": message, **more}


@pytest_asyncio.fixture
async def stopped(connection: Connect, bus_address: str, folder: Path) -> AsyncIterator[EventsProcess]:
    """The service before its first start."""
    process = EventsProcess(await connection(), bus_address, folder)
    yield process
    if process.running:
        assert await process.stop() == 0, process.log
    if (folder / "log").exists():
        assert "Traceback" not in process.log, process.log
        assert "a fault of axiod" not in process.log, process.log


@pytest_asyncio.fixture
async def events(stopped: EventsProcess) -> EventsProcess:
    """The service, just installed."""
    await stopped.start()
    return stopped


__all__ = ["EventsProcess", "folder", "refusal", "until"]
