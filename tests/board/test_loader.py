# SPDX-License-Identifier: Apache-2.0
"""Profiles as text: what is read, what is refused, and with which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from axiod.board.loader import BoardError, Mistake, find, load, load_whole
from axiod.board.profile import (
    AdcRef,
    Alarm,
    AlarmKind,
    Bias,
    Board,
    Button,
    Chip,
    ContactForm,
    Drive,
    Identity,
    Led,
    LineRef,
    LoopState,
    Port,
    Range,
    Relay,
    Scheme,
    Serial,
)
from axiod.board.ranges import computed

from .mistakes import CASES, GOOD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .mistakes import Case


def refused(path: Path, folders: Sequence[Path] = ()) -> list[str]:
    with pytest.raises(BoardError) as caught:
        load(path, folders)
    assert str(caught.value) == "\n".join(str(mistake) for mistake in caught.value.mistakes)
    return [str(mistake).replace(f"{path.parent}/", "") for mistake in caught.value.mistakes]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_good_profile_is_read_whole(tmp_path: Path) -> None:
    board = load(write(tmp_path, "good.yaml", GOOD), [])
    main, hat = Chip("main", label="soc"), Chip("hat", path="/dev/gpio/hat")
    adc = board.ports[0].adc
    assert adc is not None
    loop = adc.front_end
    assert board == Board(
        name="test",
        title="Test",
        identity=Identity(model="TEST", full_name="axiod TEST Network I/O Relay Module", short_name="axiod TEST"),
        chips=(main, hat),
        ports=(
            Port(
                *("input1", 1, "Input 1", "A", LineRef(main, name="IN1")),
                input=True,
                output=False,
                adc=AdcRef("ads1015", 0, loop),
            ),
            Port("output1", 2, "Output 1", "A", LineRef(hat, offset=3), input=False, output=True),
        ),
        relays=(Relay("relay1", 0, "Relay 1", "B", LineRef(main, name="REL1"), ContactForm.FORM_C, led="relay"),),
        alarms=(
            Alarm("tamper", AlarmKind.TAMPER, "Tamper", "", LineRef(main, name="TAMPER"), AdcRef("ads1015", 1, loop)),
        ),
        serial=(Serial("rs485", "RS485", "C", "/dev/ttyAMA0"),),
        leds=(
            Led("relay", "Relay", ("green",), line=LineRef(main, name="LED")),
            Led("status", "Status", ("green", "red"), kernel_name="rgb:status"),
        ),
        buttons=(Button("control", "Button", LineRef(main, name="BUTTON")),),
    )
    assert (loop.id, loop.bits, loop.short_level, loop.cut_level, loop.reference_ohms) == ("loop", 12, 0, 4095, 4700)


def test_ranges_are_taken_as_written_and_computed_where_they_are_not(tmp_path: Path) -> None:
    adc = load(write(tmp_path, "good.yaml", GOOD), []).ports[0].adc
    assert adc is not None
    loop = adc.front_end
    assert loop.ranges[Scheme.SERIAL_1K] == (
        Range(LoopState.SHORT, 0, 99),
        Range(LoopState.CLOSED, 100, 199),
        Range(LoopState.OPEN, 200, 299),
        Range(LoopState.CUT, 300, 4095),
    )
    assert loop.ranges[Scheme.SERIAL_10K] == computed(loop, Scheme.SERIAL_10K)
    assert Scheme.NONE not in loop.ranges


def test_options_of_a_line(tmp_path: Path) -> None:
    text = GOOD.replace("offset: 3", "offset: 0x10, active_low: yes, bias: pull-up, drive: open-drain")
    line = load(write(tmp_path, "good.yaml", text), []).ports[1].line
    assert (line.offset, line.active_low, line.bias, line.drive) == (16, True, Bias.PULL_UP, Drive.OPEN_DRAIN)


def test_the_only_chip_need_not_be_named(tmp_path: Path) -> None:
    text = "schema: 1\nname: x\ntitle: X\nchips: {a: {label: l}}\nbuttons: {b: {terminal: B, line: {name: N}}}\n"
    assert load(write(tmp_path, "x.yaml", text), []).buttons[0].line.chip == Chip("a", label="l")


def test_simulated_is_inherited_and_can_be_denied(tmp_path: Path) -> None:
    text = GOOD.replace("title:", "simulated: true\ntitle:").replace("{label: soc}", "{label: soc, simulated: false}")
    board = load(write(tmp_path, "good.yaml", text), [])
    assert [chip.simulated for chip in board.chips] == [False, True]
    assert board.serial[0].simulated
    assert [port.adc.simulated for port in board.ports if port.adc] == [True]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_mistake_is_found_where_it_is(case: Case, tmp_path: Path) -> None:
    assert case.old in GOOD
    path = write(tmp_path, "bad.yaml", GOOD.replace(case.old, case.new, 1))
    assert refused(path) == [f"bad.yaml:{mistake}" for mistake in case.mistakes]


def test_an_adc_too_coarse(tmp_path: Path) -> None:
    front_end = "{bits: 2, short_level: 0, cut_level: 3, reference_ohms: 4700}"
    text = f"schema: 1\nname: x\ntitle: X\nfront_ends:\n  c: {front_end}\n"
    assert refused(write(tmp_path, "x.yaml", text)) == [
        f"x.yaml:5: front_ends.c.ranges: the ADC is too coarse to tell the states of {scheme} apart; write its ranges"
        for scheme in ("serial-1k", "serial-10k")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "x.yaml:1: a profile is a mapping, for example name: my-board"),
        ("- 1\n", "x.yaml:1: a profile is a mapping, for example name: my-board"),
        ("a: 1\n\tb: 2\n", "x.yaml:2: not YAML: found a tab character that violates indentation"),
        ("a: [1\nb: 2\n", "x.yaml:2: not YAML: did not find expected ',' or ']'"),
        ("a: 1\n---\nb: 1\n", "x.yaml:2: not YAML: but found another document"),
        ("schema: 1\nname: \x01\n", "x.yaml: not YAML: control characters are not allowed"),
        (
            "a: &a {b: 1}\nc: *a\nschema: 9\n",
            "x.yaml:2: c: anchors and aliases (&name, *name) are not read; write the value out",
        ),
        (
            "a: &a {b: *a}\nschema: 9\n",
            "x.yaml:1: a.b: anchors and aliases (&name, *name) are not read; write the value out",
        ),
        ("a: " + "[" * 20 + "]" * 20 + "\nschema: 9\n", "x.yaml:1: a" + "[0]" * 12 + ": nested too deeply"),
        ("a: !!int x\nschema: 9\n", 'x.yaml:1: a: "x" is not what its tag says'),
    ],
)
def test_files_that_are_no_profile(text: str, expected: str, tmp_path: Path) -> None:
    assert refused(write(tmp_path, "x.yaml", text))[0] == expected


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path / "x.yaml") == ["x.yaml: cannot be read: No such file or directory"]


class TestExtends:
    """One profile on top of another."""

    def over(self, folder: Path, text: str) -> Path:
        write(folder, "good.yaml", GOOD)
        return write(folder, "over.yaml", f"schema: 1\nextends: good.yaml\n{text}")

    def test_mappings_are_merged_and_the_rest_is_replaced(self, tmp_path: Path) -> None:
        chips, ports = "chips: {main: {label: other}}", "ports: {input1: {number: 9}}"
        text = f"name: over\n{chips}\nleds: {{status: {{colours: [red]}}}}\n{ports}\n"
        board = load(self.over(tmp_path, text), [])
        assert (board.name, board.title, board.chips[0].label) == ("over", "Test", "other")
        assert board.leds[1].colours == ("red",)
        assert [(port.id, port.number, port.terminal) for port in board.ports] == [
            ("input1", 9, "Input 1"),
            ("output1", 2, "Output 1"),
        ]

    def test_null_takes_away(self, tmp_path: Path) -> None:
        board = load(self.over(tmp_path, "alarms: null\nports: {input1: {adc: null}, output1: null}\n"), [])
        assert board.alarms == ()
        assert [(port.id, port.adc) for port in board.ports] == [("input1", None)]

    def test_a_mistake_is_named_where_it_is_written(self, tmp_path: Path) -> None:
        path = self.over(tmp_path, "relays: {relay1: {number: 1}}\nports:\n  imput1: {number: 7}\n")
        assert refused(path) == [
            "over.yaml:3: relays.relay1.number: number 1 is already used by ports.input1.number (good.yaml:21)",
            "over.yaml:5: ports.imput1.direction: missing; input, output or configurable",
            'over.yaml:5: ports.imput1.terminal: missing; what is printed beside it, for example "Input 1"',
            'over.yaml:5: ports.imput1.connector: missing; where the wire goes, for example "I/O connector, pin 3"',
            "over.yaml:5: ports.imput1.line: missing; where it is wired, for example line: {name: GPIO26}",
        ]

    def test_taking_the_adc_of_a_supervised_port_away_is_a_mistake(self, tmp_path: Path) -> None:
        (mistake,) = refused(self.over(tmp_path, "ports: {input1: {adc: null, supervised: true}}\n"))
        assert mistake.startswith("over.yaml:3: ports.input1.adc: missing; where the loop is measured")

    def test_null_for_what_is_not_there(self, tmp_path: Path) -> None:
        path = self.over(tmp_path, "ports: {input7: null}\n")
        assert refused(path) == ["over.yaml:3: ports.input7: expected a mapping, not nothing"]

    def test_beside_the_file_first_then_in_the_folders(self, tmp_path: Path) -> None:
        here, there = tmp_path / "here", tmp_path / "there"
        for folder in (here, there):
            folder.mkdir()
        write(there, "good.yaml", GOOD)
        path = write(here, "over.yaml", "schema: 1\nextends: good.yaml\n")
        assert load(path, [there]).title == "Test"
        write(here, "good.yaml", GOOD.replace("title: Test", "title: Nearer"))
        assert load(path, [there]).title == "Nearer"

    def test_over_two_steps(self, tmp_path: Path) -> None:
        self.over(tmp_path, "title: Middle\nname: middle\n")
        path = write(tmp_path, "top.yaml", "schema: 1\nextends: over.yaml\nname: top\n")
        board = load(path, [])
        assert (board.name, board.title, len(board.ports)) == ("top", "Middle", 2)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("schema: 1\nextends: gone.yaml\n", 'x.yaml:2: extends: no file "gone.yaml" in FOLDER'),
            ("schema: 1\nextends: x.yaml\n", 'x.yaml:2: extends: "x.yaml" extends itself'),
            (
                "schema: 1\nextends: [a, b]\n",
                'x.yaml:2: extends: expected the name of a profile, for example "a9210.yaml"',
            ),
            ("schema: 1\nextends: old.yaml\n", 'old.yaml:1: schema: this axiod reads version 1, not "0"'),
        ],
    )
    def test_what_cannot_be_extended(self, text: str, expected: str, tmp_path: Path) -> None:
        write(tmp_path, "old.yaml", "schema: 0\n")
        path = write(tmp_path, "x.yaml", text)
        assert refused(path) == [expected.replace("FOLDER", str(tmp_path))]


def test_places_of_the_keys(tmp_path: Path) -> None:
    good = write(tmp_path, "good.yaml", GOOD)
    over = write(tmp_path, "over.yaml", "schema: 1\nextends: good.yaml\nports:\n  input1: {number: 9}\n")
    places = load_whole(over, []).places
    assert places["ports.input1.number"] == (str(over), 4)
    assert places["ports.input1.line.name"] == (str(good), 25)


class TestFind:
    """From a name to a file."""

    @pytest.mark.parametrize("given", ["x.yaml", "./x", "/etc/boards/x", "gone.yaml"])
    def test_a_path_is_taken_as_it_is(self, given: str, tmp_path: Path) -> None:
        assert find(given, [tmp_path]) == type(tmp_path)(given)

    def test_the_first_folder_wins(self, tmp_path: Path) -> None:
        folders = [tmp_path / "gone", tmp_path / "a", tmp_path / "b"]
        for folder in folders[1:]:
            folder.mkdir()
            write(folder, "x.yaml", GOOD)
        assert find("x", folders) == tmp_path / "a" / "x.yaml"

    def test_an_unknown_name(self, tmp_path: Path) -> None:
        write(tmp_path, "a9210-sim.yaml", GOOD)
        with pytest.raises(BoardError) as caught:
            find("a9210sim", [tmp_path])
        text = f'no such profile in {tmp_path}; did you mean "a9210-sim"?'
        assert caught.value.mistakes == (Mistake("a9210sim", 0, "", text),)
        assert str(caught.value) == f"a9210sim: {text}"

    def test_the_folders_of_the_checkout(self) -> None:
        assert find("a9210-sim").name == "a9210-sim.yaml"


def test_what_the_product_is_called(tmp_path: Path) -> None:
    said = "identity: {brand: Gates, model: G1, product_type: Gate, variant: 24 V, web_url: https://gates.example}\n"
    board = load(write(tmp_path, "test.yaml", GOOD.replace("title: Test\n", f"title: Test\n{said}")), [])
    assert board.identity == Identity(
        "Gates", "G1", "Gates G1 Gate", "Gates G1", "Gate", "24 V", "https://gates.example"
    )
    over = "schema: 1\nextends: test.yaml\nname: other\ntitle: Other\nidentity: {model: G2, full_name: The Gate}\n"
    other = load(write(tmp_path, "other.yaml", over), [])
    assert other.identity == Identity("Gates", "G2", "The Gate", "Gates G2", "Gate", "24 V", "https://gates.example")
    bare = load(write(tmp_path, "bare.yaml", over.replace("{model: G2, full_name: The Gate}", "null")), [])
    assert bare.identity == Identity("axiod", "OTHER", "axiod OTHER Network I/O Relay Module", "axiod OTHER")
