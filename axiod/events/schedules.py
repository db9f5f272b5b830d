# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.Schedules and Schedule, the events of schedules, and the clock that drives them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import Conflict, InvalidArgument, LimitReached, NotFound, NotSupported
from axiod.events.schedule import MOST_SCHEDULES, SHIPPED, Missed, Schedule
from axiod.events.schedules_file import SchedulesFile
from axiod.events.time_zone import TimeZone
from axiod.events.timetable import Timetable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from axiod.events.timetable import Happening
    from axiod.runtime.app import Context

SCHEDULES = "org.axiod.events1.Schedules"
SCHEDULE = "org.axiod.events1.Schedule"
LOOK_SECONDS = 10.0
"""So often it is looked at least whether the clock was set, or the time zone changed."""
STEP_USEC = 500_000
"""A clock that moved by more than this against the monotonic one was set."""
_SOON_SECONDS = 0.001
_NOT_LIVE_SECONDS = 0.05
_log = logging.getLogger(__name__)


class SchedulesHandler:
    """org.axiod.events1.Schedules, and all schedules.

    Intervals are states from start() on; the first pulse comes when the service is live.
    """

    limit: int = MOST_SCHEDULES

    def __init__(self, context: Context, changing: asyncio.Lock, localtime: Path | None = None) -> None:
        """`changing`: held while anything changes. `localtime`: instead of /etc/localtime."""
        self._context = context
        self._changing = changing
        self._path = f"{context.path}/schedules"
        self._file = SchedulesFile(context.state_dir)
        self._clock = TimeZone() if localtime is None else TimeZone(localtime)
        self._timetable = Timetable(self._clock.zone)
        self._told: dict[str, tuple[bool | None, int | None]] = {}
        """Of each schedule on the bus: whether it is active, and when it is next."""
        self._ahead_usec = _ahead()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: list[Happening] = []
        """Pulses from before the service was live."""
        self.needed_by: Callable[[str], str | None] = lambda _event_id: None
        """Returns the name of a rule that needs the schedule with this id in its events, if there is one."""

    def start(self) -> None:
        """Export everything, and go on with the time."""
        self._context.server.export(self._path, SCHEDULES, self)
        now = wall_usec()
        for schedule in self._file.schedules.values():
            self._timetable.put(schedule, now, self._context.state.number(_key(schedule.id)))
            self._export(schedule.id)
        self._tick()

    def close(self) -> None:
        """Stop, and have stored what was dealt with."""
        if self._timer is not None:
            self._timer.cancel()
        self._remember(everything=True)

    # --- properties and methods of the contract ---

    @property
    def count(self) -> int:
        return len(self._file.schedules)

    @property
    def time_zone(self) -> str:
        return self._clock.name

    async def add_schedule(self, name: str, icalendar: str, options: dict[str, Any]) -> str:
        async with self._changing:
            if self.count >= MOST_SCHEDULES:
                raise LimitReached(f"there are {MOST_SCHEDULES} schedules, which is the most; remove one first")
            missed = Missed(options.get("Missed", Missed.SKIP))
            schedule = Schedule(self._file.next_id, name, " ".join(icalendar.split()), missed)
            await _understood(schedule)
            await self._file.save(schedule)
            self._put(schedule)
            self._export(schedule.id)
            self._context.server.changed(self._path, SCHEDULES)
            self._tick()
            return schedule.id

    @property
    def event_ids(self) -> list[str]:
        """The ids in the sources of their events."""
        return [schedule.event_id for schedule in self._file.schedules.values()]

    # --- for each schedule ---

    def get(self, id_: str) -> Schedule:
        """Return a schedule; raises NotFound when it was removed."""
        found = self._file.schedules.get(id_)
        if found is None:
            raise NotFound(f"schedule {id_} was removed")
        return found

    def active(self, id_: str) -> bool | None:
        """Return whether it is active; None for a pulse."""
        return self._timetable.active(id_)

    def next_usec(self, id_: str) -> int | None:
        """Return when it next begins, ends or pulses."""
        return self._timetable.next(id_)

    async def configure(self, id_: str, changes: dict[str, Any]) -> None:
        """Take changes of the contract."""
        async with self._changing:
            former = self.get(id_)
            await self._change(
                replace(
                    former,
                    name=changes.get("Name", former.name),
                    icalendar=" ".join(changes.get("Icalendar", former.icalendar).split()),
                    missed=Missed(changes.get("Missed", former.missed)),
                )
            )

    async def reset(self, id_: str) -> None:
        """Make a shipped one what it was."""
        async with self._changing:
            schedule = self.get(id_)
            if not schedule.shipped:
                raise NotSupported(f"{schedule.name} did not come with the device; there is nothing to reset it to")
            await self._change(SHIPPED[id_])

    async def remove(self, id_: str) -> None:
        """Remove one that is not shipped and that no rule needs."""
        async with self._changing:
            schedule = self.get(id_)
            if schedule.shipped:
                raise Conflict(f"{schedule.name} came with the device and cannot be removed; it can be changed")
            rule = self.needed_by(schedule.event_id)
            if rule is not None:
                raise Conflict(f"{rule} needs {schedule.name}; change or remove that rule first")
            await self._file.remove(id_)
            self._timetable.remove(id_)
            del self._told[id_]
            self._context.state.soon(_key(id_), None)
            self._context.events.forget(topics.INTERVAL, {"id": schedule.event_id})
            self._context.server.unexport(self._object(id_))
            self._context.server.changed(self._path, SCHEDULES)

    async def occurrences(self, id_: str, from_usec: int, to_usec: int) -> list[tuple[int, int]]:
        """Return (begin, end) of what there is of it in a span of time."""
        if to_usec <= from_usec:
            raise InvalidArgument("to_usec must be later than from_usec")
        if to_usec > _LAST_USEC:
            raise InvalidArgument("to_usec is after the year 2200; it must be microseconds since 1970")
        recurrence = self.get(id_).recurrence
        find = partial(recurrence.occurrences, from_usec, to_usec, self._clock.zone)
        return [(begin, begin if end is None else end) for begin, end in await asyncio.to_thread(find)]

    async def _change(self, schedule: Schedule) -> None:
        former = self.get(schedule.id)
        if schedule == former:
            return
        await _understood(schedule)
        if former.recurrence.pulses != schedule.recurrence.pulses and (rule := self.needed_by(schedule.event_id)):
            raise InvalidArgument(
                f"{rule} needs {former.name} as {_kind(former)}; Icalendar must not make it {_kind(schedule)}"
            )
        await self._file.save(schedule)
        if (schedule.icalendar, schedule.missed) != (former.icalendar, former.missed):
            if schedule.recurrence.pulses and not former.recurrence.pulses:
                self._context.events.forget(topics.INTERVAL, {"id": schedule.event_id})
            self._put(schedule)
            self._tick()
        else:
            self._timetable.rename(schedule)
        self._context.server.changed(self._object(schedule.id), SCHEDULE)

    def _put(self, schedule: Schedule) -> None:
        self._timetable.put(schedule, wall_usec())

    def _export(self, id_: str) -> None:
        self._told[id_] = self._timetable.active(id_), self._timetable.next(id_)
        self._context.server.export(self._object(id_), SCHEDULE, ScheduleHandler(self, id_))

    def _object(self, id_: str) -> str:
        return f"{self._context.path}/schedule/{id_}"

    # --- time ---

    def _tick(self) -> None:
        """Do what is due, and wake when something may be."""
        self._wake(LOOK_SECONDS)  # whatever becomes of this one
        now = wall_usec()
        ahead, former = _ahead(), self._ahead_usec
        self._ahead_usec = ahead
        if abs(ahead - former) > STEP_USEC:
            _log.info("the clock was set by %+.1f s", (ahead - former) / 1e6)
            self._timetable.stepped(now)
        if self._clock.changed():
            _log.info("the time zone is %s now", self._clock.name)
            self._timetable.set_zone(self._clock.zone, now)
            self._context.server.changed(self._path, SCHEDULES)
        happened = self._timetable.look(now)
        self._tell(happened)
        for id_, told in self._told.items():
            if (present := (self._timetable.active(id_), self._timetable.next(id_))) != told:
                self._told[id_] = present
                self._context.server.changed(self._object(id_), SCHEDULE)
        self._remember()
        delay = LOOK_SECONDS
        look = self._timetable.look_usec
        if look is not None:
            delay = min(max((look - wall_usec()) / 1e6, _SOON_SECONDS), LOOK_SECONDS)
        if self._waiting:
            delay = _NOT_LIVE_SECONDS
        self._wake(delay)

    def _wake(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._tick)

    def _tell(self, happened: list[Happening]) -> None:
        events = self._context.events
        for one in happened:
            if one.active is not None:
                source, data = {"id": one.schedule.event_id}, {"active": "1" if one.active else "0"}
                events.state(topics.INTERVAL, source, data, one.when_usec)
        pulses = self._waiting + [one for one in happened if one.active is None]
        self._waiting = [] if events.live else pulses
        for one in pulses if events.live else ():
            if one.made_up:
                _log.warning("%s pulses once for all that was missed of it", one.schedule.name)
            events.happened(topics.PULSE, {"id": one.schedule.event_id}, {}, one.when_usec)

    def _remember(self, *, everything: bool = False) -> None:
        if self._waiting and not everything:
            return  # a pulse that was not told yet was not dealt with
        for id_, usec in self._timetable.to_store(everything=everything):
            self._context.state.soon(_key(id_), usec)


class ScheduleHandler:
    """org.axiod.events1.Schedule."""

    event_id: str
    shipped: bool

    def __init__(self, schedules: SchedulesHandler, id_: str) -> None:
        self._schedules = schedules
        self._id = id_
        schedule = schedules.get(id_)
        self.event_id, self.shipped = schedule.event_id, schedule.shipped

    @property
    def name(self) -> str:
        return self._schedule.name

    @property
    def icalendar(self) -> str:
        return self._schedule.icalendar

    @property
    def missed(self) -> str:
        return self._schedule.missed

    @property
    def kind(self) -> str:
        return "pulse" if self._schedule.recurrence.pulses else "interval"

    @property
    def active(self) -> bool | None:
        return self._schedules.active(self._id)

    @property
    def next_usec(self) -> int | None:
        return self._schedules.next_usec(self._id)

    async def configure(self, changes: dict[str, Any]) -> None:
        await self._schedules.configure(self._id, changes)

    async def occurrences(self, from_usec: int, to_usec: int) -> list[tuple[int, int]]:
        return await self._schedules.occurrences(self._id, from_usec, to_usec)

    async def reset(self) -> None:
        await self._schedules.reset(self._id)

    async def remove(self) -> None:
        await self._schedules.remove(self._id)

    @property
    def _schedule(self) -> Schedule:
        return self._schedules.get(self._id)


_LAST_USEC = 7_258_118_400_000_000


def _ahead() -> int:
    """Return how far the wall's clock is ahead of the monotonic one."""
    return wall_usec() - monotonic_usec()


def _key(id_: str) -> str:
    return f"schedule/{id_}"


def _kind(schedule: Schedule) -> str:
    return "a pulse" if schedule.recurrence.pulses else "an interval"


async def _understood(schedule: Schedule) -> None:
    """See what its text means, apart from everything else; raises InvalidArgument."""
    await asyncio.to_thread(lambda: schedule.recurrence)
