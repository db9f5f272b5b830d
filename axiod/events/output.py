# SPDX-License-Identifier: Apache-2.0
"""What can be moved by rules, and the events in which that shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from axiod.bus import topics
from axiod.events.rule import Action

DARK = "none"
"""The colour of an LED that is dark."""


class OutputKind(StrEnum):
    """Which service has it."""

    RELAY = "relay"
    PORT = "port"


@dataclass(frozen=True, slots=True)
class Output:
    """A relay, or a port that is an output now."""

    id: str
    """relay1, io3: unique on a board."""
    number: int
    """Its number in events."""
    kind: OutputKind


@dataclass(frozen=True, slots=True)
class Shown:
    """One state in which a target shows."""

    topic: str
    source: tuple[tuple[str, str], ...]
    item: str
    on: str
    off: str


Target = str
"""An output's id, "virtual-input:NUMBER" or "led:ID"; what two actions have in common that move the same thing."""

Level = bool | str
"""Where a target is kept: on or off; of an LED what it shows, for example "red" or "red 250 none" for one that flashes,
and "" for what it shows by itself.
"""

_VIRTUAL, _LED = "virtual-input:", "led:"


def target(action: Action) -> Target | None:
    """Return what an action moves; None where it moves nothing here."""
    if action.kind in ("set", "toggle", "pulse"):
        return str(action.parameters.get("Output", ""))
    if action.kind == "virtual-input":
        return f"{_VIRTUAL}{action.parameters.get('Input', '')}"
    if action.kind == "led":
        return f"{_LED}{action.parameters.get('Led', '')}"
    return None


def level(action: Action) -> Level:
    """Return the level at which an action that lasts keeps its target."""
    given = action.parameters
    if action.kind != "led":
        return bool(given.get("Active", True))
    flashing = ("FlashMs", "Between") if given.get("FlashMs") else ()
    return " ".join([str(given.get("Colour", "")), *(str(given.get(name, DARK)) for name in flashing)])


def opposite(of: Level) -> Level:
    """Return the level to which a target goes when nothing keeps it where it is any more."""
    return "" if isinstance(of, str) else not of


def move(moved: Target, to: Level) -> Action:
    """Return the action that brings a target to a level. An action "led" without Colour gives the LED back."""
    if isinstance(to, str):
        colour, *flashing = to.split() or [""]
        given: dict[str, object] = {"Led": moved.removeprefix(_LED)}
        given |= {"Colour": colour} if colour else {}
        return Action("led", given | ({"FlashMs": int(flashing[0]), "Between": flashing[1]} if flashing else {}))
    if moved.startswith(_VIRTUAL):
        return Action("virtual-input", {"Input": int(moved.removeprefix(_VIRTUAL)), "Active": to})
    return Action("set", {"Output": moved, "Active": to})


def shown(moved: Target, output: Output | None) -> tuple[Shown, ...]:
    """Return the states in which a target shows; `output` is the one of that id, where there is one."""
    if moved.startswith(_VIRTUAL):
        source = (("port", moved.removeprefix(_VIRTUAL)),)
        return (Shown(topics.VIRTUAL_INPUT, source, "active", "1", "0"),)
    if output is None:
        return ()
    number = str(output.number)
    relay = Shown(topics.RELAY, (("RelayToken", number),), "LogicalState", "active", "inactive")
    if output.kind is OutputKind.RELAY:
        return (relay,)
    return Shown(topics.OUTPUT_PORT, (("port", number),), "state", "1", "0"), relay


def words(moved: Target) -> str:
    """Return a target for a sentence."""
    if moved.startswith(_LED):
        return f"the LED {moved.removeprefix(_LED)}"
    return f"virtual input {moved.removeprefix(_VIRTUAL)}" if moved.startswith(_VIRTUAL) else moved
