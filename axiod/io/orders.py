# SPDX-License-Identifier: Apache-2.0
"""What an LED is told to show. Pure: time is an argument, of the monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Look:
    """What an LED shows from some moment on: a colour, or that and another one in turn."""

    colour: str
    begun_usec: int
    flash_ms: int = 0
    """How long each of the two is shown; 0 for the colour alone."""
    between: str = ""
    ends_usec: int | None = None
    """When it is over; None for what has no end of its own."""

    def at(self, now_usec: int) -> str:
        """Return the colour at a moment."""
        return self.between if self.flash_ms and self._turn(now_usec) % 2 else self.colour

    def next_usec(self, now_usec: int) -> int | None:
        """Return when there is something to be done; None for never."""
        found = [] if self.ends_usec is None else [self.ends_usec]
        if self.flash_ms:
            found.append(self.begun_usec + (self._turn(now_usec) + 1) * self.flash_ms * 1000)
        return min(found, default=None)

    def _turn(self, now_usec: int) -> int:
        return (now_usec - self.begun_usec) // (self.flash_ms * 1000)

    def to_json(self) -> list[Any]:
        """Return what from_json() takes."""
        return [self.colour, self.begun_usec, self.flash_ms, self.between, self.ends_usec]

    @classmethod
    def from_json(cls, data: list[Any]) -> Look:
        """Return what was stored; raises ValueError or TypeError for anything else."""
        colour, begun_usec, flash_ms, between, ends_usec = data
        end = None if ends_usec is None else int(ends_usec)
        return cls(str(colour), int(begun_usec), int(flash_ms), str(between), end)


@dataclass(frozen=True, slots=True)
class Orders:
    """What is shown until it is given back, and what is shown for a time before that."""

    lasting: Look | None = None
    brief: Look | None = None

    def lit(self, look: Look) -> Orders:
        """Return the orders with a new one: the last one counts."""
        return Orders(look) if look.ends_usec is None else Orders(self.lasting, look)

    def given_back(self, *, lasting_only: bool) -> Orders:
        """Return the orders when nobody wants anything any more, other than what is for a time."""
        return Orders(None, self.brief if lasting_only else None)

    def past(self, now_usec: int) -> Orders:
        """Return the orders without what is over."""
        brief = self.brief
        over = brief is not None and brief.ends_usec is not None and brief.ends_usec <= now_usec
        return Orders(self.lasting) if over else self

    @property
    def look(self) -> Look | None:
        """What is to be shown; None for what the LED shows by itself."""
        return self.brief or self.lasting

    def to_json(self) -> list[Any]:
        """Return what from_json() takes."""
        return [one and one.to_json() for one in (self.lasting, self.brief)]

    @classmethod
    def from_json(cls, data: list[Any]) -> Orders:
        """Return what was stored; raises ValueError or TypeError for anything else."""
        lasting, brief = (one and Look.from_json(one) for one in data)
        return cls(lasting, brief)


def key(led: str) -> str:
    """Return where the state of a service has what an LED is told, and what it showed by itself."""
    return f"{led}.lit"


def plain(orders: Orders, own: Mapping[str, Any], boot_id: str) -> dict[str, Any]:
    """Return what is stored there."""
    return {"boot": boot_id, "own": own, "orders": orders.to_json()}
