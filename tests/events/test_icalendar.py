# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: DTZ001 # times of a clock on the wall
"""The text of a schedule: what is taken, and what the errors say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiod.errors import InvalidArgument
from axiod.events.icalendar import MOST_CHARACTERS, Frequency, parse
from axiod.events.recurrence import Recurrence

START = "DTSTART:20260105T080000"


def test_the_forms_of_vapix_and_of_the_rfc_are_the_same() -> None:
    vapix = parse("DTSTART:20111212T06:00 DTEND:20111212T09:00 RRULE:FREQ=WEEKLY;BYDAY=MO,TU")
    rfc = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20111212T060000\r\nDTEND:20111212T090000\r\n"
    assert vapix == parse(rfc + "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    (entry,) = vapix
    assert entry.start == datetime(2011, 12, 12, 6)
    assert entry.duration == timedelta(hours=3)
    assert entry.repeat is not None
    assert (entry.repeat.frequency, entry.repeat.days) == (Frequency.WEEKLY, ((0, 0), (1, 0)))


def test_a_day_begins_at_midnight_and_ends_with_it() -> None:
    (entry,) = parse("DTSTART:20260105 RRULE:FREQ=DAILY;UNTIL=20260107")
    assert entry.start == datetime(2026, 1, 5)
    assert entry.repeat is not None
    assert entry.repeat.until == datetime(2026, 1, 7, 23, 59, 59)


def test_several_entries_are_one_schedule() -> None:
    entries = parse(f"{START} DTEND:20260105T090000 DTSTART:20260106T100000 DTEND:20260106T110000")
    assert [entry.start.day for entry in entries] == [5, 6]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty; a schedule looks like DTSTART:"),
        ("every monday", "'every' is no DTSTART:, DTEND: or RRULE:"),
        ("SUMMARY:x", "'SUMMARY:x' is no DTSTART:"),
        ("DTSTART;TZID=Europe/Stockholm:20260105T080000", "is no DTSTART:"),
        ("RRULE:FREQ=DAILY", "RRULE stands before DTSTART"),
        ("DTSTART:20260105T080000Z", "the local time, without a Z, such as 20260105T080000"),
        ("DTSTART:20260230T080000", "DTSTART is '20260230T080000'; it must be a local time"),
        ("DTSTART:20260105T250000", "it must be a local time"),
        ("DTSTART:99990101T000000", "DTSTART is in the year 9999; it must be from 1970 to 2199"),
        ("DTSTART:00000101T000000", "it must be a local time"),
        ("DTSTART:²0260105T080000", "it must be a local time"),
        (f"{START} DTEND:20260105T080000", "DTEND:20260105T080000 must be later than DTSTART:20260105T080000"),
        (f"{START} DTEND:20250105T080000", "must be later than"),
        (f"{START} DTEND:20260105T090000 DTEND:20260105T090000", "DTEND stands there twice"),
        (f"{START} DTEND:20260105T090000 {START}", "a schedule is all intervals or all pulses"),
        (f"{START} " * 17, "there are 17 DTSTARTs; a schedule has at most 16"),
        (f"{START} RRULE:INTERVAL=2", "FREQ is ''; it must be one of YEARLY, MONTHLY"),
        (f"{START} RRULE:FREQ=FORTNIGHTLY", "FREQ is 'FORTNIGHTLY'"),
        (f"{START} RRULE:FREQ=DAILY;FREQ=DAILY", "RRULE has FREQ twice"),
        (f"{START} RRULE:FREQ=DAILY;BYSETPOS=1", "RRULE has 'BYSETPOS=1'; what it may have is FREQ, INTERVAL"),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=0", "INTERVAL is '0'; it must be a number from 1 to 10000"),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=-1", "INTERVAL is '-1'"),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=1,2", "INTERVAL is '1,2'; it must be a number from"),
        (f"{START} RRULE:FREQ=DAILY;COUNT=1000000000", "COUNT is '1000000000'; it must be a number from 1 to 1000"),
        (f"{START} RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101", "both COUNT and UNTIL"),
        (f"{START} RRULE:FREQ=DAILY;UNTIL=20250101", "UNTIL in the RRULE must not be before DTSTART"),
        (f"{START} RRULE:FREQ=WEEKLY;BYDAY=MON", "BYDAY has 'MON'; it must be some of MO, TU"),
        (f"{START} RRULE:FREQ=WEEKLY;BYDAY=1MO", "a number before the day only with FREQ=MONTHLY and FREQ=YEARLY"),
        (f"{START} RRULE:FREQ=MONTHLY;BYDAY=6MO", "from 1 to 5, or -5 to -1"),
        (f"{START} RRULE:FREQ=WEEKLY;WKST=SU", "WKST is 'SU'; a week begins with MO here"),
        (f"{START} RRULE:FREQ=YEARLY;BYMONTH=0", "BYMONTH is '0'; it must be numbers from 1 to 12"),
        (f"{START} RRULE:FREQ=YEARLY;BYMONTH=", "BYMONTH is ''"),
        (f"{START} RRULE:FREQ=YEARLY;BYMONTHDAY=0", "it must be numbers from -31 to 31, but not 0"),
        (f"{START} RRULE:FREQ=DAILY;BYHOUR=24", "BYHOUR is '24'; it must be numbers from 0 to 23"),
        (f"{START} RRULE:FREQ=DAILY;BYHOUR={'1' * 10}", "BYHOUR is '1111111111'"),
        ("x" * 10_000, f"has 10000 characters; it must have at most {MOST_CHARACTERS}"),
    ],
)
def test_what_is_wrong_is_named_and_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        parse(text)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{START} RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "RRULE never happens"),
        (f"{START} RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "RRULE never happens"),
        (f"{START} RRULE:FREQ=HOURLY;INTERVAL=2;BYHOUR=9", "RRULE never happens"),
        (f"{START} RRULE:FREQ=MINUTELY;INTERVAL=1440;BYHOUR=9", "RRULE never happens"),
        (
            f"{START} DTEND:20260106T090000 RRULE:FREQ=DAILY",
            "each one last 1 day, 1:00:00, but the next one begins 1 day",
        ),
        (f"{START} DTEND:20260106T080001 RRULE:FREQ=WEEKLY;BYDAY=SA,SU", "it must end before that"),
        (f"{START} DTEND:20260105T080002 RRULE:FREQ=SECONDLY", "it must end before that"),
    ],
)
def test_what_never_happens_or_overlaps_itself_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        Recurrence(text)
    assert says in str(error.value)


WORDS = st.sampled_from(
    [START, "DTEND:20260105T090000", "DTSTART:", "RRULE:", "FREQ=DAILY", "FREQ=SECONDLY", ";", ":", "=", ",", " ", "\n",
     "BYDAY=MO", "-1", "0", "99999999999999999999", "UNTIL=", "COUNT=", "INTERVAL=", "BYMONTHDAY=", "BYHOUR=", "\0",
     "²", "T"]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=80) | st.lists(WORDS, max_size=14).map("".join))
def test_whatever_it_is_it_is_taken_or_refused(text: str) -> None:
    try:
        found = Recurrence(text)
    except InvalidArgument as error:
        refusal = str(error)
    else:
        refusal = ""
        found.next_change(1_800_000_000_000_000, UTC)
        found.active(1_800_000_000_000_000, UTC)
    assert len(refusal) < 400
