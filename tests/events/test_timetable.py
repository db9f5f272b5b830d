# SPDX-License-Identifier: Apache-2.0
"""What schedules do as time goes on, when it jumps, and over restarts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from axiod.events.schedule import SHIPPED, Missed, Schedule
from axiod.events.timetable import DAY_USEC, Timetable

SECOND = 1_000_000
UTC = ZoneInfo("UTC")
DAILY = "DTSTART:20260101T080000 RRULE:FREQ=DAILY"
EACH = "DTSTART:20260101T000000 RRULE:FREQ=SECONDLY"


def at(text: str, zone: ZoneInfo = UTC) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * SECOND)


def pulse(missed: Missed = Missed.SKIP, text: str = DAILY) -> Schedule:
    return Schedule("1", "Bell", text, missed)


def run(table: Timetable, *moments: str) -> list[str]:
    """Look at moments, and say what happens."""
    found = []
    for moment in moments:
        for one in table.look(at(moment)):
            what = "pulse" if one.active is None else "on" if one.active else "off"
            when = datetime.fromtimestamp(one.when_usec / SECOND, UTC)
            found.append(f"{one.schedule.id} {what} {when:%d %H:%M:%S}" + (" made up" if one.made_up else ""))
    return found


def made(schedule: Schedule, now: str, seen: str | None = None) -> Timetable:
    table = Timetable(UTC)
    table.put(schedule, at(now), None if seen is None else at(seen))
    return table


# --- as it should be ---


def test_it_wakes_when_something_is_due_and_never_for_nothing() -> None:
    table = made(pulse(), "2026-11-23T07:00:00")
    assert run(table, "2026-11-23T07:00:00") == []
    assert table.look_usec == table.next("1") == at("2026-11-23T08:00:00")
    assert run(table, "2026-11-23T07:59:59.999") == []
    assert run(table, "2026-11-23T08:00:00.003") == ["1 pulse 23 08:00:00"]
    assert table.look_usec == at("2026-11-24T08:00:00")
    assert table.active("1") is None


def test_an_interval_is_told_at_once_and_at_its_bounds() -> None:
    table = made(SHIPPED["office_hours"], "2026-11-23T07:00:00")
    assert run(table, "2026-11-23T07:00:00") == ["office_hours off 23 07:00:00"]
    assert run(table, "2026-11-23T08:00:00.5", "2026-11-23T12:00:00") == ["office_hours on 23 08:00:00"]
    assert table.next("office_hours") == at("2026-11-23T18:00:00")
    assert run(table, "2026-11-23T18:00:20") == ["office_hours off 23 18:00:20"], "it was late, and says when"


@pytest.mark.parametrize("day", range(23, 30))
@pytest.mark.parametrize("hour", range(24))
def test_the_shipped_ones_share_the_week(day: int, hour: int) -> None:
    now = at(f"2026-11-{day}T{hour:02}:00:00")
    active = {id_ for id_, schedule in SHIPPED.items() if schedule.recurrence.active(now, UTC)}
    assert active == {
        "weekdays" if day < 28 else "weekends",
        "office_hours" if day < 28 and 8 <= hour < 18 else "after_hours",
    }


def test_a_schedule_that_never_comes_again_is_not_looked_at_all_the_time() -> None:
    table = made(pulse(text="DTSTART:20260101T080000"), "2026-11-23T08:00:00")
    assert run(table, "2026-11-23T08:00:00") == []
    assert table.next("1") is None
    assert table.look_usec == at("2026-12-23T08:00:00")


# --- restarts ---


@pytest.mark.parametrize("missed", list(Missed))
def test_a_restart_neither_loses_nor_repeats_a_pulse(missed: Missed) -> None:
    before = made(pulse(missed), "2026-11-23T07:00:00")
    run(before, "2026-11-23T07:00:00")
    ((_, seen),) = before.to_store()
    during = Timetable(UTC)
    during.put(pulse(missed), at("2026-11-23T08:00:04"), seen)
    assert run(during, "2026-11-23T08:00:04") == ["1 pulse 23 08:00:00"], "it fell into the restart"
    ((_, seen),) = during.to_store()
    after = Timetable(UTC)
    after.put(pulse(missed), at("2026-11-23T08:00:08"), seen)
    assert run(after, "2026-11-23T08:00:08") == [], "it was told"


@pytest.mark.parametrize(
    ("missed", "now", "found"),
    [
        (Missed.SKIP, "2026-11-23T12:00:00", []),
        (Missed.RUN_ONCE, "2026-11-23T12:00:00", ["1 pulse 23 12:00:00 made up"]),
        (Missed.RUN_ONCE, "2026-11-21T07:00:00", []),  # none fell into that time
        (Missed.RUN_ONCE, "2026-11-23T08:00:01", ["1 pulse 23 08:00:00"]),  # one that is on time will do
    ],
)
def test_what_was_missed(missed: Missed, now: str, found: list[str]) -> None:
    table = made(pulse(missed), now, "2026-11-20T08:00:00")
    assert run(table, now, now) == found


def test_a_new_schedule_has_missed_nothing() -> None:
    assert run(made(pulse(Missed.RUN_ONCE), "2026-11-23T12:00:00"), "2026-11-23T12:00:00") == []


# --- pulses that come often ---


def test_a_busy_machine_loses_none() -> None:
    table = made(pulse(text=EACH), "2026-11-23T08:00:00")
    assert run(table, "2026-11-23T08:00:00", "2026-11-23T08:00:03.5") == [f"1 pulse 23 08:00:0{n}" for n in (1, 2, 3)]
    assert table.look_usec == at("2026-11-23T08:00:04")


def test_they_are_stored_seldom_and_begin_anew() -> None:
    table = made(pulse(text=EACH), "2026-11-23T08:00:00")
    run(table, "2026-11-23T08:00:00")
    assert len(list(table.to_store())) == 1
    stored = 0
    for second in range(1, 31):
        run(table, f"2026-11-23T08:00:{second:02}")
        stored += len(list(table.to_store()))
    assert stored == 3
    assert list(table.to_store(everything=True)) == [], "the last one is stored already"
    again = made(pulse(text=EACH), "2026-11-23T08:00:35.5", "2026-11-23T08:00:30")
    assert run(again, "2026-11-23T08:00:35.5", "2026-11-23T08:00:36") == ["1 pulse 23 08:00:36"]
    once = made(pulse(Missed.RUN_ONCE, EACH), "2026-11-23T09:00:00.5", "2026-11-23T08:00:30")
    assert run(once, "2026-11-23T09:00:00.5") == ["1 pulse 23 09:00:00 made up"]


# --- clocks that jump ---


def test_a_clock_that_is_set_back_pulses_no_second_time() -> None:
    table = made(pulse(), "2026-11-23T07:00:00")
    assert run(table, "2026-11-23T08:00:00") == ["1 pulse 23 08:00:00"]
    table.stepped(at("2026-11-23T07:30:00"))
    assert run(table, "2026-11-23T07:30:00", "2026-11-23T08:00:00", "2026-11-23T08:00:01") == []
    assert table.next("1") == at("2026-11-24T08:00:00")
    assert run(table, "2026-11-24T08:00:00") == ["1 pulse 24 08:00:00"]


def test_what_comes_by_the_minute_goes_on_when_the_clock_is_set_back() -> None:
    table = made(pulse(text="DTSTART:20260101T000000 RRULE:FREQ=MINUTELY;INTERVAL=5"), "2026-11-23T08:04:00")
    assert run(table, "2026-11-23T08:04:00", "2026-11-23T08:05:00") == ["1 pulse 23 08:05:00"]
    table.stepped(at("2026-11-23T08:04:50"))
    assert run(table, "2026-11-23T08:04:50", "2026-11-23T08:05:00") == [], "it is the same one"
    table.stepped(at("2026-11-23T04:59:50"))
    assert run(table, "2026-11-23T04:59:50", "2026-11-23T05:00:00") == ["1 pulse 23 05:00:00"]


def test_an_interval_follows_a_clock_that_is_set_back() -> None:
    table = made(SHIPPED["office_hours"], "2026-11-23T09:00:00")
    run(table, "2026-11-23T09:00:00")
    table.stepped(at("2026-11-23T07:00:00"))
    assert run(table, "2026-11-23T07:00:00") == ["office_hours off 23 07:00:00"]
    assert run(table, "2026-11-23T08:00:00") == ["office_hours on 23 08:00:00"]


@pytest.mark.parametrize(("missed", "found"), [(Missed.SKIP, []), (Missed.RUN_ONCE, ["1 pulse 25 12:00:00 made up"])])
def test_a_clock_that_jumps_ahead(missed: Missed, found: list[str]) -> None:
    table = made(pulse(missed), "2026-11-23T07:00:00")
    run(table, "2026-11-23T07:00:00")
    table.stepped(at("2026-11-25T12:00:00"))
    assert run(table, "2026-11-25T12:00:00") == found
    assert run(table, "2026-11-26T08:00:00") == ["1 pulse 26 08:00:00"]


def test_a_small_jump_ahead_is_no_matter() -> None:
    table = made(pulse(), "2026-11-23T07:59:58")
    run(table, "2026-11-23T07:59:58")
    table.stepped(at("2026-11-23T08:00:08"))
    assert run(table, "2026-11-23T08:00:08") == ["1 pulse 23 08:00:00"]


@pytest.mark.parametrize("missed", list(Missed))
def test_a_board_that_does_not_know_the_time_yet_repeats_nothing(missed: Missed) -> None:
    table = made(pulse(missed), "2020-01-01T07:59:59", "2026-11-23T08:00:00")
    assert run(table, "2020-01-01T07:59:59", "2020-01-01T08:00:00") == []
    table.stepped(at("2026-11-23T08:05:00"))
    assert run(table, "2026-11-23T08:05:00") == []
    assert run(table, "2026-11-24T08:00:00") == ["1 pulse 24 08:00:00"]


def test_a_clock_that_stays_far_behind_is_believed_after_a_day() -> None:
    table = made(pulse(), "2026-11-23T07:00:00", "2099-01-01T08:00:00")
    assert run(table, "2026-11-23T07:00:00", "2026-11-23T08:00:00") == []
    assert table.look_usec == at("2026-11-24T07:00:00") == at("2026-11-23T07:00:00") + DAY_USEC
    assert run(table, "2026-11-24T07:00:00", "2026-11-24T08:00:00") == ["1 pulse 24 08:00:00"]


def test_another_zone_changes_intervals_and_makes_up_for_nothing() -> None:
    table = Timetable(UTC)
    table.put(SHIPPED["office_hours"], at("2026-11-23T07:30:00"))
    table.put(pulse(Missed.RUN_ONCE), at("2026-11-23T07:30:00"))
    assert run(table, "2026-11-23T07:30:00") == ["office_hours off 23 07:30:00"]
    table.set_zone(ZoneInfo("Europe/Stockholm"), at("2026-11-23T07:30:00"))
    assert run(table, "2026-11-23T07:30:00") == ["office_hours on 23 07:30:00"], "it is 08:30 there"
    assert table.next("1") == at("2026-11-24T07:00:00")
