# SPDX-License-Identifier: Apache-2.0
"""axioctl schedule: intervals and pulses that recur, for the conditions of rules."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import calendar_text, render
from axiod.cli.configure import add_options, given
from axiod.cli.objects import Kind, add_id, called, configured, outcome
from axiod.cli.only import Only
from axiod.cli.render import Column, Result, said
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

KIND = Kind(
    word="schedule",
    interface="org.axiod.events1.Schedule",
    example="office_hours",
    columns=(
        (Column("ID"), ""),
        (Column("NAME", shrink=True), "Name"),
        (Column("KIND"), "Kind"),
        (Column("ACTIVE"), "Active"),
        (Column("NEXT", right=True, ahead=True), "NextUsec"),
        (Column("ICALENDAR", spare=True, shrink=True), "Icalendar"),
    ),
    setting="--name 'Opening hours'",
)
SCHEDULES = Only("schedules", "org.axiod.events1.Schedules")
_COUNT = contract.Value("--count", "u", low=1, high=1000)
_YEAR_USEC = 366 * 86_400_000_000


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group, but=("configure",))
    configure = group.verb(
        "configure",
        "change settings of the schedule, all that are given or none",
        run=_configure,
        examples=[
            "axioctl schedule configure office_hours --days mon-fri --from 07:00 --to 16:00",
            f"axioctl schedule configure 1 {KIND.setting}",
        ],
    )
    add_id(configure, "schedule", "the schedule: its id or its name")
    add_options(configure, KIND.interface)
    _add_times(configure)
    changing = comments.read(KIND.interface)["Configure"]
    configure.manual[""] = f"{changing.text.replace(' in @changes', '')} Errors: {changing.errors}"

    inputs = contract.load(SCHEDULES.interface).methods["AddSchedule"].inputs
    missed = (inputs[2].options or {})["Missed"]
    add = group.verb(
        "add",
        "add a schedule",
        run=_add,
        examples=[
            "axioctl schedule add 'Opening hours' --days mon-fri --from 08:00 --to 17:00",
            "axioctl schedule add Noon --at 12:00",
            "axioctl schedule add Often --every 5min",
            "axioctl schedule add First 'DTSTART:20260101T060000 RRULE:FREQ=MONTHLY'",
        ],
    )
    add.add_argument("name", metavar="NAME", help="what people call it")
    add.add_argument(
        "icalendar", metavar="ICALENDAR", nargs="?", help="DTSTART:, DTEND: for an interval, and RRULE:, in local time"
    )
    _add_times(add)
    add.add_argument(
        "--missed",
        metavar="{" + ",".join(missed.values) + "}",
        choices=missed.values,
        help="what becomes of pulses that fell into a time when the device was off",
    )
    add.complete["missed"] = " ".join(missed.values)
    comment = comments.read(SCHEDULES.interface)["AddSchedule"]
    add.manual[""] = f"{comment.text} Errors: {comment.errors}"
    add.manual["icalendar"] = comment.arguments["icalendar"] + " The options below make it from days and times."
    add.manual["missed"] = comments.read(KIND.interface)["Missed"].text

    following = group.verb(
        "next", "list when a schedule is next", run=_next, examples=["axioctl schedule next office_hours --count 3"]
    )
    add_id(following, "schedule", "the schedule: its id or its name")
    following.add_argument("--count", metavar="N", default="10", help="how many, 10 without it; within a year from now")

    reset = group.verb(
        "reset", "make a shipped schedule what it was", run=_reset, examples=["axioctl schedule reset office_hours"]
    )
    add_id(reset, "schedule", "the schedule: its id")


def _add_times(verb: Parser) -> None:
    """Add the options that stand for iCalendar text."""
    verb.add_argument("--days", metavar="DAYS", help="instead: on these days, as mon-fri or sa,su; each day without it")
    verb.add_argument("--from", dest="begin", metavar="TIME", help="an interval from this time of the day, as 08:00")
    verb.add_argument("--to", dest="end", metavar="TIME", help="to that time; of the next day where it is not later")
    verb.add_argument("--at", metavar="TIME", help="a pulse at this time of the day")
    verb.add_argument("--every", metavar="TIME", help="a pulse every so often, as 5min")


async def _configure(args: Namespace, remote: Remote) -> Result:
    known = KIND.members.configurable
    if calendar_text.chosen(args):
        args.set_Icalendar = calendar_text.from_options(args, args.set_Icalendar)
    changes = given(args, known)
    thing = await KIND.named(remote, args)
    await remote.call(thing.path, KIND.interface, "Configure", changes)
    return configured(thing, changes, known, called(KIND, thing))


async def _add(args: Namespace, remote: Remote) -> Result:
    inputs = contract.load(SCHEDULES.interface).methods["AddSchedule"].inputs
    name, text = from_text(inputs[0], args.name), from_text(inputs[1], calendar_text.from_options(args, args.icalendar))
    options: dict[str, Any] = {} if args.missed is None else {"Missed": args.missed}
    id_ = await SCHEDULES.call(remote, "AddSchedule", name, text, options)
    data = {"Id": id_, "Name": name, "Icalendar": text} | options
    return said(data, f"schedule {id_} is added: axioctl schedule next {id_}")


async def _next(args: Namespace, remote: Remote) -> Result:
    count = from_text(_COUNT, args.count)
    thing = await KIND.named(remote, args)
    now = time.time_ns() // 1000
    # One that is active now began before.
    begin = now - (_YEAR_USEC if thing.get("Active") else 0)
    found = await _occurrences(remote, thing.path, begin, now, count)
    data = [{"BeginUsec": start, "EndUsec": end} for start, end in found]

    def lines(screen: Screen) -> list[str]:
        if not found:
            return [f"{thing.id} does not come within a year"]
        return [_line(start, end, screen) for start, end in found]

    return Result(data, lines)


async def _occurrences(remote: Remote, path: str, begin: int, now: int, count: int) -> list[tuple[int, int]]:
    """Return those that have not ended, the present one first."""
    found: list[tuple[int, int]] = []
    while begin < now + _YEAR_USEC and len(found) < count:
        page = await remote.call(path, KIND.interface, "Occurrences", begin, now + _YEAR_USEC)
        found += [(start, end) for start, end in page if end > now]
        if len(page) < _PAGE:
            break
        begin = page[-1][0] + 1_000_000
    return found[:count]


_PAGE = 1000
"""Occurrences lists no more at once."""


def _line(start: int, end: int, screen: Screen) -> str:
    begin = render.iso(start, zone=screen.width is None)[:19].replace("T", " ")
    if start == end:
        return f"{_weekday(start)} {begin}  {render.distance(start, screen.now_usec)}"
    return f"{_weekday(start)} {begin}  until {_weekday(end)} {render.iso(end)[:19].replace('T', ' ')}"


def _weekday(usec: int) -> str:
    return ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")[time.localtime(usec / 1e6).tm_wday]


async def _reset(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.exactly(remote, args.id)
    if not thing.get("Shipped"):
        raise InvalidArgument(f"{thing.id} did not come with the device; remove it, or configure it")
    await remote.call(thing.path, KIND.interface, "Reset")
    return said(outcome(thing, Reset=True), f"{thing.id} is what it was at first")
