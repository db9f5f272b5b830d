# SPDX-License-Identifier: Apache-2.0
"""A service that is started only to put its outputs where their failure policy says, with the lines that were kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.errors import Unavailable
from tests.conftest import until
from tests.system.conftest import DRIVE, PORT, PORTS, RELAY, RELAYS, TERMINALS

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.bus.client import Service
    from axiod.sim.device import Device

EXIT_FAIL_SAFE = 79
NOT_ALIVE = "it could not be kept alive"
DONE = "; its outputs are where their failure policies say"
BROKEN = "schema: 1\nname: mine\nrelays: {relay1: {number: zero}}\n"


@pytest_asyncio.fixture
async def stopped(device: Device, relays: Service) -> Device:
    """A device whose relay is on, shall be off on a failure, and whose service has ended."""
    for changes in ({"FailurePolicy": "off"}, {"Name": "Gate"}):
        await relays.call(RELAYS + "relay1", RELAY, "Configure", changes)
    await relays.call(RELAYS + "relay1", RELAY, "Set", True, {})
    assert await device.supervisor.stop("relays") == 0
    assert device.supervisor.kept("relays") == {"relay1"}
    return device


async def start_to_fail_safe(device: Device, name: str, *options: str) -> None:
    """Start a service with these options, and see that it does no more than it is started for."""
    unit = device.unit(name)
    with pytest.raises(Unavailable, match="it ended"):
        await device.supervisor.start(replace(unit, command=[*unit.command, *options], on_failure=None))
    assert await device.supervisor.stop(name) == EXIT_FAIL_SAFE


async def told(device: Device, name: str, why: str, end: str) -> None:
    """Wait until systemctl status would show a line that begins and ends so."""

    def is_there() -> bool:
        status = device.supervisor.status(name)
        return status.startswith(why) and status.endswith(end)

    await until(is_there)


async def where(sim: Service, name: str = "relay1") -> tuple[bool, int]:
    """Return whether an output is active, and how often it moved."""
    found = await sim.properties(TERMINALS + name, DRIVE)
    return found["Active"], found["Transitions"]


def name_another(device: Device, folder: Path, text: str) -> str:
    """Have the settings of the relays name a profile of this text; return its path."""
    path = folder / "mine.yaml"
    path.write_text(text)
    (device.folder / "relays.yaml").write_text(f"board: {path}\n")
    return str(path)


@pytest.mark.parametrize("kind", ["file", "folder"])
async def test_it_is_done_if_the_path_is_there(stopped: Device, sim: Service, folder: Path, kind: str) -> None:
    mark = folder / "mark"
    if kind == "file":
        mark.touch()
    else:
        mark.mkdir()
    await start_to_fail_safe(stopped, "relays", "--fail-safe-if", str(mark))
    await told(stopped, "relays", NOT_ALIVE, DONE)
    assert await where(sim) == (False, 2)
    assert stopped.supervisor.kept("relays") == {"relay1"}


async def test_without_the_path_the_service_runs(stopped: Device, relays: Service, sim: Service, folder: Path) -> None:
    unit = stopped.unit("relays")
    await stopped.supervisor.start(replace(unit, command=[*unit.command, "--fail-safe-if", str(folder / "mark")]))
    assert (await relays.properties(RELAYS + "relay1", RELAY))["Active"]
    assert await where(sim) == (True, 1)


async def test_afterwards_the_service_goes_on_from_there(stopped: Device, relays: Service, sim: Service) -> None:
    await start_to_fail_safe(stopped, "relays", "--fail-safe")
    await stopped.supervisor.start(stopped.unit("relays"))
    assert not (await relays.properties(RELAYS + "relay1", RELAY))["Active"]
    assert await where(sim) == (False, 2)


@pytest.mark.parametrize(("policy", "active"), [("off", False), ("on", True), ("hold", False)])
@pytest.mark.parametrize("what", ["pulse", "sequence"])
async def test_what_ran_is_over_for_good(
    device: Device, relays: Service, sim: Service, policy: str, active: bool, what: str
) -> None:
    """Also with "hold": a door opener that nobody controls any more does not stay open."""
    relay = RELAYS + "relay1"
    await relays.call(relay, RELAY, "Configure", {"FailurePolicy": policy})
    if what == "pulse":
        await relays.call(relay, RELAY, "Pulse", 3_600_000, {})
    else:
        await relays.call(relay, RELAY, "RunSequence", [(True, 60_000), (False, 60_000)], {})
    assert await where(sim) == (True, 1)
    device.supervisor.kill("relays")
    await device.supervisor.stop("relays")
    await start_to_fail_safe(device, "relays", "--fail-safe")
    moved = await where(sim)
    assert moved[0] is active
    await device.supervisor.start(device.unit("relays"))
    seen = await relays.properties(relay, RELAY)
    assert (seen["Active"], seen["Running"]) == (active, "idle")
    assert await where(sim) == moved


async def test_an_output_that_is_made_active_is_counted(device: Device, relays: Service) -> None:
    await relays.call(RELAYS + "relay1", RELAY, "Configure", {"FailurePolicy": "on"})
    assert await device.supervisor.stop("relays") == 0
    await start_to_fail_safe(device, "relays", "--fail-safe")
    await device.supervisor.start(device.unit("relays"))
    assert (await relays.properties(RELAYS + "relay1", RELAY))["Cycles"] == 1


async def test_an_open_drain_stands_where_it_was_put(device: Device, io: Service, sim: Service) -> None:
    """Of an open drain the level does not say to the next start where it stands."""
    await io.call(PORTS + "io1", PORT, "Configure", {"Direction": "output", "FailurePolicy": "normal"})
    await io.call(PORTS + "io1", PORT, "Set", True, {})
    assert await device.supervisor.stop("io") == 0
    await start_to_fail_safe(device, "io", "--fail-safe")
    moved = await where(sim, "io1")
    await device.supervisor.start(device.unit("io"))
    assert not (await io.properties(PORTS + "io1", PORT))["Active"]
    assert await where(sim, "io1") == moved


async def test_a_broken_profile_does_not_stand_in_the_way(stopped: Device, sim: Service, folder: Path) -> None:
    path = name_another(stopped, folder, BROKEN)
    await start_to_fail_safe(stopped, "relays", "--fail-safe")
    await told(stopped, "relays", f"{path}:", DONE)
    assert await where(sim) == (False, 2)


async def test_a_profile_that_is_gone_does_not_stand_in_the_way(stopped: Device, sim: Service, folder: Path) -> None:
    (stopped.folder / "relays.yaml").write_text(f"board: {folder}/gone.yaml\n")
    await start_to_fail_safe(stopped, "relays", "--fail-safe")
    assert await where(sim) == (False, 2)


@pytest.mark.parametrize("text", ["log_level: loud\n", "board: [\n", "\x00"])
async def test_a_broken_configuration_does_not_stand_in_the_way(stopped: Device, sim: Service, text: str) -> None:
    (stopped.folder / "relays.yaml").write_text(text)
    await start_to_fail_safe(stopped, "relays", "--fail-safe")
    assert await where(sim) == (False, 2)


async def test_of_damaged_settings_the_generation_before_counts(stopped: Device, sim: Service) -> None:
    settings = stopped.folder / "relays" / "settings.yaml"
    settings.write_text("version: 1\nrelays: {relay1: {FailurePolicy: [}}\n")
    await start_to_fail_safe(stopped, "relays", "--fail-safe")
    assert await where(sim) == (False, 2)
    assert settings.with_name("settings.yaml.damaged-1").exists()


async def test_when_nothing_says_which_board_it_is_nothing_moves(stopped: Device, sim: Service, folder: Path) -> None:
    path = name_another(stopped, folder, BROKEN)
    (stopped.folder / "relays" / "board.yaml").write_text("[")
    await start_to_fail_safe(stopped, "relays", "--fail-safe")
    await told(stopped, "relays", f"{path}:", " more)")
    assert await where(sim) == (True, 1)
    assert stopped.supervisor.kept("relays") == {"relay1"}


async def test_it_is_said_which_outputs_are_not_there(device: Device, io: Service) -> None:
    for name in ("output1", "output2"):
        await io.call(PORTS + name, PORT, "Configure", {"FailurePolicy": "active"})
    assert await device.supervisor.stop("io") == 0
    await device.supervisor.stop("sim")  # the board lost its power
    await start_to_fail_safe(device, "io", "--fail-safe")
    await told(device, "io", NOT_ALIVE, f"{DONE}, but for output1, output2: see the log")
