# SPDX-License-Identifier: Apache-2.0
"""What the machine says of itself, from folders as the kernel makes them."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from axiod.board.loader import find, load
from axiod.runtime.board import NO_BOARD
from axiod.system import identity
from axiod.system.device import DeviceHandler

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Until
    from tests.system1.conftest import SystemProcess


class Root:
    """A folder with the files of a machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n")

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def interface(self, name: str, mac: str, *, device: str = "", wireless: bool = False, kind: int = 1) -> None:
        """Add a network interface; `device`: where its hardware is."""
        folder = f"sys/class/net/{name}"
        self.write(f"{folder}/address", mac + "\n")
        self.write(f"{folder}/type", f"{kind}\n")
        self.write(f"{folder}/addr_assign_type", "0\n" if device else "3\n")
        if device:
            (self.folder / "sys/devices" / device).mkdir(parents=True, exist_ok=True)
            (self.folder / folder / "device").symlink_to(self.folder / "sys/devices" / device)
        if wireless:
            (self.folder / folder / "wireless").mkdir()

    @property
    def serial(self) -> str:
        return identity.serial_number(self.folder)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def test_the_wired_interface_before_all_others(root: Root) -> None:
    root.interface("lo", "00:00:00:00:00:00", kind=772)
    root.interface("br-1", "02:42:00:00:00:01")
    root.interface("can0", "", kind=280)
    root.interface("wlan0", "b8:27:eb:00:00:02", device="mmc/wifi", wireless=True)
    root.interface("eth0", "b8:27:eb:00:00:01", device="platform/ethernet")
    assert root.serial == "B827EB000001"


def test_what_is_plugged_in_does_not_change_it(root: Root) -> None:
    root.interface("end0", "b8:27:eb:00:00:01", device="platform/ethernet")
    root.interface("eth0", "00:e0:4c:00:00:09", device="pci/usb1/1-1")
    assert root.serial == "B827EB000001"


def test_the_lower_of_two(root: Root) -> None:
    root.interface("eth10", "b8:27:eb:00:00:10", device="platform/b")
    root.interface("eth2", "b8:27:eb:00:00:02", device="platform/a")
    assert root.serial == "B827EB000002"


def test_one_that_hangs_on_usb_by_design(root: Root) -> None:
    root.interface("wlan0", "b8:27:eb:00:00:02", device="mmc/wifi", wireless=True)
    root.interface("eth0", "b8:27:eb:00:00:01", device="platform/usb1/1-1")
    assert root.serial == "B827EB000001"


def test_wi_fi_where_nothing_is_wired(root: Root) -> None:
    root.interface("wlan0", "b8:27:eb:00:00:02", device="mmc/wifi", wireless=True)
    assert root.serial == "B827EB000002"


def test_what_a_program_made_does_not_count(root: Root) -> None:
    made = root.serial
    root.interface("br-1", "02:42:00:00:00:01")
    assert root.serial == made


def test_without_any_it_is_made_from_the_machine_id(root: Root) -> None:
    root.interface("lo", "00:00:00:00:00:00", kind=772)
    made = root.serial
    assert len(made) == 12
    assert int(made[:2], 16) & 3 == 2, "it says that no maker gave it"
    assert root.serial == made
    root.write("etc/machine-id", "another\n")
    assert root.serial != made


def test_rubbish_is_no_address(root: Root) -> None:
    for place, rubbish in enumerate(["", "rubbish", "12", "00:00:00:00:00:00", "a" * 1000]):
        root.interface(f"eth{place}", rubbish, device=f"platform/{place}")
    assert int(root.serial[:2], 16) & 3 == 2


def test_what_the_device_tree_says(root: Root) -> None:
    root.write("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    root.write("proc/device-tree/serial-number", "10000000abcdef01\0")
    root.write("proc/sys/kernel/random/boot_id", "b2f8e8a0-6d0a-4b8e-9d26-0c6b4be46f0e\n")
    found = identity.machine(root.folder)
    assert (found.soc, found.soc_serial_number) == ("Raspberry Pi 4 Model B Rev 1.4", "10000000abcdef01")
    assert found.boot_id == "b2f8e8a0-6d0a-4b8e-9d26-0c6b4be46f0e"


def test_a_machine_that_says_nothing(root: Root) -> None:
    root.write("proc/device-tree/model", "\x1b[0m\n\n")
    found = identity.machine(root.folder)
    assert (found.soc, found.soc_serial_number, found.boot_id) == ("", "", "")


def test_a_board_and_none(root: Root) -> None:
    machine = identity.machine(root.folder)
    device = DeviceHandler(load(find("a9210")), machine, chosen=True)
    assert (device.brand, device.model, device.hardware_id) == ("axiod", "A9210", "a9210")
    assert device.full_name == "axiod A9210 Network I/O Relay Module"
    device = DeviceHandler(NO_BOARD, machine, chosen=False)
    assert (device.brand, device.model, device.hardware_id) == ("axiod", "Generic", "")
    assert device.full_name == "axiod Network I/O Relay Module"


async def test_the_service_says_it(system: SystemProcess) -> None:
    found = await system.thing("device", "Device").all()
    expected = {
        "Brand": "axiod", "Model": "A9210", "ShortName": "axiod A9210", "HardwareId": "a9210-sim", "Variant": "",
        "FullName": "axiod A9210 Network I/O Relay Module", "ProductType": "Network I/O Relay Module",
    }  # fmt: skip
    assert expected.items() <= found.items()
    assert found["SerialNumber"] == identity.serial_number()
    assert len(found["BootId"]) == 36
    assert found["Version"]
    assert found["BuildDate"][3] == " "
    _, events = await system.client.snapshot()
    (ready,) = events
    assert (ready.topic, dict(ready.source), dict(ready.data)) == (
        "tns1:Device/tnsaxis:Status/SystemReady",
        {},
        {"ready": "1"},
    )


async def test_it_runs_without_a_board_and_is_well(stopped: SystemProcess) -> None:
    stopped.command = stopped.command[:-2]
    await stopped.start()
    assert await stopped.thing("device", "Device").get("HardwareId") == ""
    assert await stopped.root.get("Health") == "ok"


async def test_a_board_that_cannot_be_used_shuts_nobody_out(system: SystemProcess) -> None:
    before = await system.thing("device", "Device").all()
    await system.add("joe")
    await system.stop()
    config = system.state.parent / "system.yaml"
    config.write_text("board: no-such-board\n")
    await system.start()
    assert await system.thing("device", "Device").all() == before, "the last good one says what it is"
    assert await system.names("account") == ["joe"]
    assert "no-such-board" in system.log
    await system.stop()
    for path in system.state.glob("board.yaml*"):
        path.unlink()
    await system.start()
    assert await system.thing("device", "Device").get("HardwareId") == ""


async def test_it_takes_its_log_level_again(system: SystemProcess, until: Until) -> None:
    (system.state.parent / "system.yaml").write_text("board: a9210-sim\nlog_level: loud\n")
    os.kill(system.pid, signal.SIGHUP)
    await until(lambda: "log_level: 'loud'" in system.log)
    assert await system.root.get("Health") == "ok"
