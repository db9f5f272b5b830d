# SPDX-License-Identifier: Apache-2.0
"""A device whose sensors and events services do not run: the page says so, claims nothing, and all else works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from playwright.async_api import expect

from tests.gateway.web_device import running
from tests.web.browser import PHONE, log_in, page_of, visit
from tests.web.test_page import violations
from tests.web.views import EVENTS, IO, SENSORS, STATUS, SYSTEM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from tests.gateway.web_device import WebDevice


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def without() -> AsyncIterator[WebDevice]:
    """A device of its own."""
    for device in running():
        await device.give_up("sensors")
        await device.give_up("events")
        yield device


def errors_of(page: Page) -> list[str]:
    """Return the list of all that the page writes as errors from now on, answers of 4xx and 5xx among them."""
    found: list[str] = []
    page.on("console", lambda told: found.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


async def test_their_sections_say_that_they_are_away_and_nothing_else(browser: Browser, without: WebDevice) -> None:
    async with page_of(browser, without) as page:
        await log_in(page, "admin")
        errors = errors_of(page)
        for views, service, heading in ((SENSORS, "sensors", "Sensors"), (EVENTS, "events", "Events")):
            for view in views:
                await visit(page, view, heading)
                notice = page.locator("main .notice")
                await expect(notice).to_have_text(
                    f"axiod-{service} is not running, so nothing is known of what belongs here. "
                    "It appears as soon as it runs."
                )
                # Not even that there is nothing, and nothing that could be done.
                await expect(page.locator("main .empty, main .card, main .tabs, main button")).to_have_count(0)
        assert await violations(page) == []
        assert errors == []


async def test_all_else_is_as_it_was(browser: Browser, without: WebDevice) -> None:
    async with page_of(browser, without) as page:
        await log_in(page, "admin")
        errors = errors_of(page)
        for view in (*STATUS, *IO, *SYSTEM):
            await visit(page, view)
            await expect(page.locator("main .notice", has_text="axiod-")).to_have_count(0)
        await visit(page, "status")
        for service in ("sensors", "events"):
            await expect(page.locator(f'.services li[data-id="{service}"]')).to_contain_text("Not running")
        await visit(page, "io/list")
        switch = page.locator('.line[data-id="relay1"]').get_by_role("switch")
        await switch.click()
        await expect(switch).to_have_attribute("aria-checked", "true")
        # What the page looks at now and then is there, too: it does not complain of the same thing again and again.
        async with page.expect_request(lambda asked: asked.method == "HEAD"):
            pass
        assert errors == []


async def test_on_a_phone_in_german(browser: Browser, without: WebDevice) -> None:
    async with page_of(browser, without, size=PHONE, dark=True, language="de-DE") as page:
        await page.goto("/#/sensors/list")
        await page.get_by_label("Benutzername").fill("viewer")
        await page.get_by_label("Passwort", exact=True).fill("Pass word1")
        await page.get_by_role("button", name="Anmelden").click()
        await expect(page.locator("main .notice")).to_contain_text("axiod-sensors läuft nicht")
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


async def test_what_was_seen_before_stays_and_says_that_it_is_old(browser: Browser) -> None:
    for mortal in running():
        async with page_of(browser, mortal) as page:
            await log_in(page, "admin")
            await visit(page, "sensors/list")
            row = page.get_by_role("row").filter(has_text="Cellar")
            await expect(row).to_be_visible()
            await mortal.give_up("sensors")
            await expect(page.locator("main .notice")).to_contain_text("What you see of it is from before")
            await expect(row).to_be_visible()
            await expect(row.get_by_role("switch")).to_have_attribute("aria-disabled", "true")
