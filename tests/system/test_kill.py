# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment: what was acknowledged is there, and no output moves."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import AxiodError, Timeout, Unavailable
from tests.system.conftest import DRIVE, PORT, PORTS, RELAY, RELAYS, TERMINALS

if TYPE_CHECKING:
    from axiod.bus.client import Service
    from axiod.sim.device import Device

KILLS = 100


class Ledger:
    """What was acknowledged, and what was asked for without an answer."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, Any] = {}
        self.asked: dict[str, Any] = {}
        self.count = 0
        self.unanswered = 0

    async def ask(self, key: str, value: Any, call: Any) -> None:
        """Make one call; one that gets no answer may or may not have been carried out."""
        self.asked[key] = value
        try:
            await call
        except (Unavailable, Timeout):
            self.unanswered += 1
            return
        self.acknowledged[key] = value
        del self.asked[key]
        self.count += 1

    def allows(self, key: str, found: Any) -> bool:
        """Whether a value may be found now."""
        if key in self.asked and found == self.asked[key]:
            self.acknowledged[key] = self.asked.pop(key)
        return bool(found == self.acknowledged.get(key, found))


async def _write(ledger: Ledger, service: Service, path: str, interface: str, choices: dict[str, list[Any]]) -> None:
    """Configure and command one object without pause."""
    number = 0
    while True:
        number += 1
        name, values = random.choice(list(choices.items()))
        value = f"{name} {number}" if name == "Name" else random.choice(values)
        if name == "Active":
            call = service.call(path, interface, "Set", value, {}, timeout=1.0)
        else:
            call = service.call(path, interface, "Configure", {name: value}, timeout=1.0)
        await ledger.ask(name, value, call)
        if ledger.asked:
            return


async def _kill_and_look(
    device: Device, name: str, service: Service, path: str, interface: str, choices: dict[str, list[Any]], kills: int
) -> Ledger:
    ledger = Ledger()
    for _ in range(kills):
        writing = asyncio.ensure_future(_write(ledger, service, path, interface, choices))
        await asyncio.sleep(random.uniform(0, 0.08))
        pid = device.supervisor.pid(name)
        assert pid is not None
        device.supervisor.kill(name)
        await device.supervisor.wait_restarted(name, pid)
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError, AxiodError):
            await writing
        properties = await service.properties(path, interface)
        for key in choices:
            assert ledger.allows(key, properties[key]), (key, properties[key], ledger.acknowledged, ledger.asked)
        ledger.asked.clear()
        ledger.acknowledged.update({key: properties[key] for key in choices})
    return ledger


@pytest.mark.timeout(300)
async def test_what_relays_acknowledged_survives(device: Device, relays: Service, sim: Service) -> None:
    path = RELAYS + "relay1"
    await relays.call(path, RELAY, "Configure", {"BootPolicy": "last"})
    choices: dict[str, list[Any]] = {"Name": [], "Active": [True, False], "FailurePolicy": ["hold", "off", "on"]}
    ledger = await _kill_and_look(device, "relays", relays, path, RELAY, choices, KILLS)
    assert ledger.count > KILLS
    witness = await sim.properties(TERMINALS + "relay1", DRIVE)
    shown = await relays.properties(path, RELAY)
    assert witness["Active"] == shown["Active"]


@pytest.mark.timeout(300)
async def test_what_io_acknowledged_survives(device: Device, io: Service, sim: Service) -> None:
    still = PORTS + "output1"
    await io.call(still, PORT, "Set", True, {})
    path = PORTS + "io1"
    await io.call(path, PORT, "Configure", {"Direction": "output", "BootPolicy": "last"})
    choices: dict[str, list[Any]] = {
        "Name": [],
        "Active": [True, False],
        "FailurePolicy": ["hold", "normal", "active"],
        "DebounceMs": [0, 7],
    }
    ledger = await _kill_and_look(device, "io", io, path, PORT, choices, KILLS)
    assert ledger.count > KILLS
    witness = await sim.properties(TERMINALS + "output1", DRIVE)
    assert (witness["Active"], witness["Transitions"]) == (True, 1)


@pytest.mark.timeout(120)
async def test_no_relay_moves_when_its_service_is_killed(device: Device, relays: Service, sim: Service) -> None:
    await relays.call(RELAYS + "relay1", RELAY, "Set", True, {})
    for _ in range(20):
        pid = device.supervisor.pid("relays")
        assert pid is not None
        device.supervisor.kill("relays")
        await device.supervisor.wait_restarted("relays", pid)
    assert await relays.properties(RELAYS + "relay1", RELAY) | {"Active": True} == await relays.properties(
        RELAYS + "relay1", RELAY
    )
    witness = await sim.properties(TERMINALS + "relay1", DRIVE)
    assert (witness["Active"], witness["Transitions"]) == (True, 1)


async def test_a_pulse_ends_although_its_service_was_killed(device: Device, relays: Service, sim: Service) -> None:
    await relays.call(RELAYS + "relay1", RELAY, "Pulse", 400, {})
    pid = device.supervisor.pid("relays")
    assert pid is not None
    device.supervisor.kill("relays")
    await device.supervisor.wait_restarted("relays", pid)
    async with asyncio.timeout(10):
        while (await relays.properties(RELAYS + "relay1", RELAY))["Running"] != "idle":
            pass
    witness = await sim.properties(TERMINALS + "relay1", DRIVE)
    assert (witness["Active"], witness["Transitions"]) == (False, 2)


async def _killed(device: Device, name: str) -> None:
    pid = device.supervisor.pid(name)
    assert pid is not None
    device.supervisor.kill(name)
    await device.supervisor.wait_restarted(name, pid)


async def test_a_cancelled_sequence_stays_cancelled(device: Device, relays: Service, sim: Service) -> None:
    path = RELAYS + "relay1"
    await relays.call(path, RELAY, "RunSequence", [(True, 200), (False, 200)] * 20, {})
    await relays.call(path, RELAY, "Cancel")
    await _killed(device, "relays")
    found = await relays.properties(path, RELAY)
    assert (found["Running"], found["Active"]) == ("idle", True)
    assert (await sim.properties(TERMINALS + "relay1", DRIVE))["Transitions"] == 1


async def test_a_change_of_the_normal_state_ends_a_sequence_for_good(device: Device, io: Service, sim: Service) -> None:
    path = PORTS + "output1"
    await io.call(path, PORT, "RunSequence", [(True, 200), (False, 200)] * 20, {})
    await io.call(path, PORT, "Configure", {"NormalState": "closed"})
    moved = (await sim.properties(TERMINALS + "output1", DRIVE))["Transitions"]
    await _killed(device, "io")
    found = await io.properties(path, PORT)
    assert (found["Running"], found["Active"], found["State"]) == ("idle", True, "open")
    assert (await sim.properties(TERMINALS + "output1", DRIVE))["Transitions"] == moved


async def test_a_counter_that_was_reset_stays_reset(device: Device, relays: Service) -> None:
    path = RELAYS + "relay1"
    for active in (True, False) * 3:
        await relays.call(path, RELAY, "Set", active, {})
    assert await relays.call(path, RELAY, "ResetCounter") == 3
    await _killed(device, "relays")
    assert (await relays.properties(path, RELAY))["Cycles"] == 0


async def test_an_open_drain_output_does_not_take_a_foreign_level_for_its_own(
    device: Device, io: Service, sim: Service
) -> None:
    path = PORTS + "io1"
    await io.call(path, PORT, "Configure", {"Direction": "output"})
    await io.call(path, PORT, "Set", True, {})
    # Turned round while it was active, it begins again inactive; that is known after a crash at once.
    await io.call(path, PORT, "Configure", {"Direction": "input"})
    await io.call(path, PORT, "Configure", {"Direction": "output"})
    # Somebody else pulls the terminal to ground, which reads as if the output did.
    await sim.call(TERMINALS + "io1", "org.axiod.sim1.Wire", "Set", "closed")
    await _killed(device, "io")
    assert (await io.properties(path, PORT))["Active"] is False
    witness = await sim.properties(TERMINALS + "io1", DRIVE)
    assert (witness["Active"], witness["Transitions"]) == (False, 2)


async def test_counts_are_exact_over_a_kill_at_any_moment(device: Device, io: Service, sim: Service) -> None:
    path = PORTS + "input1"
    await io.call(path, PORT, "Configure", {"DebounceMs": 0})
    await sim.call(TERMINALS + "input1", "org.axiod.sim1.Wire", "Wave", 200.0, 800)
    for _ in range(4):
        await asyncio.sleep(random.uniform(0.1, 0.5))
        await _killed(device, "io")
    async with asyncio.timeout(20):
        while "WaveHz" in await sim.properties(TERMINALS + "input1", "org.axiod.sim1.Wire"):
            await asyncio.sleep(0.05)
        # What was read in the second before the last kill comes with the next edge.
        await sim.call(TERMINALS + "input1", "org.axiod.sim1.Wire", "Wave", 200.0, 1)
        while (await io.properties(path, PORT))["Counter"] < 801:
            await asyncio.sleep(0.05)
    assert (await io.properties(path, PORT))["Counter"] == 801
