# SPDX-License-Identifier: Apache-2.0
"""From registers to values. What cannot be a value raises NoValue, which says why. Pure."""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from typing import TYPE_CHECKING

from axiod.sensors.template import Derivation, Type, WordOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.sensors.template import Channel, Derived, Source

_HALF = {Type.S16: 1 << 15, Type.S32: 1 << 31}
_DIGITS_OF_FLOAT = 7
# Magnus over water, -45 to 60 °C: Sonntag 1990.
_MAGNUS_B, _MAGNUS_C = 17.62, 243.12


class NoValue(Exception):
    """There is no value; the text is one sentence for people."""


class OutOfRange(NoValue):
    """What was read cannot be."""


def value(channel: Channel, source: Source, registers: Sequence[int]) -> float:
    """Return what the registers of a channel mean; raises NoValue, OutOfRange."""
    words = registers if source.word_order is WordOrder.HIGH_FIRST else registers[::-1]
    raw = 0
    for word in words:
        raw = raw << 16 | word
    if raw in source.invalid:
        raise NoValue(f"the sensor says that it has no value ({raw:#06x})")
    return within(channel, _scaled(source, raw))


def within(channel: Channel, found: float) -> float:
    """Return a value that can be; raises OutOfRange for one that cannot."""
    low, high = channel.lowest, channel.highest
    if (low is not None and found < low) or (high is not None and found > high):
        limits = f"{'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'}".strip()
        raise OutOfRange(f"{found:g} {channel.unit}".rstrip() + f" was read, which is out of its range, {limits}")
    return found


def derived(channel: Channel, how: Derived, values: Sequence[float]) -> float:
    """Return what follows from the values of other channels; raises NoValue, OutOfRange."""
    if how.function is not Derivation.DEW_POINT:
        raise NoValue(f"nobody knows how to derive {how.function}")
    return within(channel, dew_point(*values))


def dew_point(temperature: float, humidity: float) -> float:
    """Return the dew point in °C, of °C and percent, to 0.1 °C; raises NoValue."""
    if not 0 < humidity <= 100 or not -_MAGNUS_C < temperature < 1000:
        raise NoValue(f"there is no dew point at {temperature:g} °C and {humidity:g} %")
    gamma = math.log(humidity / 100) + _MAGNUS_B * temperature / (_MAGNUS_C + temperature)
    return round(_MAGNUS_C * gamma / (_MAGNUS_B - gamma), 1)


def _scaled(source: Source, raw: int) -> float:
    if source.type is Type.F32:
        (number,) = struct.unpack(">f", raw.to_bytes(4, "big"))
        found = number * source.scale + source.offset
        if not math.isfinite(found):
            raise NoValue("the sensor says that it has no value (not a number)")
        return float(f"{found:.{_DIGITS_OF_FLOAT}g}")
    half = _HALF.get(source.type)
    if half is not None and raw >= half:
        raw -= 2 * half
    # In decimals, so that 3 times 0.1 is 0.3.
    return float(raw * Decimal(str(source.scale)) + Decimal(str(source.offset)))
