# SPDX-License-Identifier: Apache-2.0
"""Conditions and actions in words, for people. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.bus import topics
from axiod.events.output import DARK, target, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.events.rule import Action, Condition


def condition_words(condition: Condition) -> str:
    """Return for example "Digital input (port 1): state is 1 for 5 s"."""
    text = f"{event_words(condition.topic, condition.source)}: "
    if not condition.item:
        return text + "happens"
    parts = []
    if condition.equals is not None:
        parts.append(condition.equals[:80])
    if condition.above is not None:
        parts.append(f"above {condition.above:g}")
    if condition.below is not None:
        parts.append(f"below {condition.below:g}")
    text += f"{condition.item} is {'not ' if condition.inverted else ''}{' and '.join(parts)}"
    return text + (f" for {seconds(condition.for_ms)}" if condition.for_ms else "")


def event_words(topic: str, source: Mapping[str, str]) -> str:
    """Return what an event is of: "Digital input (port 1)", "Digital input (any port)"."""
    known = topics.declared(topic)
    named = [f"{name} {value[:80]}" for name, value in source.items()]
    if known is not None:
        named += [f"any {item.name}" for item in known.source if item.name not in source]
    name = known.human_name if known is not None else topics.same(topic)
    return f"{name} ({', '.join(named)})" if named else name


def action_words(action: Action) -> str:
    """Return for example "set relay1 active", "notify recipient 2"."""
    given = action.parameters
    moved = target(action)
    if action.kind in ("set", "virtual-input") and moved is not None:
        return f"set {words(moved)} {'active' if given.get('Active') else 'inactive'}"
    if action.kind == "toggle":
        return f"toggle {moved}"
    if action.kind == "pulse":
        duration = given.get("DurationMs", 0)
        return f"pulse {moved} for {seconds(duration if isinstance(duration, int) else 0)}"
    if action.kind == "led":
        return _led_words(action)
    if action.kind == "notify":
        return f"notify recipient {given.get('Recipient', '')}"
    if action.kind == "send-file":
        return f"send the {given.get('File', 'file')} to recipient {given.get('Recipient', '')}"
    if action.kind == "publish":
        return f"publish to {str(given.get('Topic', ''))[:80]}"
    return f"log {str(given.get('Message', ''))[:80]!r}" if action.kind == "log" else action.kind


def _led_words(action: Action) -> str:
    given = action.parameters
    colour, between, duration = given.get("Colour"), given.get("Between", DARK), given.get("DurationMs")
    if not colour:
        return f"give the LED {given.get('Led', '')} back"
    text = f"light the LED {given.get('Led', '')}: {'dark' if colour == DARK else colour}"
    if given.get("FlashMs"):
        text += ", flashing" if between == DARK else f" and {between}, flashing"
    return text + (f", for {seconds(duration)}" if isinstance(duration, int) else "")


def seconds(milliseconds: int) -> str:
    """Return a time for people: "0.5 s", "90 s", "2 h"."""
    for unit, size in (("h", 3_600_000), ("min", 60_000)):
        if milliseconds >= size and milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds / 1000:g} s"
