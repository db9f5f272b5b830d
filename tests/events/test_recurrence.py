# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: DTZ001 # times of a clock on the wall
"""When a schedule is active or pulses: over weeks, years and changes of the clock."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from axiod.errors import InvalidArgument
from axiod.events.recurrence import Recurrence

SECOND = 1_000_000
UTC = ZoneInfo("UTC")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
ZONES = [UTC, STOCKHOLM, NEW_YORK, LORD_HOWE]


def usec(text: str, zone: ZoneInfo = UTC) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * SECOND


def shown(at: int | None, zone: ZoneInfo) -> str:
    """A moment with its offset, so that the two halves of a doubled hour differ."""
    return "-" if at is None else datetime.fromtimestamp(at / SECOND, zone).strftime("%Y-%m-%d %H:%M:%S%z")[5:-2]


def pulses(rule: str, begin: str, end: str, zone: ZoneInfo) -> list[str]:
    found = Recurrence(rule).occurrences(usec(begin, zone), usec(end, zone), zone)
    return [shown(start, zone) for start, _ in found]


def intervals(rule: str, begin: str, end: str, zone: ZoneInfo) -> list[tuple[str, str]]:
    found = Recurrence(rule).occurrences(usec(begin, zone), usec(end, zone), zone)
    return [(shown(start, zone), shown(stop, zone)) for start, stop in found]


# --- the plain things ---


def test_office_hours() -> None:
    office = Recurrence("DTSTART:19700101T080000 DTEND:19700101T170000 RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    assert not office.pulses
    for at, active, change in [
        ("2026-11-23T07:59:59", False, "2026-11-23T08:00:00"),  # a Monday
        ("2026-11-23T08:00:00", True, "2026-11-23T17:00:00"),
        ("2026-11-23T16:59:59", True, "2026-11-23T17:00:00"),
        ("2026-11-27T17:00:00", False, "2026-11-30T08:00:00"),  # over a weekend
    ]:
        for zone in ZONES:
            assert office.active(usec(at, zone), zone) is active
            assert office.next_change(usec(at, zone), zone) == usec(change, zone)


def test_nothing_is_before_dtstart_and_once_is_once() -> None:
    once = Recurrence("DTSTART:20260110T080000 DTEND:20260112T090000")
    assert once.next_change(usec("2020-01-01"), UTC) == usec("2026-01-10T08:00:00")
    assert once.active(usec("2026-01-11T00:00:00"), UTC)
    assert once.next_change(usec("2026-01-11T00:00:00"), UTC) == usec("2026-01-12T09:00:00")
    assert once.next_change(usec("2026-01-12T09:00:00"), UTC) is None
    pulse = Recurrence("DTSTART:20260110T080000")
    assert pulse.next_change(usec("2026-01-10T07:59:59"), UTC) == usec("2026-01-10T08:00:00")
    assert pulse.next_change(usec("2026-01-10T08:00:00"), UTC) is None
    assert not pulse.active(usec("2026-01-10T08:00:00"), UTC)


def test_count_and_until_end_it() -> None:
    three = "DTSTART:20260105T080000 RRULE:FREQ=DAILY;COUNT=3"
    assert pulses(three, "2026-01-01", "2030-01-01", UTC) == [f"01-0{day} 08:00:00+00" for day in (5, 6, 7)]
    until = "DTSTART:20260105T080000 RRULE:FREQ=DAILY;UNTIL=20260107T080000"
    assert pulses(until, "2026-01-01", "2030-01-01", UTC) == pulses(three, "2026-01-01", "2030-01-01", UTC)
    assert Recurrence(three).next_change(usec("2026-01-07T08:00:00"), UTC) is None


def test_intervals_that_touch_are_one() -> None:
    days = Recurrence("DTSTART:19700105 DTEND:19700106 RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    assert days.next_change(usec("2026-11-23T12:00:00"), UTC) == usec("2026-11-28T00:00:00")
    assert days.next_bound(usec("2026-11-23T12:00:00"), UTC) == usec("2026-11-24T00:00:00")
    always = Recurrence("DTSTART:19700105 DTEND:19700106 RRULE:FREQ=DAILY")
    assert always.active(usec("2026-11-24T00:00:00"), UTC)
    assert always.next_change(usec("2026-11-24T00:00:00"), UTC) is None


def test_several_entries_are_active_while_any_is() -> None:
    both = Recurrence(
        "DTSTART:20260105T080000 DTEND:20260105T170000 RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR "
        "DTSTART:20260110T100000 DTEND:20260110T140000 RRULE:FREQ=WEEKLY"
    )
    assert both.active(usec("2026-11-28T10:00:00"), UTC)
    assert both.next_change(usec("2026-11-27T17:00:00"), UTC) == usec("2026-11-28T10:00:00")
    pulse = Recurrence("DTSTART:20260105T080000 RRULE:FREQ=DAILY DTSTART:20260105T080000 RRULE:FREQ=WEEKLY")
    assert len(pulse.occurrences(usec("2026-01-05"), usec("2026-01-12"), UTC)) == 7, "one moment is one pulse"


def test_a_month_without_that_day_is_left_out() -> None:
    rule = "DTSTART:20260131T120000 RRULE:FREQ=MONTHLY"
    assert [text[:5] for text in pulses(rule, "2026-01-01", "2026-08-01", UTC)] == ["01-31", "03-31", "05-31", "07-31"]
    leap = Recurrence("DTSTART:19720229T120000 RRULE:FREQ=YEARLY")
    assert leap.next_change(usec("2096-03-01"), UTC) == usec("2104-02-29T12:00:00"), "2100 is no leap year"


def test_the_last_begin_of_a_long_time_is_found_without_the_others() -> None:
    each = Recurrence("DTSTART:19700101 RRULE:FREQ=SECONDLY")
    assert each.last_begin(usec("1990-01-01"), usec("2026-01-01"), UTC) == usec("2026-01-01")
    daily = Recurrence("DTSTART:19700101T080000 RRULE:FREQ=DAILY")
    assert daily.last_begin(usec("2026-01-01T08:00:00"), usec("2026-01-02T07:59:59"), UTC) is None
    assert daily.last_begin(usec("2026-01-01T07:59:59"), usec("2026-01-01T08:00:00"), UTC) == usec(
        "2026-01-01T08:00:00"
    )
    assert daily.last_begin(usec("2026-01-02"), usec("2026-01-01"), UTC) is None


# --- daylight-saving time ---


def test_spring_in_stockholm() -> None:
    day = ("2026-03-29T00:00:00", "2026-03-30T00:00:00")
    assert pulses("DTSTART:20260101T023000 RRULE:FREQ=DAILY", *day, STOCKHOLM) == ["03-29 03:00:00+02"]
    assert pulses("DTSTART:20260101T013000 RRULE:FREQ=DAILY", *day, STOCKHOLM) == ["03-29 01:30:00+01"]
    assert pulses("DTSTART:20260101T030000 RRULE:FREQ=DAILY;BYHOUR=2,3", *day, STOCKHOLM) == ["03-29 03:00:00+02"], (
        "what is moved to the moment of another is not another"
    )
    hourly = pulses("DTSTART:20260101T003000 RRULE:FREQ=HOURLY", "2026-03-29T01:00", "2026-03-29T05:00", STOCKHOLM)
    assert hourly == ["03-29 01:30:00+01", "03-29 03:00:00+02", "03-29 03:30:00+02", "03-29 04:30:00+02"]
    night = "DTSTART:20260101T020000 DTEND:20260101T040000 RRULE:FREQ=DAILY"
    assert intervals(night, *day, STOCKHOLM) == [("03-29 03:00:00+02", "03-29 04:00:00+02")]
    gap = "DTSTART:20260101T021500 DTEND:20260101T024500 RRULE:FREQ=DAILY"
    assert intervals(gap, *day, STOCKHOLM) == [], "it lies in the gap"
    into = "DTSTART:20260101T010000 DTEND:20260101T023000 RRULE:FREQ=DAILY"
    assert intervals(into, *day, STOCKHOLM) == [("03-29 01:00:00+01", "03-29 03:00:00+02")]


def test_autumn_in_stockholm() -> None:
    day = ("2026-10-25T00:00:00", "2026-10-26T00:00:00")
    assert pulses("DTSTART:20260101T023000 RRULE:FREQ=DAILY", *day, STOCKHOLM) == ["10-25 02:30:00+02"], "once"
    half = pulses(
        "DTSTART:20260101T000000 RRULE:FREQ=MINUTELY;INTERVAL=30", "2026-10-25T02:00", "2026-10-25T03:30", STOCKHOLM
    )
    assert half == [
        "10-25 02:00:00+02", "10-25 02:30:00+02", "10-25 02:00:00+01", "10-25 02:30:00+01", "10-25 03:00:00+01"
    ], "no pause of an hour"  # fmt: skip
    into = "DTSTART:20260101T010000 DTEND:20260101T023000 RRULE:FREQ=DAILY"
    assert intervals(into, *day, STOCKHOLM) == [("10-25 01:00:00+02", "10-25 02:30:00+02")]
    over = "DTSTART:20260101T023000 DTEND:20260101T030000 RRULE:FREQ=DAILY"
    assert intervals(over, *day, STOCKHOLM) == [("10-25 02:30:00+02", "10-25 03:00:00+01")]
    assert Recurrence(over).active(usec("2026-10-25T00:15:00"), STOCKHOLM) is False
    assert Recurrence(over).active(usec("2026-10-25T00:30:00"), STOCKHOLM) is True
    assert Recurrence(over).active(usec("2026-10-25T01:15:00"), STOCKHOLM) is True, "02:15 for the second time"
    minutes = "DTSTART:20260101T000000 DTEND:20260101T001000 RRULE:FREQ=HOURLY"
    assert intervals(minutes, "2026-10-25T02:00", "2026-10-25T03:00", STOCKHOLM) == [
        ("10-25 02:00:00+02", "10-25 02:10:00+02"),
        ("10-25 02:00:00+01", "10-25 02:10:00+01"),
    ]


def test_half_an_hour_in_lord_howe() -> None:
    assert pulses("DTSTART:20260101T021500 RRULE:FREQ=DAILY", "2026-10-04T00:00", "2026-10-05T00:00", LORD_HOWE) == [
        "10-04 02:30:00+11"
    ]
    quarter = pulses(
        "DTSTART:20260101T000000 RRULE:FREQ=MINUTELY;INTERVAL=15", "2026-04-05T01:30", "2026-04-05T02:15", LORD_HOWE
    )
    assert [text[6:11] for text in quarter] == ["01:30", "01:45", "01:30", "01:45", "02:00"]


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_long_interval_over_a_change_has_its_bounds_on_the_wall(zone: ZoneInfo) -> None:
    months = Recurrence("DTSTART:20260301T120000 DTEND:20261201T120000 RRULE:FREQ=YEARLY")
    assert months.active(usec("2026-12-01T11:59:59", zone), zone)
    assert months.next_change(usec("2026-06-01", zone), zone) == usec("2026-12-01T12:00:00", zone)


# --- against an independent reading, from DTSTART on and second by second ---

PARTS = ["BYMONTH=3,10", "BYDAY=MO,SU", "BYDAY=SA", "BYMONTHDAY=1,-1,29", "BYHOUR=1,2,3", "BYMINUTE=0,30"]
OF_MONTHS = ["BYDAY=-1SU", "BYDAY=1SA,2SU,5MO", "BYDAY=4SU"]


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, datetime]:
    """A rule and its DTSTART, which is near where a library that counts from there would take for ever."""
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]))
    coarse = frequency in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
    known = PARTS + (OF_MONTHS if frequency in ("YEARLY", "MONTHLY") else [])
    parts = draw(st.lists(st.sampled_from(known), max_size=2, unique_by=lambda part: part.partition("=")[0]))
    start = draw(st.datetimes(datetime(2019 if coarse else 2026, 1, 1), datetime(2026, 3, 1)))
    rule = ";".join([f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}", *parts])
    return rule, start.replace(second=0, microsecond=0)


DAYS = st.sampled_from([datetime(2026, 3, 28), datetime(2026, 10, 24), datetime(2026, 10, 31), datetime(2026, 4, 4)])


def minutes_of(rule: str, start: datetime, begin: datetime, days: int, zone: ZoneInfo) -> list[int]:
    """The minutes at which it happens, by looking at the clock on the wall at each minute."""
    fine = "HOURLY" in rule or "MINUTELY" in rule
    end = begin + timedelta(days=days + 2)
    walls = set(
        takewhile(lambda wall: wall < end, rrulestr(rule, dtstart=start).xafter(begin - timedelta(days=2), inc=True))
    )
    found, seen, before = [], set(), None
    first = int((begin - timedelta(days=1)).replace(tzinfo=zone).timestamp())
    for second in range(first, int((begin + timedelta(days=days)).replace(tzinfo=zone).timestamp()), 60):
        wall = datetime.fromtimestamp(second, zone).replace(tzinfo=None)
        skipped: set[datetime] = set()
        if before is not None and wall - before > timedelta(minutes=1):
            gap = int((wall - before).total_seconds()) // 60
            skipped = {before + timedelta(minutes=minute) for minute in range(1, gap)}
        if (wall in walls and (fine or wall not in seen)) or skipped & walls:
            found.append(second)
        seen.add(wall)
        before = wall
    return [second * SECOND for second in found if second >= begin.replace(tzinfo=zone).timestamp()]


def taken(text: str) -> Recurrence:
    try:
        return Recurrence(text)
    except InvalidArgument:  # parts that contradict each other, or an interval longer than its period
        reject()


@settings(max_examples=50, deadline=None)
@given(rules(), DAYS, st.sampled_from(ZONES))
def test_pulses_are_where_a_clock_on_the_wall_says(it: tuple[str, datetime], day: datetime, zone: ZoneInfo) -> None:
    rule, start = it
    recurrence = taken(f"DTSTART:{start:%Y%m%dT%H%M%S} RRULE:{rule}")
    begin, end = (int((day + timedelta(days=n)).replace(tzinfo=zone).timestamp()) * SECOND for n in (0, 3))
    expected = minutes_of(rule, start, day, 3, zone)
    found = [at for at, _ in recurrence.occurrences(begin, end, zone, 10_000)]
    assert found == expected
    # Step by step it is the same.
    at = begin - SECOND
    steps: list[int] = []
    while len(steps) < 50:
        following = recurrence.next_begin(at, zone)
        if following is None or following >= end:
            break
        steps.append(following)
        at = following
    assert steps == expected[:50]
    assert recurrence.last_begin(begin - SECOND, end - SECOND, zone) == (expected[-1] if expected else None)


@settings(max_examples=80, deadline=None)
@given(rules(), DAYS, st.sampled_from(ZONES), st.integers(1, 300), st.lists(st.integers(0, 3 * 1440), max_size=8))
def test_it_is_active_within_its_intervals_and_changes_at_their_bounds(
    it: tuple[str, datetime], day: datetime, zone: ZoneInfo, length: int, minutes: list[int]
) -> None:
    rule, start = it
    stop = start + timedelta(minutes=length)
    recurrence = taken(f"DTSTART:{start:%Y%m%dT%H%M%S} DTEND:{stop:%Y%m%dT%H%M%S} RRULE:{rule}")
    begin = int(day.replace(tzinfo=zone).timestamp()) * SECOND
    spans = recurrence.occurrences(begin - 9 * 3600 * SECOND, begin + 5 * 86400 * SECOND, zone, 100_000)
    for minute in minutes:
        at = begin + minute * 60 * SECOND
        active = any(low <= at < (high or 0) for low, high in spans)
        assert recurrence.active(at, zone) is active
        bound = recurrence.next_bound(at, zone)
        bounds = [edge for span in spans for edge in span if edge is not None and edge > at]
        if bounds and min(bounds) < begin + 4 * 86400 * SECOND:
            assert bound == min(bounds)


@settings(max_examples=150, deadline=None)
@given(rules(), st.datetimes(datetime(2026, 3, 1), datetime(2030, 1, 1)))
def test_on_a_clock_that_never_changes_it_is_what_dateutil_says(it: tuple[str, datetime], begin: datetime) -> None:
    rule, start = it
    begin = begin.replace(microsecond=0)  # recurrences are of whole seconds
    if "HOURLY" in rule or "MINUTELY" in rule:
        begin = begin.replace(year=2026, month=3, day=min(begin.day, 28))
    end = begin + timedelta(days=500 if "YEARLY" in rule or "MONTHLY" in rule else 20)
    found = taken(f"DTSTART:{start:%Y%m%dT%H%M%S} RRULE:{rule}").occurrences(
        usec(begin.isoformat()), usec(end.isoformat()), UTC, 100
    )
    walls = takewhile(lambda wall: wall < end, rrulestr(rule, dtstart=start).xafter(begin, inc=True))
    expected = [usec(wall.isoformat()) for wall in walls if wall >= begin.replace(microsecond=0)]
    assert [at for at, _ in found] == expected[:100]


# --- bounded ---


@pytest.mark.parametrize(
    "text",
    [
        "DTSTART:19700101T000000 RRULE:FREQ=SECONDLY",
        "DTSTART:19700101T000000 DTEND:19700101T000001 RRULE:FREQ=SECONDLY;INTERVAL=2",
        "DTSTART:19700101T000000 RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29",
        "DTSTART:19700101T000000 RRULE:FREQ=MINUTELY;INTERVAL=7;BYHOUR=3;BYMONTH=2;BYMONTHDAY=29",
        "DTSTART:19700101T000000 RRULE:FREQ=YEARLY;INTERVAL=10000",
        "DTSTART:19700101T000000 DTEND:21990101T000000",
        "DTSTART:19720229T000000 DTEND:19720301T000000 RRULE:FREQ=YEARLY;COUNT=1000",
    ],
)
def test_nothing_is_counted_from_dtstart_on(text: str) -> None:
    recurrence = Recurrence(text)
    spent = time.process_time()
    for zone in ZONES:
        at = usec("2026-11-23T12:34:56", zone)
        recurrence.active(at, zone)
        recurrence.next_change(at, zone)
        recurrence.last_begin(usec("1970-01-01"), at, zone)
        assert len(recurrence.occurrences(usec("1970-01-01"), at, zone)) <= 1000
    assert time.process_time() - spent < 5, "decades of seconds would take hours"
