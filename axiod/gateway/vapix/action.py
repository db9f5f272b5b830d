# SPDX-License-Identifier: Apache-2.0
r"""The grammar of action=: [n]:<a>[<ms><a>...]. Pure.

"/" makes active, "\" makes inactive, and a number between two of them is how long to wait, in milliseconds.
2:/300\500/300\ is two pulses of port 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.bus.arguments import shown
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

_GRAMMAR = re.compile(r"([0-9]{1,5})?:([/\\](?:[0-9]{0,8}[/\\])*)", re.ASCII)
_STEP = re.compile(r"([/\\])([0-9]*)", re.ASCII)
_LONGEST = 4096
_MOST_STEPS = 256
_LONGEST_WAIT_MS = 65535
_LONGEST_PULSE_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Action:
    """What to do, as one call of the contract, so that the service keeps the time."""

    number: int | None
    """The port, counted from 1; None for the first output."""
    member: str
    """Set, Pulse or RunSequence."""
    argument: Any


def parse(text: str) -> Action:
    """Read an action; raises InvalidArgument for anything that is not one."""
    found = _GRAMMAR.fullmatch(text) if len(text) <= _LONGEST else None
    if not found:
        raise InvalidArgument(rf"action is {shown(text)}; it must be like 1:/ or 1:\ or 1:/300\500/300" + "\\")
    steps = [(mark == "/", int(wait or 0)) for mark, wait in _STEP.findall(found[2])]
    return Action(int(found[1]) if found[1] else None, *command(steps))


def command(steps: Sequence[tuple[bool, int]]) -> tuple[str, Any]:
    """Return the call that takes an output through steps of (active, milliseconds to wait after it).

    The last wait does not count. Raises InvalidArgument for more than the contract can do in one call.
    """
    if len(steps) == 1:
        return "Set", steps[0][0]
    if len(steps) == 2 and steps[0][0] and not steps[1][0] and 1 <= steps[0][1] <= _LONGEST_PULSE_MS:
        return "Pulse", steps[0][1]
    taken: list[tuple[bool, int]] = []
    for active, wait in steps:
        left = wait
        while left > _LONGEST_WAIT_MS and len(taken) < _MOST_STEPS:
            taken.append((active, _LONGEST_WAIT_MS))
            left -= _LONGEST_WAIT_MS
        taken.append((active, left))
    if len(taken) > _MOST_STEPS:
        raise InvalidArgument(
            f"the action has {len(taken)} steps; it may have {_MOST_STEPS}, each of {_LONGEST_WAIT_MS} ms"
        )
    return "RunSequence", taken
