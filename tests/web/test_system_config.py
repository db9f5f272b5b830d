# SPDX-License-Identifier: Apache-2.0
"""Plain configuration on the page: every setting, searched, live and changed within its range."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from playwright.async_api import expect

from tests.web.browser import visit
from tests.web.test_page import violations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Locator, Page

    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

MARKUP = "<img src=x onerror=alert(1)>"


async def change(device: WebDevice, target: str, **changes: Any) -> None:
    """Change settings over REST."""
    words = ("--request", "PATCH", "--json", json.dumps(changes))
    answer = await device.curl(f"/api/v1/{target}", *words, user="admin")
    assert answer.status == 200, answer.body


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def as_before(device: WebDevice, client: Client) -> AsyncIterator[None]:
    """Put back what the tests change besides ports."""
    del client
    yield
    await change(device, "mqtt-subscriptions", Filters=[])


async def find(page: Page, text: str) -> Locator:
    """Search, and return the rows that are found."""
    await page.get_by_role("searchbox").fill(text)
    return page.get_by_role("table", name="Plain configuration").locator("tbody tr")


async def test_every_setting_is_there(admin: Page, device: WebDevice) -> None:
    told = (await device.curl("/api/v1/settings", user="admin")).json()["Items"]
    await visit(admin, "system/config")
    await expect(admin.get_by_text(f"100 of {len(told)}")).to_be_visible()
    await admin.get_by_role("button", name="Show more").click()
    await expect(admin.get_by_text(f"200 of {len(told)}")).to_be_visible()
    for one in told[:: len(told) // 12]:
        place = f"{one['Resource']}/{one['Id']}" if "Id" in one else one["Resource"]
        rows = await find(admin, f"{place}/{one['Property']}")
        await expect(rows.filter(has_text=one["Property"]).first).to_contain_text(place)


async def test_it_is_found_live_and_changed_within_its_range(oper: Page, device: WebDevice) -> None:
    await visit(oper, "system/config")
    rows = await find(oper, "ports/input2/DebounceMs")
    await expect(rows).to_have_count(1)
    await change(device, "ports/input2", DebounceMs=7)
    await expect(rows.first).to_contain_text("7 ms")
    await rows.first.get_by_role("button", name="Edit ports/input2 DebounceMs").click()
    dialog = oper.get_by_role("dialog", name="ports/input2 DebounceMs")
    await dialog.get_by_label("DebounceMs").fill("-1")
    await expect(dialog.get_by_text("Enter a number from")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    await dialog.get_by_label("DebounceMs").fill("12")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(rows.first).to_contain_text("12 ms")
    assert (await device.curl("/api/v1/ports/input2", user="admin")).json()["DebounceMs"] == 12


async def test_two_people_at_one_setting(oper: Page, device: WebDevice) -> None:
    await visit(oper, "system/config")
    rows = await find(oper, "ports/input2/Usage")
    await rows.first.get_by_role("button").click()
    await oper.get_by_role("textbox", name="Usage").fill("mine")
    await change(device, "ports/input2", Usage="theirs")
    await expect(oper.get_by_text("Somebody else changed this")).to_be_visible()
    await expect(oper.get_by_role("button", name="Save")).to_be_disabled()


async def test_a_list_is_edited_as_json(admin: Page, device: WebDevice) -> None:
    await visit(admin, "system/config")
    rows = await find(admin, "mqtt-subscriptions")
    await rows.first.get_by_role("button").click()
    text = admin.get_by_role("dialog").get_by_label("Filters", exact=True)
    await expect(text).to_have_value("[]")
    await text.fill("[{")
    await expect(admin.get_by_text("This is not JSON.")).to_be_visible()
    assert await violations(admin) == []
    await expect(admin.get_by_role("button", name="Save")).to_have_count(0)
    await text.fill('[{"TopicFilter": "a/b"}]')
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_role("dialog")).to_have_count(0)
    await expect(rows.first).to_contain_text('"TopicFilter":"a/b"')
    found = (await device.curl("/api/v1/mqtt-subscriptions", user="admin")).json()["Filters"]
    assert [one["TopicFilter"] for one in found] == ["a/b"]


async def test_markup_is_text(oper: Page, device: WebDevice) -> None:
    await change(device, "ports/input2", Name=MARKUP, Usage=MARKUP)
    await visit(oper, "system/config")
    rows = await find(oper, MARKUP)
    await expect(rows.first).to_contain_text(MARKUP)
    assert await oper.locator("img:not(.brand img)").count() == 0


async def test_an_operator_sees_what_operators_may_see_and_a_viewer_has_no_tab(oper: Page, viewer: Page) -> None:
    await visit(oper, "system/config")
    rows = await find(oper, "HttpsPort")
    await expect(rows).to_have_count(0)
    rows = await find(oper, "event-log/Limit")
    await expect(rows).to_have_count(1)
    await expect(rows.get_by_role("button")).to_have_count(0)
    await visit(viewer, "system/config")
    await expect(viewer.get_by_role("link", name="Plain configuration")).to_have_count(0)
