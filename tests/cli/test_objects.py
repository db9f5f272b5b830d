# SPDX-License-Identifier: Apache-2.0
"""Ports, relays and alarms from the command line."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from axiod.bus import interface as contract
from axiod.cli.configure import option
from tests.cli.fakes import ALARM, PORT, RANGES, RELAY

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import FakeService


def test_port_list(axioctl: Axioctl, io: FakeService) -> None:
    done = axioctl("port", "list")
    assert done.code == 0
    head, first, second = done.out.splitlines()
    assert " ".join(head.split()) == "# ID TERMINAL NAME DIR STATE ACTIVE LOOP COUNT CHANGED QUALITY"
    assert " ".join(first.split()) == "1 input1 Input 1 Door input open yes cut 0 - fault"
    age = f"{(time.time() - 1_700_000_000) // 86400:.0f}"
    assert " ".join(second.split()) == f"7 io1 I/O 1 Gate light output closed yes - 12 {age} d good"


def test_port_list_json(axioctl: Axioctl, io: FakeService) -> None:
    input1, io1 = json.loads(axioctl("port", "list", "--json").out)
    assert list(input1)[:4] == ["Id", "Path", "Number", "Terminal"]
    assert input1["Id"] == "input1"
    assert input1["Path"] == "/org/axiod/io1/port/input1"
    assert input1["Ranges"] == [list(row) for row in RANGES]
    assert "LastChangeUsec" not in input1
    assert set(io1) - {"Id", "Path"} <= set(contract.load(PORT).properties)


def test_port_show(axioctl: Axioctl, io: FakeService) -> None:
    done = axioctl("port", "show", "door")
    assert done.code == 0
    shown = {name: text.strip() for name, _, text in (line.partition(":") for line in done.out.splitlines())}
    assert shown["Id"] == "input1"
    assert shown["Debounce"] == "0 ms"
    assert shown["Ohms"] == "4712.5"
    assert shown["Last change"] == "-"
    assert shown["Boot policy"] == "-"
    assert shown["Ranges"] == "cut:0:1302,open:1303:1986,closed:1987:3124,short:3125:4095"
    assert shown["Problem"] == "The loop is cut; look at the cable."
    assert len(shown) == 1 + len(contract.load(PORT).properties)


def test_show_has_the_time_and_the_age_of_the_last_change(axioctl: Axioctl, io: FakeService) -> None:
    line = next(line for line in axioctl("port", "show", "#7").out.splitlines() if line.startswith("Last change"))
    assert "2023-11-1" in line
    assert line.endswith(" d ago)")


def test_show_json_is_one_object(axioctl: Axioctl, io: FakeService, relays: FakeService) -> None:
    assert json.loads(axioctl("--json", "port", "show", "I/O 1").out)["Name"] == "Gate light"
    assert json.loads(axioctl("relay", "show", "lock", "--json").out)["Cycles"] == 42


def test_relay_list(axioctl: Axioctl, relays: FakeService) -> None:
    head, first, second = axioctl("relay", "list").out.splitlines()
    assert " ".join(head.split()) == "# ID TERMINAL NAME STATE NO NC RUNNING CYCLES CHANGED QUALITY"
    assert first.split()[:6] == ["0", "relay1", "Relay", "1", "Lock", "on"]
    assert second.split()[:7] == ["11", "relay2", "Relay", "2", "Relay", "2", "off"]


def test_alarm_list_and_show(axioctl: Axioctl, io: FakeService) -> None:
    head, line = axioctl("alarm", "list").out.splitlines()
    assert " ".join(head.split()) == "ID TERMINAL NAME ENABLED STATE ACTIVE CHANGED QUALITY"
    assert line.split()[:4] == ["casing", "Casing", "Casing", "yes"]
    assert "Kind:" in axioctl("alarm", "show", "casing").out


_MOVES = [
    (["on", "{id}"], {}, "Set", (True,), "{id} is on", {"Active": True}),
    (["off", "{id}"], {}, "Set", (False,), "{id} is off", {"Active": False}),
    (["toggle", "{id}"], {"Toggle": True}, "Toggle", (), "{id} is on", {"Active": True}),
    (["toggle", "{id}"], {"Toggle": False}, "Toggle", (), "{id} is off", {"Active": False}),
    (["pulse", "{id}", "500"], {}, "Pulse", (500,), "{id} is on for 500 ms", {"Active": True, "DurationMs": 500}),
    (["pulse", "{id}", "2s"], {}, "Pulse", (2000,), "{id} is on for 2000 ms", {"Active": True, "DurationMs": 2000}),
    (
        ["sequence", "{id}", "on:500,off:200,on:0"],
        {},
        "RunSequence",
        ([(True, 500), (False, 200), (True, 0)],),
        "{id} runs a sequence of 3 steps, 700 ms in all",
        {"Steps": [[True, 500], [False, 200], [True, 0]]},
    ),
]


@pytest.mark.parametrize(("words", "answers", "method", "arguments", "line", "data"), _MOVES)
@pytest.mark.parametrize(("group", "id_"), [("port", "io1"), ("relay", "relay1")])
def test_what_moves_an_output_says_so_and_has_a_deadline(
    axioctl: Axioctl,
    io: FakeService,
    relays: FakeService,
    group: str,
    id_: str,
    words: list[str],
    answers: dict[str, Any],
    method: str,
    arguments: tuple[Any, ...],
    line: str,
    data: dict[str, Any],
) -> None:
    service = io if group == "port" else relays
    service.answers |= answers
    words = [word.format(id=id_) for word in words]
    done = axioctl(group, *words, "--timeout", "3")
    assert (done.code, done.out, done.err) == (0, line.format(id=id_) + "\n", "")
    assert json.loads(axioctl("--json", group, *words).out) == {
        "Id": id_,
        "Path": f"{service.root}/{group}/{id_}",
        **data,
    }
    (called_id, called, given), _ = service.calls
    assert (called_id, called, given[:-1]) == (id_, method, arguments)
    left = given[-1]["DeadlineUsec"] - time.monotonic_ns() // 1000
    assert 0 < left <= 3_000_000


@pytest.mark.parametrize(("group", "id_", "name"), [("port", "io1", "counter"), ("relay", "relay1", "cycles")])
def test_cancel_and_reset_counter(
    axioctl: Axioctl, io: FakeService, relays: FakeService, group: str, id_: str, name: str
) -> None:
    service = io if group == "port" else relays
    service.answers["ResetCounter"] = 42
    assert axioctl(group, "cancel", id_).out == f"no pulse or sequence runs on {id_}\n"
    assert axioctl(group, "reset-counter", id_).out == f"{name} of {id_}: 0 now, 42 before\n"
    assert json.loads(axioctl(group, "reset-counter", id_, "--json").out)["Count"] == 42
    assert [call[:2] for call in service.calls] == [(id_, "Cancel"), (id_, "ResetCounter"), (id_, "ResetCounter")]


def test_configure_sends_typed_values(axioctl: Axioctl, io: FakeService) -> None:
    ranges = "cut:0:1302,open:1303:1986,closed:1987:3124,short:3125:4095"
    done = axioctl(
        *("port", "configure", "I/O 1", "--name", "Gate", "--direction", "input", "--debounce-ms=50"),
        *("--supervision", "serial-1k", "--ranges", ranges),
    )
    assert done.code == 0
    assert done.out == (
        f"io1 is configured: name Gate, direction input, debounce 50 ms, supervision serial-1k, ranges {ranges}\n"
    )
    changes = {
        "Name": "Gate",
        "Direction": "input",
        "DebounceMs": 50,
        "Supervision": "serial-1k",
        "Ranges": RANGES,
    }
    assert io.calls == [("io1", "Configure", (changes,))]


def test_configure_of_relays_and_alarms(axioctl: Axioctl, io: FakeService, relays: FakeService) -> None:
    assert axioctl("relay", "configure", "relay2", "--boot-policy", "last").out == (
        "relay2 is configured: boot policy last\n"
    )
    done = axioctl("alarm", "configure", "casing", "--enabled", "no", "--ranges", "", "--json")
    assert json.loads(done.out) == {
        "Id": "casing",
        "Path": "/org/axiod/io1/alarm/casing",
        "Enabled": False,
        "Ranges": [],
    }
    assert relays.calls == [("relay2", "Configure", ({"BootPolicy": "last"},))]
    assert io.calls == [("casing", "Configure", ({"Enabled": False, "Ranges": []},))]


@pytest.mark.parametrize(("group", "interface"), [("port", PORT), ("relay", RELAY), ("alarm", ALARM)])
def test_every_configurable_property_is_an_option(axioctl: Axioctl, group: str, interface: str) -> None:
    text = axioctl(group, "configure", "--help").out
    for value in contract.load(interface).configurable.values():
        assert option(value) in text
        for word in value.values:
            assert word in text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["port", "pulse", "io1", "x"],
            "axioctl: MS is 'x'; it must be a whole number from 1 to 86400000 (ms)",
        ),
        (["port", "pulse", "io1", "2d"], "axioctl: MS is 172800000; it must be a whole number from 1 to 86400000 (ms)"),
        (["port", "pulse", "io1", "0"], "axioctl: MS is 0; it must be a whole number from 1 to 86400000 (ms)"),
        (["port", "sequence", "io1", "on"], "axioctl: a step is 'on'; it must be on:MS or off:MS, for example"),
        (["port", "sequence", "io1", "on:1,"], "axioctl: a step is ''; it must be"),
        (["port", "sequence", "io1", "maybe:1"], "axioctl: a step is 'maybe:1'; it must be"),
        (["port", "sequence", "io1", "on:99999999999"], "axioctl: a step is 'on:99999999999'; it must be"),
        (["port", "configure", "io1"], "axioctl: nothing to change; give at least one of --name, --usage, --direction"),
        (["port", "configure", "io1", "--direction", "up"], "Direction is 'up'; it must be one of input, output"),
        (["port", "configure", "io1", "--debounce-ms", "99999"], "DebounceMs is 99999; it must be a whole number from"),
        (
            ["port", "configure", "io1", "--debounce", "1"],
            "there is no option '--debounce'; did you mean --debounce-ms?",
        ),
        (["port", "configure", "io1", "--name", ""], "text of 1 to 128 characters"),
        (["alarm", "configure", "casing", "--enabled", "maybe"], "Enabled is 'maybe'; it must be true or false"),
        (["relay", "configure", "relay1", "--ranges", "x"], "axioctl: there is no option '--ranges'"),
        (["port", "configure", "io1", "--ranges", "short:1"], "Ranges is 'short:1'; it must be"),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_done(
    axioctl: Axioctl, io: FakeService, relays: FakeService, words: list[str], text: str
) -> None:
    done = axioctl(*words)
    assert (done.code, done.out) == (2, "")
    assert text in done.err
    assert done.err.startswith("axioctl: ")
    assert done.err.count("\n") == 1
    assert not io.calls
    assert not relays.calls


def test_an_unknown_id_is_refused_with_those_that_are_near(axioctl: Axioctl, relays: FakeService) -> None:
    done = axioctl("relay", "on", "relai1")
    assert done.code == 3
    assert "axioctl: there is no relay 'relai1'; did you mean relay1 (Lock)" in done.err
    assert not relays.calls


def test_an_id_of_another_kind_is_refused_with_the_right_command(
    axioctl: Axioctl, io: FakeService, relays: FakeService
) -> None:
    done = axioctl("port", "on", "relay1")
    assert (done.code, done.err) == (3, "axioctl: relay1 is a relay: axioctl relay on relay1\n")
    assert axioctl("port", "show", "casing").err == "axioctl: casing is an alarm: axioctl alarm show casing\n"
    assert "axioctl port pulse io1\n" in axioctl("relay", "pulse", "io1", "500").err
    assert "axioctl alarm" not in axioctl("relay", "on", "casing").err  # nobody switches an alarm
    assert not io.calls
    assert not relays.calls


def test_an_id_is_not_looked_for_in_a_service_that_is_away(axioctl: Axioctl, io: FakeService) -> None:
    done = axioctl("port", "on", "relay1")
    assert (done.code, "there is no port 'relay1'; " in done.err) == (3, True)
