# SPDX-License-Identifier: Apache-2.0
"""The electricity of the simulated board."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.board.profile import LoopState, Scheme
from axiod.gpio.protocol import adc_name, line_name
from axiod.sim.world import Drive, Wire, shown_ohms, terminals
from tests.sim.board import BOARD

_CONDITIONS = ("open", "closed", "short", "cut")


@pytest.mark.parametrize("resistors", list(Scheme))
@pytest.mark.parametrize("condition", _CONDITIONS)
def test_a_digital_input_sees_whether_current_flows(resistors: Scheme, condition: str) -> None:
    """With small resistors in the loop an open contact still conducts: such a loop needs an ADC."""
    conducts = resistors in (Scheme.SERIAL_1K, Scheme.SERIAL_2K2, Scheme.SERIAL_4K7)
    wire = Wire(condition=condition, resistors=resistors)
    assert wire.closed is (condition in ("closed", "short") or (condition == "open" and conducts))


@pytest.mark.parametrize(
    ("resistors", "condition", "ohms"),
    [
        (Scheme.NONE, "closed", 0.0),
        (Scheme.NONE, "open", math.inf),
        (Scheme.SERIAL_1K, "closed", 1000.0),
        (Scheme.SERIAL_1K, "open", 2000.0),
        (Scheme.PARALLEL_22K_4K7, "open", 22_000.0),
        (Scheme.SERIAL_10K, "short", 0.0),
        (Scheme.SERIAL_10K, "cut", math.inf),
    ],
)
def test_the_loop(resistors: Scheme, condition: str, ohms: float) -> None:
    assert Wire(condition=condition, resistors=resistors).ohms == ohms


def test_a_fixed_resistance_is_that_whatever_the_resistors() -> None:
    wire = Wire(condition="resistance", fixed_ohms=14_999.0, resistors=Scheme.SERIAL_10K)
    assert (wire.ohms, wire.closed) == (14_999.0, True)
    wire.fixed_ohms = 15_001.0
    assert (wire.ohms, wire.closed) == (15_001.0, False)


def test_what_plays_has_the_contact_on_the_other_side() -> None:
    wire = Wire(condition="closed", swung=True)
    assert (wire.rest, wire.closed) == (True, False)


@given(
    ohms=st.floats(0, 1e7),
    noise=st.floats(0, 50),
    chance=st.floats(-1, 1),
    port=st.sampled_from([port for port in BOARD.ports if port.adc]),
)
def test_a_reading_is_off_by_no_more_than_the_noise(ohms: float, noise: float, chance: float, port: object) -> None:
    adc = port.adc  # type: ignore[attr-defined] # a port, as st.sampled_from has it
    wire = Wire(condition="resistance", fixed_ohms=ohms, noise_percent=noise)
    exact = wire.reading(adc, lambda _low, _high: 0.0)
    found = wire.reading(adc, lambda low, high: low + (high - low) * (chance + 1) / 2)
    assert 0 <= found <= adc.front_end.highest
    assert abs(found - exact) <= exact * noise / 100 + 1.5


def test_a_drive_counts_its_transitions() -> None:
    drive = Drive()
    for active in (True, True, False, False, True):
        drive.put(active)
    assert (drive.active, drive.transitions) == (True, 3)


def test_every_terminal_of_the_board_is_there_once() -> None:
    found = terminals(BOARD)
    assert [terminal.id for terminal in found] == [
        "input1", "input2", "output1", "output2", "input3", "output3", "io1", "io2", "input4", "input5",
        "relay1", "casing", "motion", "tamper",
    ]  # fmt: skip
    by_id = {terminal.id: terminal for terminal in found}
    assert (by_id["io1"].wire is not None, by_id["io1"].drive is not None) == (True, True)
    assert (by_id["input1"].wire is not None, by_id["input1"].drive is not None) == (True, False)
    assert (by_id["output1"].wire is not None, by_id["output1"].drive is not None) == (False, True)
    assert len({line_name(terminal.line) for terminal in found}) == len(found)
    channels = [adc_name(terminal.adc) for terminal in found if terminal.adc]
    assert len(set(channels)) == len(channels) == 8


def test_ohms_are_absent_where_they_are_infinite() -> None:
    assert (shown_ohms(math.inf), shown_ohms(0.0)) == (None, 0.0)
    assert all(state in _CONDITIONS for state in LoopState)
