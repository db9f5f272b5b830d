# SPDX-License-Identifier: Apache-2.0
"""What runs, and how it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import axiod

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import FakeService, World


def test_status_while_everything_is_away(axioctl: Axioctl) -> None:
    done = axioctl("status")
    assert done.code == 0
    rows = [line.split()[:2] for line in done.out.splitlines()]
    assert [row for row in rows if "away" in row] == [
        ["events", "away"],
        ["fieldbus", "away"],
        ["io", "away"],
        ["network", "away"],
        ["relays", "away"],
        ["sensors", "away"],
        ["sim", "away"],
        ["system", "away"],
    ]
    assert "start it with: systemctl start axiod-io" in done.out
    assert "axiod-gateway has no bus name; see systemctl status axiod-gateway" in done.out.splitlines()[-1]


def test_status_while_some_are_away(axioctl: Axioctl, io: FakeService, world: World) -> None:
    world.run(io.problem("I/O 1 cannot be read; look at the chip."))
    done = axioctl("status")
    assert done.code == 0
    assert done.out.splitlines()[5:8] == [
        f"io        running  degraded  {axiod.__version__}    0 s  2 ports, 1 alarm, 2 leds",
        "  5 things watched",
        "  problem: I/O 1 cannot be read; look at the chip.",
    ]


def test_status_json(axioctl: Axioctl, io: FakeService, sim: FakeService) -> None:
    _events, _fieldbus, io_, _network, relays, _sensors, sim_, _system = json.loads(axioctl("status", "--json").out)
    assert io_["Service"] == "org.axiod.io1"
    assert io_["State"] == "running"
    assert io_["Health"] == "ok"
    assert io_["Version"] == axiod.__version__
    assert io_["Problems"] == []
    assert io_["Objects"] == {"port": 2, "alarm": 1, "led": 2}
    assert relays == {"Service": "org.axiod.relays1", "State": "away"}
    assert sim_["Objects"] == {"terminal": 3}


def test_what_there_is_one_of_is_not_counted(axioctl: Axioctl, system: FakeService) -> None:
    (found,) = [each for each in json.loads(axioctl("status", "--json").out) if each["Service"] == system.name]
    assert found["Objects"] == {"account": 2, "token": 2, "certificate": 1}
