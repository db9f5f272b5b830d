# SPDX-License-Identifier: Apache-2.0
"""What a template says of a kind of sensor: how it is recognised and read, and what its registers mean. Pure.

docs/templates.md describes the format.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from axiod.modbus.line import Line

MOST_CHANNELS = 32
MOST_REGISTERS = 125
"""A read has no more (Modbus Application Protocol 1.1b3)."""


class Status(StrEnum):
    """How sure it is that the registers are right."""

    VERIFIED = "verified"
    """The maker publishes them, and somebody else confirms them."""
    DOCUMENTED = "documented"
    """The maker publishes them."""
    UNVERIFIED = "unverified"
    """Some of it is assumed, or not known."""


class Type(StrEnum):
    """What the registers of a channel hold."""

    U16 = "u16"
    S16 = "s16"
    U32 = "u32"
    S32 = "s32"
    F32 = "f32"

    @property
    def registers(self) -> int:
        """How many registers a value has."""
        return 1 if self in (Type.U16, Type.S16) else 2


class WordOrder(StrEnum):
    """Which register of a value of two comes first."""

    HIGH_FIRST = "high-first"
    LOW_FIRST = "low-first"


class Derivation(StrEnum):
    """How a channel follows from others."""

    DEW_POINT = "dew-point"
    """From temperature (°C) and relative humidity (%)."""


@dataclass(frozen=True, slots=True)
class Check:
    """A register that says what this is."""

    function: int
    register: int
    equals: int


@dataclass(frozen=True, slots=True)
class Source:
    """The registers of a channel, and what they mean."""

    function: int
    register: int
    type: Type = Type.U16
    word_order: WordOrder = WordOrder.HIGH_FIRST
    scale: float = 1.0
    offset: float = 0.0
    """The value is what the registers hold, times the scale, plus the offset."""
    invalid: tuple[int, ...] = ()
    """What the registers hold when the sensor has no value."""
    interval_ms: int = 5000


@dataclass(frozen=True, slots=True)
class Derived:
    """What a channel follows from."""

    function: Derivation
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """One thing that is measured."""

    id: str
    title: str
    quantity: str
    """As Home Assistant calls its device classes, for example temperature; any other word where it has none."""
    unit: str
    """For example °C; empty where there is none."""
    source: Source | Derived | None
    """None only in a template that is disabled."""
    lowest: float | None = None
    highest: float | None = None
    """What is beyond them cannot be."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """A holding register that must have a value before the sensor can be read."""

    register: int
    value: int


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of sensor."""

    id: str
    title: str
    vendor: str
    status: Status
    channels: tuple[Channel, ...]
    note: str = ""
    """Where its facts are from, and what is not known."""
    enabled: bool = True
    """It can be used."""
    line: Line | None = None
    """How characters are sent, as it comes; None: as the port."""
    timeout_ms: int | None = None
    """The longest wait for an answer; None: as the port."""
    identify: tuple[Check, ...] = ()
    most_registers: int = 16
    """So many are read at once."""
    widest_hole: int = 4
    """So many registers between two channels are read along."""
    forbidden: tuple[int, ...] = ()
    """Registers that are never read along."""
    setup: tuple[SetUp, ...] = ()

    def channel(self, id_: str) -> Channel | None:
        """Return a channel; None where there is none."""
        return next((channel for channel in self.channels if channel.id == id_), None)
