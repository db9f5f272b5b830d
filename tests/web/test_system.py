# SPDX-License-Identifier: Apache-2.0
"""Accounts and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from playwright.async_api import expect

from tests.gateway.web_device import PASSWORD
from tests.web.browser import live, log_in, visit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Locator, Page

    from tests.gateway.web_device import WebDevice

NEW = "correct horse battery"


def line(page: Page, name: str) -> Locator:
    """Return the line of a table that begins with a name."""
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=name, exact=True))


@pytest_asyncio.fixture(loop_scope="session")
async def gate(device: WebDevice) -> AsyncIterator[str]:
    """An account that the test may change."""
    device.add_account("gate", "viewer")
    yield "gate"
    await device.curl("/api/v1/accounts/gate", "--request", "DELETE", user="admin")


async def test_an_account_is_added_and_can_log_in(admin: Page, page: Page, device: WebDevice) -> None:
    await visit(admin, "system/accounts")
    await admin.get_by_role("button", name="Add account").click()
    form = admin.get_by_role("dialog")
    await form.get_by_label("Name").fill("anna b")
    await form.get_by_label("Role").select_option("operator")
    await form.get_by_label("New password").fill(NEW)
    await form.get_by_label("Repeat the password").fill("another")
    await expect(form.get_by_text("The two passwords differ.")).to_be_visible()
    await form.get_by_label("Repeat the password").fill(NEW)
    await form.get_by_role("button", name="Add", exact=True).click()
    # What the device has against it stands at its field.
    await expect(form.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    await expect(form.get_by_text("it must be 1 to 14 letters")).to_be_visible()
    await form.get_by_label("Name").fill("ADMIN")
    await form.get_by_role("button", name="Add", exact=True).click()
    await expect(form.get_by_text("already; choose another name")).to_be_visible()
    await form.get_by_label("Name").fill("anna")
    await form.get_by_role("button", name="Add", exact=True).click()
    await expect(line(admin, "anna")).to_contain_text("Operator")
    try:
        await log_in(page, "anna", NEW)
    finally:
        await device.curl("/api/v1/accounts/anna", "--request", "DELETE", user="admin")
    await expect(line(admin, "anna")).to_have_count(0)


async def test_role_comment_and_password_are_changed(admin: Page, device: WebDevice, gate: str) -> None:
    await visit(admin, "system/accounts")
    await admin.get_by_role("button", name="Account gate").click()
    form = admin.get_by_role("dialog")
    await form.get_by_label("Role").select_option("operator")
    await form.get_by_label("Comment").fill("<b>Gate</b>")
    await form.get_by_role("button", name="Save").click()
    await expect(line(admin, "gate")).to_contain_text("Operator")
    # What somebody wrote is text, and no markup.
    await expect(line(admin, "gate")).to_contain_text("<b>Gate</b>")
    await form.get_by_role("button", name="Close").click()
    await admin.get_by_role("button", name="New password for gate").click()
    await form.get_by_label("New password").fill(NEW)
    await form.get_by_label("Repeat the password").fill(NEW)
    await form.get_by_role("button", name="Set password").click()
    await expect(admin.get_by_text("The password of gate was set.")).to_be_visible()
    assert (await device.curl("/api/v1/ports", user=gate, password=NEW)).status == 200
    assert (await device.curl("/api/v1/ports", user=gate)).status == 401


async def test_an_account_is_removed_after_its_name_was_asked(admin: Page, device: WebDevice, gate: str) -> None:
    await visit(admin, "system/accounts")
    await admin.get_by_role("button", name="Remove gate").click()
    question = admin.get_by_role("dialog")
    await expect(question).to_contain_text("“gate”")
    await question.get_by_role("button", name="Cancel").click()
    await expect(line(admin, "gate")).to_be_visible()
    await admin.get_by_role("button", name="Remove gate").click()
    await question.get_by_role("button", name="Remove").click()
    await expect(line(admin, "gate")).to_have_count(0)
    assert (await device.curl("/api/v1/ports", user=gate)).status == 401


async def test_the_last_administrator_stays(admin: Page) -> None:
    await visit(admin, "system/accounts")
    await expect(admin.get_by_role("button", name="admin is the last administrator")).to_be_disabled()
    await admin.get_by_role("button", name="Account admin").click()
    await expect(admin.get_by_role("dialog").get_by_label("Role")).to_be_disabled()


async def test_anonymous_viewing_is_switched(admin: Page, page: Page) -> None:
    await visit(admin, "system/accounts")
    switch = admin.get_by_role("switch", name="Allow anonymous viewing")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    await page.goto("/")
    await live(page)
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")


async def test_a_token_is_shown_once_and_revoked(admin: Page, device: WebDevice) -> None:
    await admin.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await visit(admin, "system/tokens")
    await admin.get_by_role("button", name="Make token").click()
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_role("button", name="Make", exact=True).click()
    await expect(dialog.get_by_text("Enter at least 1 characters.")).to_be_visible()
    await dialog.get_by_label("Name").fill("heating")
    await dialog.get_by_role("button", name="Make", exact=True).click()
    token = await dialog.get_by_label("Token", exact=True).input_value()
    assert token.startswith("axiod_")
    await dialog.get_by_role("button", name="Copy").click()
    await expect(admin.get_by_text("Copied")).to_be_visible()
    assert await admin.evaluate("navigator.clipboard.readText()") == token
    bearer = ("--header", f"Authorization: Bearer {token}")
    assert (await device.curl("/api/v1/ports", *bearer)).status == 200
    await dialog.get_by_role("button", name="I have kept it").click()
    await expect(line(admin, "heating")).to_contain_text("Viewer")
    assert token not in await admin.content()
    await admin.get_by_role("button", name="Revoke heating").click()
    await expect(dialog).to_contain_text("“heating”")
    await dialog.get_by_role("button", name="Revoke", exact=True).click()
    await expect(line(admin, "heating")).to_have_count(0)
    assert (await device.curl("/api/v1/ports", *bearer)).status == 401


async def test_who_is_logged_in_may_remove_the_own_account_and_is_told_so(page: Page, device: WebDevice) -> None:
    device.add_account("second", "administrator")
    await log_in(page, "second", PASSWORD)
    await visit(page, "system/accounts")
    await page.get_by_role("button", name="Remove second").click()
    await expect(page.get_by_role("dialog")).to_contain_text("your own account")
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
