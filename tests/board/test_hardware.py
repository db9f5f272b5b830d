# SPDX-License-Identifier: Apache-2.0
"""A profile held against a machine that is a temporary folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.board.hardware import FoundChip, FoundLine, check_hardware, find_chips
from axiod.board.loader import load_whole

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILE = """\
schema: 1
name: test
title: Test
chips:
  main: {label: soc}
  hat: {path: /dev/gpio/hat}
front_ends:
  loop: {bits: 12, short_level: 0, cut_level: 4095, reference_ohms: 4700}
ports:
  input1:
    number: 0
    terminal: Input 1
    connector: A
    direction: input
    line: {chip: main, name: IN1}
    adc: {device: ads1015, channel: 1, front_end: loop}
relays:
  relay1: {number: 1, terminal: Relay 1, connector: B, form: form-a, line: {chip: hat, offset: 1}}
serial:
  rs485: {terminal: RS485, connector: C, device: /dev/serial/by-id/usb-1}
leds:
  status: {terminal: Status, colours: [green], kernel_name: "green:status"}
buttons:
  control: {terminal: Button, line: {chip: main, name: BUTTON}}
"""


def line(offset: int, name: str = "", consumer: str | None = None) -> FoundLine:
    return FoundLine(offset, name, consumer is not None, consumer or "")


SOC = (line(0, "BUTTON"), line(1, "IN1"), line(2, "IN2"))
HAT = (line(0), line(1))


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine on which everything of the profile is there."""
    root = tmp_path / "root"
    for folder in ("dev/gpio", "dev/serial/by-id", "sys/class/leds/green:status", "sys/bus/iio/devices/iio:device0"):
        (root / folder).mkdir(parents=True)
    for file in ("dev/gpiochip0", "dev/gpiochip1", "dev/serial/by-id/usb-1"):
        (root / file).touch()
    (root / "dev/gpio/hat").symlink_to("../gpiochip1")
    device = root / "sys/bus/iio/devices/iio:device0"
    (device / "name").write_text("ads1015\n")
    (device / "in_voltage1_raw").write_text("0\n")
    return root


def chips(soc: tuple[FoundLine, ...] = SOC, label: str = "soc") -> Callable[[Path], tuple[FoundChip, ...]]:
    def found(dev: Path) -> tuple[FoundChip, ...]:
        return (FoundChip(dev / "gpiochip0", label, soc), FoundChip(dev / "gpiochip1", "soc2", HAT))

    return found


def mistakes(
    tmp_path: Path, machine: Path, found: Callable[[Path], tuple[FoundChip, ...]], profile: str = PROFILE
) -> list[str]:
    path = tmp_path / "p.yaml"
    path.write_text(profile)
    board, places, _ = load_whole(path, [])
    return [str(one).removeprefix(f"{tmp_path}/") for one in check_hardware(board, places, machine, found)]


def test_nothing_to_say(tmp_path: Path, machine: Path) -> None:
    assert mistakes(tmp_path, machine, chips()) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            chips(label="sock"),
            'p.yaml:5: chips.main.label: no GPIO chip with the label "soc"; did you mean "sock"?',
        ),
        (
            chips(label="soc2"),
            'p.yaml:5: chips.main.label: no GPIO chip with the label "soc"; did you mean "soc2"?',
        ),
        (
            chips((line(0, "BUTTON"), line(1, "IN_1"))),
            'p.yaml:15: ports.input1.line.name: chip main has no line "IN1"; did you mean "IN_1"?',
        ),
        (
            chips((line(0, "BUTTON"), line(1, "IN1"), line(2, "IN1"))),
            'p.yaml:15: ports.input1.line.name: 2 lines of chip main have the name "IN1"; give the offset',
        ),
        (
            chips((line(0, "BUTTON"), line(1, "IN1", "spi0 CS1"))),
            'p.yaml:15: ports.input1.line.name: IN1 of chip main is in use by "spi0 CS1"',
        ),
        (
            chips((line(0, "BUTTON"), line(1, "IN1", ""))),
            "p.yaml:15: ports.input1.line.name: IN1 of chip main is in use by the kernel",
        ),
    ],
)
def test_chips_and_lines(
    tmp_path: Path, machine: Path, found: Callable[[Path], tuple[FoundChip, ...]], expected: str
) -> None:
    assert mistakes(tmp_path, machine, found) == [expected]


def test_a_line_that_our_own_service_holds_is_not_busy(tmp_path: Path, machine: Path) -> None:
    assert mistakes(tmp_path, machine, chips((line(0, "BUTTON"), line(1, "IN1", "axiod-io")))) == []


def test_one_line_by_name_and_by_offset(tmp_path: Path, machine: Path) -> None:
    profile = PROFILE.replace("{chip: hat, offset: 1}", "{chip: main, offset: 1}")
    assert mistakes(tmp_path, machine, chips(), profile) == [
        "p.yaml:18: relays.relay1.line.offset: offset 1 of chip main is the same as ports.input1.line"
    ]


def test_an_offset_that_the_chip_has_not(tmp_path: Path, machine: Path) -> None:
    profile = PROFILE.replace("offset: 1", "offset: 2")
    assert mistakes(tmp_path, machine, chips(), profile) == [
        "p.yaml:18: relays.relay1.line.offset: chip hat has no offset 2; it has 2 lines"
    ]


def test_two_chips_with_one_label(tmp_path: Path, machine: Path) -> None:
    profile = PROFILE.replace("label: soc", "label: soc2")
    assert mistakes(tmp_path, machine, chips(label="soc2"), profile) == [
        'p.yaml:5: chips.main.label: 2 GPIO chips have the label "soc2"; give a path made by a udev rule'
    ]


def test_chips_that_cannot_be_opened(tmp_path: Path, machine: Path) -> None:
    def refused(dev: Path) -> tuple[FoundChip, ...]:
        raise PermissionError(13, "Permission denied")

    assert mistakes(tmp_path, machine, refused) == [
        "p.yaml:4: chips: the GPIO chips cannot be opened (Permission denied); try it as root or in their group"
    ]


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ("dev/gpio/hat", "p.yaml:6: chips.hat.path: /dev/gpio/hat is no GPIO chip of this machine"),
        (
            "dev/serial/by-id/usb-1",
            "p.yaml:20: serial.rs485.device: /dev/serial/by-id/usb-1 does not exist; is it plugged in?",
        ),
        (
            "sys/class/leds/green:status",
            'p.yaml:22: leds.status.kernel_name: no LED "green:status" in /sys/class/leds; there are none',
        ),
        (
            "sys/bus/iio/devices/iio:device0/name",
            'p.yaml:16: ports.input1.adc.device: no IIO device has the name or label "ads1015"; there are none',
        ),
        (
            "sys/bus/iio/devices/iio:device0/in_voltage1_raw",
            "p.yaml:16: ports.input1.adc.channel: ads1015 has no in_voltage1_raw",
        ),
    ],
)
def test_what_is_gone(tmp_path: Path, machine: Path, gone: str, expected: str) -> None:
    path = machine / gone
    path.rmdir() if path.is_dir() else path.unlink()
    assert mistakes(tmp_path, machine, chips()) == [expected]


def test_an_led_that_has_no_colours_to_choose_from(tmp_path: Path, machine: Path) -> None:
    profile = PROFILE.replace("colours: [green]", "colours: [green, red]")
    assert mistakes(tmp_path, machine, chips(), profile) == [
        'p.yaml:22: leds.status.colours: "green:status" has no colours to choose from (no multi_index); give it one '
        "colour"
    ]
    (machine / "sys/class/leds/green:status/multi_index").write_text("green red\n")
    assert mistakes(tmp_path, machine, chips(), profile) == []


def test_an_iio_device_is_found_by_its_label_too(tmp_path: Path, machine: Path) -> None:
    (machine / "sys/bus/iio/devices/iio:device0/label").write_text("loops\n")
    assert mistakes(tmp_path, machine, chips(), PROFILE.replace("ads1015", "loops")) == []


def test_simulated_things_are_skipped(tmp_path: Path) -> None:
    def never(dev: Path) -> tuple[FoundChip, ...]:
        raise AssertionError

    assert mistakes(tmp_path, tmp_path, never, PROFILE.replace("title:", "simulated: true\ntitle:")) == []


def test_a_place_that_is_not_known(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(PROFILE)
    (machine / "dev/serial/by-id/usb-1").unlink()
    (mistake,) = check_hardware(load_whole(path, []).board, None, machine, chips())
    assert str(mistake) == "test: serial.rs485.device: /dev/serial/by-id/usb-1 does not exist; is it plugged in?"


def test_libgpiod_finds_no_chip_among_ordinary_files(machine: Path) -> None:
    assert find_chips(machine / "dev") == ()


@pytest.mark.skipif(not list(Path("/dev").glob("gpiochip*")), reason="this machine has no GPIO chip")
def test_libgpiod_finds_the_chips_of_this_machine() -> None:
    try:
        found = find_chips(Path("/dev"))
    except PermissionError:
        pytest.skip("the GPIO chips may not be opened")
    assert all(chip.label and chip.lines for chip in found)
