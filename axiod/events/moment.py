# SPDX-License-Identifier: Apache-2.0
"""When something is, by both clocks, and what happened then. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A topic in its one form, and the items of a source in their order."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by both clocks. The monotonic one counts as long as the device runs, the wall's over reboots."""

    monotonic_usec: int
    wall_usec: int

    def after(self, usec: int) -> Moment:
        """Return the moment so much later."""
        return Moment(self.monotonic_usec + usec, self.wall_usec + usec)

    def before(self, usec: int) -> Moment:
        """Return the moment so much earlier; this one where that would be later."""
        return self.after(-usec) if usec > 0 else self

    def to_json(self) -> list[int]:
        """Return what from_json() takes."""
        return [self.monotonic_usec, self.wall_usec]

    @classmethod
    def from_json(cls, data: list[int]) -> Moment:
        """Return the moment that was stored; raises TypeError or ValueError for anything else."""
        monotonic_usec, wall_usec = data
        return cls(int(monotonic_usec), int(wall_usec))

    def past(self, now: Moment) -> Moment:
        """Return this moment of an earlier boot, which is over, by the monotonic clock of now.

        A wall clock that was set back meanwhile, or is not set yet, counts as if no time had passed.
        """
        return Moment(now.monotonic_usec - max(0, now.wall_usec - self.wall_usec), self.wall_usec)

    def coming(self, now: Moment, most_usec: int) -> Moment:
        """Return this deadline of an earlier boot by the monotonic clock of now; it may be over. It is never later than
        `most_usec` from now, whatever became of the wall clock.
        """
        return now.after(min(self.wall_usec - now.wall_usec, most_usec))


class Told(Protocol):
    """An event as the engine takes it; axiod.bus.client.Event is one."""

    @property
    def topic(self) -> str: ...
    @property
    def source(self) -> Mapping[str, str]: ...
    @property
    def data(self) -> Mapping[str, str]: ...
    @property
    def timestamp_usec(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Happening:
    """One event, without the bus."""

    topic: str
    source: Mapping[str, str]
    data: Mapping[str, str]
    timestamp_usec: int
