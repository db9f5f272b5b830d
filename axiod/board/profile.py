# SPDX-License-Identifier: Apache-2.0
"""A board as frozen dataclasses: what is wired where. Pure: nothing here reads a file or opens a device."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Bias(StrEnum):
    """The resistor inside the chip."""

    AS_IS = "as-is"
    DISABLED = "disabled"
    PULL_UP = "pull-up"
    PULL_DOWN = "pull-down"


class Drive(StrEnum):
    """How an output drives its pin."""

    PUSH_PULL = "push-pull"
    OPEN_DRAIN = "open-drain"
    OPEN_SOURCE = "open-source"


class ContactForm(StrEnum):
    """Which contacts a relay has."""

    FORM_A = "form-a"
    FORM_B = "form-b"
    FORM_C = "form-c"


class AlarmKind(StrEnum):
    """What an alarm watches."""

    CASING = "casing"
    MOTION = "motion"
    TAMPER = "tamper"


class Scheme(StrEnum):
    """The end-of-line resistors in a supervised loop (manual, "Supervised inputs")."""

    NONE = "none"
    PARALLEL_22K_4K7 = "parallel-22k-4k7"
    SERIAL_1K = "serial-1k"
    SERIAL_2K2 = "serial-2k2"
    SERIAL_4K7 = "serial-4k7"
    SERIAL_10K = "serial-10k"


class LoopState(StrEnum):
    """The four states of a supervised loop."""

    SHORT = "short"
    CLOSED = "closed"
    OPEN = "open"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Chip:
    """A GPIO chip. It is found by its label or by its name, never by its number."""

    id: str
    label: str | None = None
    """What the kernel calls the chip, as `gpiodetect` prints it in brackets."""
    path: str | None = None
    """A stable device path, for example /dev/gpio/relay-hat made by a udev rule."""
    simulated: bool = False
    """The chip is one of the simulated world; its label is what the simulation calls it."""


@dataclass(frozen=True, slots=True)
class LineRef:
    """One line of a chip."""

    chip: Chip
    name: str | None = None
    """The line's name, as `gpioinfo` prints it. Either this or offset is given."""
    offset: int | None = None
    active_low: bool = False
    """The circuit is closed (or the coil energised) while the pin is low."""
    bias: Bias = Bias.AS_IS
    drive: Drive = Drive.PUSH_PULL

    def __str__(self) -> str:
        where = self.name if self.name is not None else f"offset {self.offset}"
        return f"{where} of chip {self.chip.id}"


@dataclass(frozen=True, slots=True)
class Range:
    """The ADC levels, both bounds included, that mean a state."""

    state: LoopState
    lower: int
    upper: int


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """The circuit between a supervised terminal and its ADC.

    A loop of R ohms gives the level cut + (short - cut) / (1 + R / reference_ohms): `short` with no resistance at all,
    `cut` with no path to ground, and half way between them at reference_ohms. That holds for a divider either way up.
    """

    id: str
    bits: int
    short_level: int
    cut_level: int
    reference_ohms: float
    ranges: Mapping[Scheme, tuple[Range, ...]] = field(hash=False)
    """For every scheme but NONE, the ranges of all states in order of level; computed where the profile has none."""

    @property
    def highest(self) -> int:
        """The highest level that the ADC can give."""
        return (1 << self.bits) - 1


@dataclass(frozen=True, slots=True)
class AdcRef:
    """One ADC channel."""

    device: str
    """What the kernel calls the IIO device (its `name` or `label` file), or the chip of the simulated world."""
    channel: int
    front_end: FrontEnd
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """One input, output or configurable terminal."""

    id: str
    number: int
    """VAPIX port number, from 0."""
    terminal: str
    connector: str
    line: LineRef
    input: bool
    output: bool
    adc: AdcRef | None = None
    """Where the loop is measured; without it the terminal cannot be supervised."""


@dataclass(frozen=True, slots=True)
class Relay:
    """One relay."""

    id: str
    number: int
    terminal: str
    connector: str
    line: LineRef
    form: ContactForm
    led: str | None = None
    """The id of the LED that shows it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One of the device's own alarms."""

    id: str
    kind: AlarmKind
    terminal: str
    connector: str
    line: LineRef
    adc: AdcRef | None = None
    enabled: bool = True
    """Whether it is watched as long as nobody said otherwise."""
    source: str = ""
    """How the alarm is named in VAPIX events, for example "JunctionBox"."""


@dataclass(frozen=True, slots=True)
class Serial:
    """One RS-485 port."""

    id: str
    terminal: str
    connector: str
    device: str
    """A stable path, for example /dev/serial/by-id/…, never /dev/ttyUSB0."""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Led:
    """One indicator."""

    id: str
    terminal: str
    colours: tuple[str, ...]
    line: LineRef | None = None
    kernel_name: str | None = None
    """Its folder in /sys/class/leds, where the kernel drives it."""
    simulated: bool = False
    """That folder is one of the simulated world."""


@dataclass(frozen=True, slots=True)
class Button:
    """The control button."""

    id: str
    terminal: str
    line: LineRef


@dataclass(frozen=True, slots=True)
class Identity:
    """What the product says that it is. As long as no board is chosen it is no product in particular."""

    brand: str = "axiod"
    model: str = "Generic"
    """The product number."""
    full_name: str = "axiod Network I/O Relay Module"
    short_name: str = "axiod"
    product_type: str = "Network I/O Relay Module"
    variant: str = ""
    web_url: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """What a board has. Ids, port numbers and lines are unique."""

    name: str
    title: str
    chips: tuple[Chip, ...] = ()
    ports: tuple[Port, ...] = ()
    relays: tuple[Relay, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    serial: tuple[Serial, ...] = ()
    leds: tuple[Led, ...] = ()
    buttons: tuple[Button, ...] = ()
    identity: Identity = Identity()

    @property
    def free_leds(self) -> tuple[Led, ...]:
        """The LEDs that show nothing in particular; the others each show a relay."""
        taken = {relay.led for relay in self.relays}
        return tuple(led for led in self.leds if led.id not in taken)
