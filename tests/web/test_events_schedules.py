# SPDX-License-Identifier: Apache-2.0
"""Schedules on the page: as days and times, as iCalendar, and as the calendar of a week."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.web.browser import visit
from tests.web.test_page import violations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Locator, Page

    from tests.gateway.web_device import WebDevice

MARKUP = "<img src=x onerror=alert(1)>"
SHIPPED = {"weekdays", "weekends", "office_hours", "after_hours"}
MONTHLY = "DTSTART:20260105T080000 DTEND:20260105T170000 RRULE:FREQ=MONTHLY;BYDAY=1MO"


async def stored(device: WebDevice) -> list[dict[str, Any]]:
    """Return the schedules that people added."""
    items: list[dict[str, Any]] = (await device.curl("/api/v1/schedules", user="admin")).json()["Items"]
    return [one for one in items if one["Id"] not in SHIPPED]


async def add(device: WebDevice, name: str, icalendar: str) -> str:
    """Add a schedule over REST, and return its id."""
    body = json.dumps({"Name": name, "Icalendar": icalendar})
    answer = await device.curl("/api/v1/schedules", "--json", body, user="admin")
    assert answer.status == 201, answer.body
    return str(answer.json()["Id"])


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def as_shipped(device: WebDevice) -> AsyncIterator[None]:
    """Remove the schedules that a test made, and reset the others."""
    yield
    for one in await stored(device):
        await device.curl(f"/api/v1/schedules/{one['Id']}", "--request", "DELETE", user="admin")
    await device.curl("/api/v1/schedules/office_hours/reset", "--request", "POST", user="admin")


def day(page: Page, name: str) -> Locator:
    """Return what the calendar has on a day."""
    return page.get_by_role("listitem", name=name, exact=True).get_by_role("listitem")


async def test_the_shipped_ones_are_listed_in_words(viewer: Page) -> None:
    await visit(viewer, "events/schedules")
    table = viewer.get_by_role("table", name="Schedules")
    await expect(table.get_by_role("row")).to_have_count(5)
    await expect(table.get_by_role("row", name="Office hours")).to_contain_text("Mon\N{EN DASH}Fri from 08:00 to 18:00")
    await expect(table.get_by_role("row", name="Office hours")).to_contain_text("Shipped")
    await expect(table.locator(".strip").first.locator(".lasting").first).to_be_attached()
    await expect(viewer.get_by_role("link", name="Add a schedule")).to_have_count(0)
    await table.get_by_role("link", name="After hours").click()
    await expect(day(viewer, "Tuesday")).to_have_text(["00:00\N{EN DASH}08:00", "18:00\N{EN DASH}24:00"])
    await expect(day(viewer, "Sunday")).to_have_text(["00:00\N{EN DASH}24:00"])
    await expect(viewer.get_by_label("Name", exact=True)).to_be_disabled()
    await expect(viewer.get_by_role("button", name="Reset")).to_have_count(0)
    await viewer.get_by_role("button", name="The week after").click()
    await expect(viewer.get_by_role("button", name="This week")).to_be_enabled()
    await expect(day(viewer, "Tuesday")).to_have_text(["00:00\N{EN DASH}08:00", "18:00\N{EN DASH}24:00"])


async def test_an_interval_is_made_of_days_and_times_and_drawn_before_it_is_saved(
    oper: Page, device: WebDevice
) -> None:
    await visit(oper, "events/schedules")
    await oper.get_by_role("link", name="Add a schedule").click()
    await oper.get_by_label("Name", exact=True).fill(MARKUP)
    for name in ("Tue", "Wed", "Thu"):
        await oper.get_by_label(name, exact=True).uncheck()
    await oper.get_by_label("From").fill("22:00")
    await oper.get_by_label("To", exact=True).fill("06:30")
    await expect(oper.get_by_text("The end must be later than the begin.")).to_be_visible()
    await oper.get_by_label("Ends").select_option("on the next day")
    await expect(day(oper, "Monday").first).to_have_text("22:00\N{EN DASH}24:00")
    await expect(day(oper, "Saturday").first).to_have_text("00:00\N{EN DASH}06:30")
    await oper.get_by_role("button", name="Save").click()
    await expect(oper.get_by_role("heading", name=MARKUP)).to_be_visible()
    (one,) = await stored(device)
    assert one["Icalendar"] == "DTSTART:20260105T220000 DTEND:20260106T063000 RRULE:FREQ=WEEKLY;BYDAY=MO,FR"
    await expect(day(oper, "Saturday").first).to_have_text("00:00\N{EN DASH}06:30")
    assert await oper.locator("img:not(.brand img)").count() == 0
    await oper.get_by_role("button", name="Remove", exact=True).click()
    await expect(oper.get_by_role("dialog")).to_contain_text(f"“{MARKUP}” is removed.")
    await oper.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(oper.get_by_text(f"“{MARKUP}” was removed.")).to_be_visible()
    assert await stored(device) == []


@pytest.mark.parametrize(
    ("kind", "told", "stays"),
    [
        (
            "Pulse at a time",
            "DTSTART:20260105T080000 RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "Mon\N{EN DASH}Fri at 08:00",
        ),
        ("Pulse, again and again", "DTSTART:20260105T000000 RRULE:FREQ=MINUTELY;INTERVAL=15", "Every 15 min"),
    ],
)
async def test_a_pulse(oper: Page, device: WebDevice, kind: str, told: str, stays: str) -> None:
    await visit(oper, "events/schedules/new")
    await oper.get_by_label("Name", exact=True).fill("Pump")
    await oper.get_by_label("Kind").select_option(kind)
    if "again" in kind:
        await oper.get_by_label("Every", exact=True).select_option("15 min")
    await oper.get_by_label("Missed pulses").select_option("Make up for them by one")
    await oper.get_by_role("button", name="Save").click()
    await expect(oper.get_by_role("heading", name="Pump")).to_be_visible()
    (one,) = await stored(device)
    assert (one["Kind"], one["Icalendar"], one["Missed"]) == ("pulse", told, "run-once")
    await expect(day(oper, "Friday").first).to_have_text("00:00" if "again" in kind else "08:00")
    await visit(oper, "events/schedules")
    await expect(oper.get_by_role("row", name="Pump")).to_contain_text(stays)


async def test_what_days_and_times_cannot_say_is_edited_as_icalendar(oper: Page, device: WebDevice) -> None:
    one = await add(device, "Inventory", MONTHLY)
    await visit(oper, f"events/schedules/{one}")
    text = oper.get_by_label("iCalendar", exact=True)
    await expect(text).to_have_value(MONTHLY)
    await text.fill(MONTHLY.replace("1MO", "1XX"))
    await oper.get_by_role("button", name="Save").click()
    await expect(oper.get_by_role("alert")).to_contain_text("1XX")
    assert await violations(oper) == []
    await text.fill(MONTHLY.replace("1MO", "2TU"))
    await expect(oper.get_by_text("The calendar is drawn when it is saved.")).to_be_visible()
    await oper.get_by_role("button", name="Save").click()
    await expect(oper.get_by_text("Saved", exact=True)).to_be_visible()
    assert (await stored(device))[0]["Icalendar"].endswith("BYDAY=2TU")


async def test_a_shipped_one_is_changed_and_reset(oper: Page, device: WebDevice) -> None:
    await visit(oper, "events/schedules/office_hours")
    await oper.get_by_label("To", exact=True).fill("16:00")
    await oper.get_by_role("button", name="Save").click()
    await expect(day(oper, "Thursday")).to_have_text(["08:00\N{EN DASH}16:00"])
    await oper.get_by_role("button", name="Reset").click()
    await oper.get_by_role("dialog").get_by_role("button", name="Reset").click()
    await expect(day(oper, "Thursday")).to_have_text(["08:00\N{EN DASH}18:00"])
    await expect(oper.get_by_label("To", exact=True)).to_have_value("18:00")


async def test_two_people_at_one_schedule(oper: Page, device: WebDevice) -> None:
    one = await add(device, "Inventory", MONTHLY)
    await visit(oper, f"events/schedules/{one}")
    await oper.get_by_label("iCalendar", exact=True).fill(MONTHLY.replace("1MO", "2TU"))
    theirs = json.dumps({"Icalendar": MONTHLY.replace("1MO", "3WE")})
    await device.curl(f"/api/v1/schedules/{one}", "--request", "PATCH", "--json", theirs, user="admin")
    await expect(oper.get_by_text("Somebody else changed this")).to_be_visible()
    await oper.get_by_role("button", name="Keep mine").click()
    await oper.get_by_role("button", name="Save").click()
    await expect(oper.get_by_text("Saved", exact=True)).to_be_visible()
    assert (await stored(device))[0]["Icalendar"].endswith("BYDAY=2TU")
