# SPDX-License-Identifier: Apache-2.0
"""Ports and alarms: settings, and what follows from them. Pure: no bus, no line, no clock."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from axiod.board.profile import AlarmKind, LoopState, Range, Scheme
from axiod.errors import InvalidArgument, NotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.board.profile import Alarm, FrontEnd, Port

RangeRow = tuple[str, int, int]
"""(state, lower, upper), as in the property Ranges."""

TOPIC = "tns1:Device/tnsaxis:IO/"
OPEN, CLOSED = "open", "closed"


@dataclass(frozen=True, slots=True)
class CircuitSettings:
    """What ports and alarms have in common. The fields are the Configurable properties of the contract."""

    name: str
    normal_state: str = OPEN
    debounce_ms: int = 10
    supervision: str = Scheme.NONE
    ranges: tuple[RangeRow, ...] = ()
    """The user's own; empty for those of the board."""
    hysteresis_levels: int = 16
    hold_ms: int = 100

    def amended(self, changes: Mapping[str, Any], front_end: FrontEnd | None) -> Self:
        """Return the settings with changes, whose types and values are already right.

        Raises NotSupported for supervision without an ADC, InvalidArgument for ranges that do not fit it.
        """
        taken = dict(changes)
        if "ranges" in taken:
            taken["ranges"] = tuple(tuple(row) for row in taken["ranges"])
        elif taken.get("supervision", self.supervision) != self.supervision:
            taken["ranges"] = ()
        amended = replace(self, **taken)
        if amended.supervision != Scheme.NONE and front_end is None:
            raise NotSupported(f"Supervision cannot be {amended.supervision}: the terminal has no ADC; use none")
        if amended.ranges:
            if amended.supervision == Scheme.NONE:
                raise InvalidArgument("Ranges is given for an input that is not supervised; set Supervision too")
            if front_end is not None:
                check_ranges(amended.ranges, front_end.highest)
        return amended

    @property
    def supervised(self) -> bool:
        """Its loop is measured."""
        return self.supervision != Scheme.NONE

    def effective_ranges(self, front_end: FrontEnd | None) -> tuple[Range, ...]:
        """Return the ranges that are in force; none while it is not supervised."""
        if self.supervision == Scheme.NONE or front_end is None:
            return ()
        if self.ranges:
            return tuple(Range(LoopState(state), lower, upper) for state, lower, upper in self.ranges)
        return tuple(front_end.ranges[Scheme(self.supervision)])

    def beyond(self, default: Self) -> dict[str, Any]:
        """Return what differs from the default, by field."""
        mine = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: _plain(value) for name, value in mine.items() if value != getattr(default, name)}


@dataclass(frozen=True, slots=True)
class PortSettings(CircuitSettings):
    """The settings of a port."""

    usage: str = ""
    direction: str = "input"
    boot_policy: str = "normal"
    failure_policy: str = "hold"

    @classmethod
    def default(cls, port: Port) -> PortSettings:
        """Return the settings of a port that nobody configured; a terminal that can be an input is one."""
        return cls(name=port.terminal, direction="input" if port.input else "output")

    def for_port(self, port: Port, changes: Mapping[str, Any]) -> PortSettings:
        """Return the settings with changes. Raises NotSupported for what the terminal cannot do, InvalidArgument."""
        for name in ("boot_policy", "failure_policy"):
            if name in changes and not port.output:
                raise NotSupported(f"{port.terminal} is only an input; it has no policy for outputs")
        amended = self.amended(changes, port.adc.front_end if port.adc else None)
        able = {"input": port.input, "output": port.output}
        if not able[amended.direction]:
            raise NotSupported(f"{port.terminal} cannot be an {amended.direction}; it has no hardware for it")
        return amended

    @property
    def supervised(self) -> bool:
        """It is an input and its loop is measured."""
        return self.direction == "input" and self.supervision != Scheme.NONE


@dataclass(frozen=True, slots=True)
class AlarmSettings(CircuitSettings):
    """The settings of an alarm."""

    enabled: bool = True

    @classmethod
    def default(cls, alarm: Alarm) -> AlarmSettings:
        """Return the settings of an alarm that nobody configured."""
        return cls(name=alarm.terminal, enabled=alarm.enabled)

    def for_alarm(self, alarm: Alarm, changes: Mapping[str, Any]) -> AlarmSettings:
        """Return the settings with changes. Raises NotSupported, InvalidArgument."""
        return self.amended(changes, alarm.adc.front_end if alarm.adc else None)

    @property
    def supervised(self) -> bool:
        """It is watched and its loop is measured."""
        return self.enabled and self.supervision != Scheme.NONE


@dataclass(slots=True)
class Circuit:
    """What is known of an input now."""

    closed: bool | None = None
    """None as long as it was not read."""
    loop: LoopState | None = None
    """The state of a supervised loop; None while it is not supervised or not read."""
    level: int | None = None
    changed_usec: int | None = None
    count: int = 0

    def took(self, closed: bool, normal_state: str, when_usec: int) -> None:
        """Take a level that began to count. The first level of all is no change, and nothing became active."""
        if closed == self.closed:
            return
        if self.closed is not None:
            self.changed_usec = when_usec
            self.count += is_active(closed, normal_state)
        self.closed = closed


def is_active(closed: bool, normal_state: str) -> bool:
    """Whether a circuit is not in its normal state (VAPIX: active is state != normalState)."""
    return closed != (normal_state == CLOSED)


def circuit_state(closed: bool | None) -> str | None:
    """Return the word of the contract for a circuit."""
    return None if closed is None else CLOSED if closed else OPEN


def is_closed(loop: LoopState) -> bool:
    """Whether current flows: a short is a closed circuit, a cut an open one."""
    return loop in (LoopState.CLOSED, LoopState.SHORT)


def is_tampered(loop: LoopState) -> bool:
    """Whether somebody was at the cable."""
    return loop in (LoopState.SHORT, LoopState.CUT)


def check_ranges(rows: tuple[RangeRow, ...], highest: int) -> None:
    """Raise InvalidArgument unless rows cover 0 to `highest` with each state once, without hole or overlap."""
    names = [state for state, _, _ in rows]
    wanted = sorted(LoopState)
    if sorted(names) != wanted:
        raise InvalidArgument(
            f"Ranges has the states {', '.join(names)}; it must have each of {', '.join(wanted)} once"
        )
    expected = 0
    for state, lower, upper in sorted(rows, key=lambda row: row[1]):
        if lower != expected or upper < lower:
            raise InvalidArgument(f"Ranges has {state} from {lower} to {upper}; it must begin at {expected}")
        expected = upper + 1
    if expected != highest + 1:
        raise InvalidArgument(f"Ranges ends at {expected - 1}; it must end at {highest}, the highest level of the ADC")


@dataclass(frozen=True, slots=True)
class Fact:
    """The present value of one stateful event."""

    topic: str
    source: Mapping[str, str]
    data: Mapping[str, str]


def port_facts(
    port: Port, settings: PortSettings, circuit: Circuit, *, output_active: bool | None, measured: bool = True
) -> list[Fact]:
    """Return what a port tells as events (VAPIX and ONVIF topics); nothing of what is not known.

    `measured`: whether the loop of a supervised input can be measured now.
    """
    number = str(port.number)
    if settings.direction == "output":
        if output_active is None:
            return []
        return [
            Fact(TOPIC + "OutputPort", {"port": number}, {"state": _bit(output_active)}),
            Fact(
                "tns1:Device/Trigger/Relay",
                {"RelayToken": number},
                {"LogicalState": "active" if output_active else "inactive"},
            ),
        ]
    if circuit.closed is None:
        return []
    active = is_active(circuit.closed, settings.normal_state)
    facts = [Fact(TOPIC + "Port", {"port": number}, {"state": _bit(active)})]
    if circuit.loop is not None:
        data = loop_data(circuit.loop) if measured else {"state": "undefined", "tampered": "0"}
        facts.append(Fact(TOPIC + "SupervisedPort", {"port": number}, data))
    facts.append(
        Fact(
            "tns1:Device/Trigger/DigitalInput",
            {"InputToken": number},
            {"LogicalState": "true" if active else "false"},
        )
    )
    return facts


_ALARM_TOPIC = {
    AlarmKind.CASING: ("tns1:Device/tnsaxis:Casing/Open", "Name", "Open"),
    AlarmKind.MOTION: ("tnsaxiod:Device/Motion", "Name", "Moved"),
    AlarmKind.TAMPER: ("tnsaxiod:Device/ExternalTamper", "Name", "Tampered"),
}


def alarm_facts(alarm: Alarm, settings: AlarmSettings, circuit: Circuit) -> list[Fact]:
    """Return what an alarm tells as an event."""
    if not settings.enabled or circuit.closed is None:
        return []
    topic, source, data = _ALARM_TOPIC[alarm.kind]
    return [Fact(topic, {source: alarm.source or alarm.terminal}, {data: _bit(alarm_raised(settings, circuit))})]


def alarm_raised(settings: AlarmSettings, circuit: Circuit) -> bool:
    """Whether an alarm is on: its circuit is not normal, or somebody was at its cable."""
    if not settings.enabled or circuit.closed is None:
        return False
    tampered = circuit.loop is not None and is_tampered(circuit.loop)
    return tampered or is_active(circuit.closed, settings.normal_state)


def loop_data(loop: LoopState) -> dict[str, str]:
    """Return a supervised state as VAPIX names it; the state is the first item, as clients need it."""
    return {"state": "shorted" if loop is LoopState.SHORT else str(loop), "tampered": _bit(is_tampered(loop))}


def _bit(value: bool) -> str:
    return "1" if value else "0"


def _plain(value: Any) -> Any:
    return [list(row) for row in value] if isinstance(value, tuple) else value
