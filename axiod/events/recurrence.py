# SPDX-License-Identifier: Apache-2.0
"""When a schedule is active, or pulses. The time and the zone are arguments. Pure.

Times are those of a clock on the wall. Over a change to or from daylight-saving time:

- A time that the clock skips (in spring) happens at the first moment after the gap. Several that are skipped happen
  there once. An interval that lies wholly in the gap does not happen.
- A time that the clock shows twice (in autumn) happens once, at the first: YEARLY to DAILY. HOURLY, MINUTELY and
  SECONDLY are about what the clock shows, so theirs happen each time that it shows it: "every five minutes" does not
  pause for an hour. Their intervals last as long as at any other time.

Moments are microseconds since 1970 (UTC), and whole seconds.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from axiod.events.icalendar import Frequency, parse
from axiod.events.wall_times import DAY, HORIZON_DAYS, WallTimes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from axiod.events.icalendar import Entry

MOST_OCCURRENCES = 1000
_QUICK = 10
_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 # of the clock on the wall

Occurrence = tuple[int, int | None]
"""Begin, and end of an interval (exclusive)."""


class Recurrence:
    """One or more entries of a calendar: active while any of them is, or a pulse whenever any of them happens."""

    def __init__(self, text: str) -> None:
        """Raise InvalidArgument for what is wrong, never happens, or overlaps itself."""
        self.text = " ".join(text.split())
        self._rules = tuple(map(_Rule, parse(text)))
        self.pulses = self._rules[0].duration is None
        """It is a pulse, and never active."""
        self.quick = any(rule.period < _QUICK for rule in self._rules)
        """It may begin more often than every ten seconds."""
        self.steady = all(rule.steady for rule in self._rules)
        """It comes by the minute or second, at any hour of the day."""

    def active(self, at_usec: int, zone: tzinfo) -> bool:
        """Return whether an interval has begun and not ended."""
        at = at_usec // _SECOND
        return any(rule.present_end(at, zone) is not None for rule in self._rules)

    def next_begin(self, after_usec: int, zone: tzinfo) -> int | None:
        """Return when the next interval begins or the next pulse comes; None: not within the horizon."""
        return _first(rule.next_begin(after_usec // _SECOND, zone) for rule in self._rules)

    def next_bound(self, after_usec: int, zone: tzinfo) -> int | None:
        """Return when an interval next begins or ends; at that moment another may still be active."""
        after = after_usec // _SECOND
        return _first(
            bound for rule in self._rules for bound in (rule.next_begin(after, zone), rule.present_end(after, zone))
        )

    def next_change(self, after_usec: int, zone: tzinfo) -> int | None:
        """Return when it next becomes active or ceases to be; for pulses, when the next one comes.

        None: not within the horizon, or not within a hundred bounds, since intervals that touch are one.
        """
        if self.pulses:
            return self.next_begin(after_usec, zone)
        now, bound = self.active(after_usec, zone), self.next_bound(after_usec, zone)
        for _ in range(100):
            if bound is None or self.active(bound, zone) != now:
                return bound
            bound = self.next_bound(bound, zone)
        return None

    def last_begin(self, after_usec: int, until_usec: int, zone: tzinfo) -> int | None:
        """Return the last begin later than the one and not later than the other; None: there is none.

        It costs no more than one begin, however long the time between them is.
        """
        low, high, span = after_usec // _SECOND + 1, until_usec // _SECOND + 1, 3600
        end = high
        while end > low:
            begin = max(low, end - span)
            found = [start for rule in self._rules for start, _ in rule.within(begin, end, zone)]
            if found:
                return max(found) * _SECOND
            end, span = begin, span * 4
        return None

    def occurrences(
        self, begin_usec: int, end_usec: int, zone: tzinfo, most: int = MOST_OCCURRENCES
    ) -> list[Occurrence]:
        """Return what begins in a span of time, in order, and not more than so many."""
        begin, end = begin_usec // _SECOND, min(end_usec // _SECOND, begin_usec // _SECOND + HORIZON_DAYS * DAY)
        found: list[tuple[int, int | None]] = []
        for rule in self._rules:
            found += itertools.islice(rule.within(begin, end, zone), most)
        found.sort(key=lambda one: (one[0], one[1] or 0))
        distinct = dict.fromkeys(found) if self.pulses else found
        return [
            (start * _SECOND, None if stop is None else stop * _SECOND)
            for start, stop in itertools.islice(distinct, most)
        ]


def _first(seconds: Iterable[int | None]) -> int | None:
    found = [second for second in seconds if second is not None]
    return min(found) * _SECOND if found else None


class _Rule:
    """One entry, in a zone. Seconds since 1970 (UTC) here."""

    def __init__(self, entry: Entry) -> None:
        self._times = WallTimes(entry)
        self.duration = self._times.duration
        self.period = self._times.period
        self.steady = (
            entry.repeat is not None
            and entry.repeat.frequency in (Frequency.MINUTELY, Frequency.SECONDLY)
            and not entry.repeat.hours
        )

    def present_end(self, at: int, zone: tzinfo) -> int | None:
        """Return when the interval ends that has begun and not ended; None: it is not active."""
        if self.duration is None:
            return None
        # An interval over the end of summer is longer than it says: by an hour, and once in history by a day.
        back = self.duration if self._times.fine else self.duration + 26 * 3600
        ends = [end for _, end in self.within(at - back, at + 1, zone) if end is not None and end > at]
        return max(ends, default=None)

    def next_begin(self, after: int, zone: tzinfo) -> int | None:
        """Return the first begin later than that."""
        begin = max(after + 1, self._times.start - 2 * DAY)
        last = min(begin + HORIZON_DAYS * DAY, self._times.last + 2 * DAY)
        span = self._times.period + 1
        while begin < last:
            end = min(begin + span, last)
            for start, _ in self.within(begin, end, zone):
                return start
            begin, span = end, span * 4
        return None

    def within(self, begin: int, end: int, zone: tzinfo) -> Iterator[tuple[int, int | None]]:
        """Yield what begins at or after one moment and before another, in order."""
        begin = max(begin, self._times.start - 2 * DAY)
        end = min(end, self._times.last + 2 * DAY)
        before = None
        for low, high, offset in _stretches(begin, end, zone):
            if before is None:
                before = _offset(low - 1, zone)
            moved = None
            if offset > before:  # the clock skipped some, which happen now
                for wall in self._times.between(low + before, low + offset):
                    moved = wall
            if moved is not None:
                yield from self._one(low, moved, zone, fine=False)
            for wall in self._times.between(low + offset, high + offset):
                start = wall - offset
                if moved is not None and start == low and self.duration is None:
                    continue
                if not self._times.fine and _local(start, zone).fold:
                    continue
                yield from self._one(start, wall, zone, fine=self._times.fine)
            before = offset

    def _one(self, start: int, wall: int, zone: tzinfo, *, fine: bool) -> Iterator[tuple[int, int | None]]:
        if self.duration is None:
            yield start, None
            return
        end = start + self.duration if fine else _moment(wall + self.duration, zone)
        if end > start:
            yield start, end


# --- the clock on the wall ---


def _local(second: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(second, UTC).astimezone(zone)


def _offset(second: int, zone: tzinfo) -> int:
    return round((_local(second, zone).utcoffset() or timedelta(0)).total_seconds())


def _stretches(begin: int, end: int, zone: tzinfo) -> Iterator[tuple[int, int, int]]:
    """Yield begin, end and offset of each stretch in which the wall's clock goes steadily."""
    low, offset = begin, _offset(begin, zone) if begin < end else 0
    at = begin
    while at < end:
        step = min(at + 3 * DAY, end)  # a zone that changes twice within three days is not known
        following = _offset(step, zone)
        if following != offset:
            change = _change(at, step, zone, offset)
            if change >= end:
                break
            yield low, change, offset
            low, offset, at = change, _offset(change, zone), change
            continue
        at = step
    if low < end:
        yield low, end, offset


def _change(low: int, high: int, zone: tzinfo, offset: int) -> int:
    """Return the first second after `low` whose offset is another one; that of `high` is."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == offset:
            low = middle
        else:
            high = middle
    return high


def _moment(wall: int, zone: tzinfo) -> int:
    """Return when a clock on the wall first shows a time, or the first moment after the gap in which it is."""
    moment = (_EPOCH + timedelta(seconds=wall)).replace(tzinfo=zone)
    first = int(moment.timestamp())
    if _offset(first, zone) + first == wall:
        return first
    # In a gap: with the offset after it, the moment is before the change, and the other way round.
    sooner = int(moment.replace(fold=1).timestamp())
    return _change(sooner, first, zone, _offset(sooner, zone))
