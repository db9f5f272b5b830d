# SPDX-License-Identifier: Apache-2.0
"""The electricity of the simulated board. Pure: chance is an argument.

Every terminal has a wire (what is connected to it), a drive (what the board does to it), or both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.board.profile import LoopState, Scheme
from axiod.board.ranges import ideal_ohms, level_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.board.profile import AdcRef, Board, ContactForm, LineRef

CLOSED_BELOW_OHMS = 15_000.0
"""A digital input takes a loop of less than this for a closed circuit."""


@dataclass(slots=True)
class Wire:
    """What is connected to an input."""

    condition: str = "open"
    """open, closed, short, cut or resistance."""
    fixed_ohms: float = 0.0
    """The loop while the condition is resistance."""
    resistors: Scheme = Scheme.NONE
    noise_percent: float = 0.0
    bounce_ms: int = 0
    broken: bool = False
    transitions: int = 0
    wave_hz: float | None = None
    swung: bool = False
    """What plays has the contact on the other side now."""

    @property
    def ohms(self) -> float:
        """The loop resistance, infinite where no current can flow."""
        if self.condition == "resistance":
            return self.fixed_ohms
        return ideal_ohms(self.resistors, LoopState(self.condition))

    @property
    def rest(self) -> bool:
        """What a digital input takes it for while nothing plays."""
        return self.ohms < CLOSED_BELOW_OHMS

    @property
    def closed(self) -> bool:
        """What a digital input takes it for now."""
        return self.rest != self.swung

    def reading(self, adc: AdcRef, chance: Callable[[float, float], float]) -> int:
        """Return what the ADC reads; `chance(low, high)` gives a number in between."""
        level = level_of(adc.front_end, self.ohms)
        noise = chance(-self.noise_percent, self.noise_percent) / 100
        return min(max(round(level * (1 + noise)), 0), adc.front_end.highest)


@dataclass(slots=True)
class Drive:
    """What an output or a relay does."""

    form: ContactForm | None = None
    """The contacts of a relay; None for any other output."""
    active: bool = False
    held: bool = False
    broken: bool = False
    transitions: int = 0

    def put(self, active: bool) -> None:
        """Drive it."""
        self.transitions += active != self.active
        self.active = active


@dataclass(slots=True)
class Terminal:
    """One terminal of the board."""

    id: str
    label: str
    line: LineRef
    adc: AdcRef | None = None
    wire: Wire | None = None
    drive: Drive | None = None
    watchers: list[Callable[[], None]] = field(default_factory=list)
    """Called whenever something at the terminal changed."""

    def changed(self) -> None:
        """Tell the watchers."""
        for watcher in self.watchers:
            watcher()


def terminals(board: Board) -> list[Terminal]:
    """Return the terminals of a board, all wires open and all outputs at rest."""
    found = [
        Terminal(
            port.id,
            port.terminal,
            port.line,
            port.adc,
            Wire() if port.input else None,
            Drive() if port.output else None,
        )
        for port in board.ports
    ]
    found += [Terminal(relay.id, relay.terminal, relay.line, drive=Drive(relay.form)) for relay in board.relays]
    found += [Terminal(alarm.id, alarm.terminal, alarm.line, alarm.adc, Wire()) for alarm in board.alarms]
    found += [
        Terminal(led.id, led.terminal, led.line, drive=Drive()) for led in board.free_leds if led.line is not None
    ]
    return found


def shown_ohms(ohms: float) -> float | None:
    """Return a resistance as the contract has it: absent where it is infinite."""
    return None if math.isinf(ohms) else ohms
