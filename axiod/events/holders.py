# SPDX-License-Identifier: Apache-2.0
"""Which rules keep which outputs, virtual inputs and LEDs where they are, when several want the same one. Pure.

The latest that began to keep it has its way as long as it lasts; then it goes where the latest of those that are left
wants it. The last one leaves it at the other level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.events.output import opposite

if TYPE_CHECKING:
    from axiod.events.output import Level, Target
    from axiod.events.rule_state import Step


@dataclass(slots=True)
class Holders:
    """All that is kept by rules."""

    _kept: dict[Target, list[tuple[int, Level]]] = field(default_factory=dict)
    """(order, level) of each that keeps it, the latest last."""
    _latest: int = 0

    def hold(self, step: Step, target: Target, level: Level) -> None:
        """A step begins to keep a target at a level."""
        self._latest += 1
        step.held = (target, level, self._latest)
        self.resume(step)

    def resume(self, step: Step) -> None:
        """A step that began before a restart keeps what it kept."""
        if step.held is None:
            return
        target, level, order = step.held
        self._latest = max(self._latest, order)
        kept = self._kept.setdefault(target, [])
        kept.append((order, level))
        kept.sort()

    def decides(self, step: Step) -> bool:
        """Whether a step is the one that has its way."""
        return step.held is not None and self._kept[step.held[0]][-1][0] == step.held[2]

    def release(self, step: Step) -> Level | None:
        """A step keeps its target no more; return the level that it is to go to, None where it is right as it is."""
        if step.held is None:
            return None
        target, level, order = step.held
        step.held = None
        kept = self._kept[target]
        decided = kept[-1][0] == order
        kept.remove((order, level))
        if not kept:
            del self._kept[target]
            return opposite(level)
        left = kept[-1][1]
        return left if decided and left != level else None

    def wanted(self, target: Target) -> Level | None:
        """Return the level that rules want a target to have now; None where none keeps it."""
        kept = self._kept.get(target)
        return kept[-1][1] if kept else None
