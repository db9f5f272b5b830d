# SPDX-License-Identifier: Apache-2.0
"""The iCalendar text of the usual schedules, from what a person types: days, times of the day, or how often."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from axiod.cli.times import milliseconds
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_FIRST = "19700105"
"""A Monday, long ago."""
_UNITS = ((86_400_000, "DAILY"), (3_600_000, "HOURLY"), (60_000, "MINUTELY"), (1000, "SECONDLY"))


def chosen(args: Namespace) -> list[str]:
    """Return which of the options that stand for a text were given."""
    return [name for name in ("every", "days", "at", "begin", "end") if getattr(args, name) is not None]


def from_options(args: Namespace, icalendar: str | None) -> str:
    """Return the text that the options ask for, or the one that was given instead; raises InvalidArgument."""
    given = chosen(args)
    if icalendar is not None:
        if given:
            raise InvalidArgument("give ICALENDAR or the options that make one, and not both")
        return " ".join(icalendar.split())
    if args.every is not None:
        if len(given) > 1:
            raise InvalidArgument("--every stands alone; for certain days and times give --days and --at")
        return _every(args.every)
    if args.at is not None and (args.begin is not None or args.end is not None):
        raise InvalidArgument("give --at for a pulse, or --from and --to for an interval")
    if args.at is None and (args.begin is None or args.end is None):
        raise InvalidArgument(
            "say when: --at 12:00 for a pulse, --from 08:00 --to 17:00 for an interval, --every 5min, or ICALENDAR"
        )
    rule = f"RRULE:FREQ=WEEKLY;BYDAY={','.join(_days(args.days))}" if args.days is not None else "RRULE:FREQ=DAILY"
    if args.at is not None:
        return f"DTSTART:{_FIRST}T{_time(args.at)} {rule}"
    begin, end = _time(args.begin), _time(args.end)
    # Until the next day where it ends no later than it begins.
    last = _FIRST if end > begin else str(int(_FIRST) + 1)
    return f"DTSTART:{_FIRST}T{begin} DTEND:{last}T{end} {rule}"


def _every(text: str) -> str:
    ms = milliseconds(text)
    for size, frequency in _UNITS:
        if ms and ms % size == 0:
            interval = "" if ms == size else f";INTERVAL={ms // size}"
            return f"DTSTART:{_FIRST}T000000 RRULE:FREQ={frequency}{interval}"
    raise InvalidArgument(f"--every is {text}; it must be whole seconds, minutes, hours or days, as 5min")


def _time(text: str) -> str:
    found = _TIME.fullmatch(text)
    if found is None:
        raise InvalidArgument(f"{text[:40]!r} is no time of the day; it must be from 00:00 to 23:59, as 08:00")
    return f"{int(found[1]):02}{found[2]}00"


def _days(text: str) -> list[str]:
    """Read "mon-fri" or "sa,su"; two letters are enough."""
    found = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        begin = _day(first, text)
        end = _day(last, text) if dash else begin
        found |= {(begin + number) % 7 for number in range((end - begin) % 7 + 1)}
    return [DAYS[number] for number in sorted(found)]


def _day(word: str, text: str) -> int:
    short = word.strip()[:2].upper()
    if short not in DAYS:
        raise InvalidArgument(f"--days is {text[:40]!r}; it must be days such as mon-fri or sa,su")
    return DAYS.index(short)
