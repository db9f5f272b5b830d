# SPDX-License-Identifier: Apache-2.0
"""How the device is found, on the page: switches, names, what does not work, and the neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest_asyncio
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no type information
from playwright.async_api import expect

from axiod.gateway.rest.openapi import document
from tests.gateway.rest.asking import send
from tests.web.browser import PHONE, log_in, page_of, visit
from tests.web.test_page import violations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Locator, Page, Route

    from tests.gateway.web_device import WebDevice

DEFAULT = {"BonjourName": "", "Upnp": False, "UpnpName": "", "WsDiscovery": True}
HEARD: list[dict[str, Any]] = [
    {
        "Interface": "eth0",
        "Protocol": "lldp",
        "ChassisId": "00:1b:21:aa:bb:cc",
        "PortId": "ge-0/0/7",
        "Name": "floor-2",
        "Description": "A switch with a long name that says what it is and which software it runs, 17.3.4",
        "PortDescription": "gate",
        "Addresses": ["192.0.2.1", "2001:db8::1"],
        "AgeSec": 3725,
        "PowerRequestedMw": 25500,
        "PowerAllocatedMw": 12950,
    },
    {"Interface": "eth0", "Protocol": "cdp", "ChassisId": "old-switch"},
]


async def discovery_of(device: WebDevice) -> dict[str, Any]:
    """What the device has."""
    told: dict[str, Any] = (await send(device, "GET", "network-discovery")).json()
    return told


@pytest_asyncio.fixture(loop_scope="session")
async def card(admin: Page, device: WebDevice) -> AsyncIterator[Locator]:
    """The card of the protocols; what the device had at first is put back."""
    await visit(admin, "system/network")
    found = admin.get_by_role("region", name="Finding this device")
    await expect(found).to_be_visible()
    yield found
    await send(device, "PATCH", "network-discovery", DEFAULT)


async def with_neighbours(route: Route) -> None:
    """Answer as a device between two switches; what is really heard is in tests/network/discovery."""
    answers = document()["paths"]["/api/v1/network-discovery/neighbours"]["post"]["responses"]
    Draft202012Validator(answers["200"]["content"]["application/json"]["schema"]).validate({"Neighbours": HEARD})
    await route.fulfill(json={"Neighbours": HEARD})


async def test_switches_act_at_once(card: Locator, device: WebDevice) -> None:
    upnp = card.get_by_role("switch", name="UPnP")
    await expect(upnp).to_have_attribute("aria-checked", "false")
    await upnp.click()
    await expect(upnp).to_have_attribute("aria-checked", "true")
    assert (await discovery_of(device))["Upnp"] is True
    # Somebody else's change is seen as well.
    await send(device, "PATCH", "network-discovery", {"Upnp": False, "WsDiscovery": False})
    await expect(upnp).to_have_attribute("aria-checked", "false")
    await expect(card.get_by_role("switch", name="WS-Discovery")).to_have_attribute("aria-checked", "false")


async def test_what_does_not_work_says_why(card: Locator, device: WebDevice) -> None:
    why = (await discovery_of(device))["Unavailable"]["bonjour"]
    bonjour = card.get_by_role("listitem").filter(has=card.page.get_by_role("switch", name="Bonjour"))
    await expect(bonjour).to_contain_text(f"It is turned on but does not work: {why}")
    upnp = card.get_by_role("listitem").filter(has=card.page.get_by_role("switch", name="UPnP"))
    await expect(upnp).not_to_contain_text("does not work")


async def test_what_the_device_refuses_is_said_at_the_switch(card: Locator, device: WebDevice) -> None:
    refused = (await send(device, "PATCH", "network-discovery", {"Cdp": True})).json()["detail"]
    cdp = card.get_by_role("listitem").filter(has=card.page.get_by_role("switch", name="CDP"))
    await cdp.get_by_role("switch").click()
    await expect(cdp.get_by_role("alert")).to_contain_text(refused)
    await expect(cdp.get_by_role("switch")).to_have_attribute("aria-checked", "false")


async def test_friendly_names(card: Locator, device: WebDevice) -> None:
    first = (await discovery_of(device))["BonjourName"]
    name = card.get_by_label("Friendly name (Bonjour)")
    await expect(name).to_have_value(first)
    await name.fill("Gate 7")
    await card.get_by_role("button", name="Save").click()
    await expect(card.page.get_by_text("Saved")).to_be_visible()
    assert (await discovery_of(device))["BonjourName"] == "Gate 7"
    await name.fill("")
    await card.get_by_role("button", name="Save").click()
    await expect(name).to_have_value(first)
    await name.fill("x" * 64)
    await expect(name).to_have_value("x" * 63)


async def test_the_neighbours(admin: Page, device: WebDevice) -> None:
    refused = (await send(device, "POST", "network-discovery/neighbours", {})).json()["detail"]
    await visit(admin, "system/network")
    card = admin.get_by_role("region", name="Connected switches")
    await expect(card).to_contain_text(refused)
    await admin.route("**/api/v1/network-discovery/neighbours", with_neighbours)
    await card.get_by_role("button", name="Look again").click()
    row = card.get_by_role("row").filter(has_text="floor-2")
    for text in ("eth0", "ge-0/0/7", "gate", "192.0.2.1, 2001:db8::1", "13 W (25.5 W asked for)", "LLDP", "1 h 2 min"):
        await expect(row).to_contain_text(text)
    await expect(card.get_by_role("row").filter(has_text="old-switch")).to_contain_text("CDP")


async def test_a_viewer_looks(viewer: Page, device: WebDevice) -> None:
    await visit(viewer, "system/network")
    card = viewer.get_by_role("region", name="Finding this device")
    await expect(card).to_contain_text((await discovery_of(device))["BonjourName"])
    await expect(card.get_by_role("switch", name="UPnP")).to_have_attribute("aria-disabled", "true")
    await expect(card.get_by_role("textbox")).to_have_count(0)


async def test_axe_has_nothing_against_it_and_it_fits_a_phone(
    card: Locator, browser: Browser, device: WebDevice
) -> None:
    for dark in (False, True):
        async with page_of(browser, device, size=PHONE, dark=dark) as page:
            await page.route("**/api/v1/network-discovery/neighbours", with_neighbours)
            await log_in(page, "admin")
            await page.evaluate("import('/i18n.js').then((texts) => texts.speak('de'))")
            await visit(page, "system/network")
            await expect(page.get_by_text("floor-2")).to_be_visible()
            await page.get_by_role("switch", name="CDP").click()
            await expect(page.get_by_role("region", name="Auffinden").get_by_role("alert")).to_be_visible()
            assert await violations(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
