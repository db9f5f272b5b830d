# SPDX-License-Identifier: Apache-2.0
"""The LEDs of the simulated board, as the kernel has them in /sys/class/leds: files that are read and written.

They keep what they show when whoever wrote them ends, as those of the kernel do.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.gpio.led import DARK, mixed, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from axiod.board.profile import Board

HIGHEST = 255
TRIGGERS = ("none", "default-on", "timer")
_PRIMARY = ("red", "green", "blue")


@dataclass(slots=True)
class Lamp:
    """One LED. As the board boots, it shows its first colour: its trigger is "default-on"."""

    id: str
    label: str
    name: str
    colours: Sequence[str]
    trigger: str = "default-on"
    brightness: int = HIGHEST
    intensities: list[int] = field(default_factory=list)
    timer: dict[str, int] = field(default_factory=dict)
    """Of the trigger "timer": its settings, there only as long as it is set."""
    broken: bool = False
    changes: int = 0
    watchers: list[Callable[[], None]] = field(default_factory=list)
    """Called whenever something of it changed."""

    def __post_init__(self) -> None:
        self.intensities = mixed(self.colours[0], self.channels, HIGHEST) or []

    @property
    def channels(self) -> Sequence[str]:
        """Its channels; none for an LED of one colour."""
        if len(self.colours) == 1:
            return ()
        parts = {part for colour in self.colours for part in parts_of(colour)}
        return tuple(one for one in _PRIMARY if one in parts)

    @property
    def colour(self) -> str:
        """What is seen of it while nothing makes it blink; its channels where that is none of its colours."""
        if not self.brightness:
            return DARK
        if not self.channels:
            return self.colours[0]
        for colour in self.colours:
            if mixed(colour, self.channels, HIGHEST) == self.intensities:
                return colour
        return " ".join(f"{name}={level}" for name, level in zip(self.channels, self.intensities, strict=True))

    def names(self) -> Sequence[str]:
        """Return the names of its files that can be written."""
        return ("brightness", "trigger", *(("multi_intensity",) if self.channels else ()), *self.timer)

    def read(self, name: str) -> str:
        """Return what a file says; raises OSError."""
        self._works()
        if name in self.timer:
            return str(self.timer[name])
        match name:
            case "brightness":
                return str(self.brightness)
            case "max_brightness":
                return str(HIGHEST)
            case "trigger":
                return " ".join(f"[{one}]" if one == self.trigger else one for one in TRIGGERS)
            case "multi_index" if self.channels:
                return " ".join(self.channels)
            case "multi_intensity" if self.channels:
                return " ".join(map(str, self.intensities))
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))

    def write(self, name: str, text: str) -> None:
        """Write a file; raises OSError."""
        self._works()
        if name not in self.names():
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        try:
            self._take(name, text)
        except ValueError as error:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from error
        self.changed()

    def changed(self) -> None:
        """Tell the watchers."""
        for watcher in self.watchers:
            watcher()

    def _take(self, name: str, text: str) -> None:
        before = self.colour
        if name in self.timer:
            self.timer[name] = int(text)
        elif name == "trigger":
            TRIGGERS.index(text)
            self.trigger = text
            self.timer = {"delay_on": 500, "delay_off": 500} if text == "timer" else {}
            self.brightness = 0 if text == "none" else HIGHEST
        elif name == "brightness":
            self.brightness = min(max(int(text), 0), HIGHEST)
            if not self.brightness:
                self.trigger, self.timer = "none", {}
        else:
            given = [int(word) for word in text.split()]
            if len(given) != len(self.channels) or not all(0 <= one <= HIGHEST for one in given):
                raise ValueError(text)
            self.intensities = given
        self.changes += self.colour != before

    def _works(self) -> None:
        if self.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


def lamps(board: Board) -> list[Lamp]:
    """Return the LEDs of a board as they are when it has booted."""
    return [Lamp(led.id, led.terminal, led.kernel_name or "", led.colours) for led in board.leds if led.simulated]
