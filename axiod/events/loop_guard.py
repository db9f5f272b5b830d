# SPDX-License-Identifier: Apache-2.0
"""Which events rules caused themselves, so that one that goes round in a circle is stopped. Pure.

A level to which a rule moved an output or virtual input, and an MQTT topic to which it published, are remembered for a
while, with all rules that led to it. An event that tells of it within that time has those as its cause. What a rule
does at the end of a chain that it began itself counts against it. Whatever comes from outside has no cause, however
often it comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from axiod.bus import topics
from axiod.events.output import shown, target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.events.moment import Key
    from axiod.events.output import Output
    from axiod.events.rule import Action

LOOP_ACTIVATIONS = 20
"""So often a rule may make itself active"""
LOOP_USEC = 10_000_000
"""within this time. What was moved longer ago is no cause any more."""
_MOST_TRACES = 1024

Cause = frozenset[str]
"""The ids of the rules that led to something."""
NOBODY: Cause = frozenset()

_Mark = TypeVar("_Mark")


@dataclass(slots=True)
class Traces:
    """What rules moved lately: each time until when it is remembered, and who led to it."""

    outputs: Mapping[str, Output] = field(default_factory=dict)
    _levels: dict[tuple[Key, str, str], tuple[int, Cause]] = field(default_factory=dict)
    """By event, item of its data, and value of that."""
    _messages: dict[str, tuple[int, Cause]] = field(default_factory=dict)
    """By MQTT topic."""
    _actions: dict[None, tuple[int, Cause]] = field(default_factory=dict)
    """Of all actions together: any may fail, and an ActionFailed does not say of which rule it is."""

    def moved(self, action: Action, cause: Cause, now_usec: int) -> None:
        """Remember that an action is done, by a rule and those that led to it."""
        until_usec = now_usec + LOOP_USEC
        _put(self._actions, None, (until_usec, cause), now_usec)
        if action.kind == "publish":
            _put(self._messages, str(action.parameters.get("Topic", "")), (until_usec, cause), now_usec)
            return
        moved = target(action)
        if moved is None:
            return
        both = action.kind in ("toggle", "pulse")
        active = bool(action.parameters.get("Active"))
        if action.kind == "pulse":  # it ends by itself, later
            duration_ms = action.parameters.get("DurationMs", 0)
            until_usec += duration_ms * 1000 if isinstance(duration_ms, int) else 0
        for state in shown(moved, self.outputs.get(moved)):
            key = state.topic, state.source
            if both or active:
                _put(self._levels, (key, state.item, state.on), (until_usec, cause), now_usec)
            if both or not active:
                _put(self._levels, (key, state.item, state.off), (until_usec, cause), now_usec)

    def cause(self, key: Key, data: Mapping[str, str], now_usec: int) -> Cause:
        """Return the rules that led to an event."""
        if not self._actions:
            return NOBODY
        if key[0] == topics.ACTION_FAILED:
            found = list(self._actions.values())
        elif key[0] in (topics.MQTT_STATEFUL, topics.MQTT_STATELESS):
            # The broker's name of a message may have the device's prefix before the name in the action.
            name = data.get("topic", "")
            found = [trace for topic, trace in self._messages.items() if name == topic or name.endswith("/" + topic)]
        else:
            found = [trace for item in data.items() if (trace := self._levels.get((key, *item))) is not None]
        causes = [cause for until_usec, cause in found if until_usec >= now_usec]
        return NOBODY.union(*causes) if causes else NOBODY


def _put(traces: dict[_Mark, tuple[int, Cause]], mark: _Mark, trace: tuple[int, Cause], now_usec: int) -> None:
    former = traces.pop(mark, None)
    if former is not None and former[0] >= now_usec:
        # Who moved it just before may still be the cause of the event that comes.
        trace = (max(former[0], trace[0]), former[1] if former[1] >= trace[1] else former[1] | trace[1])
    traces[mark] = trace
    if len(traces) > _MOST_TRACES:
        del traces[next(iter(traces))]
