# SPDX-License-Identifier: Apache-2.0
"""The installed fieldbus service: it reaches the simulated line as its own user, and a killed one comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.machine.board import choose_board, pid, wait_active

if TYPE_CHECKING:
    from tests.machine.container import Container

UNIT = "axiod-fieldbus"


@pytest.fixture(scope="module")
def working(device: Container) -> Container:
    """A device with the simulated board."""
    choose_board(device)
    device.run("systemctl restart axiod-sim axiod-fieldbus")
    device.wait_for("axioctl bus show rs485 | grep -q 'State: *online'")
    return device


def read(device: Container) -> list[int]:
    """Return temperature and humidity of a simulated sensor."""
    found = json.loads(device.run("axioctl --json bus read rs485 1 input 1 2").stdout)
    values: list[int] = found["Values"]
    return values


def test_units_are_reached(working: Container) -> None:
    assert len(read(working)) == 2


def test_a_killed_service_has_its_port_again(working: Container) -> None:
    before = pid(working, UNIT)
    working.run(f"systemctl kill --signal=KILL {UNIT}")
    wait_active(working, UNIT, before)
    working.wait_for("axioctl bus show rs485 | grep -q 'State: *online'")
    assert len(read(working)) == 2


def test_a_pulled_adapter_is_found_again(working: Container) -> None:
    working.run("axioctl sim bus unplug")
    working.wait_for("axioctl bus show rs485 | grep -q 'State: *offline'")
    working.run("axioctl sim bus plug")
    working.wait_for("axioctl bus show rs485 | grep -q 'State: *online'")
    assert len(read(working)) == 2


def test_who_may_only_read_asks_no_unit(working: Container) -> None:
    transact = "busctl call org.axiod.fieldbus1 /org/axiod/fieldbus1/port/rs485 org.axiod.fieldbus1.Port Transact"
    refused = working.run(f"setpriv --reuid nobody --clear-groups {transact} 'yaya{{sv}}' 1 1 7 0", check=False)
    assert refused.code != 0
    assert "denied" in refused.stderr
