# SPDX-License-Identifier: Apache-2.0
"""The global proxies on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.async_api import expect

from tests.gateway.rest.asking import send
from tests.web.browser import visit

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.gateway.web_device import WebDevice

KIND = "network-proxy"


async def proxies_of(device: WebDevice) -> dict[str, Any]:
    """What the device has."""
    told: dict[str, Any] = (await send(device, "GET", KIND)).json()
    return told


async def test_proxies_are_set_and_a_password_is_not_shown(admin: Page, device: WebDevice) -> None:
    await visit(admin, "system/network")
    card = admin.get_by_role("region", name="Global proxies")
    await card.get_by_label("HTTP proxy").fill("http://joe:secret@proxy.example.org:3128")
    await card.get_by_label("No proxy").fill("example.org, 192.0.2.0/24")
    await card.get_by_role("button", name="Save").click()
    await expect(card.get_by_label("HTTP proxy")).to_have_value("http://joe:*****@proxy.example.org:3128")
    found = await proxies_of(device)
    assert (found["HttpProxy"], found["NoProxy"]) == (
        "http://joe:*****@proxy.example.org:3128",
        ["example.org", "192.0.2.0/24"],
    )
    await card.get_by_label("HTTPS proxy").fill("ftp://proxy")
    await card.get_by_role("button", name="Save").click()
    await expect(card.get_by_role("alert")).to_contain_text("HttpsProxy must be the URL of a proxy")
    await send(device, "PATCH", KIND, {"HttpProxy": "", "NoProxy": []})


async def test_a_viewer_does_not_see_them(viewer: Page) -> None:
    await visit(viewer, "system/network")
    await expect(viewer.get_by_role("region", name="Finding this device")).to_be_visible()
    await expect(viewer.get_by_role("region", name="Global proxies")).to_have_count(0)
