# SPDX-License-Identifier: Apache-2.0
"""What outlives the process: settings, counters, levels, pulses, and the edges of the meantime."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from tests.conftest import until

if TYPE_CHECKING:
    from tests.sim.device_process import Client, DeviceProcess


async def test_settings_and_levels_survive_a_crash(client: Client) -> None:
    port, reader, drive = client.port("io1"), client.port("input1"), client.drive("io1")
    await port.configure(Direction="output", Name="Siren", BootPolicy="last", FailurePolicy="active")
    await port.call("Set", True, {})
    await client.wire("input1").configure(Resistors="serial-1k")
    await reader.configure(Supervision="serial-1k", HoldMs=60, NormalState="closed")
    await client.alarm("motion").configure(Enabled=False)
    before = {thing.path: await thing.all() for thing in (port, reader, client.alarm("motion"))}
    transitions = await drive.get("Transitions")
    await client.kill(client.io)
    # A crash may lose what was counted in the last second.
    await port.eventually(**{k: v for k, v in before[port.path].items() if k not in ("LastChangeUsec", "Counter")})
    names = ("Supervision", "HoldMs", "NormalState", "Ranges", "Name")
    await reader.eventually(**{name: before[reader.path][name] for name in names}, SupervisedState="open")
    await client.alarm("motion").eventually(Enabled=False, State=None, Active=False)
    assert (await drive.all()).items() >= {"Active": True, "Held": True, "Transitions": transitions}.items()


async def test_a_pulse_survives_a_crash(client: Client) -> None:
    port, drive = client.port("output1"), client.drive("output1")
    transitions = await drive.get("Transitions")
    begin = time.monotonic()
    await port.call("Pulse", 5000, {})
    await client.kill(client.io)
    assert (await port.all()).items() >= {"Active": True, "Running": "pulse"}.items()
    await port.eventually(Active=False, Running="idle")
    assert time.monotonic() - begin > 4.9
    assert await drive.get("Transitions") == transitions + 2


def on_disk(device: DeviceProcess, key: str) -> Any:
    """Return what the state of axiod-io says on disk."""
    with contextlib.closing(sqlite3.connect(device.state / "io" / "state.sqlite")) as database:
        row = database.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return json.loads(row[0]) if row else None


async def test_the_edges_of_the_meantime_are_counted(client: Client, device: DeviceProcess) -> None:
    """The service stands still while the contact closes three times, and dies: the line keeps the edges."""
    port, wire = client.port("input2"), client.wire("input2")
    await port.configure(DebounceMs=0)
    await wire.call("Set", "closed")
    await wire.call("Set", "open")
    count = (await port.eventually(State="open"))["Counter"]
    await until(lambda: on_disk(device, "input2.count") == count and on_disk(device, "input2.closed") is False)
    os.kill(await client.pid(client.io), signal.SIGSTOP)
    for _ in range(3):
        await wire.call("Set", "closed")
        await wire.call("Set", "open")
    await client.kill(client.io)
    await port.eventually(Counter=count + 3, State="open", LostEdges=0)
