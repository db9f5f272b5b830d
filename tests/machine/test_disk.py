# SPDX-License-Identifier: Apache-2.0
"""A disk that takes nothing, under the state of a service of an installed device: the relay goes on all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.machine.board import choose_board, drives, now, pid, said, show, wait_active, wait_status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.machine.container import Container

UNIT = "axiod-relays"
STATE = "/var/lib/axiod/relays"
WELL = "1 relay of board a9210-sim"
FILL = f"dd if=/dev/zero of={STATE}/ballast bs=1024 2>/dev/null"


@pytest.fixture
def small(device: Container) -> Iterator[Container]:
    """A device whose relay is on, and whose relays have a small disk of their own under their state."""
    device.run(f"systemctl reset-failed {UNIT}")
    choose_board(device)
    device.run(f"axioctl relay on relay1; systemctl stop {UNIT}; cp -a {STATE} /var/tmp/state")
    owner = f"uid=$(id -u {UNIT}),gid=$(id -g {UNIT})"
    device.run(f"mount -t tmpfs -o size=256k,mode=700,{owner} tmpfs {STATE} && cp -a /var/tmp/state/. {STATE}/")
    yield device
    device.run(f"systemctl stop {UNIT}; umount --lazy {STATE}; rm -rf /var/tmp/state")
    device.run(f"systemctl reset-failed {UNIT}; systemctl start {UNIT}")
    wait_active(device, UNIT)


def goes_on(device: Container, *, storing: bool) -> None:
    """See that a relay does what it is told, and whether a setting is taken."""
    for word in ("off", "on"):
        before = drives(device)["relay1"].moves
        device.run(f"axioctl relay {word} relay1")
        relay = drives(device)["relay1"]
        assert (relay.active, relay.moves) == (word == "on", before + 1)
    setting = device.run("axioctl relay configure relay1 --name Gate", check=False)
    assert (setting.code == 0) is storing, setting.stderr
    if not storing:
        assert f"the settings cannot be stored in {STATE}/settings.yaml: " in setting.stderr


def complaints(device: Container, since: str) -> list[str]:
    """Return what the service said of its state."""
    return [line for line in said(device, UNIT, since) if "state.sqlite" in line]


def test_a_folder_that_cannot_be_written_costs_memory_and_nothing_else(small: Container) -> None:
    small.run(f"mount -o remount,ro {STATE}")
    since, before = now(small), drives(small)["relay1"]
    small.run(f"systemctl start {UNIT}")
    assert drives(small)["relay1"] == before
    why = f"{STATE}/state.sqlite cannot be written: unable to open database file"
    assert wait_status(small, UNIT, "degraded") == f"{WELL}; degraded: {why}"
    assert f"problem: {why}" in small.run("axioctl status", check=False).stdout
    goes_on(small, storing=False)
    assert complaints(small, since) == [why]
    assert show(small, UNIT, "ActiveState") == "active"

    process = pid(small, UNIT)
    small.run(f"mount -o remount,rw {STATE}; nsenter -t {process} -m mount -o remount,rw {STATE}")
    small.wait_for(f"test \"$(systemctl show -P StatusText {UNIT})\" = '{WELL}'")
    goes_on(small, storing=True)
    assert pid(small, UNIT) == process


def test_a_disk_that_is_full_when_the_service_starts_costs_memory_and_nothing_else(small: Container) -> None:
    small.run(f"rm {STATE}/*; {FILL}", check=False)
    since, before = now(small), drives(small)["relay1"]
    small.run(f"systemctl start {UNIT}")
    assert drives(small)["relay1"] == before, "it is known by its line where it stands"
    why = f"{STATE}/state.sqlite cannot be written: database or disk is full"
    assert wait_status(small, UNIT, "degraded") == f"{WELL}; degraded: {why}"
    goes_on(small, storing=False)
    assert complaints(small, since) == [why]

    process = pid(small, UNIT)
    small.run(f"rm {STATE}/ballast")
    small.wait_for(f"test \"$(systemctl show -P StatusText {UNIT})\" = '{WELL}'")
    goes_on(small, storing=True)
    assert pid(small, UNIT) == process


def test_a_disk_that_becomes_full_refuses_settings_and_no_command(small: Container) -> None:
    small.run(f"systemctl start {UNIT}")
    wait_status(small, UNIT, WELL)
    process = pid(small, UNIT)
    small.run(FILL, check=False)
    for _ in range(5):
        goes_on(small, storing=False)
    small.run(f"rm {STATE}/ballast")
    goes_on(small, storing=True)
    small.wait_for(f"test \"$(systemctl show -P StatusText {UNIT})\" = '{WELL}'")
    assert pid(small, UNIT) == process
