# SPDX-License-Identifier: Apache-2.0
"""The system log, the access log and the audit log on the page: searched, followed, paged, taken away as a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.async_api import expect

from axiod.clock import wall_usec
from tests.web.browser import DESKTOP, page_of, visit
from tests.web.test_page import violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Locator, Page

    from tests.gateway.web_device import WebDevice

MARKUP = "<img src=x onerror=alert(1)>"


def rows(page: Page, name: str = "Audit log") -> Locator:
    """Return the rows of a log, the newest first."""
    return page.get_by_role("table", name=name).locator("tbody tr")


async def switch(device: WebDevice, *, active: bool, user: str = "oper") -> None:
    """Switch a relay, or try to."""
    await device.curl("/api/v1/relays/relay1/set", "--json", json.dumps({"Active": active}), user=user)


async def test_the_audit_log_follows_what_is_changed(admin: Page, device: WebDevice) -> None:
    await visit(admin, "system/logs/audit")
    await expect(admin.get_by_text("Follows")).to_be_visible()
    await switch(device, active=True)
    await expect(rows(admin).first).to_contain_text("relay1 Set")
    await expect(rows(admin).first).to_contain_text("oper")
    await expect(rows(admin).first).to_contain_text("Done")
    await admin.get_by_role("button", name="Hold").click()
    await switch(device, active=False, user="viewer")
    await expect(admin.get_by_text("Follows")).to_have_count(0)
    await admin.get_by_role("button", name="Follow").click()
    await expect(rows(admin).first).to_contain_text("viewer")
    await expect(rows(admin).first).to_contain_text("Not allowed")
    assert await violations(admin) == []


async def test_an_entry_shows_all_of_it_and_markup_is_text(admin: Page, device: WebDevice) -> None:
    answer = await device.curl(
        "/api/v1/ports/input3", "--request", "PATCH", "--json", json.dumps({"Name": MARKUP}), user="admin"
    )
    assert answer.status == 200, answer.body
    await visit(admin, f"system/logs/audit?Text={MARKUP[:8]}")
    await rows(admin).first.get_by_role("button").click()
    dialog = admin.get_by_role("dialog", name="Entry")
    await expect(dialog).to_contain_text("org.axiod.io1.Port.Configure")
    await expect(dialog).to_contain_text(MARKUP)
    assert await violations(admin) == []
    assert await admin.locator("main img, dialog img").count() == 0
    await dialog.get_by_role("link", name="Show only this unit").click()
    await expect(admin.get_by_label("Unit")).to_have_value("axiod-gateway.service")
    await device.curl("/api/v1/ports/input3", "--request", "PATCH", "--json", '{"Name": ""}', user="admin")


async def test_the_system_log_is_searched_and_the_address_keeps_what_was_looked_for(admin: Page) -> None:
    await visit(admin, "system/logs")
    await expect(admin.get_by_text("This device is not run by systemd")).to_be_visible()
    await admin.get_by_label("Unit").select_option("axiod-io")
    await admin.get_by_label("Search in System log").fill("IS READY")
    await expect(rows(admin, "System log")).to_have_count(1)
    await expect(rows(admin, "System log")).to_contain_text("org.axiod.io1 is ready")
    await admin.reload()
    await expect(rows(admin, "System log")).to_have_count(1)
    await admin.get_by_label("Severity").select_option("Error or worse")
    await expect(admin.get_by_text("Nothing matches the search.")).to_be_visible()
    await admin.get_by_label("Severity").select_option("All")
    await admin.get_by_text("Time range").click()
    await admin.get_by_label("To", exact=True).fill("2020-01-01T00:00")
    await expect(admin.get_by_text("Nothing matches the search.")).to_be_visible()
    await expect(admin.get_by_text("Follows")).to_have_count(0)


async def test_a_failed_login_is_in_the_access_log(admin: Page, device: WebDevice) -> None:
    await visit(admin, "system/logs/access")
    await device.curl("/api/v1/rules", user="oper", password="wrong")
    await expect(rows(admin, "Access log").first).to_contain_text("GET /api/v1/rules")
    await expect(rows(admin, "Access log").first).to_contain_text("Somebody")
    await expect(rows(admin, "Access log").first).to_contain_text("401")
    await admin.get_by_role("link", name="Audit log").click()
    await expect(rows(admin).first).to_be_visible()


async def test_a_log_is_read_page_by_page(admin: Page, device: WebDevice) -> None:
    for number in range(51):
        await switch(device, active=number % 2 == 0)
    await visit(admin, "system/logs/audit")
    await expect(rows(admin)).to_have_count(50)
    await admin.get_by_role("button", name="Hold").click()
    newest = await rows(admin).first.inner_text()
    await admin.get_by_role("button", name="50 older").click()
    await expect(admin.get_by_role("button", name="Newest")).to_be_enabled()
    await admin.get_by_role("button", name="Newer").click()
    await expect(rows(admin).first).to_have_text(newest, use_inner_text=True)
    await expect(admin.get_by_role("button", name="Newest")).to_be_disabled()


async def test_a_log_is_taken_away_as_a_file(admin: Page, device: WebDevice, tmp_path: Path) -> None:
    first = wall_usec()
    await switch(device, active=True)
    await switch(device, active=False)
    await visit(admin, f"system/logs/audit?Text=relay1&FromUsec={first}")
    await expect(rows(admin)).to_have_count(2)
    for name, ending in (("Text", "txt"), ("JSON", "json")):
        async with admin.expect_download() as started:
            await admin.get_by_role("link", name=name, exact=True).click()
        download = await started.value
        assert download.suggested_filename == f"audit-log.{ending}"
        await download.save_as(tmp_path / ending)
    lines = (tmp_path / "txt").read_text().splitlines()
    items = json.loads((tmp_path / "json").read_text())["Items"]
    assert len(lines) == len(items) == 2
    assert all(line.endswith(": ok") for line in lines)


async def test_a_log_that_cannot_be_read_says_so_and_comes_back(admin: Page) -> None:
    await visit(admin, "system/logs/audit?Unit=a%20b")  # what is not of this log is left out
    await expect(rows(admin).first).to_be_visible()
    await visit(admin, "system/logs/system?Unit=a%20b")
    await expect(admin.get_by_role("alert")).to_contain_text("must be the name of a unit")
    await admin.get_by_label("Unit").select_option("All")
    await expect(rows(admin, "System log").first).to_be_visible()


async def test_who_is_no_administrator_is_not_offered_it(oper: Page) -> None:
    await visit(oper, "system/logs")
    await expect(oper.get_by_role("link", name="Plain configuration")).to_be_visible()
    await expect(oper.get_by_role("link", name="Logs", exact=True)).to_have_count(0)


async def test_it_speaks_german(browser: Browser, device: WebDevice) -> None:
    async with page_of(browser, device, size=DESKTOP, language="de-DE") as page:
        await page.goto("/")
        await page.get_by_label("Benutzername").fill("admin")
        await page.get_by_label("Passwort", exact=True).fill("Pass word1")
        await page.get_by_role("button", name="Anmelden").click()
        await visit(page, "system/logs/system?Unit=axiod-io.service")
        await expect(page.get_by_role("heading", name="Systemprotokoll")).to_be_visible()
        await expect(page.get_by_label("Schweregrad")).to_be_visible()
        await expect(rows(page, "Systemprotokoll").first).to_be_visible()
