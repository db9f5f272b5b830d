# SPDX-License-Identifier: Apache-2.0
"""axioctl discovery."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from axiod.errors import NotSupported
from tests.cli.fakes import FakeService

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import World

DISCOVERY = "org.axiod.network1.Discovery"
SWITCH = {
    "Interface": "eth0",
    "Protocol": "lldp",
    "ChassisId": "36:17:ec:d4:a6:73",
    "Name": "sw-1",
    "PortId": "ge-0/0/1",
    "Addresses": ["192.0.2.3"],
    "PowerAllocatedMw": 18000,
}


@pytest.fixture
def network(world: World) -> FakeService:
    """org.axiod.network1, running."""
    service = FakeService("org.axiod.network1")
    service.add(DISCOVERY, BonjourName="Gate 7", BonjourHost=None, Unavailable={"lldp": "lldpd is not installed"})
    world.start(service)
    return service


def test_what_does_not_work_stands_at_the_end(axioctl: Axioctl, network: FakeService) -> None:
    lines = axioctl("discovery", "show").out.splitlines()
    assert lines[-1] == "lldp does not work: lldpd is not installed"
    shown = json.loads(axioctl("discovery", "show", "--json").out)
    assert shown["BonjourName"] == "Gate 7"
    assert shown["Unavailable"] == {"lldp": "lldpd is not installed"}


def test_settings_are_changed_together(axioctl: Axioctl, network: FakeService) -> None:
    done = axioctl("discovery", "configure", "--bonjour-name", "Gate 8", "--upnp", "on")
    assert (done.code, done.err) == (0, "")
    ((_, method, (changes,)),) = network.calls
    assert (method, dict(changes)) == ("Configure", {"BonjourName": "Gate 8", "Upnp": True})


def test_neighbours_are_listed(axioctl: Axioctl, network: FakeService) -> None:
    network.answers["Neighbours"] = [SWITCH]
    title, row = axioctl("discovery", "neighbours").out.splitlines()
    assert title.split() == ["INTERFACE", "PROTOCOL", "NAME", "PORT", "ADDRESSES", "DESCRIPTION"]
    assert row.split()[:5] == ["eth0", "lldp", "sw-1", "ge-0/0/1", "192.0.2.3"]
    assert json.loads(axioctl("discovery", "neighbours", "--json").out) == [SWITCH]


def test_nobody_was_heard(axioctl: Axioctl, network: FakeService) -> None:
    network.answers["Neighbours"] = []
    assert "no neighbour was heard" in axioctl("discovery", "neighbours").out


def test_why_nobody_can_be_heard(axioctl: Axioctl, network: FakeService) -> None:
    network.errors["Neighbours"] = NotSupported("lldpd is not installed; install the package lldpd")
    done = axioctl("discovery", "neighbours")
    assert done.code != 0
    assert "lldpd is not installed; install the package lldpd" in done.err
