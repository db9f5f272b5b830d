# SPDX-License-Identifier: Apache-2.0
"""LEDs from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from axiod.errors import HardwareFailure

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import FakeService


def test_list(axioctl: Axioctl, io: FakeService) -> None:
    head, power, status = (line.split() for line in axioctl("led", "list").out.splitlines())
    assert head == ["ID", "TERMINAL", "COLOURS", "MODE", "COLOUR", "BETWEEN", "FLASH", "ms", "TRIGGER", "QUALITY"]
    assert power == ["power", "Power", "green", "own", "-", "-", "-", "heartbeat", "good"]
    assert status == ["status", "Status", "green,red", "flashing", "red", "none", "250", "none", "good"]


@pytest.mark.parametrize(
    ("words", "arguments", "says"),
    [
        (("red",), ("red", {}), "status is red until: axioctl led give-back status"),
        (("none",), ("none", {}), "status is dark until: axioctl led give-back status"),
        (("red", "--duration-ms", "500"), ("red", {"DurationMs": 500}), "status is red for 500 ms"),
        (
            ("red", "--flash-ms", "250", "--between", "green", "--duration-ms", "9000"),
            ("red", {"FlashMs": 250, "Between": "green", "DurationMs": 9000}),
            "status is red flashing for 9000 ms",
        ),
    ],
)
def test_light(
    axioctl: Axioctl, io: FakeService, words: tuple[str, ...], arguments: tuple[str, dict[str, object]], says: str
) -> None:
    assert axioctl("led", "light", "Status", *words).out == says + "\n"
    ((id_, method, (colour, options)),) = io.calls
    assert (id_, method, colour) == ("status", "Light", arguments[0])
    assert {name: value for name, value in options.items() if name != "DeadlineUsec"} == arguments[1]


def test_give_back(axioctl: Axioctl, io: FakeService) -> None:
    done = json.loads(axioctl("led", "give-back", "status", "--json").out)
    assert done == {"Id": "status", "Path": "/org/axiod/io1/led/status", "Mode": "own"}
    assert [call[:2] for call in io.calls] == [("status", "GiveBack")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("light", "status", "pink"), "must be one of none, amber, blue, green, red, white, yellow"),
        (("light", "status", "red", "--flash-ms", "10"), "50 to 60000"),
        (("light", "statsu", "red"), "did you mean status (Status)?"),
        (("give-back", "nothing"), "there is no led 'nothing'"),
    ],
)
def test_mistakes(axioctl: Axioctl, io: FakeService, words: tuple[str, ...], says: str) -> None:
    done = axioctl("led", *words)
    assert done.code
    assert says in done.err
    assert io.calls == []


def test_what_the_service_refuses_is_said(axioctl: Axioctl, io: FakeService) -> None:
    io.errors["Light"] = HardwareFailure("the LED status is not there")
    done = axioctl("led", "light", "status", "red")
    assert (bool(done.code), done.out) == (True, "")
    assert "the LED status is not there" in done.err
