# SPDX-License-Identifier: Apache-2.0
"""One channel of one sensor, as it is now: its reading, and where that is among its limits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.sensors import decode
from axiod.sensors.decode import NoValue, OutOfRange
from axiod.sensors.model import Quality
from axiod.sensors.template import Derived

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from axiod.sensors.template import Channel, Source, Template
    from axiod.sensors.threshold import Threshold


@dataclass(slots=True)
class Measured:
    """What is known of a channel."""

    channel: Channel
    threshold: Threshold
    value: float | None = None
    quality: Quality = Quality.NEVER
    reason: str | None = None
    read_usec: int | None = None
    out_of_range: bool = False
    _kept_usec: int | None = None

    def fresh(self) -> tuple[float, int] | None:
        """Return the value and when it was read, once; None where there is no new one."""
        if self.quality is not Quality.GOOD or self.value is None or self.read_usec in (None, self._kept_usec):
            return None
        self._kept_usec = self.read_usec
        return self.value, self.read_usec or 0

    def read(self, value: float, usec: int, now: float) -> bool:
        """A value was read; return whether its level is another one."""
        self.value, self.quality, self.reason, self.read_usec = value, Quality.GOOD, None, usec
        self.out_of_range = False
        return self.threshold.limits.any and self.threshold.take(value, now)

    def fault(self, reason: str, *, out_of_range: bool = False) -> None:
        """The sensor answers, but has no value."""
        self.value, self.quality, self.reason, self.read_usec = None, Quality.FAULT, reason, None
        self.out_of_range = out_of_range
        self.threshold.interrupt()

    def stale(self, reason: str) -> None:
        """What is known is from before."""
        self.threshold.interrupt()
        if self.quality is Quality.NEVER:
            self.reason = reason
        elif self.quality is not Quality.FAULT:
            self.quality, self.reason = Quality.STALE, reason

    def remember(self, former: Measured) -> None:
        """What was measured of the same channel is from before."""
        if former.value is not None:
            self.value, self.read_usec = former.value, former.read_usec
            self.quality, self.reason = Quality.STALE, former.reason or "it was not read since its settings changed"

    def record(self) -> dict[str, Any]:
        """Return the reading as the contract has it."""
        threshold = self.threshold
        found = {
            "Channel": self.channel.id,
            "Value": self.value,
            "Unit": self.channel.unit or None,
            "Quality": str(self.quality),
            "Reason": self.reason,
            "ReadUsec": self.read_usec,
            "Level": str(threshold.level) if threshold.limits.any and threshold.level is not None else None,
        }
        return {name: value for name, value in found.items() if value is not None}


def take(
    measured: Mapping[str, Measured],
    found: Iterable[tuple[Channel, Source, Sequence[int]]],
    usec: int,
    now: float,
) -> list[Measured]:
    """Take what was read of channels at once; return those whose level is another one, they or what follows from them.

    What follows is derived when all of them are known: never from the new value of one and the former one of another.
    """
    changed: list[Measured] = []
    read: set[str] = set()
    for channel, source, registers in found:
        mine = measured[channel.id]
        if _set(mine, partial(decode.value, channel, source, registers), usec, now):
            changed.append(mine)
        read.add(channel.id)
    return changed + _follow(measured, read, now)


def refuse(measured: Mapping[str, Measured], channel: Channel, reason: str, now: float) -> None:
    """The sensor refuses to say anything of a channel, and so nothing is known of what follows from it."""
    measured[channel.id].fault(reason)
    _follow(measured, {channel.id}, now)


def _follow(measured: Mapping[str, Measured], channels: set[str], now: float) -> list[Measured]:
    """Derive what follows from channels; return those whose level is another one."""
    changed = []
    for other in measured.values():
        how = other.channel.source
        if isinstance(how, Derived) and not channels.isdisjoint(how.channels) and _derive(other, how, measured, now):
            changed.append(other)
    return changed


def _set(mine: Measured, find: Any, usec: int, now: float) -> bool:
    try:
        return mine.read(find(), usec, now)
    except OutOfRange as error:
        mine.fault(str(error), out_of_range=True)
    except NoValue as error:
        mine.fault(str(error))
    return False


def _derive(mine: Measured, how: Derived, measured: Mapping[str, Measured], now: float) -> bool:
    sources = [measured[name] for name in how.channels]
    if bad := [source for source in sources if source.quality is not Quality.GOOD]:
        mine.fault(f"it follows from {bad[0].channel.id}, which is not known")
        return False
    values = [source.value or 0.0 for source in sources]
    # It is as old as the oldest of what it follows from.
    usec = min(source.read_usec or 0 for source in sources)
    return _set(mine, lambda: decode.derived(mine.channel, how, values), usec, now)


def described(template: Template) -> list[dict[str, Any]]:
    """Return the channels of a template as the contract has them."""
    found = []
    for channel in template.channels:
        row = {
            "Channel": channel.id,
            "Title": channel.title,
            "Quantity": channel.quantity,
            "Unit": channel.unit or None,
            "Lowest": channel.lowest,
            "Highest": channel.highest,
            "Derived": isinstance(channel.source, Derived),
        }
        found.append({name: value for name, value in row.items() if value is not None})
    return found
