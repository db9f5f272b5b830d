# SPDX-License-Identifier: Apache-2.0
"""What the engine wants done. Values only. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axiod.events.moment import Told
    from axiod.events.rule import Action


class Reason(StrEnum):
    """Why a rule did what it did, or did not."""

    HOLDS = "all its conditions hold"
    TRIGGERED = "condition {place} started it"
    WAIT_OVER = "its wait is over and all its conditions hold"
    NO_MORE = "condition {place} does not hold any more"
    TURNED_OFF = "it was turned off or changed"
    REMOVED = "it was removed"
    WAITING = "condition {place} came within its wait"
    OTHERS = "condition {place} does not hold"
    ACTIVE_ALREADY = "it was active already"
    UNKNOWN = "condition {place} was not known in time"
    TOO_MANY = "too many of its activations are still under way"
    LOOP = "it started itself again and again; turn it on again when that is mended"

    def text(self, place: int) -> str:
        """Return it as a part of a sentence; `place` is the number of a condition, from 1."""
        return self.value.replace("{place}", str(place))


@dataclass(frozen=True, slots=True)
class Save:
    """Store what the engine knows of a rule; None removes it."""

    rule: str
    state: dict[str, Any] | None
    """JSON-able, for Engine.restore()."""
    first: bool = False
    """What comes after it in the same list may be done only when this is written (it need not be synced): an action
    that must not be done twice, or that must be undone even if the service dies in the next moment."""


@dataclass(frozen=True, slots=True)
class Became:
    """A rule became active or inactive."""

    rule: str
    active: bool
    momentary: bool
    """It is active only for this moment; there is no Became for the end of it."""
    reason: Reason
    place: int
    """The number of the condition that the reason is about, from 1; 0 where it is about none."""
    activation: int
    """How often it became active so far."""
    happening: Told | None = None
    """The event by which it became so; None where time or a snapshot did it."""

    @property
    def text(self) -> str:
        """Why, as a part of a sentence."""
        return self.reason.text(self.place)


@dataclass(frozen=True, slots=True)
class Perform:
    """Perform an action; tell Engine.done() when it is done, has failed for good, or is stored where it is not lost."""

    rule: str
    activation: int
    step: int
    """The place of the action in the rule, from 0. (rule, activation, step) names this one."""
    action: Action
    happening: Told | None
    """The event that made the rule active, for texts."""
    overdue_usec: int = 0
    """How long ago its time came; the service was away, or stood still, where that is much."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Perform an action that ends one that lasted; tell Engine.undone() when it is done, or failed for good."""

    rule: str
    activation: int
    step: int
    action: Action
    """A set, a virtual-input or a led."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something would have made a rule active, but did not. For the replay; explain says the last one."""

    rule: str
    reason: Reason
    place: int

    @property
    def text(self) -> str:
        """Why, as a part of a sentence."""
        return self.reason.text(self.place)


@dataclass(frozen=True, slots=True)
class Suspended:
    """A rule was stopped because it started itself again and again. What it lasted is undone by effects after this."""

    rule: str

    @property
    def text(self) -> str:
        """Why, as a part of a sentence."""
        return Reason.LOOP.text(0)


Effect = Save | Became | Perform | Undo | Dropped | Suspended
