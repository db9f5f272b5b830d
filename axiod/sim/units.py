# SPDX-License-Identifier: Apache-2.0
"""The units on a simulated bus: what they measure, and how they answer. Pure: chance is an argument.

Sources: Tibbo's public register map of the bus probes; the manuals of XY-MD02 and KLHA sensors.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
_READ_HOLDING, _READ_INPUT, _WRITE, _WRITE_SEVERAL = 3, 4, 6, 16
_MOST_REGISTERS = 125
_TIBBO_SIGNATURE = 0xAA55
_TIBBO_FIRMWARE = 0x0103
_USER_WORDS = range(207, 211)
_PLAIN = range(100)


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that a unit measures."""

    usual: float
    low: float
    high: float
    step: float
    """So much it may wander at a time."""


TEMPERATURE = Measure(21.5, -25.0, 60.0, 0.1)
HUMIDITY = Measure(45.0, 0.0, 100.0, 0.3)
LIGHT = Measure(320.0, 0.0, 8191.0, 8.0)
FLOOD = Measure(0.0, 0.0, 1.0, 0.0)
MODELS: Mapping[str, Mapping[str, Measure]] = {
    "tibbo-bp01": {"temperature": TEMPERATURE},
    "tibbo-bp02": {"temperature": TEMPERATURE, "humidity": HUMIDITY},
    "tibbo-bp03": {"light": LIGHT},
    "tibbo-bp05": {"flood": FLOOD},
    "xy-md02": {"temperature": TEMPERATURE, "humidity": HUMIDITY},
    "klha": {"light": LIGHT, "temperature": TEMPERATURE, "humidity": HUMIDITY},
    "registers": {},
}
"""What each model measures."""
_TIBBO_TYPES = {"tibbo-bp01": 1, "tibbo-bp02": 2, "tibbo-bp03": 3, "tibbo-bp05": 5}


@dataclass(slots=True)
class Unit:
    """One unit."""

    address: int
    model: str
    values: dict[str, float] = field(default_factory=dict)
    silent: bool = False
    failing: bool = False
    drifting: bool = True
    delay_ms: int = 5
    baud_rate: int = 0
    requests: int = 0
    written: dict[int, int] = field(default_factory=dict)
    """Registers that somebody wrote."""

    def __post_init__(self) -> None:
        self.values = {name: measure.usual for name, measure in MODELS[self.model].items()}

    def set_value(self, name: str, value: float) -> None:
        """Set what it measures; raises InvalidArgument."""
        measures = MODELS[self.model]
        if name not in measures:
            raise InvalidArgument(f"a {self.model} has no {name!r}; it has {', '.join(measures) or 'no values'}")
        low, high = measures[name].low, measures[name].high
        if not low <= value <= high:
            raise InvalidArgument(f"{name} is {value:g}; it must be from {low:g} to {high:g}")
        self.values[name] = value

    def drift(self, chance: Callable[[float, float], float]) -> None:
        """Let what it measures wander; `chance(low, high)` gives a number in between."""
        if self.drifting:
            for name, measure in MODELS[self.model].items():
                value = self.values[name] + chance(-measure.step, measure.step)
                self.values[name] = min(max(value, measure.low), measure.high)

    def answer(self, pdu: bytes) -> bytes:
        """Return what it answers to a request."""
        self.requests += 1
        function = pdu[0]
        if self.failing:
            return _exception(function, DEVICE_FAILURE)
        if function in (_READ_HOLDING, _READ_INPUT) and len(pdu) == 5:
            return self._read(function, *struct.unpack(">HH", pdu[1:]))
        if function == _WRITE and len(pdu) == 5:
            first, value = struct.unpack(">HH", pdu[1:])
            return self._write(pdu, first, [value])
        if function == _WRITE_SEVERAL and len(pdu) >= 8:
            first, count, size = struct.unpack(">HHB", pdu[1:6])
            if size != 2 * count or len(pdu) != 6 + size:
                return _exception(function, ILLEGAL_VALUE)
            return self._write(pdu, first, list(struct.unpack(f">{count}H", pdu[6:])))
        return _exception(function, ILLEGAL_FUNCTION)

    def _read(self, function: int, first: int, count: int) -> bytes:
        if not 1 <= count <= _MOST_REGISTERS:
            return _exception(function, ILLEGAL_VALUE)
        there = self._registers(function)
        wanted = range(first, first + count)
        if any(address not in there for address in wanted):
            return _exception(function, ILLEGAL_ADDRESS)
        return struct.pack(f">BB{count}H", function, 2 * count, *(there[address] for address in wanted))

    def _write(self, pdu: bytes, first: int, values: list[int]) -> bytes:
        places = range(first, first + len(values))
        if any(place not in self._writable for place in places):
            return _exception(pdu[0], ILLEGAL_ADDRESS)
        self.written.update(zip(places, values, strict=True))
        return pdu[:5]

    @property
    def _writable(self) -> range:
        return _PLAIN if self.model == "registers" else _USER_WORDS if self.model in _TIBBO_TYPES else range(0)

    def _registers(self, function: int) -> dict[int, int]:
        """Return the registers that a function reads, as they are now."""
        values = self.values
        found = dict.fromkeys(self._writable, 0) | self.written
        if self.model in _TIBBO_TYPES:
            found |= dict.fromkeys((202, 204, 205, 206), 0)
            found |= {200: self.address, 201: _TIBBO_TYPES[self.model], 203: _TIBBO_SIGNATURE}
            found |= {211: 0x0100, 212: _TIBBO_FIRMWARE}
        match self.model, function:
            case "tibbo-bp01", _:
                found |= {300: _word(values["temperature"] * 100), 301: _word(values["temperature"] * 16)}
            case "tibbo-bp02", _:
                warm, wet = _word(values["temperature"] * 10), _word(values["humidity"] * 10)
                found |= {400: warm, 401: 0x6666, 402: 0, 403: 0, 404: wet, 405: 0x7777}
            case "tibbo-bp03", _:
                found |= {500: _word(values["light"])}
            case "tibbo-bp05", _:
                found |= {901: _word(values["flood"])}
            case "xy-md02", 4:
                found |= {1: _word(values["temperature"] * 10), 2: _word(values["humidity"] * 10)}
            case "xy-md02", 3:
                found |= {0x101: self.address, 0x102: 9600, 0x103: 0, 0x104: 0}
            case "klha", 3:
                found |= {0: _word(values["light"])}
                found |= {1: _word(values["temperature"] * 10), 2: _word(values["humidity"] * 10)}
            case _:
                pass
        return found


def _exception(function: int, code: int) -> bytes:
    return bytes((function | 0x80, code))


def _word(value: float) -> int:
    return round(value) & 0xFFFF
