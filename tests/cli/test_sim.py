# SPDX-License-Identifier: Apache-2.0
"""The simulated world from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import FakeService


def test_sim_list(axioctl: Axioctl, sim: FakeService) -> None:
    head, input1, io1, output1 = (line.split() for line in axioctl("sim", "list").out.splitlines())
    assert head[:4] == ["ID", "TERMINAL", "WIRE", "OHMS"]
    assert "WAVE" not in head
    assert input1 == ["input1", "Input", "1", "open", "-", "none", "1.5", "0", "-", "-", "-"]
    assert io1 == ["io1", "I/O", "1", "closed", "4700", "none", "1.5", "0", "on", "no", "0"]
    assert output1 == ["output1", "Output", "1", "-", "-", "-", "-", "-", "off", "no", "0"]


def test_sim_list_json_has_an_object_for_each_interface(axioctl: Axioctl, sim: FakeService) -> None:
    found = {item["Id"]: item for item in json.loads(axioctl("sim", "list", "--json").out)}
    assert set(found["io1"]) == {"Id", "Path", "Wire", "Drive"}
    assert found["io1"]["Wire"]["Ohms"] == 4700
    assert found["io1"]["Drive"]["Active"] is True
    assert "Wire" not in found["output1"]


@pytest.mark.parametrize("state", ["open", "closed", "short", "cut"])
def test_sim_wire_state(axioctl: Axioctl, sim: FakeService, state: str) -> None:
    assert axioctl("sim", "wire", "Input 1", state).out == f"the wire of input1 is {state}\n"
    assert sim.calls == [("input1", "Set", (state,))]


def test_sim_wire_ohms(axioctl: Axioctl, sim: FakeService) -> None:
    assert axioctl("sim", "wire", "input1", "4712.5").out == "the wire of input1 has 4712.5 ohm\n"
    assert json.loads(axioctl("sim", "wire", "input1", "0", "--json").out)["Ohms"] == 0
    assert sim.calls == [("input1", "SetOhms", (4712.5,)), ("input1", "SetOhms", (0.0,))]


@pytest.mark.parametrize("text", ["melted", "-1", "nan", "inf", "1e9"])
def test_sim_wire_refuses_what_is_neither(axioctl: Axioctl, sim: FakeService, text: str) -> None:
    done = axioctl("sim", "wire", "input1", "--", text)
    assert done.code == 2
    assert "ohms is" in done.err
    assert "or one of open, closed, short, cut" in done.err
    assert not sim.calls


def test_sim_configure(axioctl: Axioctl, sim: FakeService) -> None:
    done = axioctl("sim", "configure", "io1", "--resistors", "serial-1k", "--noise-percent", "2.5", "--bounce-ms", "5")
    assert done.out == "io1 is configured: resistors serial-1k, noise 2.5 %, bounce 5 ms\n"
    changes = {"Resistors": "serial-1k", "NoisePercent": 2.5, "BounceMs": 5}
    assert sim.calls == [("io1", "Configure", (changes,))]


def test_sim_wave(axioctl: Axioctl, sim: FakeService) -> None:
    done = axioctl("sim", "wave", "input1", "1000", "5000")
    assert done.out == "a square wave of 1000 Hz plays on input1 for 5000 cycles, 5 s\n"
    assert sim.calls == [("input1", "Wave", (1000.0, 5000))]
    assert axioctl("sim", "wave", "input1", "0", "1").code == 2
    assert axioctl("sim", "wave", "input1", "1", "1.5").code == 2


@pytest.mark.parametrize(("verb", "broken", "words"), [("break", True, "is broken"), ("mend", False, "works again")])
def test_sim_break_and_mend_everything_that_the_terminal_has(
    axioctl: Axioctl, sim: FakeService, verb: str, broken: bool, words: str
) -> None:
    assert axioctl("sim", verb, "output1").out == f"output1 {words}\n"
    assert axioctl("sim", verb, "i/o 1").out == f"io1 {words}\n"
    assert sim.calls == [(id_, "SetBroken", (broken,)) for id_ in ("output1", "io1", "io1")]


def test_an_output_has_no_wire(axioctl: Axioctl, sim: FakeService) -> None:
    done = axioctl("sim", "wire", "output1", "open")
    assert (done.code, done.err) == (8, "axioctl: output1 has no wire that can be played: it is only an output\n")
