# SPDX-License-Identifier: Apache-2.0
"""The times at which an entry of a calendar happens, on a clock on the wall that never changes its zone. Pure.

A wall second is what such a clock shows, counted in seconds since it showed 1970. Nothing is counted from DTSTART on,
and nothing is looked for beyond the end that is asked for. (python-dateutil does both: it follows a rule that never
happens to the year 9999. It is what the tests compare this with.)
"""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from axiod.errors import InvalidArgument
from axiod.events.icalendar import FINE, LAST_YEAR, Frequency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from axiod.events.icalendar import Entry, Repeat

DAY = 86_400
HORIZON_DAYS = 12 * 366
"""So far ahead it is looked for the next one; a leap day may be eight years away."""
_SPACING = 64
"""So many occurrences are held against the length of an interval."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 # of the clock on the wall
_ORDINAL = date(1970, 1, 1).toordinal()
_MONDAY = 4
"""1970-01-05 was one."""


class WallTimes:
    """When one entry begins."""

    def __init__(self, entry: Entry) -> None:
        """Raise InvalidArgument when it never happens, or lasts until after the next one begins."""
        self.start = _seconds(entry.start - _EPOCH)
        self.duration = None if entry.duration is None else _seconds(entry.duration)
        """Of an interval; None: it is a pulse."""
        self.last = self.start
        """It never begins later."""
        self._repeat = repeat = entry.repeat
        self.fine = repeat is not None and repeat.frequency in FINE
        """Its frequency divides the day."""
        self.period = HORIZON_DAYS * DAY
        """About how long it is from one to the next."""
        if repeat is None:
            return
        self.last = _seconds(datetime(LAST_YEAR, 12, 31, 23, 59, 59) - _EPOCH)  # noqa: DTZ001 # wall time has no zone
        if repeat.until is not None:
            self.last = _seconds(repeat.until - _EPOCH)
        self.period = repeat.interval * FINE.get(repeat.frequency, DAY)
        self._days = _Days(repeat, entry.start)
        self._in_day = [
            hour * 3600 + minute * 60 + entry.start.second
            for hour in repeat.hours or (entry.start.hour,)
            for minute in repeat.minutes or (entry.start.minute,)
        ]
        first = list(itertools.islice(self.between(self.start, self.start + HORIZON_DAYS * DAY), _SPACING))
        if not first:
            raise InvalidArgument("RRULE never happens: there is no such time within twelve years of DTSTART")
        if repeat.count is not None:
            self.last = max(itertools.islice(self.between(self.start, self.last + 1), repeat.count))
        if self.duration is not None:
            gap = min((later - sooner for sooner, later in itertools.pairwise(first)), default=self.duration)
            if gap < self.duration:
                raise InvalidArgument(
                    f"DTEND makes each one last {timedelta(seconds=self.duration)}, but the next one begins "
                    f"{timedelta(seconds=gap)} after it; it must end before that"
                )

    def between(self, low: int, high: int) -> Iterator[int]:
        """Yield the wall seconds at which it begins, from one to before another, in order."""
        low, high = max(low, self.start), min(high, self.last + 1)
        if low >= high:
            return
        if self._repeat is None:
            yield self.start
        elif self.fine:
            yield from self._finely(self._repeat, low, high)
        else:
            for day in self._days.between(low // DAY, (high - 1) // DAY + 1):
                for second in self._in_day:
                    if low <= day * DAY + second < high:
                        yield day * DAY + second

    def _finely(self, repeat: Repeat, low: int, high: int) -> Iterator[int]:
        unit, interval, minutes = FINE[repeat.frequency], repeat.interval, frozenset(repeat.minutes)
        offsets = [self.start % unit]
        if repeat.frequency is Frequency.HOURLY and minutes:
            offsets, minutes = [minute * 60 + self.start % 60 for minute in repeat.minutes], frozenset()
        origin = self.start // unit
        for begin, end in self._slots(repeat, low, high):
            first = origin + -((origin - begin // unit) // interval) * interval
            for number in range(first, (end - 1) // unit + 1, interval):
                if minutes and number * unit // 60 % 60 not in minutes:
                    continue
                for offset in offsets:
                    if begin <= number * unit + offset < end:
                        yield number * unit + offset

    def _slots(self, repeat: Repeat, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Yield the stretches in which it may happen: hours, days, or all."""
        if not (repeat.hours or self._days.filtered):
            yield low, high
            return
        for day in self._days.between(low // DAY, (high - 1) // DAY + 1):
            slots = [(hour * 3600, 3600) for hour in repeat.hours] or [(0, DAY)]
            for second, size in slots:
                begin, end = max(day * DAY + second, low), min(day * DAY + second + size, high)
                if begin < end:
                    yield begin, end


class _Days:
    """The days of a rule, counted since 1970."""

    def __init__(self, repeat: Repeat, start: datetime) -> None:
        self._frequency = Frequency.DAILY if repeat.frequency in FINE else repeat.frequency
        self._interval = 1 if repeat.frequency in FINE else repeat.interval
        self._start = start.toordinal() - _ORDINAL
        self._month = start.year * 12 + start.month - 1
        self._months, self._month_days = frozenset(repeat.months), frozenset(repeat.month_days)
        self._weekdays = frozenset(day for day, which in repeat.days if not which)
        self._which = frozenset(day for day in repeat.days if day[1])
        if not repeat.days and not repeat.month_days:
            if self._frequency is Frequency.WEEKLY:
                self._weekdays = frozenset((start.weekday(),))
            elif self._frequency in (Frequency.MONTHLY, Frequency.YEARLY):
                self._month_days = frozenset((start.day,))
                if self._frequency is Frequency.YEARLY and not repeat.months:
                    self._months = frozenset((start.month,))
        self.filtered = bool(self._months or self._month_days or self._weekdays or self._which)
        """Not every day is one."""

    def between(self, low: int, high: int) -> Iterator[int]:
        """Yield those from one day to before another, in order."""
        for begin, end in self._periods(low, high):
            for day in range(max(begin, low), min(end, high)):
                if self._matches(date.fromordinal(day + _ORDINAL), begin, end):
                    yield day

    def _periods(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Yield begin and end of the days, weeks, months or years that the interval picks."""
        interval = self._interval
        if self._frequency in (Frequency.DAILY, Frequency.WEEKLY):
            size = 7 if self._frequency is Frequency.WEEKLY else 1
            origin = self._start if size == 1 else self._start - (self._start - _MONDAY) % 7
            step = size * interval
            for begin in range(origin + (low - origin) // step * step, high, step):
                yield begin, begin + size
            return
        near, yearly = date.fromordinal(low + _ORDINAL), self._frequency is Frequency.YEARLY
        month, step = near.year * 12 + near.month - 1, 12 * interval if yearly else interval
        origin = self._month // 12 * 12 if yearly else self._month
        month = origin + (month - origin) // step * step
        while month // 12 <= LAST_YEAR and (begin := _first_of(month)) < high:
            if not yearly:
                yield begin, _first_of(month + 1)
            elif not self._months:
                yield begin, _first_of(month + 12)
            else:  # which of the days is meant, is meant of each month then
                for number in sorted(self._months):
                    yield _first_of(month + number - 1), _first_of(month + number)
            month += step

    def _matches(self, day: date, begin: int, end: int) -> bool:
        if self._months and day.month not in self._months:
            return False
        if self._month_days and day.day not in self._month_days:
            length = _first_of(day.year * 12 + day.month) - _first_of(day.year * 12 + day.month - 1)
            if day.day - length - 1 not in self._month_days:
                return False
        if not (self._weekdays or self._which) or day.weekday() in self._weekdays:
            return True
        number = day.toordinal() - _ORDINAL
        places = ((number - begin) // 7 + 1, -((end - 1 - number) // 7 + 1))
        return any((day.weekday(), place) in self._which for place in places)


def _first_of(month: int) -> int:
    return date(month // 12, month % 12 + 1, 1).toordinal() - _ORDINAL


def _seconds(span: timedelta) -> int:
    return span.days * DAY + span.seconds
