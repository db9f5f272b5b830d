# SPDX-License-Identifier: Apache-2.0
"""A 2 kHz square wave on one input for a minute: counted exactly, told at a bearable rate, and nobody else suffers."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from axiod.gpio.throttle import BURST, PER_SECOND
from tests.system.conftest import PORT, PORTS, TERMINALS, WIRE

if TYPE_CHECKING:
    from axiod.bus.client import Event, Service
    from axiod.sim.device import Device

HZ = 2000
SECONDS = 60


class Listener:
    """Follows one port: when its state changed, and how often anything was told of it."""

    def __init__(self, path: str, number: str) -> None:
        self.path = path
        self._number = number
        self.states: list[tuple[float, str]] = []
        self.told = 0
        self.events = 0

    def changed(self, path: str, _interface: str, changed: dict[str, Any], _gone: list[str]) -> None:
        if path == self.path:
            self.told += 1
            if "State" in changed:
                self.states.append((time.monotonic(), changed["State"]))

    def event(self, event: Event) -> None:
        if event.source.get("port") == self._number:
            self.events += 1


async def _latencies(listener: Listener, sim: Service, count: int) -> list[float]:
    """Move the other contact, and measure from the command to what its port tells."""
    found = []
    for turn in range(count):
        seen = len(listener.states)
        begin = time.monotonic()
        await sim.call(TERMINALS + "input2", WIRE, "Set", "open" if turn % 2 else "closed")
        async with asyncio.timeout(5):
            while len(listener.states) == seen:
                await asyncio.sleep(0.0005)
        found.append(listener.states[-1][0] - begin)
        await asyncio.sleep(0.06)
    return found


def _resident_kib(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])


@pytest.mark.timeout(150)
async def test_square_wave(device: Device, io: Service, sim: Service) -> None:
    fast, slow = Listener(PORTS + "input1", "1"), Listener(PORTS + "input2", "2")
    for listener in (fast, slow):
        await io.on_changed(listener.changed)
        await io.on_event(listener.event)
        await io.call(listener.path, PORT, "Configure", {"DebounceMs": 0})
    calm = statistics.median(await _latencies(slow, sim, 100))

    cycles = HZ * SECONDS
    fast.told = fast.events = 0
    await sim.call(TERMINALS + "input1", WIRE, "Wave", float(HZ), cycles)
    await _latencies(slow, sim, 20)
    pid = device.supervisor.pid("io")
    assert pid is not None
    before = _resident_kib(pid)
    begin = time.monotonic()
    busy = statistics.median(await _latencies(slow, sim, 200))
    async with asyncio.timeout(SECONDS + 30):
        while (await io.properties(fast.path, PORT))["Counter"] < cycles:
            await asyncio.sleep(0.2)
    took = time.monotonic() - begin

    found = await io.properties(fast.path, PORT)
    assert found["Counter"] == cycles
    assert found["State"] == "open"
    assert fast.told <= BURST + (SECONDS + 5) * PER_SECOND
    assert fast.events <= 2 * (BURST + (SECONDS + 5) * PER_SECOND)
    assert device.supervisor.pid("io") == pid
    grown = _resident_kib(pid) - before
    assert grown < 1024
    print(
        f"other input: median {calm * 1e3:.2f} ms calm, {busy * 1e3:.2f} ms beside the wave; "
        f"{fast.told} changes and {fast.events} events told of {2 * cycles} edges; memory grew by {grown} KiB; "
        f"{found['LostEdges']} edges lost by the line and counted all the same; waited {took:.0f} s"
    )
