# SPDX-License-Identifier: Apache-2.0
"""Interfaces of the network from the command line: what people read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.fakes import FakeService

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import World

INTERFACE = "org.axiod.network1.Interface"
ADDRESSES = [
    {"Address": "192.0.2.10", "PrefixLength": 24, "Origin": "dhcp", "Scope": "global", "Broadcast": "192.0.2.255"},
    {"Address": "2001:db8::10", "PrefixLength": 64, "Origin": "static", "Scope": "global", "Broadcast": ""},
]


@pytest.fixture
def network(world: World) -> FakeService:
    """org.axiod.network1 with one interface, running."""
    service = FakeService("org.axiod.network1")
    service.add(INTERFACE, "eth0", Name="eth0", Addresses=ADDRESSES)
    world.start(service)
    return service


def test_addresses_are_written_as_people_write_them(axioctl: Axioctl, network: FakeService) -> None:
    written = "192.0.2.10/24 (DHCP), 2001:db8::10/64"
    assert written in axioctl("network", "list").out
    (line,) = (line for line in axioctl("network", "show", "eth0").out.splitlines() if line.startswith("Addresses"))
    assert line.split(maxsplit=1) == ["Addresses:", written]
    assert json.loads(axioctl("network", "show", "eth0", "--json").out)["Addresses"] == ADDRESSES


def test_an_interface_without_an_address(axioctl: Axioctl, world: World) -> None:
    service = FakeService("org.axiod.network1")
    service.add(INTERFACE, "eth1", Name="eth1", Addresses=[])
    world.start(service)
    (line,) = (line for line in axioctl("network", "show", "eth1").out.splitlines() if line.startswith("Addresses"))
    assert line.split() == ["Addresses:", "-"]


def test_it_is_an_interface_that_is_not_there(axioctl: Axioctl, network: FakeService) -> None:
    assert "there is no interface 'eth7'; did you mean eth0?" in axioctl("network", "show", "eth7").err


def test_help_says_how_a_list_is_typed(axioctl: Axioctl) -> None:
    text = " ".join(axioctl("network", "configure", "--help").out.split())
    assert "--ipv4-addresses LIST ADDRESS/PREFIX each" in text
    assert "separated by commas" in text
    assert "D-Bus type" not in text
