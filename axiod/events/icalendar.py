# SPDX-License-Identifier: Apache-2.0
"""The iCalendar text of a schedule, and the values that it stands for. Pure.

    DTSTART:20111212T0600 DTEND:20111212T0900 RRULE:FREQ=WEEKLY;BYDAY=MO,TU

Parts stand in one line, or each in its own. All times are local ones. Without DTEND it is a pulse, without RRULE it
happens once. A text may have several entries, each of which begins with its DTSTART; all are intervals, or all pulses.
Other than in RFC 5545, DTSTART itself does not happen unless RRULE says so; that is how VAPIX schedules are written.

Sources: RFC 5545 3.3.10 and 3.8.5.3; VAPIX event1 "ICalendar", whose times are written 20111212T06:00, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from axiod.errors import InvalidArgument

MOST_CHARACTERS = 1024
MOST_ENTRIES = 16
MOST_COUNT = 1000
MOST_INTERVAL = 10_000
FIRST_YEAR, LAST_YEAR = 1970, 2199
"""Between them lies whatever a schedule is about."""

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EXAMPLE = "DTSTART:20260105T080000 DTEND:20260105T170000 RRULE:FREQ=WEEKLY;BYDAY=MO,TU"
_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d)(?::?(\d\d))?)?", re.ASCII)
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_WRAPPING = {"BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT"}


class Frequency(StrEnum):
    """How often, before INTERVAL."""

    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"
    MINUTELY = "MINUTELY"
    SECONDLY = "SECONDLY"


FINE = {Frequency.HOURLY: 3600, Frequency.MINUTELY: 60, Frequency.SECONDLY: 1}
"""The frequencies that divide a day, and the seconds of each."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """An RRULE."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    """The last moment at which it may happen."""
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    """1 to 31, or -1 (the last) to -31."""
    days: tuple[tuple[int, int], ...] = ()
    """Day of the week, 0 is Monday; and which of the month or year: 1 the first, -1 the last, 0 each."""
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the calendar; times are those of a clock on the wall."""

    start: datetime
    duration: timedelta | None
    """None: it is a pulse."""
    repeat: Repeat | None


def parse(text: str) -> tuple[Entry, ...]:
    """Return the entries of a text; raises InvalidArgument, which names the part and says what would be right."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidArgument(
            f"the iCalendar text has {len(text)} characters; it must have at most {MOST_CHARACTERS}: {EXAMPLE}"
        )
    groups: list[dict[str, str]] = []
    for word in text.split():
        if word.upper() in _WRAPPING:
            continue
        name, colon, value = word.upper().partition(":")
        if name not in ("DTSTART", "DTEND", "RRULE") or not colon:
            raise InvalidArgument(f"{_shown(word)} is no DTSTART:, DTEND: or RRULE:; a schedule looks like {EXAMPLE}")
        if name == "DTSTART":
            groups.append({})
        if not groups:
            raise InvalidArgument(f"{name} stands before DTSTART; a schedule begins with DTSTART: {EXAMPLE}")
        if name in groups[-1]:
            raise InvalidArgument(f"{name} stands there twice; one of them must go")
        groups[-1][name] = value
    if not groups:
        raise InvalidArgument(f"the iCalendar text is empty; a schedule looks like {EXAMPLE}")
    if len(groups) > MOST_ENTRIES:
        raise InvalidArgument(f"there are {len(groups)} DTSTARTs; a schedule has at most {MOST_ENTRIES}")
    entries = tuple(map(_entry, groups))
    if len({entry.duration is None for entry in entries}) > 1:
        raise InvalidArgument("DTEND must follow each DTSTART, or none: a schedule is all intervals or all pulses")
    return entries


def _entry(parts: dict[str, str]) -> Entry:
    start = _time("DTSTART", parts["DTSTART"])
    duration = None
    if "DTEND" in parts:
        duration = _time("DTEND", parts["DTEND"]) - start
        if duration <= timedelta(0):
            raise InvalidArgument(f"DTEND:{parts['DTEND']} must be later than DTSTART:{parts['DTSTART']}")
    repeat = _repeat(parts["RRULE"]) if "RRULE" in parts else None
    if repeat and repeat.until and repeat.until < start:
        raise InvalidArgument(f"UNTIL in the RRULE must not be before DTSTART:{parts['DTSTART']}")
    return Entry(start, duration, repeat)


def _time(name: str, text: str) -> datetime:
    found = _TIME.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        moment = datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type] # noqa: DTZ001 # local
    except ValueError:
        hint = "the local time, without a Z" if text.endswith("Z") else "a local time"
        raise InvalidArgument(f"{name} is {_shown(text)}; it must be {hint}, such as 20260105T080000") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise InvalidArgument(f"{name} is in the year {moment.year}; it must be from {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _repeat(text: str) -> Repeat:
    parts: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS:
            raise InvalidArgument(f"RRULE has {_shown(part)}; what it may have is {', '.join(_PARTS)}")
        if name in parts:
            raise InvalidArgument(f"RRULE has {name} twice; one of them must go")
        parts[name] = value
    if parts.get("FREQ") not in set(Frequency):
        raise InvalidArgument(f"FREQ is {_shown(parts.get('FREQ', ''))}; it must be one of {', '.join(Frequency)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidArgument("RRULE has both COUNT and UNTIL; one of them must go")
    if parts.get("WKST", "MO") != "MO":
        raise InvalidArgument(f"WKST is {_shown(parts['WKST'])}; a week begins with MO here")
    frequency = Frequency(parts["FREQ"])
    days = tuple(_day(word, frequency) for word in parts["BYDAY"].split(",")) if "BYDAY" in parts else ()
    until = _time("UNTIL", parts["UNTIL"]) if "UNTIL" in parts else None
    if until and "T" not in parts["UNTIL"]:
        until += timedelta(days=1, seconds=-1)  # a day is meant whole
    return Repeat(
        frequency,
        _numbers(parts, "INTERVAL", 1, MOST_INTERVAL, single=True)[0] if "INTERVAL" in parts else 1,
        _numbers(parts, "COUNT", 1, MOST_COUNT, single=True)[0] if "COUNT" in parts else None,
        until,
        _numbers(parts, "BYMONTH", 1, 12),
        _numbers(parts, "BYMONTHDAY", -31, 31),
        days,
        _numbers(parts, "BYHOUR", 0, 23),
        _numbers(parts, "BYMINUTE", 0, 59),
    )


_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYMINUTE", "WKST")


def _numbers(parts: dict[str, str], name: str, low: int, high: int, *, single: bool = False) -> tuple[int, ...]:
    if name not in parts:
        return ()
    words = parts[name].split(",")
    numbers = [int(word) for word in words if _NUMBER.fullmatch(word)]
    wrong = len(numbers) < len(words) or (single and len(words) > 1)
    if wrong or not all(low <= number <= high and (number or low >= 0) for number in numbers):
        what = "a number" if single else "numbers"
        besides = ", but not 0" if low < 0 else ""
        raise InvalidArgument(f"{name} is {_shown(parts[name])}; it must be {what} from {low} to {high}{besides}")
    return tuple(sorted(set(numbers)))


def _day(word: str, frequency: Frequency) -> tuple[int, int]:
    found = _DAY.fullmatch(word)
    if found is None:
        raise InvalidArgument(f"BYDAY has {_shown(word)}; it must be some of {', '.join(DAYS)}, separated by commas")
    which = int(found[1] or 0)
    most = {Frequency.MONTHLY: 5, Frequency.YEARLY: 53}.get(frequency, 0)
    if found[1] and not 1 <= abs(which) <= most:
        where = f"from 1 to {most}, or -{most} to -1" if most else "only with FREQ=MONTHLY and FREQ=YEARLY"
        raise InvalidArgument(f"BYDAY has {_shown(word)}; there may be a number before the day {where}")
    return DAYS.index(found[2]), which


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
