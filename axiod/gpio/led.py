# SPDX-License-Identifier: Apache-2.0
"""LEDs: those of the Linux class "leds", and those on a line.

An LED of the kernel shows what its trigger wants, or a brightness where it has none. Whoever shows something else there
remembers first what it showed by itself, and gives it back when he is done. Sources: the kernel's
Documentation/ABI/testing/sysfs-class-led, sysfs-class-led-multicolor and sysfs-class-led-trigger-netdev.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from axiod.errors import HardwareFailure
from axiod.gpio.held import HeldLine
from axiod.gpio.lines import Direction
from axiod.gpio.simulated import SimulatedLedFiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from axiod.board.profile import Led
    from axiod.gpio.lines import Lines
    from axiod.runtime.fds import FdStore

DARK = "none"
"""The colour of an LED that is off."""
NO_TRIGGER = "none"
_STEADY = (NO_TRIGGER, "default-on")
"""The triggers that leave the brightness alone."""
_MIXED: Mapping[str, Mapping[str, float]] = {
    "amber": {"red": 1.0, "green": 0.5},
    "yellow": {"red": 1.0, "green": 1.0},
    "white": {"red": 1.0, "green": 1.0, "blue": 1.0},
}
"""Colours of an LED that has no channel for them, and how much of others makes them."""
_MEND = "mend the board profile"
_NEVER_GIVEN_BACK = ("trigger", "brightness", "uevent")


class LedFiles(Protocol):
    """The files of one LED, as /sys/class/leds has them. Every method raises OSError."""

    def names(self) -> Sequence[str]:
        """Return the names of those that can be written."""

    def read(self, name: str) -> str:
        """Return what one says, without the end of its line."""

    def write(self, name: str, text: str) -> None:
        """Write one."""

    def close(self) -> None:
        """Let go of everything."""


class KernelLedFiles:
    """Those of the kernel."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> Sequence[str]:
        return [
            path.name
            for path in self._folder.iterdir()
            if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o222
        ]

    def read(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="ascii", errors="replace").rstrip("\n")

    def write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, encoding="ascii")

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class Own:
    """What an LED shows by itself."""

    trigger: str = ""
    """What of the kernel drives it; "none" where nothing does, empty for an LED that can have no trigger."""
    colour: str | None = None
    """What it shows; None while its trigger decides that, or where it is none of its colours."""
    files: Mapping[str, str] = field(default_factory=dict)
    """What else must be written to have it so again, by the names of its files."""

    def to_json(self) -> dict[str, Any]:
        """Return what from_json() takes."""
        return {"trigger": self.trigger, "colour": self.colour, "files": dict(self.files)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Own:
        """Return what was stored; raises LookupError, AttributeError or TypeError for anything else."""
        files = {str(name): str(text) for name, text in data["files"].items()}
        return cls(str(data["trigger"]), data["colour"], files)


class Lamp(Protocol):
    """One LED. Every method raises HardwareFailure."""

    def look(self) -> Own:
        """Return what it shows by itself now, without what it takes to have it so again."""

    def own(self) -> Own:
        """Return what it shows by itself now, for give_back()."""

    def show(self, colour: str) -> None:
        """Show one of its colours, or DARK, and nothing else from then on."""

    def give_back(self, own: Own) -> None:
        """Have it show again what it showed by itself. May be done twice, and goes on where it failed."""

    def close(self) -> None:
        """Let go of it; what it shows stays."""


class KernelLed:
    """An LED of the kernel, of one colour or of several channels."""

    def __init__(self, name: str, files: LedFiles, colours: Sequence[str]) -> None:
        """`name`: what to call it where it fails."""
        self._name = name
        self._files = files
        self._colours = colours

    def look(self) -> Own:
        try:
            trigger = self._trigger()
            return Own(trigger, self._colour() if trigger in _STEADY else None)
        except (OSError, ValueError) as error:
            raise self._failed("read", error) from error

    def own(self) -> Own:
        shown = self.look()
        try:
            files = {}
            for name in self._files.names():
                if name not in _NEVER_GIVEN_BACK and (text := self._readable(name)) is not None:
                    files[name] = text
            if shown.trigger == NO_TRIGGER:
                files["brightness"] = self._files.read("brightness")
        except OSError as error:
            raise self._failed("read", error) from error
        return Own(shown.trigger, shown.colour, files)

    def show(self, colour: str) -> None:
        try:
            # A trigger would go on changing it.
            if self._trigger() != NO_TRIGGER:
                self._files.write("trigger", NO_TRIGGER)
            if colour == DARK:
                self._files.write("brightness", "0")
                return
            highest = self._files.read("max_brightness")
            if (channels := self._channels()) is not None:
                self._files.write("multi_intensity", self._mix(colour, channels, int(highest)))
            self._files.write("brightness", highest)
        except (OSError, ValueError) as error:
            raise self._failed("written", error) from error

    def give_back(self, own: Own) -> None:
        try:
            if own.trigger and self._trigger() != own.trigger:
                self._files.write("trigger", own.trigger)
            # The device of the trigger netdev must be known before the rest of it; the brightness comes last.
            order = ("device_name", *sorted(own.files.keys() - {"device_name", "brightness"}), "brightness")
            for name in order:
                if name in own.files and self._present(name) not in (None, own.files[name]):
                    self._files.write(name, own.files[name])
        except OSError as error:
            raise self._failed("given back", error) from error

    def close(self) -> None:
        self._files.close()

    def _trigger(self) -> str:
        """Return the one in brackets; a kernel without triggers has no such file."""
        try:
            text = self._files.read("trigger")
        except FileNotFoundError:
            return NO_TRIGGER
        return next((word[1:-1] for word in text.split() if word.startswith("[")), NO_TRIGGER)

    def _channels(self) -> list[str] | None:
        """Return its channels in their order; None for one that has no colours to choose from."""
        try:
            return self._files.read("multi_index").split()
        except FileNotFoundError:
            if len(self._colours) > 1:
                raise ValueError(f"it has no colours to choose from; {_MEND}") from None
            return None

    def _mix(self, colour: str, channels: Sequence[str], highest: int) -> str:
        found = mixed(colour, channels, highest)
        if found is None:
            raise ValueError(f"its channels are {', '.join(channels)}, which make no {colour}; {_MEND}")
        return " ".join(map(str, found))

    def _colour(self) -> str | None:
        if self._files.read("brightness") == "0":
            return DARK
        channels = self._channels()
        if channels is None:
            return self._colours[0]
        highest, shown = int(self._files.read("max_brightness")), self._files.read("multi_intensity").split()
        return next(
            (one for one in self._colours if list(map(str, mixed(one, channels, highest) or ())) == shown), None
        )

    def _present(self, name: str) -> str | None:
        """Return what a file says; None for a setting of a trigger that has no such setting any more."""
        try:
            return self._files.read(name)
        except FileNotFoundError:
            if name == "brightness":
                raise
            return None

    def _readable(self, name: str) -> str | None:
        """Return what a file says; None for one that can only be written."""
        try:
            return self._files.read(name)
        except OSError:
            return None

    def _failed(self, what: str, error: Exception) -> HardwareFailure:
        if isinstance(error, FileNotFoundError):
            return HardwareFailure(f"{self._name} is not there; see `axioctl board check`")
        if isinstance(error, PermissionError):
            return HardwareFailure(f"{self._name} cannot be {what}: its files are not those of the group gpio (udev)")
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return HardwareFailure(f"{self._name} cannot be {what}: {reason}")


class LineLed:
    """An LED on a line: it is dark by itself."""

    def __init__(self, line: HeldLine, colour: str) -> None:
        self._line = line
        self._colour = colour

    def look(self) -> Own:
        # Whether it can be had; taken, it stays as it is.
        self._line.take()
        return Own(colour=DARK)

    own = look

    def show(self, colour: str) -> None:
        try:
            self._line.take().to_output(colour == self._colour)
        except OSError as error:
            raise self._line.failed("could not be driven", error) from error
        self._line.works_as(Direction.OUTPUT)

    def give_back(self, own: Own) -> None:  # noqa: ARG002 # there is but one
        self.show(DARK)

    def close(self) -> None:
        self._line.drop()


def mixed(colour: str, channels: Sequence[str], highest: int) -> list[int] | None:
    """Return the intensity of each channel for a colour; None where they do not make it."""
    parts = {colour: 1.0} if colour in channels else _MIXED.get(colour, {colour: 1.0})
    if not parts.keys() <= set(channels):
        return None
    return [round(parts.get(channel, 0.0) * highest) for channel in channels]


def parts_of(colour: str) -> Sequence[str]:
    """Return the primary colours of a colour."""
    return tuple(_MIXED.get(colour, (colour,)))


def lamp(led: Led, lines: Lines, fds: FdStore, folder: Path = Path("/sys/class/leds")) -> Lamp:
    """Return an LED of the board."""
    if led.line is not None:
        return LineLed(HeldLine(led.id, led.line, lines, fds), led.colours[0])
    name = led.kernel_name or ""
    files: LedFiles = SimulatedLedFiles(name) if led.simulated else KernelLedFiles(folder / name)
    return KernelLed(f"the LED {led.id} ({name})", files, led.colours)
