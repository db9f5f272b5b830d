# SPDX-License-Identifier: Apache-2.0
"""LEDs of the kernel: how they are shown something and given back. The kernel is played by the simulated world's."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from axiod.board.profile import Led as BoardLed
from axiod.errors import HardwareFailure
from axiod.gpio.led import DARK, KernelLed, KernelLedFiles, LineLed, Own, lamp, mixed
from axiod.sim.lamp import Lamp
from tests.gpio.fakes import ref

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.gpio.fakes import FakeFds, FakeLines


@dataclass
class Files:
    """Those of a played LED, and what was written."""

    lamp: Lamp
    written: list[tuple[str, str]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def names(self) -> Sequence[str]:
        return self.lamp.names()

    def read(self, name: str) -> str:
        return self.lamp.read(name)

    def write(self, name: str, text: str) -> None:
        if name in self.refused:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        self.written.append((name, text))
        self.lamp.write(name, text)

    def close(self) -> None:
        pass


def played(*colours: str, trigger: str = "default-on") -> tuple[KernelLed, Files]:
    files = Files(Lamp("status", "Status", "rgb:status", colours))
    files.lamp.write("trigger", trigger)
    return KernelLed("the LED status", files, colours), files


@pytest.mark.parametrize("colour", ["green", "amber", "red", DARK])
def test_it_shows_each_of_its_colours(colour: str) -> None:
    led, files = played("green", "amber", "red")
    led.show(colour)
    assert (files.lamp.colour, files.lamp.trigger) == (colour, "none")
    assert led.look() == Own("none", colour)


@pytest.mark.parametrize(
    ("colour", "channels", "found"),
    [
        ("red", ("red", "green"), [255, 0]),
        ("amber", ("red", "green"), [255, 128]),
        ("amber", ("amber", "green"), [255, 0]),
        ("yellow", ("green", "red"), [255, 255]),
        ("white", ("red", "green", "blue"), [255, 255, 255]),
        ("white", ("white",), [255]),
        ("blue", ("red", "green"), None),
        ("amber", ("red",), None),
    ],
)
def test_how_channels_make_a_colour(colour: str, channels: tuple[str, ...], found: list[int] | None) -> None:
    assert mixed(colour, channels, 255) == found


@pytest.mark.parametrize("colours", [("green",), ("green", "amber", "red")])
@pytest.mark.parametrize("trigger", ["default-on", "timer", "none"])
def test_it_is_given_back_as_it_was(colours: tuple[str, ...], trigger: str) -> None:
    led, files = played(*colours, trigger=trigger)
    if trigger == "timer":
        files.lamp.write("delay_on", "70")
    if trigger == "none":
        files.lamp.write("brightness", "99")
    before = {name: files.lamp.read(name) for name in files.lamp.names()}
    own = led.own()
    assert own.trigger == trigger
    led.show(colours[-1])
    led.show(DARK)
    led.give_back(Own.from_json(own.to_json()))
    assert {name: files.lamp.read(name) for name in files.lamp.names()} == before
    files.written.clear()
    led.give_back(own)
    assert files.written == []


def test_what_a_trigger_does_is_no_colour() -> None:
    assert played("green", trigger="timer")[0].look() == Own("timer", None)
    assert played("green")[0].look() == Own("default-on", "green")


def test_giving_back_goes_on_where_it_failed() -> None:
    """The settings of a trigger belong to root until udev has heard of them."""
    led, files = played("green", trigger="timer")
    files.lamp.write("delay_off", "80")
    own = led.own()
    led.show("green")
    files.refused = {"delay_off"}
    with pytest.raises(HardwareFailure, match="the LED status cannot be given back: its files are not those of"):
        led.give_back(own)
    assert (files.lamp.trigger, files.lamp.timer["delay_off"]) == ("timer", 500)
    files.refused, files.written = set(), []
    led.give_back(own)
    assert files.written == [("delay_off", "80")]


def test_what_is_wrong_is_said() -> None:
    led, files = played("green", "red")
    files.lamp.broken = True
    for attempt in (led.look, led.own, lambda: led.show("red"), lambda: led.give_back(Own("none"))):
        with pytest.raises(HardwareFailure, match=r"the LED status cannot be \w+( \w+)?: Input/output error"):
            attempt()


def test_a_profile_that_promises_too_much() -> None:
    files = Files(Lamp("status", "Status", "green:status", ("green",)))
    with pytest.raises(HardwareFailure, match="it has no colours to choose from; mend the board profile"):
        KernelLed("the LED status", files, ("green", "red")).show("red")
    files = Files(Lamp("status", "Status", "rgb:status", ("green", "red")))
    with pytest.raises(HardwareFailure, match="its channels are red, green, which make no blue"):
        KernelLed("the LED status", files, ("green", "blue")).show("blue")


# --- the files of the kernel ---


def folder(tmp_path: Path, **files: str) -> Path:
    led = tmp_path / "green:status"
    (led / "power").mkdir(parents=True)
    (led / "subsystem").symlink_to("power")
    for name, text in files.items():
        (led / name).write_text(text + "\n")
        (led / name).chmod(0o444 if name.startswith("max") else 0o644)
    return led


def test_files_are_read_and_written(tmp_path: Path) -> None:
    led = folder(tmp_path, brightness="0", max_brightness="1", trigger="none [heartbeat] timer", invert="1", uevent="")
    files = KernelLedFiles(led)
    assert sorted(files.names()) == ["brightness", "invert", "trigger", "uevent"]
    assert files.read("trigger") == "none [heartbeat] timer"
    files.write("brightness", "1")
    assert (led / "brightness").read_text() == "1"
    assert KernelLed("it", files, ("green",)).own() == Own("heartbeat", None, {"invert": "1"})


def test_an_led_of_a_kernel_without_triggers(tmp_path: Path) -> None:
    led = KernelLed("it", KernelLedFiles(folder(tmp_path, brightness="1", max_brightness="1")), ("green",))
    own = led.own()
    assert own == Own("none", "green", {"brightness": "1"})
    led.show(DARK)
    assert led.look().colour == DARK
    led.give_back(own)
    assert led.look().colour == "green"


def test_an_led_that_is_not_there(tmp_path: Path, fds: FakeFds, lines: FakeLines) -> None:
    led = lamp(BoardLed("status", "Status", ("green",), kernel_name="green:status"), lines, fds, tmp_path)
    expected = r"the LED status \(green:status\) is not there; see `axioctl board check`"
    for attempt in (led.look, led.own, lambda: led.show("green"), lambda: led.give_back(Own("timer"))):
        with pytest.raises(HardwareFailure, match=expected):
            attempt()


# --- an LED on a line ---


def test_an_led_on_a_line_is_lit_and_dark_by_itself(fds: FakeFds, lines: FakeLines) -> None:
    board_led = BoardLed("link", "Link", ("green",), line=ref("LED"))
    led = lamp(board_led, lines, fds)
    assert isinstance(led, LineLed)
    own = led.own()
    assert own == Own("", DARK)
    led.show("green")
    pin = lines.pin("LED")
    led.show(DARK)
    led.show("green")
    assert (pin.driven, list(fds.kept)) == ([True, False, True], ["link"])
    led.close()
    fds.restart()
    again = lamp(board_led, lines, fds)
    again.look()
    assert pin.driven == [True, False, True]
    again.give_back(own)
    assert pin.driven[3:] == [False]
    pin.error = errno.EIO
    with pytest.raises(HardwareFailure, match="link could not be driven: Input/output error"):
        again.show("green")
    again.close()
