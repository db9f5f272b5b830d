# SPDX-License-Identifier: Apache-2.0
"""Texts with modifiers: what the texts of actions say of the time, the device and the event that fired the rule. Pure.

    %X       the time, with the letters of strftime: %F 2026-11-23, %T 14:05:09, %H %M %S, %c, ...; %f is hundredths of
             a second; %% is a percent sign
    #i #m #M #n   the IP address, the last half of the MAC address, the whole of it, the host name; ## is a number sign
    #{rule}  the name of the rule
    #{topic}, #{source.ITEM}, #{data.ITEM}   the event that fired it, for example #{data.state}

The last two lines are ours; VAPIX has only single letters after #, so a brace clashes with none. What is not known
stays as it is, and so does what the event does not have. What is put in is not looked at for modifiers again.

Source: VAPIX action1 ("modifiers").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MOST_CHARACTERS = 65_536
"""A text is cut there; a value of an event at MOST_OF_A_VALUE, so that one does not push out the rest."""
MOST_OF_A_VALUE = 8192

_MODIFIER = re.compile(r"%([a-zA-Z%])|#([imMn#])|#\{(rule|topic|(?:source|data)\.[^{}]{1,64})\}")
_OF_STRFTIME = frozenset("aAbBdHIjmMpSUwWyYzZGuV")
_COMPOSED = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "h": "%b",
    "r": "%I:%M:%S %p",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "x": "%m/%d/%y",
    "X": "%H:%M:%S",
}
"""As the C locale has them, whatever the locale of the device is."""


@dataclass(frozen=True, slots=True)
class Device:
    """What texts may say of the device; "" where it is not known."""

    address: str = ""
    mac: str = ""
    """For example "00:40:8c:12:34:56"."""
    host_name: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an action is done."""

    rule: str = ""
    """The name of the rule."""
    topic: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)


def expand(text: str, when: datetime, device: Device, cause: Cause) -> str:
    """Replace the modifiers in a text. `when`: in local time, with its time zone."""

    def value(match: re.Match[str]) -> str:
        letter, sign, name = match.groups()
        if letter:
            found = _time(letter, when)
        elif sign:
            found = _of_device(sign, device)
        else:
            found = _of_cause(name, cause)
        return match.group() if found is None else found[:MOST_OF_A_VALUE]

    parts, length, end = [], 0, 0
    for match in _MODIFIER.finditer(text):
        part = text[end : match.start()] + value(match)
        end = match.end()
        parts.append(part)
        length += len(part)
        if length >= MOST_CHARACTERS:
            break
    else:
        parts.append(text[end:])
    return "".join(parts)[:MOST_CHARACTERS]


def _time(letter: str, when: datetime) -> str | None:
    if letter in _OF_STRFTIME:
        return when.strftime("%" + letter)
    if composed := _COMPOSED.get(letter):
        return re.sub("%([a-zA-Z])", lambda part: _time(part[1], when) or "", composed)
    own = {
        "%": "%",
        "C": f"{when.year // 100:02}",
        "e": f"{when.day:2}",
        "f": f"{when.microsecond // 10_000:02}",
        "g": f"{when.isocalendar().year % 100:02}",
        "k": f"{when.hour:2}",
        "l": f"{(when.hour - 1) % 12 + 1:2}",
        "n": "\n",
        "s": str(int(when.timestamp())),
        "t": "\t",
    }
    return own.get(letter)


def _of_device(sign: str, device: Device) -> str:
    return {"i": device.address, "m": device.mac[-8:], "M": device.mac, "n": device.host_name, "#": "#"}[sign]


def _of_cause(name: str, cause: Cause) -> str | None:
    if name == "rule":
        return cause.rule
    if name == "topic":
        return cause.topic
    kind, _, item = name.partition(".")
    return (cause.source if kind == "source" else cause.data).get(item)
