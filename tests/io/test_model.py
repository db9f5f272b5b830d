# SPDX-License-Identifier: Apache-2.0
"""Ports and alarms without a bus: settings, activeness, ranges, and the events of VAPIX and ONVIF."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.board.profile import LoopState, Scheme
from axiod.board.ranges import state_order
from axiod.errors import InvalidArgument, NotSupported
from axiod.io import model
from axiod.io.model import AlarmSettings, Circuit, Fact, PortSettings
from tests.sim.board import BOARD

PORTS = {port.id: port for port in BOARD.ports}
ALARMS = {alarm.id: alarm for alarm in BOARD.alarms}
_SCHEMES = [scheme for scheme in Scheme if scheme is not Scheme.NONE]


def settings(port_id: str, /, **changes: Any) -> PortSettings:
    """Return the settings of a port of the board with changes."""
    return PortSettings.default(PORTS[port_id]).for_port(PORTS[port_id], changes)


# --- activeness ---


@pytest.mark.parametrize(
    ("closed", "normal", "active"),
    [(False, "open", False), (True, "open", True), (False, "closed", True), (True, "closed", False)],
)
def test_active_is_not_normal(closed: bool, normal: str, active: bool) -> None:
    assert model.is_active(closed, normal) is active


@pytest.mark.parametrize("state", list(LoopState))
def test_a_short_is_closed_and_a_cut_is_open(state: LoopState) -> None:
    assert model.is_closed(state) is (state in ("closed", "short"))
    assert model.is_tampered(state) is (state in ("short", "cut"))


@pytest.mark.parametrize("normal", ["open", "closed"])
def test_what_becomes_active_is_counted_and_the_first_level_is_not(normal: str) -> None:
    circuit = Circuit()
    circuit.took(True, normal, 1)
    assert (circuit.count, circuit.changed_usec) == (0, None)
    for when, closed in enumerate((False, True, True, False, True), 2):
        circuit.took(closed, normal, when)
    assert circuit.count == 2
    assert (circuit.closed, circuit.changed_usec) == (True, 6)


# --- settings ---


@pytest.mark.parametrize(("name", "direction"), [("input1", "input"), ("output1", "output"), ("io1", "input")])
def test_a_terminal_begins_as_what_it_can_be(name: str, direction: str) -> None:
    port = PORTS[name]
    assert PortSettings.default(port) == PortSettings(name=port.terminal, direction=direction)
    assert PortSettings.default(port).beyond(PortSettings.default(port)) == {}


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        ("input1", {"direction": "output"}, "Input 1 cannot be an output; it has no hardware for it"),
        ("output1", {"direction": "input"}, "Output 1 cannot be an input; it has no hardware for it"),
        ("input1", {"boot_policy": "last"}, "Input 1 is only an input; it has no policy for outputs"),
        ("input1", {"failure_policy": "hold"}, "Input 1 is only an input; it has no policy for outputs"),
        (
            "output1",
            {"supervision": "serial-1k"},
            "Supervision cannot be serial-1k: the terminal has no ADC; use none",
        ),
    ],
)
def test_what_a_terminal_cannot_do_is_not_supported(name: str, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(NotSupported) as refused:
        settings(name, **changes)
    assert str(refused.value) == text


def test_an_alarm_without_an_adc_cannot_be_supervised() -> None:
    with pytest.raises(NotSupported, match="has no ADC"):
        AlarmSettings.default(ALARMS["casing"]).for_alarm(ALARMS["casing"], {"supervision": "serial-1k"})
    amended = AlarmSettings.default(ALARMS["tamper"]).for_alarm(ALARMS["tamper"], {"supervision": "serial-1k"})
    assert amended.supervised


@pytest.mark.parametrize("name", ["input1", "io1"])
@pytest.mark.parametrize("scheme", _SCHEMES)
def test_the_ranges_of_the_board_are_those_of_the_scheme(name: str, scheme: Scheme) -> None:
    adc = PORTS[name].adc
    assert adc
    found = settings(name, supervision=scheme).effective_ranges(adc.front_end)
    assert found == tuple(adc.front_end.ranges[scheme])
    assert [item.state for item in found] == list(state_order(adc.front_end))


def test_ranges_of_ones_own_last_as_long_as_the_scheme() -> None:
    adc = PORTS["input1"].adc
    assert adc
    rows = [("cut", 0, 999), ("open", 1000, 1999), ("closed", 2000, 2999), ("short", 3000, 4095)]
    mine = settings("input1", supervision="serial-1k", ranges=rows)
    assert [(r.state, r.lower, r.upper) for r in mine.effective_ranges(adc.front_end)] == rows
    port = PORTS["input1"]
    assert mine.for_port(port, {"hold_ms": 7}).ranges == mine.ranges
    assert mine.for_port(port, {"supervision": "serial-1k"}).ranges == mine.ranges
    assert mine.for_port(port, {"supervision": "serial-10k"}).ranges == ()
    assert mine.for_port(port, {"supervision": "none"}).ranges == ()
    assert mine.for_port(port, {"ranges": []}).ranges == ()
    assert mine.for_port(port, {"supervision": "serial-10k", "ranges": rows}).ranges == mine.ranges
    with pytest.raises(InvalidArgument, match="Ranges is given for an input that is not supervised"):
        settings("input1", ranges=rows)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([("cut", 0, 4095)], "Ranges has the states cut; it must have each of closed, cut, open, short once"),
        (
            [("cut", 0, 9), ("cut", 10, 19), ("open", 20, 29), ("short", 30, 4095)],
            "Ranges has the states cut, cut, open, short; it must have each of closed, cut, open, short once",
        ),
        (
            [("cut", 1, 9), ("closed", 10, 19), ("open", 20, 29), ("short", 30, 4095)],
            "Ranges has cut from 1 to 9; it must begin at 0",
        ),
        (
            [("cut", 0, 9), ("closed", 11, 19), ("open", 20, 29), ("short", 30, 4095)],
            "Ranges has closed from 11 to 19; it must begin at 10",
        ),
        (
            [("cut", 0, 9), ("closed", 9, 19), ("open", 20, 29), ("short", 30, 4095)],
            "Ranges has closed from 9 to 19; it must begin at 10",
        ),
        (
            [("cut", 0, 9), ("closed", 10, 19), ("open", 20, 29), ("short", 30, 4094)],
            "Ranges ends at 4094; it must end at 4095, the highest level of the ADC",
        ),
        (
            [("cut", 0, 9), ("closed", 10, 19), ("open", 20, 29), ("short", 30, 5000)],
            "Ranges ends at 5000; it must end at 4095, the highest level of the ADC",
        ),
        ([("cut", 0, 9), ("closed", 10, 9), ("open", 10, 29), ("short", 30, 4095)], "Ranges has "),
    ],
)
def test_ranges_must_cover_all_levels_once(rows: list[tuple[str, int, int]], text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        settings("input1", supervision="serial-1k", ranges=rows)
    assert str(refused.value).startswith(text)


@given(
    bounds=st.lists(st.integers(0, 4094), min_size=3, max_size=3, unique=True).map(sorted),
    names=st.permutations(list(LoopState)),
    order=st.permutations(range(4)),
)
def test_any_cover_is_taken_in_any_order(bounds: list[int], names: list[LoopState], order: list[int]) -> None:
    edges = [-1, *bounds, 4095]
    rows = [(str(names[n]), low + 1, high) for n, (low, high) in enumerate(itertools.pairwise(edges))]
    model.check_ranges(tuple(rows[place] for place in order), 4095)


@pytest.mark.parametrize(
    ("changes", "supervised"),
    [
        ({}, False),
        ({"supervision": "serial-1k"}, True),
        ({"supervision": "serial-1k", "direction": "output"}, False),
    ],
)
def test_only_an_input_is_supervised(changes: dict[str, Any], supervised: bool) -> None:
    assert settings("io1", **changes).supervised is supervised


@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(min_size=1),
            "usage": st.text(),
            "direction": st.sampled_from(["input", "output"]),
            "normal_state": st.sampled_from(["open", "closed"]),
            "debounce_ms": st.integers(0, 10_000),
            "supervision": st.sampled_from([str(scheme) for scheme in Scheme]),
            "hysteresis_levels": st.integers(0, 200),
            "hold_ms": st.integers(0, 10_000),
            "boot_policy": st.sampled_from(["normal", "active", "last"]),
            "failure_policy": st.sampled_from(["hold", "normal", "active"]),
        },
    )
)
def test_what_differs_from_the_default_is_all_that_is_stored(changes: dict[str, Any]) -> None:
    default = PortSettings.default(PORTS["io1"])
    amended = settings("io1", **changes)
    assert default.for_port(PORTS["io1"], amended.beyond(default)) == amended
    assert amended.beyond(default) == {k: v for k, v in changes.items() if getattr(default, k) != v}


# --- events ---


def facts(name: str, circuit: Circuit, *, active: bool = False, **changes: Any) -> list[tuple[str, Any, Any]]:
    """Return what a port tells."""
    found = model.port_facts(PORTS[name], settings(name, **changes), circuit, output_active=active)
    return [(fact.topic, dict(fact.source), list(fact.data.items())) for fact in found]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("normal", ["open", "closed"])
def test_an_input_tells_port_and_digital_input(closed: bool, normal: str) -> None:
    active = closed != (normal == "closed")
    assert facts("input1", Circuit(closed=closed), normal_state=normal) == [
        ("tns1:Device/tnsaxis:IO/Port", {"port": "1"}, [("state", "1" if active else "0")]),
        ("tns1:Device/Trigger/DigitalInput", {"InputToken": "1"}, [("LogicalState", "true" if active else "false")]),
    ]


def test_an_input_that_was_not_read_tells_nothing() -> None:
    assert facts("input1", Circuit()) == []


@pytest.mark.parametrize(
    ("loop", "word", "tampered", "active"),
    [
        (LoopState.OPEN, "open", "0", "0"),
        (LoopState.CLOSED, "closed", "0", "1"),
        (LoopState.CUT, "cut", "1", "0"),
        (LoopState.SHORT, "shorted", "1", "1"),
    ],
)
def test_a_supervised_input_tells_its_loop_with_the_state_first(
    loop: LoopState, word: str, tampered: str, active: str
) -> None:
    """The state is the first item: clients take the first one."""
    circuit = Circuit(closed=model.is_closed(loop), loop=loop)
    assert facts("io2", circuit, supervision="serial-1k") == [
        ("tns1:Device/tnsaxis:IO/Port", {"port": "8"}, [("state", active)]),
        ("tns1:Device/tnsaxis:IO/SupervisedPort", {"port": "8"}, [("state", word), ("tampered", tampered)]),
        (
            "tns1:Device/Trigger/DigitalInput",
            {"InputToken": "8"},
            [("LogicalState", "true" if active == "1" else "false")],
        ),
    ]


@pytest.mark.parametrize("active", [False, True])
def test_an_output_tells_output_port_and_relay(active: bool) -> None:
    assert facts("output2", Circuit(), active=active) == [
        ("tns1:Device/tnsaxis:IO/OutputPort", {"port": "4"}, [("state", "1" if active else "0")]),
        (
            "tns1:Device/Trigger/Relay",
            {"RelayToken": "4"},
            [("LogicalState", "active" if active else "inactive")],
        ),
    ]


@pytest.mark.parametrize(
    ("name", "topic", "source", "data"),
    [
        ("casing", "tns1:Device/tnsaxis:Casing/Open", {"Name": "JunctionBox"}, "Open"),
        ("motion", "tnsaxiod:Device/Motion", {"Name": "Device motion"}, "Moved"),
        ("tamper", "tnsaxiod:Device/ExternalTamper", {"Name": "External tamper"}, "Tampered"),
    ],
)
@pytest.mark.parametrize("closed", [False, True])
def test_an_alarm_tells_whether_it_is_raised(
    name: str, topic: str, source: dict[str, str], data: str, closed: bool
) -> None:
    alarm = ALARMS[name]
    found = model.alarm_facts(alarm, AlarmSettings.default(alarm), Circuit(closed=closed))
    assert found == [Fact(topic, source, {data: "1" if closed else "0"})]


@pytest.mark.parametrize(
    ("enabled", "closed", "loop", "normal", "raised"),
    [
        (True, None, None, "open", False),
        (True, False, None, "open", False),
        (True, True, None, "open", True),
        (True, True, None, "closed", False),
        (False, True, None, "open", False),
        (True, False, LoopState.CUT, "open", True),
        (True, True, LoopState.SHORT, "closed", True),
        (True, True, LoopState.CLOSED, "closed", False),
        (False, False, LoopState.CUT, "open", False),
    ],
)
def test_an_alarm_is_raised(
    enabled: bool, closed: bool | None, loop: LoopState | None, normal: str, raised: bool
) -> None:
    alarm = ALARMS["tamper"]
    settings = AlarmSettings.default(alarm).for_alarm(
        alarm, {"enabled": enabled, "normal_state": normal, "supervision": "serial-1k" if loop else "none"}
    )
    circuit = Circuit(closed=closed, loop=loop)
    assert model.alarm_raised(settings, circuit) is raised
    assert len(model.alarm_facts(alarm, settings, circuit)) == (enabled and closed is not None)
