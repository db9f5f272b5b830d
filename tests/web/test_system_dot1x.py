# SPDX-License-Identifier: Apache-2.0
"""802.1X on the page: what a method needs, secrets, trials, and how it stands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.gateway.rest.asking import send
from tests.web.browser import PHONE, log_in, page_of, visit
from tests.web.test_page import violations
from tests.web.told import Told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Locator, Page

    from tests.gateway.web_device import WebDevice

DEFAULT: dict[str, Any] = {
    "Enabled": False,
    "Method": "eap-tls",
    "Identity": "",
    "ClientCertificate": "",
    "CaCertificates": [],
    "ServerName": "",
    "EapolVersion": 1,
    "PeapVersion": 0,
    "PeapLabel": 1,
    "Ckn": "",
    "MacsecMode": "encrypt",
}


@pytest_asyncio.fixture(loop_scope="session")
async def interface(device: WebDevice) -> AsyncIterator[str]:
    """A wired interface of the device; its settings are put back."""
    there = (await send(device, "GET", "dot1x")).json()["Items"]
    if not there:
        pytest.skip("this machine has no wired interface")
    id_ = there[0]["Id"]
    yield id_
    if (await send(device, "GET", "network-trial")).json()["Pending"]:
        await send(device, "POST", "network-trial/roll-back", {})
    await send(device, "PATCH", f"dot1x/{id_}", DEFAULT)
    await send(device, "POST", f"dot1x/{id_}/set-secrets", {"Password": "", "Cak": ""})


@pytest_asyncio.fixture(loop_scope="session")
async def card(admin: Page, interface: str) -> Locator:
    """Its card."""
    await visit(admin, "system/network")
    found = admin.get_by_role("region", name=f"802.1X: {interface}", exact=True)
    await expect(found.get_by_label("Method")).to_be_visible()
    return found


async def settings_of(device: WebDevice, interface: str) -> dict[str, Any]:
    """What the device has."""
    told: dict[str, Any] = (await send(device, "GET", f"dot1x/{interface}")).json()
    return told


async def save_at_once(card: Locator) -> None:
    """Save without a trial."""
    await card.get_by_label("Try the change first").uncheck()
    await card.get_by_role("button", name="Save").click()


async def test_each_method_asks_for_what_it_needs(card: Locator, device: WebDevice, interface: str) -> None:
    method = card.get_by_label("Method")
    await expect(card.get_by_label("Client certificate")).to_be_visible()
    await expect(card.get_by_label("Password", exact=True)).to_have_count(0)
    await expect(card.get_by_label("Name of the server")).to_have_count(0)
    await method.select_option("peap-mschapv2")
    await expect(card.get_by_label("Client certificate")).to_have_count(0)
    await expect(card.get_by_label("Password", exact=True)).to_be_visible()
    await expect(card.get_by_label("PEAP label")).to_have_count(0)
    await card.get_by_label("PEAP version").select_option("1")
    await expect(card.get_by_label("PEAP label")).to_be_visible()
    offered = await method.locator("option").evaluate_all("(all) => all.map((one) => one.value)")
    able = (await settings_of(device, interface))["Methods"]
    assert offered == able
    if "macsec" not in able:
        await expect(method).to_have_accessible_description(re.compile("the kernel of this device does not have it"))


async def test_certificates_are_chosen_by_name(card: Locator, device: WebDevice, interface: str) -> None:
    await card.get_by_label("Identity").fill("relay-7")
    await card.get_by_label("Client certificate").select_option("device")
    await card.get_by_role("group", name="CA certificates").get_by_label("device").check()
    await card.get_by_label("Name of the server").fill("radius.example.org")
    await card.get_by_label("EAPOL version").select_option("3")
    await save_at_once(card)
    await expect(card.page.get_by_text("Saved")).to_be_visible()
    told = await settings_of(device, interface)
    assert {name: told[name] for name in DEFAULT} == DEFAULT | {
        "Identity": "relay-7",
        "ClientCertificate": "device",
        "CaCertificates": ["device"],
        "ServerName": "radius.example.org",
        "EapolVersion": 3,
    }


async def test_a_secret_is_set_kept_and_removed(card: Locator, device: WebDevice, interface: str) -> None:
    await card.get_by_label("Method").select_option("peap-mschapv2")
    password = card.get_by_label("Password", exact=True)
    await password.fill("battery staple")
    await save_at_once(card)
    await expect(password).to_have_accessible_description(re.compile("One is set"))
    await expect(password).to_have_value("")
    told = await settings_of(device, interface)
    assert (told["Method"], told["Secrets"]) == ("peap-mschapv2", ["Password"])
    assert "battery" not in json.dumps(told)
    # What is not touched stays.
    await card.get_by_label("Identity").fill("relay-7")
    await save_at_once(card)
    await expect(card.get_by_role("button", name="Discard")).to_have_count(0)
    assert (await settings_of(device, interface))["Secrets"] == ["Password"]
    await card.get_by_role("button", name="Remove it").click()
    await expect(password).to_have_accessible_description(re.compile("removed when you save"))
    await save_at_once(card)
    await expect(password).to_have_accessible_description(re.compile("Nobody is shown it"))
    await expect(card.get_by_role("button", name="Discard")).to_have_count(0)
    assert (await settings_of(device, interface))["Secrets"] == []


async def test_what_is_missing_is_said_at_its_field(card: Locator, device: WebDevice, interface: str) -> None:
    await card.get_by_label("Authenticate at the switch").check()
    await expect(card).to_contain_text("Without a CA certificate the authentication server is not verified")
    await card.get_by_label("Method").select_option("peap-mschapv2")
    await card.get_by_label("Identity").fill("relay-7")
    await card.get_by_role("button", name="Save").click()
    password = card.get_by_label("Password", exact=True)
    await expect(password).to_have_accessible_description(re.compile("Password is missing; peap-mschapv2 needs it"))
    await expect(card.get_by_role("button", name="Save")).to_be_disabled()
    await expect(card.page.get_by_role("region", name="Network settings on trial")).to_have_count(0)
    await password.fill("x")
    await expect(card.get_by_role("button", name="Save")).to_be_enabled()
    await card.get_by_role("button", name="Discard").click()
    await expect(card.get_by_label("Method")).to_have_value("eap-tls")
    await expect(password).to_have_count(0)
    told = await settings_of(device, interface)
    assert {name: told[name] for name in DEFAULT} == DEFAULT


async def test_settings_and_secrets_are_tried_first(card: Locator, device: WebDevice, interface: str) -> None:
    await card.get_by_label("Method").select_option("peap-mschapv2")
    await card.get_by_label("Password", exact=True).fill("battery staple")
    await card.get_by_role("button", name="Save").click()
    banner = card.page.get_by_role("region", name="Network settings on trial")
    await expect(banner).to_contain_text("the former ones come back in")
    assert (await settings_of(device, interface))["Secrets"] == ["Password"]
    await banner.get_by_role("button", name="Roll back").click()
    await expect(card.page.get_by_text("The former network settings are back.")).to_be_visible()
    await expect(card.get_by_label("Method")).to_have_value("eap-tls")
    assert (await settings_of(device, interface))["Secrets"] == []


async def test_how_it_stands_is_seen_live(browser: Browser, device: WebDevice, interface: str) -> None:
    told = Told()  # no switch is here that asks for 802.1X
    async with page_of(browser, device) as page:
        await told.stand_between(page)
        await log_in(page, "admin")
        await visit(page, "system/network")
        card = page.get_by_role("region", name=f"802.1X: {interface}", exact=True)
        await expect(card.get_by_text("Off", exact=True)).to_be_visible()
        await expect(card.get_by_role("button", name="Authenticate again")).to_have_count(0)
        why = "the authentication server refused the identity or the password"
        told.changed("dot1x", interface, Enabled=True, State="refused", Reason=why, SinceUsec=1_700_000_000_000_000)
        await expect(card.get_by_text("Refused", exact=True)).to_be_visible()
        await expect(card.get_by_role("status")).to_have_text(why)
        # The device itself knows better.
        await card.get_by_role("button", name="Authenticate again").click()
        await expect(page.get_by_text(f"it is not enabled on {interface}; set Enabled first")).to_be_visible()
        told.changed("dot1x", interface, State="secured", Method="macsec", SecuredInterface="macsec0", Reason="")
        await expect(card.get_by_text("Secured", exact=True)).to_be_visible()
        await expect(card).to_contain_text("macsec0")
        await expect(card.get_by_label("Key name (CKN)")).to_be_visible()
        await expect(card.get_by_label("Key (CAK)")).to_have_attribute("type", "password")
        await expect(card.get_by_label("Frames are")).to_have_value("encrypt")


async def test_nobody_but_administrators_has_it(oper: Page) -> None:
    await visit(oper, "system/network")
    await expect(oper.get_by_role("region", name="Finding this device")).to_be_visible()
    await expect(oper.get_by_text("802.1X")).to_have_count(0)


async def test_axe_has_nothing_against_it_and_it_fits_a_phone(
    browser: Browser, device: WebDevice, interface: str
) -> None:
    for dark in (False, True):
        async with page_of(browser, device, size=PHONE, dark=dark) as page:
            told = Told()
            await told.stand_between(page)
            await log_in(page, "admin")
            await page.evaluate("import('/i18n.js').then((texts) => texts.speak('de'))")
            await visit(page, "system/network")
            card = page.get_by_role("region", name=f"802.1X: {interface}", exact=True)
            await expect(card.get_by_label("Verfahren")).to_be_visible()
            told.changed(
                "dot1x", interface, Enabled=True, State="refused", Reason="the authentication server refused it"
            )
            await card.get_by_label("Verfahren").select_option("peap-mschapv2")
            assert await violations(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
