# SPDX-License-Identifier: Apache-2.0
"""The event log on the page: searched, followed, paged, taken away as a file."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from playwright.async_api import expect

from axiod.clock import wall_usec
from tests.web.browser import PHONE, page_of, visit
from tests.web.test_page import violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Locator, Page

    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

MARKUP = "<img src=x onerror=alert(1)>"


def rows(page: Page) -> Locator:
    """Return the rows of the log, the newest first."""
    return page.get_by_role("table", name="Event log").locator("tbody tr")


async def trigger(device: WebDevice, number: int, *, active: bool) -> None:
    """Turn a manual trigger on or off."""
    path = f"/api/v1/manual-triggers/{number}/set"
    answer = await device.curl(path, "--json", json.dumps({"Active": active}), user="admin")
    assert answer.status == 200, answer.body


async def many(device: WebDevice, count: int) -> None:
    """Let so many events happen."""
    for number in range(count):
        await trigger(device, 4, active=number % 2 == 0)


async def test_status_leads_to_the_log_which_follows_what_happens(viewer: Page, device: WebDevice) -> None:
    await viewer.get_by_role("link", name="Event log").click()
    await expect(viewer.get_by_role("heading", name="Event log")).to_be_visible()
    await expect(viewer.get_by_text("Follows")).to_be_visible()
    await trigger(device, 3, active=True)
    await expect(rows(viewer).first).to_contain_text("Manual trigger")
    await expect(rows(viewer).first).to_contain_text("active")
    await viewer.get_by_role("button", name="Hold").click()
    await trigger(device, 3, active=False)
    await expect(viewer.get_by_text("Follows")).to_have_count(0)
    await viewer.get_by_role("button", name="Follow").click()
    await expect(rows(viewer).first).to_contain_text("inactive")


async def test_it_is_searched_and_the_address_keeps_what_was_looked_for(viewer: Page, device: WebDevice) -> None:
    await trigger(device, 5, active=True)
    await trigger(device, 5, active=False)
    await visit(viewer, "events/log")
    await viewer.get_by_label("Topic").select_option("Manual trigger")
    await viewer.get_by_label("Search in Event log").fill('"5"')
    await expect(rows(viewer)).to_have_count(2)
    await viewer.reload()
    await expect(rows(viewer)).to_have_count(2)
    await viewer.get_by_label("Kind").select_option("Action")
    await expect(viewer.get_by_text("Nothing matches the search.")).to_be_visible()
    await viewer.get_by_label("Kind").select_option("All")
    await viewer.get_by_text("Time range").click()
    await viewer.get_by_label("To", exact=True).fill("2020-01-01T00:00")
    await expect(viewer.get_by_text("Nothing matches the search.")).to_be_visible()
    await expect(viewer.get_by_text("Follows")).to_have_count(1)


async def test_it_is_read_page_by_page(viewer: Page, device: WebDevice) -> None:
    await many(device, 60)
    await visit(viewer, "events/log?Topic=tns1:Device/tnsaxis:IO/VirtualPort")
    await expect(rows(viewer)).to_have_count(50)
    newest = await rows(viewer).first.inner_text()
    await viewer.get_by_role("button", name="50 older").click()
    await expect(viewer.get_by_text("Follows")).to_have_count(0)
    await expect(viewer.get_by_role("button", name="Newest")).to_be_enabled()
    await viewer.get_by_role("button", name="Newer").click()
    await expect(rows(viewer).first).to_have_text(newest, use_inner_text=True)
    await expect(viewer.get_by_role("button", name="Newest")).to_be_disabled()


async def test_what_was_found_is_taken_away_as_a_file(viewer: Page, device: WebDevice, tmp_path: Path) -> None:
    first = wall_usec()
    await trigger(device, 6, active=True)
    await trigger(device, 6, active=False)
    await visit(viewer, f"events/log?Text=VirtualPort&FromUsec={first}")
    await expect(rows(viewer)).to_have_count(2)
    for name in ("csv", "json"):
        async with viewer.expect_download() as started:
            await viewer.get_by_role("link", name=name.upper()).click()
        download = await started.value
        assert download.suggested_filename == f"event-log.{name}"
        file = tmp_path / name
        await download.save_as(file)
        text = file.read_text()
        found = json.loads(text)["Items"] if name == "json" else list(csv.DictReader(text.splitlines()))
        assert len(found) == 2
        assert {one["Kind"] for one in found} == {"event"}


async def test_what_a_rule_did_is_there_with_its_name_and_markup_is_text(
    admin: Page, viewer: Page, device: WebDevice, client: Client
) -> None:
    rule = {
        "Name": MARKUP,
        "Conditions": [
            {"Topic": "tns1:Device/tnsaxis:IO/Port", "Source": {"port": "1"}, "Item": "state", "Equals": "1"}
        ],
        "Actions": [{"Kind": "log", "Message": MARKUP, "Severity": "info"}],
    }
    answer = await device.curl("/api/v1/rules", "--json", json.dumps(rule), user="admin")
    assert answer.status == 201, answer.body
    await visit(admin, "events/log?Kind=action")
    await client.wire("input1").call("Set", "closed")
    await expect(rows(admin).first).to_contain_text(MARKUP)
    await expect(rows(admin).first).to_contain_text("Done")
    await expect(rows(admin).first.get_by_role("link", name=MARKUP)).to_be_visible()
    await rows(admin).first.get_by_role("button").click()
    await expect(admin.get_by_role("dialog")).to_contain_text(MARKUP)
    assert await violations(admin) == []
    assert await admin.locator("main img, dialog img").count() == 0
    # Viewers may not read rules.
    await visit(viewer, "events/log?Kind=rule")
    await expect(rows(viewer).first).to_contain_text(f"Rule {answer.json()['Id']}")
    await expect(rows(viewer).first.get_by_role("link")).to_have_count(0)
    await device.curl(f"/api/v1/rules/{answer.json()['Id']}", "--request", "DELETE", user="admin")


async def test_an_alarm_has_its_name(viewer: Page) -> None:
    await visit(viewer, "events/log?Topic=tnsaxiod:Device/ExternalTamper")
    await expect(rows(viewer).last.locator("strong")).to_have_text("External tamper")


async def test_an_administrator_clears_it(admin: Page, viewer: Page, device: WebDevice) -> None:
    await trigger(device, 7, active=True)
    await trigger(device, 7, active=False)
    await visit(viewer, "events/log")
    await expect(rows(viewer).first).to_be_visible()
    await expect(viewer.get_by_role("button", name="Clear")).to_have_count(0)
    await visit(admin, "events/log")
    await admin.get_by_role("button", name="Clear").click()
    dialog = admin.get_by_role("dialog", name="Clear the event log?")
    await dialog.get_by_role("button", name="Clear").click()
    await expect(admin.get_by_text("The event log was cleared.")).to_be_visible()
    await expect(admin.get_by_text("Nothing has happened yet.")).to_be_visible()


async def test_on_a_phone_its_tab_is_seen(browser: Browser, device: WebDevice) -> None:
    async with page_of(browser, device, size=PHONE, language="de-DE") as page:
        await page.goto("/")
        await page.get_by_label("Benutzername").fill("viewer")
        await page.get_by_label("Passwort", exact=True).fill("Pass word1")
        await page.get_by_role("button", name="Anmelden").click()
        await visit(page, "events/log")
        await expect(page.locator(".tabs a[aria-current]")).to_be_in_viewport()
