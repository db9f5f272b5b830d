# SPDX-License-Identifier: Apache-2.0
"""Sensors: their settings, what may be in them, and what is told of them. Pure: no bus, no device, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.errors import Conflict, InvalidArgument, LimitReached
from axiod.modbus.line import BAUD_RATES, Line
from axiod.sensors.threshold import Level, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.sensors.template import Template

MOST = 64
MOST_ON_A_LINE = 8
"""Sensors of one serial port."""
ONLINE, THRESHOLD, OUT_OF_RANGE = topics.SENSOR_ONLINE, topics.SENSOR_THRESHOLD, topics.SENSOR_OUT_OF_RANGE
VALUE = topics.SENSOR_VALUE
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LINE = re.compile(r"(\d{3,6}) 8([NEO])([12])")
_PARITIES = {"N": "none", "E": "even", "O": "odd"}
OF_TEMPLATE, OF_PORT = "template", "port"


class State(StrEnum):
    """How it is with a sensor."""

    NEW = "new"
    ONLINE = "online"
    OFFLINE = "offline"
    MISMATCH = "mismatch"
    DISABLED = "disabled"
    UNUSABLE = "unusable"


class Quality(StrEnum):
    """How good a reading is."""

    GOOD = "good"
    STALE = "stale"
    FAULT = "fault"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """The settings of a sensor. The fields are the Configurable properties of the contract."""

    name: str
    port: str
    unit: int
    template: str
    enabled: bool = True
    line: str = OF_TEMPLATE
    interval_ms: int = 0
    channel_settings: tuple[Mapping[str, Any], ...] = ()

    def amended(self, changes: Mapping[str, Any]) -> SensorSettings:
        """Return the settings with changes whose types and ranges are right; raises InvalidArgument for others that
        cannot be."""
        changed = dict(changes)
        if "channel_settings" in changed:
            changed["channel_settings"] = tuple(changed["channel_settings"])
        amended = replace(self, **changed)
        amended.check()
        return amended

    def check(self) -> None:
        """Raise InvalidArgument for what cannot be."""
        if self.line not in (OF_TEMPLATE, OF_PORT):
            line_of(self.line)
        if 0 < self.interval_ms < 100:
            raise InvalidArgument(f"IntervalMs is {self.interval_ms}; it must be 100 or more, or 0 for the template's")
        seen: set[str] = set()
        for row in self.channel_settings:
            id_ = row.get("Channel")
            if not id_:
                raise InvalidArgument("ChannelSettings: each entry must name its Channel")
            if id_ in seen:
                raise InvalidArgument(f"ChannelSettings: {id_} is there twice; write one entry for each channel")
            seen.add(id_)
            limits = _limits(row)
            if limits.above is not None and limits.below is not None and limits.below >= limits.above:
                raise InvalidArgument(f"{id_}: Below is {limits.below:g}; it must be less than Above, {limits.above:g}")

    def check_channels(self, template: Template) -> None:
        """Raise InvalidArgument for settings of a channel that a template does not have."""
        for row in self.channel_settings:
            if template.channel(row["Channel"]) is None:
                known = ", ".join(channel.id for channel in template.channels)
                raise InvalidArgument(f"{template.id} has no channel {row['Channel'][:40]!r}; it has {known}")

    def limits(self, channel: str) -> Limits:
        """Return the limits of a channel."""
        return next((_limits(row) for row in self.channel_settings if row["Channel"] == channel), Limits())

    def intervals(self, template: Template) -> dict[str, int]:
        """Return how often channels are read, where that is not as the template says, in milliseconds."""
        found = {channel.id: self.interval_ms for channel in template.channels} if self.interval_ms else {}
        own = {row["Channel"]: row["IntervalMs"] for row in self.channel_settings if "IntervalMs" in row}
        return found | own

    def line_settings(self, template: Template) -> Line | None:
        """Return how characters are sent; None: as the port."""
        if self.line == OF_PORT:
            return None
        if self.line != OF_TEMPLATE:
            return line_of(self.line)
        return template.line

    def stored(self) -> dict[str, Any]:
        """Return what is not at its default, by field."""
        default = SensorSettings(self.name, self.port, self.unit, self.template)
        always = ("name", "port", "unit", "template")
        mine = {item.name: getattr(self, item.name) for item in fields(self)}
        mine["channel_settings"] = [dict(row) for row in self.channel_settings]
        found = {name: value for name, value in mine.items() if name in always or value != getattr(default, name)}
        if not self.channel_settings:
            del found["channel_settings"]
        return found


def _limits(row: Mapping[str, Any]) -> Limits:
    return Limits(row.get("Above"), row.get("Below"), row.get("Hysteresis", 0.0), row.get("HoldMs", 0))


def line_of(text: str) -> Line:
    """Return how characters are sent, written as "19200 8E1"; raises InvalidArgument."""
    found = _LINE.fullmatch(text)
    if found is None or int(found[1]) not in BAUD_RATES:
        raise InvalidArgument(
            f"Line is {text[:40]!r}; it must be {OF_TEMPLATE}, {OF_PORT}, or a baud rate, parity and stop bits such "
            "as '19200 8E1'"
        )
    return Line(int(found[1]), _PARITIES[found[2]], int(found[3]))


def line_text(line: Line) -> str:
    """Return what line_of() reads."""
    return f"{line.baud_rate} 8{line.parity[0].upper()}{line.stop_bits}"


def check_id(id_: str) -> None:
    """Raise InvalidArgument for what cannot be the id of a sensor."""
    if not _ID.fullmatch(id_):
        raise InvalidArgument(
            f"Id is {id_[:40]!r}; it must be small letters, digits and _, a letter first, at most 32 characters"
        )


def check_room(
    settings: SensorSettings, others: Mapping[str, SensorSettings], *, serial: bool, among_all: bool = True
) -> None:
    """Raise LimitReached or Conflict where there is no room for a sensor among others.

    `serial`: its port is a serial port. `among_all`: it is one more than there were.
    """
    if among_all and len(others) >= MOST:
        raise LimitReached(f"there are {MOST} sensors already; remove one first")
    beside = {id_: other for id_, other in others.items() if other.port == settings.port}
    for id_, other in beside.items():
        if other.unit == settings.unit:
            raise Conflict(f"unit {settings.unit} on port {settings.port} is sensor {id_} already, {other.name}")
    if serial and len(beside) >= MOST_ON_A_LINE:
        raise LimitReached(f"port {settings.port} has {MOST_ON_A_LINE} sensors already; remove one first")


def online_event(id_: str, state: State) -> tuple[dict[str, str], dict[str, str]]:
    """Return source and data of the event of a sensor."""
    return {"sensor": id_}, {"online": str(int(state is State.ONLINE)), "state": str(state)}


def threshold_event(id_: str, channel: str, level: Level) -> tuple[dict[str, str], dict[str, str]]:
    """Return source and data of the event of a channel beyond its limits."""
    return _of(id_, channel), {"active": str(int(level is not Level.NORMAL)), "level": str(level)}


def range_event(id_: str, channel: str, *, out: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return source and data of the event of a channel whose sensor says what cannot be."""
    return _of(id_, channel), {"active": str(int(out))}


def _of(id_: str, channel: str) -> dict[str, str]:
    return {"sensor": id_, "channel": channel}
