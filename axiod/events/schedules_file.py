# SPDX-License-Identifier: Apache-2.0
"""schedules.yaml: the schedules that were added, and the shipped ones that were changed.

version: 1
next: 3
schedules:
  "2": {Name: Cleaners, Icalendar: "DTSTART:20260105T053000 RRULE:FREQ=WEEKLY;BYDAY=MO", Missed: run-once}
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options
from axiod.events.schedule import MOST_SCHEDULES, SHIPPED, Missed, Schedule, is_id
from axiod.runtime.store import Store

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 1
_SCHEDULE = "org.axiod.events1.Schedule"


class SchedulesFile:
    """The file, and the schedules in it."""

    def __init__(self, state_dir: Path) -> None:
        """Raises HardwareFailure when the disk refuses to be read."""
        self._store = Store(state_dir / "schedules.yaml")
        nothing: tuple[int, dict[str, Schedule]] = (1, {})
        self._next, stored = self._store.load(_read, nothing)
        self.schedules: dict[str, Schedule] = SHIPPED | stored
        """By id."""

    @property
    def next_id(self) -> str:
        """An id that was never given to any."""
        return str(self._next)

    async def save(self, schedule: Schedule) -> None:
        """Store a new or changed one; it counts when this returns. Raises HardwareFailure, and then nothing changed."""
        following = self._next + 1 if schedule.id == self.next_id else self._next
        await self._write(following, self.schedules | {schedule.id: schedule})

    async def remove(self, id_: str) -> None:
        """Store that there is one less; raises HardwareFailure, and then it is still there."""
        await self._write(self._next, {key: one for key, one in self.schedules.items() if key != id_})

    async def _write(self, following: int, schedules: dict[str, Schedule]) -> None:
        plain = {
            schedule.id: {"Name": schedule.name, "Icalendar": schedule.icalendar, "Missed": str(schedule.missed)}
            for schedule in schedules.values()
            if schedule != SHIPPED.get(schedule.id)
        }
        data = {"version": _VERSION, "next": following, "schedules": plain}
        await asyncio.to_thread(self._store.save, data)
        self._next, self.schedules = following, schedules


def _read(found: Any) -> tuple[int, dict[str, Schedule]]:
    match found:
        case {"version": 1, "next": int(following), "schedules": dict(entries)} if len(found) == 3 and following > 0:
            pass
        case _:
            raise ValueError(f"it must have version: {_VERSION}, next and schedules, and nothing else")
    known = contract.load(_SCHEDULE).configurable
    schedules = {}
    for key, entry in entries.items():
        id_ = str(key)
        if not is_id(id_) or not isinstance(entry, dict):
            raise ValueError(f"{id_[:40]!r} is no schedule")
        if id_ not in SHIPPED and int(id_) >= following:
            raise ValueError(f"next must be greater than {id_}")
        values = plain_options(known, {str(name): value for name, value in entry.items()}, f"setting of {id_}")
        base = SHIPPED.get(id_) or Schedule(id_, "", "")
        schedule = replace(
            base,
            name=values.get("Name", base.name),
            icalendar=values.get("Icalendar", base.icalendar),
            missed=Missed(values.get("Missed", base.missed)),
        )
        if not schedule.name:
            raise ValueError(f"schedule {id_} has no Name")
        _ = schedule.recurrence  # raises InvalidArgument for what is no schedule
        schedules[id_] = schedule
    if len(SHIPPED | schedules) > MOST_SCHEDULES:
        raise ValueError(f"there are more than {MOST_SCHEDULES} schedules")
    return following, schedules
