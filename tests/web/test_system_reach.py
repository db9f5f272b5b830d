# SPDX-License-Identifier: Apache-2.0
"""How the device is reached, who is shut out, and what it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.web.browser import visit

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.gateway.web_device import WebDevice

STRANGER = "203.0.113.9"


async def test_a_change_that_cuts_the_page_off_says_where_to_go_on(admin: Page) -> None:
    await visit(admin, "system/web")
    await admin.get_by_label("Allow access through").select_option("http")
    await expect(admin.get_by_role("alert")).to_contain_text("cuts the page off")
    await expect(admin.get_by_role("link", name="http://127.0.0.1/")).to_be_visible()
    await admin.get_by_label("HTTP port").fill("8080")
    await expect(admin.get_by_role("link", name="http://127.0.0.1:8080/")).to_be_visible()
    await admin.get_by_role("button", name="Discard").click()
    await expect(admin.get_by_role("alert")).to_have_count(0)
    await admin.get_by_label("HTTPS port").fill("8443")
    await expect(admin.get_by_role("link", name="https://127.0.0.1:8443/")).to_be_visible()
    await admin.get_by_role("button", name="Discard").click()
    # The other port cuts nobody off.
    await admin.get_by_label("HTTP port").fill("8080")
    await expect(admin.get_by_role("button", name="Save")).to_be_enabled()
    await expect(admin.get_by_role("alert")).to_have_count(0)


async def test_a_port_is_tried_and_comes_back(admin: Page, device: WebDevice) -> None:
    await visit(admin, "system/web")
    former = (await device.curl("/api/v1/web", user="admin")).json()["HttpPort"]
    await admin.get_by_label("HTTP port").fill("8099")
    await admin.get_by_label("Time to keep it").fill("300")
    await admin.get_by_role("button", name="Save").click()
    banner = admin.get_by_role("region", name="Network settings on trial")
    await expect(banner).to_contain_text("come back in")
    await expect(banner.get_by_role("link")).to_have_count(0)  # this page stays where it is
    assert (await device.curl("/api/v1/web", user="admin")).json()["HttpPort"] == 8099
    await banner.get_by_role("button", name="Roll back").click()
    await expect(admin.get_by_text("The former network settings are back.")).to_be_visible()
    await expect(admin.get_by_label("HTTP port")).to_have_value(str(former))


async def test_who_moves_the_page_is_told_where_it_is(admin: Page, device: WebDevice) -> None:
    await visit(admin, "system/web")
    await admin.get_by_label("HTTPS port").fill("8443")
    await admin.get_by_role("button", name="Save").click()
    banner = admin.get_by_role("region", name="Network settings on trial")
    await expect(banner.get_by_role("link", name="https://127.0.0.1:8443/")).to_be_visible()
    trial = ("org.axiod.network1", "/org/axiod/network1/trial", "org.axiod.network1.Trial")
    device.busctl("call", *trial, "RollBack")
    await expect(banner).to_have_count(0, timeout=30_000)


async def test_ports_that_cannot_be_are_refused(admin: Page) -> None:
    await visit(admin, "system/web")
    await admin.get_by_label("HTTP port").fill("70000")
    await expect(admin.get_by_text("Enter a number from 1 to 65535.")).to_be_visible()
    await admin.get_by_label("HTTP port").fill("443")
    await admin.get_by_role("button", name="Save").click()
    refusal = re.compile("each needs a port of its own")
    await expect(admin.get_by_label("HTTP port")).to_have_accessible_description(refusal)
    await expect(admin.get_by_role("region", name="Network settings on trial")).to_have_count(0)


async def test_settings_of_http_are_saved(admin: Page, device: WebDevice) -> None:
    await visit(admin, "system/web")
    await admin.get_by_label("Answer /metrics").check()
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved")).to_be_visible()
    assert (await device.curl("/api/v1/web", user="admin")).json()["Metrics"] is True
    await device.curl("/api/v1/web", "--request", "PATCH", "--json", '{"Metrics": false}', user="admin")
    await expect(admin.get_by_label("Answer /metrics")).not_to_be_checked()


async def test_who_is_blocked_is_listed_and_let_in_again(admin: Page, device: WebDevice) -> None:
    await visit(admin, "system/blocking")
    await expect(admin.get_by_text("Nobody is blocked.")).to_be_visible()
    allowed = admin.get_by_label("Failed logins allowed at one page")
    former = await allowed.input_value()
    await allowed.fill("1")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved")).to_be_visible()
    try:
        blocking = ("org.axiod.system1", "/org/axiod/system1/blocking", "org.axiod.system1.Blocking")
        await expect(allowed).to_have_value("1")
        for _ in range(20):
            device.busctl("call", *blocking, "Report", "ss", STRANGER, "/api/v1/session")
        row = admin.get_by_role("row").filter(has_text=STRANGER)
        await expect(row).to_be_visible()
        await row.get_by_role("button", name=f"Unblock {STRANGER}").click()
        await expect(admin.get_by_text("Nobody is blocked.")).to_be_visible()
    finally:
        body = f'{{"PageFailures": {former}}}'
        await device.curl("/api/v1/blocking", "--request", "PATCH", "--json", body, user="admin")


async def test_the_device_says_what_it_is_to_whoever_looks(viewer: Page) -> None:
    await visit(viewer, "system")
    await expect(viewer.get_by_role("region", name="Identity")).to_contain_text("02FC00000001")
    # What a viewer may not read has no tab.
    await expect(viewer.get_by_role("navigation", name="System").get_by_role("link")).to_have_text(
        ["Device", "Network"]
    )
