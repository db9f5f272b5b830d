# SPDX-License-Identifier: Apache-2.0
"""The connection is lost and comes back: the page says so, and catches up by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.gateway.web_device import PASSWORD
from tests.web.browser import live, visit

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client


async def test_a_loss_is_seen_at_once_and_what_was_missed_is_caught_up(admin: Page, client: Client) -> None:
    await visit(admin, "io/board")
    here = admin.locator('[data-id="input1"]')
    await expect(here).to_contain_text("Inactive")
    await admin.context.set_offline(True)
    await expect(admin.get_by_role("alert")).to_contain_text("connection to the device is lost")
    state = admin.locator(".link-state")
    await expect(state).to_have_text("Not connected")
    box = await state.bounding_box()
    assert box is not None
    assert box["y"] > 10, "it stands in the middle of the head"
    await expect(admin.get_by_role("alert")).to_contain_text("ago")
    # What is old is grey.
    assert "grayscale" in await here.locator(".wire").evaluate("wire => getComputedStyle(wire).filter")
    await client.wire("input1").call("Set", "closed")
    await client.port("input1").eventually(Active=True)
    await expect(here).to_contain_text("Inactive")
    await admin.context.set_offline(False)
    await live(admin)
    await expect(here).to_contain_text("Active · Closed")
    await expect(admin.get_by_role("alert")).to_have_count(0)


async def test_nothing_is_switched_while_the_connection_is_lost(admin: Page) -> None:
    await visit(admin, "io/list")
    switch = admin.get_by_role("switch", name="Relay 1")
    await expect(switch).to_have_attribute("aria-disabled", "false")
    await admin.context.set_offline(True)
    await expect(switch).to_have_attribute("aria-disabled", "true")
    await admin.context.set_offline(False)
    await expect(switch).to_have_attribute("aria-disabled", "false")


async def test_who_may_not_enter_any_more_is_asked_to_log_in_again(oper: Page, device: WebDevice) -> None:
    answer = await device.curl(
        "/api/v1/accounts/oper/set-password", "--json", '{"Password": "Another word1"}', user="admin"
    )
    assert answer.status == 204
    try:
        await expect(oper.get_by_role("heading", name="Log in")).to_be_visible()
        # What that person saw is not for the next one.
        await expect(oper.locator("main")).not_to_contain_text("Input 1")
    finally:
        back = json.dumps({"Password": PASSWORD})
        await device.curl("/api/v1/accounts/oper/set-password", "--json", back, user="admin")
