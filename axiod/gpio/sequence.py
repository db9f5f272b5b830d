# SPDX-License-Identifier: Apache-2.0
"""Pulses and sequences of an output. Pure: time is an argument, nanoseconds of CLOCK_MONOTONIC.

Source: VAPIX portmanagement.cgi setStateSequence: the wait follows its state, and the last state stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from axiod.errors import InvalidArgument

MAX_STEPS = 256
MAX_WAIT_MS = 65535


class Running(StrEnum):
    """What moves an output by itself."""

    IDLE = "idle"
    PULSE = "pulse"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Step:
    """A level and how long to wait after it."""

    active: bool
    wait_ns: int


@dataclass(frozen=True, slots=True)
class Program:
    """Steps on their way; the one at `index` is done, and is over at `deadline_ns`."""

    kind: Running
    steps: tuple[Step, ...]
    index: int
    deadline_ns: int

    @classmethod
    def pulse(cls, duration_ms: int, now_ns: int) -> Program:
        """Active for a time, then inactive."""
        steps = (Step(True, duration_ms * 1_000_000), Step(False, 0))  # noqa: FBT003 # (active, wait)
        return cls(Running.PULSE, steps, 0, now_ns + steps[0].wait_ns)

    @classmethod
    def sequence(cls, steps: list[tuple[bool, int]], now_ns: int) -> Program:
        """Steps of (active, milliseconds to wait after it); raises InvalidArgument."""
        if not 1 <= len(steps) <= MAX_STEPS:
            raise InvalidArgument(f"steps has {len(steps)} of them; it must have 1 to {MAX_STEPS}")
        for number, (_, wait_ms) in enumerate(steps, 1):
            if wait_ms > MAX_WAIT_MS:
                raise InvalidArgument(f"step {number} waits {wait_ms} ms; it must be 0 to {MAX_WAIT_MS} ms")
        taken = tuple(Step(active, wait_ms * 1_000_000) for active, wait_ms in steps)
        return cls(Running.SEQUENCE, taken, 0, now_ns + taken[0].wait_ns)

    @property
    def active(self) -> bool:
        """The level of the present step."""
        return self.steps[self.index].active

    @property
    def last(self) -> bool:
        """No step follows the present one."""
        return self.index == len(self.steps) - 1

    @property
    def final(self) -> bool:
        """The level that stays when it is over."""
        return self.steps[-1].active

    def next(self) -> Program:
        """Return the program one step on; its time counts from the end of the present step, so it never drifts."""
        index = self.index + 1
        return replace(self, index=index, deadline_ns=self.deadline_ns + self.steps[index].wait_ns)

    def to_json(self) -> dict[str, Any]:
        """Return what from_json() takes."""
        steps = [[step.active, step.wait_ns] for step in self.steps]
        return {"kind": str(self.kind), "steps": steps, "index": self.index, "deadline_ns": self.deadline_ns}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Program:
        """Return the program that was stored."""
        steps = tuple(Step(active, wait_ns) for active, wait_ns in data["steps"])
        return cls(Running(data["kind"]), steps, data["index"], data["deadline_ns"])
