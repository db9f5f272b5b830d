# SPDX-License-Identifier: Apache-2.0
"""LEDs in a device of real processes: what they were told outlives axiod-io, and ends with the boot."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from axiod.bus.connection import Connection
from axiod.sim.device import Device
from tests.conftest import until
from tests.sim.device_process import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OWN = {"Mode": "own", "Colour": "green", "Trigger": "default-on", "Quality": "good"}


@pytest_asyncio.fixture
async def client(folder: Path) -> AsyncIterator[Client]:
    """A device that is up, and may be killed as often as it takes."""
    device = Device(folder / "device", "a9210-sim", watchdog_seconds=5, start_limit=1000)
    try:
        await device.start()
        connection = await Connection.open(device.address, 10)
        yield Client(connection, device.address)
        await connection.close()
    finally:
        await device.stop()


def on_disk(folder: Path) -> dict[str, Any]:
    with contextlib.closing(sqlite3.connect(folder / "device" / "io" / "state.sqlite")) as database:
        rows = database.execute("SELECT key, value FROM state WHERE key LIKE '%.lit'").fetchall()
    return {key: json.loads(value) for key, value in rows}


def store(folder: Path, **values: Any) -> None:
    with contextlib.closing(sqlite3.connect(folder / "device" / "io" / "state.sqlite")) as database:
        for name, value in values.items():
            database.execute("REPLACE INTO state VALUES (?, ?)", (f"{name}.lit", json.dumps(value)))
        database.commit()


async def test_another_boot_ends_it(client: Client, folder: Path) -> None:
    led = client.led()
    await led.call("Light", "red", {})
    stored = on_disk(folder)["status.lit"]
    store(folder, status=stored | {"boot": "an earlier one"})
    await client.kill(client.io)
    # A boot of a real board would have ended what is shown, too.
    await led.eventually(Mode="own", Trigger="none", Colour="red")
    await until(lambda: on_disk(folder) == {})
    store(folder, status=stored)
    await client.kill(client.io)
    await led.eventually(Mode="steady")


async def test_what_was_stored_and_makes_no_sense_is_dropped(client: Client, folder: Path) -> None:
    await client.led().call("Light", "red", {"DurationMs": 1})
    await until(lambda: on_disk(folder) == {})
    store(folder, status=["rubbish"], power={"boot": "", "own": 1}, network=7)
    await client.kill(client.io)
    for name in ("status", "power", "network"):
        await client.led(name).eventually(**OWN)


async def test_what_it_was_told_goes_on_after_a_crash(client: Client) -> None:
    led, lamp = client.led(), client.lamp()
    await client.lamp("power").call("SetTrigger", "timer")
    await client.led("power").eventually(Trigger="timer")
    await client.led("power").call("Light", "amber", {})
    await led.call("Light", "red", {"FlashMs": 100})
    await client.kill(client.io)
    await led.eventually(Mode="flashing", Colour="red", FlashMs=100)
    await led.call("Light", "amber", {"DurationMs": 60_000})
    changes = await lamp.get("Changes")
    await client.kill(client.io)
    await led.eventually(Mode="steady", Colour="amber")
    assert await lamp.get("Changes") == changes
    await led.call("GiveBack", {})
    await lamp.eventually(Colour="green", Trigger="default-on")
    await client.led("power").call("GiveBack", {})
    assert await client.lamp("power").get("Trigger") == "timer"
