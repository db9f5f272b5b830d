# SPDX-License-Identifier: Apache-2.0
"""What a schedule is, and those that every device has. Pure.

A shipped one can be changed, as in VAPIX, and reset to what it was; it cannot be removed. Ids of the others are numbers
that are never given again. Sources: manual "Schedules"; VAPIX event1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from axiod.events.recurrence import Recurrence

MOST_SCHEDULES = 100
_PREFIX = "com.axis.schedules."
_GENERATED = "genid.id-"
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


class Missed(StrEnum):
    """What becomes of pulses that fell into a time when the device was off or its clock jumped."""

    SKIP = "skip"
    RUN_ONCE = "run-once"


@dataclass(frozen=True)  # no slots: what its text means is worked out once
class Schedule:
    """One schedule."""

    id: str
    """Of its object: the name of a shipped one, or a number."""
    name: str
    icalendar: str
    missed: Missed = Missed.SKIP

    @cached_property
    def recurrence(self) -> Recurrence:
        """When it is; raises InvalidArgument."""
        return Recurrence(self.icalendar)

    @property
    def event_id(self) -> str:
        """The id in the source of its events."""
        return _PREFIX + (self.id if self.shipped else _GENERATED + self.id)

    @property
    def shipped(self) -> bool:
        """It came with the device."""
        return self.id in SHIPPED


_WEEK = "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
SHIPPED = {
    schedule.id: schedule
    for schedule in (
        Schedule("weekdays", "Weekdays", "DTSTART:19700105T000000 DTEND:19700110T000000 RRULE:FREQ=WEEKLY"),
        Schedule("weekends", "Weekends", "DTSTART:19700103T000000 DTEND:19700105T000000 RRULE:FREQ=WEEKLY"),
        # The hours that VAPIX devices have.
        Schedule("office_hours", "Office hours", f"DTSTART:19700105T080000 DTEND:19700105T180000 {_WEEK}"),
        # All the rest: the nights within the week, and from Friday to Monday.
        Schedule(
            "after_hours",
            "After hours",
            "DTSTART:19700105T180000 DTEND:19700106T080000 RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH "
            "DTSTART:19700109T180000 DTEND:19700112T080000 RRULE:FREQ=WEEKLY;BYDAY=FR",
        ),
    )
}


def is_id(text: str) -> bool:
    """Return whether a schedule can have this id."""
    return text in SHIPPED or bool(_NUMBER.fullmatch(text))
