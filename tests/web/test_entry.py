# SPDX-License-Identifier: Apache-2.0
"""The door: the first administrator, logging in and out, and what each role is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.gateway.web_device import PASSWORD
from tests.web.browser import live, log_in, page_of, visit

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.gateway.web_device import WebDevice


async def test_the_first_administrator_is_made_and_logged_in(browser: Browser, new_device: WebDevice) -> None:
    async with page_of(browser, new_device) as page:
        await page.goto("/")
        await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
        await expect(page.get_by_text("Apache License")).to_be_visible()
        await page.get_by_label("User name").fill("boss")
        await page.get_by_label("New password").fill("password1")
        await expect(page.get_by_text("Weak password")).to_be_visible()
        await page.get_by_label("New password").fill("correct horse battery staple")
        await expect(page.get_by_text("Strong password")).to_be_visible()
        await page.get_by_label("Repeat the password").fill("correct horse")
        create = page.get_by_role("button", name="Create administrator")
        await expect(page.get_by_text("The two passwords differ.")).to_be_visible()
        await expect(create).to_be_disabled()
        await page.get_by_label("Repeat the password").fill("correct horse battery staple")
        await create.click()
        await live(page)
        await expect(page.get_by_role("button", name="boss")).to_be_visible()
    found = await new_device.curl("/api/v1/accounts", user="boss", password="correct horse battery staple")
    assert [one["Role"] for one in found.json()["Items"]] == ["administrator"]


async def test_a_name_that_cannot_be_is_refused_in_words(browser: Browser, new_device: WebDevice) -> None:
    async with page_of(browser, new_device) as page:
        await page.goto("/")
        await page.get_by_label("User name").fill("böss")
        await page.get_by_label("New password").fill(PASSWORD)
        await page.get_by_label("Repeat the password").fill(PASSWORD)
        await page.locator("form").evaluate("form => form.noValidate = true")
        await page.get_by_role("button", name="Create administrator").click()
        await expect(page.get_by_role("alert")).to_contain_text("letters")
        await expect(page.get_by_role("button", name="Create administrator")).to_be_enabled()


async def test_a_wrong_password_is_said_and_the_right_one_lets_in(page: Page) -> None:
    await page.goto("/")
    await page.get_by_label("User name").fill("admin")
    await page.get_by_label("Password", exact=True).fill("wrong")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("Password", exact=True).press("Enter")
    await live(page)


async def test_the_password_can_be_looked_at(page: Page) -> None:
    await page.goto("/")
    field = page.get_by_label("Password", exact=True)
    await expect(field).to_have_attribute("type", "password")
    await page.get_by_role("button", name="Show").click()
    await expect(field).to_have_attribute("type", "text")


async def test_logging_out_ends_the_session(admin: Page) -> None:
    await admin.get_by_role("button", name="admin").click()
    await admin.get_by_role("button", name="Log out").click()
    await expect(admin.get_by_role("heading", name="Log in")).to_be_visible()
    status = await admin.evaluate(
        "fetch('/api/v1/ports', {headers: {'X-Requested-With': 'test'}}).then((answer) => answer.status)"
    )
    assert status == 401
    await expect(admin.get_by_text("Your session has ended")).to_have_count(0)


async def test_a_session_that_ended_by_itself_is_said(admin: Page) -> None:
    await visit(admin, "io/list")
    await admin.context.clear_cookies()
    await admin.get_by_role("switch", name="Relay 1").click()
    await expect(admin.get_by_text("Your session has ended")).to_be_visible()
    await admin.get_by_label("User name").fill("admin")
    await admin.get_by_label("Password", exact=True).fill(PASSWORD)
    await admin.get_by_role("button", name="Log in").click()
    await live(admin)
    await expect(admin.locator(".line").first).to_be_visible()


async def test_the_account_can_be_changed(admin: Page) -> None:
    await admin.get_by_role("button", name="admin").click()
    await expect(admin.locator(".popup .who")).to_contain_text("Administrator")
    await admin.get_by_role("button", name="Change account").click()
    await admin.get_by_label("User name").fill("viewer")
    await admin.get_by_label("Password", exact=True).fill(PASSWORD)
    await admin.get_by_role("button", name="Log in").click()
    await live(admin)
    await admin.get_by_role("button", name="viewer").click()
    await expect(admin.locator(".popup .who")).to_contain_text("Viewer")


async def test_whoever_only_looks_needs_no_login_where_that_is_allowed(page: Page, device: WebDevice) -> None:
    async def allow(yes: str) -> None:
        answer = await device.curl(
            "/api/v1/access", "--request", "PATCH", "--json", f'{{"AnonymousViewing": {yes}}}', user="admin"
        )
        assert answer.status == 200

    await allow("true")
    try:
        await page.goto("/")
        await live(page)
        await visit(page, "io/list")
        await expect(page.get_by_role("switch", name="Relay 1")).to_have_attribute("aria-disabled", "true")
        await page.get_by_role("button", name="Not logged in").click()
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        await page.get_by_role("button", name="Cancel").click()
        await live(page)
    finally:
        await allow("false")


@pytest.mark.parametrize(("name", "may"), [("viewer", False), ("oper", True)])
async def test_roles_shape_what_is_offered(page: Page, name: str, may: bool) -> None:
    await log_in(page, name)
    await visit(page, "io/board/relays/relay1")
    details = page.get_by_role("complementary")
    await expect(details.get_by_role("heading", name="Relay 1")).to_be_visible()
    await expect(details.get_by_role("button", name="Pulse", exact=True)).to_have_count(int(may))
    await expect(details.get_by_role("switch")).to_have_attribute("aria-disabled", "false" if may else "true")
    name_field = details.get_by_label("Name", exact=True)
    await (expect(name_field).to_be_enabled() if may else expect(name_field).to_be_disabled())
    await visit(page, "status")
    await expect(page.get_by_text("Connected clients")).to_have_count(0)


async def test_it_speaks_german_and_remembers_it(browser: Browser, device: WebDevice) -> None:
    async with page_of(browser, device) as page:
        await log_in(page, "admin")
        await page.get_by_role("button", name="admin").click()
        await page.get_by_label("Language").select_option("de")
        menu = page.get_by_role("navigation", name="Menü")
        await expect(menu.get_by_role("link", name="E/A und Relais")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("navigation", name="Menü")).to_be_visible()
        await expect(page.locator("html")).to_have_attribute("lang", "de")


async def test_the_theme_can_be_chosen_and_is_there_before_the_first_paint(admin: Page) -> None:
    await admin.get_by_role("button", name="admin").click()
    await admin.get_by_label("Theme").select_option("dark")
    await admin.reload(wait_until="commit")
    await admin.locator("head script").first.wait_for(state="attached")
    await expect(admin.locator("html")).to_have_attribute("data-theme", "dark")
    assert await admin.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(15, 21, 27)"
    await admin.get_by_role("button", name="admin").click()
    await admin.get_by_label("Theme").select_option("auto")
    await expect(admin.locator("html")).to_have_attribute("data-theme", "light")
    await admin.emulate_media(color_scheme="dark")
    await expect(admin.locator("html")).to_have_attribute("data-theme", "dark")


async def test_the_manual_has_the_theme_of_the_page(admin: Page) -> None:
    await admin.get_by_role("button", name="admin").click()
    await admin.get_by_label("Theme").select_option("dark")
    await admin.goto("/help/page")
    await expect(admin.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(admin.locator("html")).to_have_attribute("lang", "en")
