# SPDX-License-Identifier: Apache-2.0
"""The view of the status: device, services, security, clients, time, and what happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.gateway.web_device import running
from tests.web.browser import log_in, page_of, visit

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client


async def test_it_says_what_the_device_is(admin: Page, device: WebDevice) -> None:
    told = (await device.curl("/api/v1/device", user="admin")).json()
    card = admin.get_by_role("region", name="Device", exact=True)
    for name in ("FullName", "SerialNumber", "Version", "HardwareId"):
        await expect(card).to_contain_text(told[name])


async def test_what_is_wrong_with_a_service_has_room(admin: Page, client: Client) -> None:
    await client.wire("input4").call("SetBroken", True)
    await client.port("input4").eventually(Quality="fault")
    service = admin.locator('.services [data-id="io"]')
    problem = service.locator(".problem")
    await expect(problem).to_contain_text("input4 cannot be read")
    boxes = await service.bounding_box(), await problem.bounding_box()
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[1]["width"] == boxes[0]["width"]
    await client.wire("input4").call("SetBroken", False)
    await client.port("input4").eventually(Quality="good")
    await expect(problem).to_have_count(0)


async def test_it_says_how_it_may_be_entered(admin: Page, device: WebDevice) -> None:
    card = admin.get_by_role("region", name="Security")
    await expect(card).to_contain_text("The device takes HTTP and HTTPS")
    await expect(card).to_contain_text("Nobody may look without logging in")
    await device.curl("/api/v1/access", "--request", "PATCH", "--json", '{"AnonymousViewing": true}', user="admin")
    await expect(card).to_contain_text("Anybody may look without logging in")
    await device.curl("/api/v1/access", "--request", "PATCH", "--json", '{"AnonymousViewing": false}', user="admin")
    await expect(card).to_contain_text("Nobody may look without logging in")


async def test_a_viewer_is_told_nothing_that_is_not_for_viewers(viewer: Page) -> None:
    card = viewer.get_by_role("region", name="Security")
    await expect(card.get_by_role("listitem")).to_have_count(1)


async def test_it_says_who_is_connected(admin: Page) -> None:
    card = admin.get_by_role("region", name="Connected clients")
    await expect(card).to_contain_text("127.0.0.1")
    await card.get_by_role("button", name="View details").click()
    dialog = admin.get_by_role("dialog")
    await expect(dialog.get_by_role("row").nth(1)).to_contain_text("127.0.0.1")
    await admin.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_it_shows_the_devices_clock(admin: Page) -> None:
    clock = admin.locator("[data-clock]")
    await expect(clock).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
    first = await clock.inner_text()
    await expect(clock).not_to_have_text(first)


async def test_what_happens_is_seen_with_the_names_of_things(admin: Page, client: Client) -> None:
    await client.port("input2").configure(Name="Garden gate")
    await client.wire("input2").call("Set", "closed")
    line = admin.locator("[data-feed] li").filter(has_text="Garden gate").first
    await expect(line).to_contain_text("active")
    await admin.get_by_role("button", name="Hold").click()
    await client.wire("input2").call("Set", "open")
    await client.port("input2").eventually(Active=False)
    await expect(admin.locator("[data-feed] li").first).to_contain_text("active")
    await admin.get_by_role("button", name="Go on").click()
    await expect(admin.locator("[data-feed] li").filter(has_text="Garden gate").first).to_contain_text("inactive")


async def test_a_service_that_is_away_is_named_and_its_values_are_old(browser: Browser) -> None:
    for mortal in running():
        async with page_of(browser, mortal) as page:
            await log_in(page, "admin")
            await mortal.give_up("relays")
            row = page.locator('.services li[data-id="relays"]')
            await expect(row).to_contain_text("Not running")
            await visit(page, "io/list")
            line = page.locator('.line[data-id="relay1"]')
            await expect(line).to_have_class(re.compile("old"))
            await expect(line.get_by_role("switch")).to_have_attribute("aria-disabled", "true")
            await expect(page.locator('.line[data-id="input1"]')).not_to_have_class(re.compile("old"))
