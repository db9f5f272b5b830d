# SPDX-License-Identifier: Apache-2.0
"""What schedules do as time goes on: which are active, and which pulse now. Pure; time is an argument.

The wall's clock decides, and it may jump:

- Intervals are active or not by what it says; there is nothing to make up for.
- A pulse is on time up to 15 s late, so that neither a busy machine nor a restart of the service loses it.
- What fell into a longer jump, or into a time when nobody looked, is missed: skipped, or one pulse for all of it.
- A clock that is set back pulses no second time until it is again where it was. A clock that is more than a day behind
  may be that of a board that does not know the time yet; it is believed, and begins anew, when it goes on for a day.
  What comes by the minute or second at any hour goes on at once, unless the clock was set back by a minute at most.
- A schedule that pulses more often than every ten seconds is not stored each time, so it begins anew after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.events.schedule import Missed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from axiod.events.schedule import Schedule

_SECOND = 1_000_000
LATE_USEC = 15 * _SECOND
MINUTE_USEC = 60 * _SECOND
DAY_USEC = 86_400 * _SECOND
STORED_USEC = 10 * _SECOND
_AGAIN_USEC = 30 * DAY_USEC
"""It is looked again after so long where nothing is to come within the horizon."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A schedule became active or ceased to be, or it pulses."""

    schedule: Schedule
    when_usec: int
    active: bool | None = None
    """None: it pulses."""
    made_up: bool = False
    """The pulse stands for those that were missed."""


@dataclass(slots=True)
class _Row:
    schedule: Schedule
    seen_usec: int
    """Of a pulse: up to then everything was dealt with."""
    look_usec: int
    """When something may be due."""
    next_usec: int | None = None
    """When it next begins, ends or pulses."""
    active: bool | None = None
    anew: bool = False
    """What was to come before it was first looked at is not on time any more."""
    believe_usec: int | None = None
    """A clock that is far behind is believed then."""
    stored_usec: int = 0


class Timetable:
    """All schedules, in one zone."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._rows: dict[str, _Row] = {}

    def put(self, schedule: Schedule, now_usec: int, seen_usec: int | None = None) -> None:
        """Add a schedule, or take a changed one, and look. `seen_usec`: what was stored of it, at a start."""
        row = _Row(schedule, now_usec if seen_usec is None else seen_usec, now_usec)
        row.anew = seen_usec is not None and schedule.recurrence.quick
        row.stored_usec = seen_usec or 0
        self._rows[schedule.id] = row

    def rename(self, schedule: Schedule) -> None:
        """Take one of which only the name has changed."""
        self._rows[schedule.id].schedule = schedule

    def remove(self, id_: str) -> None:
        """Forget a schedule."""
        del self._rows[id_]

    def set_zone(self, zone: tzinfo, now_usec: int) -> None:
        """The device is in another zone from now on; look."""
        self._zone = zone
        for row in self._rows.values():
            row.seen_usec = max(row.seen_usec, now_usec)  # what the former zone had is not made up for
            row.look_usec, row.next_usec = now_usec, None

    def stepped(self, now_usec: int) -> None:
        """The clock was set; look."""
        for row in self._rows.values():
            row.look_usec, row.next_usec, row.believe_usec = now_usec, None, None

    def look(self, now_usec: int) -> list[Happening]:
        """Return what happens now, in the order of its times."""
        found: list[Happening] = []
        for row in self._rows.values():
            if row.look_usec <= now_usec:
                found += self._pulses(row, now_usec) if row.schedule.recurrence.pulses else self._change(row, now_usec)
        return sorted(found, key=lambda one: one.when_usec)

    def active(self, id_: str) -> bool | None:
        """Return whether an interval is active, as of the last look; None for a pulse."""
        return self._rows[id_].active

    def next(self, id_: str) -> int | None:
        """Return when a schedule next begins, ends or pulses."""
        return self._rows[id_].next_usec

    @property
    def look_usec(self) -> int | None:
        """The moment for the next look."""
        return min((row.look_usec for row in self._rows.values()), default=None)

    def to_store(self, *, everything: bool = False) -> Iterator[tuple[str, int]]:
        """Yield what has to be stored: the id of a pulse, and up to when everything was dealt with."""
        for id_, row in self._rows.items():
            if not row.schedule.recurrence.pulses or row.seen_usec == row.stored_usec:
                continue
            least = STORED_USEC if row.schedule.recurrence.quick else 0
            if everything or abs(row.seen_usec - row.stored_usec) >= least:
                row.stored_usec = row.seen_usec
                yield id_, row.seen_usec

    def _change(self, row: _Row, now: int) -> Iterator[Happening]:
        recurrence = row.schedule.recurrence
        active = recurrence.active(now, self._zone)
        if active != row.active or row.next_usec is None or row.next_usec <= now:
            due = row.next_usec
            on_time = due is not None and 0 <= now - due <= LATE_USEC
            changed, row.active = active != row.active, active
            row.next_usec = recurrence.next_change(now, self._zone)
            if changed:
                yield Happening(row.schedule, due if on_time and due is not None else now, active)
        row.look_usec = recurrence.next_bound(now, self._zone) or now + _AGAIN_USEC

    def _pulses(self, row: _Row, now: int) -> Iterator[Happening]:
        recurrence = row.schedule.recurrence
        if self._is_behind(row, now):
            row.next_usec = recurrence.next_begin(row.seen_usec, self._zone)
            row.look_usec = min(row.believe_usec or row.seen_usec, row.next_usec or now + _AGAIN_USEC)
            return
        begin = now if row.anew else max(row.seen_usec, now - LATE_USEC)
        due = recurrence.occurrences(_after(begin), _after(now), self._zone)
        for when, _ in due:
            yield Happening(row.schedule, when)
        if not due and row.schedule.missed is Missed.RUN_ONCE:
            until = now if row.anew else now - LATE_USEC
            if recurrence.last_begin(row.seen_usec, until, self._zone) is not None:
                yield Happening(row.schedule, now, made_up=True)
        row.seen_usec, row.anew = now, False
        row.next_usec = recurrence.next_begin(now, self._zone)
        row.look_usec = row.next_usec or now + _AGAIN_USEC

    @staticmethod
    def _is_behind(row: _Row, now: int) -> bool:
        """Return whether the clock shows a time that was dealt with already."""
        if now >= row.seen_usec:
            row.believe_usec = None
            return False
        steady = row.schedule.recurrence.steady
        if row.seen_usec - now <= (MINUTE_USEC if steady else DAY_USEC):
            return True
        if steady:
            row.believe_usec = now
        if row.believe_usec is None:
            row.believe_usec = now + DAY_USEC
        if now < row.believe_usec:
            return True
        row.seen_usec, row.believe_usec = now, None
        return False


def _after(usec: int) -> int:
    """Return the first whole second after a moment."""
    return (usec // _SECOND + 1) * _SECOND
