# SPDX-License-Identifier: Apache-2.0
"""The profiles that are shipped, and the examples of the documentation."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.board.loader import find, load
from axiod.board.profile import AdcRef, AlarmKind, Bias, Board, ContactForm, Drive, LoopState, Range, Scheme

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
BOARDS = ROOT / "etc" / "boards"
SHIPPED = sorted(BOARDS.glob("*.yaml"))
EXAMPLES = re.findall(r"<!-- complete example -->\n```yaml\n(.*?)```", (ROOT / "docs" / "boards.md").read_text(), re.S)

# The table of VAPIX, "Supervised I/O API".
CUT, OPEN, CLOSED, SHORT = LoopState.CUT, LoopState.OPEN, LoopState.CLOSED, LoopState.SHORT
DEDICATED = {
    Scheme.PARALLEL_22K_4K7: ((CUT, 0, 1302), (OPEN, 1303, 1986), (CLOSED, 1987, 3124), (SHORT, 3125, 4095)),
    Scheme.SERIAL_1K: ((CUT, 0, 1993), (OPEN, 1994, 3070), (CLOSED, 3071, 3514), (SHORT, 3515, 4095)),
    Scheme.SERIAL_2K2: ((CUT, 0, 1738), (OPEN, 1739, 2608), (CLOSED, 2609, 3307), (SHORT, 3308, 4095)),
    Scheme.SERIAL_4K7: ((CUT, 0, 1499), (OPEN, 1500, 2114), (CLOSED, 2115, 3059), (SHORT, 3060, 4095)),
    Scheme.SERIAL_10K: ((CUT, 0, 1319), (OPEN, 1320, 1704), (CLOSED, 1705, 2824), (SHORT, 2825, 4095)),
}
AUX = {Scheme.PARALLEL_22K_4K7: ((SHORT, 0, 100), (CLOSED, 101, 350), (OPEN, 351, 620), (CUT, 621, 4095))}


@pytest.fixture(scope="module")
def a9210() -> Board:
    return load(BOARDS / "a9210.yaml")


def adcs(board: Board) -> list[AdcRef]:
    found = [port.adc for port in board.ports] + [alarm.adc for alarm in board.alarms]
    return [adc for adc in found if adc is not None]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_profile_loads_under_the_name_of_its_file(path: Path) -> None:
    assert load(path).name == path.stem
    assert load(find(path.stem, [BOARDS])) == load(path)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_of_the_documentation_loads(text: str, tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(text)
    assert load(path, [BOARDS]).ports


def test_the_example_without_a_case_overrides_and_takes_away(tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(next(text for text in EXAMPLES if "a9210-barebone" in text))
    board = load(path, [BOARDS])
    assert [alarm.id for alarm in board.alarms] == ["motion", "tamper"]
    assert (board.ports[0].line.name, board.ports[0].line.offset, board.ports[0].line.active_low) == (None, 12, True)
    assert board.ports[1].line.chip.label == "my-controller"


def test_a9210_terminals_are_numbered_in_connector_order(a9210: Board) -> None:
    terminals = {port.number: port.terminal for port in a9210.ports} | {it.number: it.terminal for it in a9210.relays}
    assert [terminals[number] for number in range(11)] == [
        *("Relay 1", "Input 1", "Input 2", "Output 1", "Output 2", "Input 3", "Output 3"),
        *("I/O 1", "I/O 2", "Input 4", "Input 5"),
    ]


def test_a9210_directions_and_supervision(a9210: Board) -> None:
    assert [port.number for port in a9210.ports if not port.output] == [1, 2, 5, 9, 10]
    assert [port.number for port in a9210.ports if not port.input] == [3, 4, 6]
    assert [port.number for port in a9210.ports if port.input and port.output] == [7, 8]
    assert all((port.adc is not None) == port.input for port in a9210.ports)


def test_a9210_wiring(a9210: Board) -> None:
    for port in a9210.ports:
        assert port.line.active_low == port.input
        assert port.line.bias is (Bias.PULL_UP if port.input else Bias.AS_IS)
        assert port.line.drive is (Drive.OPEN_DRAIN if port.input and port.output else Drive.PUSH_PULL)


def test_a9210_the_rest(a9210: Board) -> None:
    (relay,) = a9210.relays
    assert (relay.form, relay.led) == (ContactForm.FORM_C, "relay")
    assert [(it.kind, it.adc is not None, it.source) for it in a9210.alarms] == [
        (AlarmKind.CASING, False, "JunctionBox"),
        (AlarmKind.MOTION, False, ""),
        (AlarmKind.TAMPER, True, ""),
    ]
    assert {led.id: led.colours for led in a9210.leds} == {
        "status": ("green", "amber", "red"),
        "network": ("green", "amber"),
        "power": ("green", "amber"),
        "relay": ("green",),
    }
    assert [serial.id for serial in a9210.serial] == ["rs485"]
    assert [button.id for button in a9210.buttons] == ["control"]


def test_a9210_has_the_documented_ranges(a9210: Board) -> None:
    documented: Mapping[bool, Mapping[Scheme, tuple[tuple[LoopState, int, int], ...]]] = {False: DEDICATED, True: AUX}
    for port in a9210.ports:
        if port.adc is not None:
            assert set(port.adc.front_end.ranges) == set(Scheme) - {Scheme.NONE}
            for scheme, ranges in documented[port.output].items():
                assert port.adc.front_end.ranges[scheme] == tuple(Range(*one) for one in ranges)


def test_the_simulated_a9210_differs_in_nothing_but_being_simulated(a9210: Board) -> None:
    sim = load(BOARDS / "a9210-sim.yaml")
    assert [(port.id, port.number, port.terminal) for port in sim.ports] == [
        (port.id, port.number, port.terminal) for port in a9210.ports
    ]
    assert all(chip.simulated for chip in sim.chips)
    assert all(serial.simulated for serial in sim.serial)
    assert [adc.simulated for adc in adcs(sim)] == [True] * 8
    assert [led.simulated for led in sim.leds] == [True, True, True, False]  # the last one hangs on a line
    assert not any(chip.simulated for chip in a9210.chips)
    assert [adc.simulated for adc in adcs(a9210)] == [False] * 8


def test_the_raspberry_pi_profiles_differ_in_the_chip_alone() -> None:
    four, five = (load(BOARDS / f"rpi{generation}-automation-hat.yaml") for generation in (4, 5))
    assert (four.chips[0].label, five.chips[0].label) == ("pinctrl-bcm2711", "pinctrl-rp1")
    assert [port.line.name for port in five.ports] == ["GPIO26", "GPIO20", "GPIO21", "GPIO5", "GPIO12", "GPIO6"]
    assert [relay.line.name for relay in five.relays] == ["GPIO13", "GPIO19", "GPIO16"]
    assert [port.line.name for port in four.ports] == [port.line.name for port in five.ports]


def test_loading_imports_nothing_slow() -> None:
    """Each daemon loads a profile when it starts: no gpiod, no jsonschema, and no difflib unless there is a mistake."""
    code = (
        "import sys; from axiod.board.loader import find, load; load(find('a9210-sim'));"
        "print(sorted({'gpiod', 'jsonschema', 'difflib', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
