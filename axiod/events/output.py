# SPDX-License-Identifier: Apache-2.0
"""What can be moved by rules, and the events in which that shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from axiod.bus import topics
from axiod.events.rule import Action


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
"""An output's id, or "virtual-input:NUMBER"; what two actions have in common that move the same thing."""

_VIRTUAL = "virtual-input:"


def target(action: Action) -> Target | None:
    """Return what an action moves; None where it moves nothing here."""
    if action.kind in ("set", "toggle", "pulse"):
        return str(action.parameters.get("Output", ""))
    if action.kind == "virtual-input":
        return f"{_VIRTUAL}{action.parameters.get('Input', '')}"
    return None


def move(moved: Target, active: bool) -> Action:  # (what, level)
    """Return the action that brings a target to a level."""
    if moved.startswith(_VIRTUAL):
        return Action("virtual-input", {"Input": int(moved.removeprefix(_VIRTUAL)), "Active": active})
    return Action("set", {"Output": moved, "Active": active})


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
    return f"virtual input {moved.removeprefix(_VIRTUAL)}" if moved.startswith(_VIRTUAL) else moved
