# SPDX-License-Identifier: Apache-2.0
"""Dynamic DNS on the page: the settings with the key, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest_asyncio
from playwright.async_api import expect

from tests.gateway.rest.asking import send
from tests.web.browser import visit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Locator, Page

    from tests.gateway.web_device import WebDevice

KIND = "network-dynamic-dns"
DEFAULT = {"Enabled": False, "Name": "", "TtlSec": 30, "KeyName": "", "KeyAlgorithm": "hmac-sha256"}


async def dns_of(device: WebDevice) -> dict[str, Any]:
    """What the device has."""
    told: dict[str, Any] = (await send(device, "GET", KIND)).json()
    return told


@pytest_asyncio.fixture(loop_scope="session")
async def card(admin: Page, device: WebDevice) -> AsyncIterator[Locator]:
    """The card; what the device had at first is put back."""
    await visit(admin, "system/network")
    found = admin.get_by_role("region", name="Dynamic DNS")
    await expect(found).to_be_visible()
    yield found
    await send(device, "PATCH", KIND, DEFAULT)
    await send(device, "POST", f"{KIND}/set-secrets", {"Key": ""})


async def test_a_name_and_a_key_are_set(card: Locator, device: WebDevice) -> None:
    await expect(card.get_by_text("Off", exact=True)).to_be_visible()
    await card.get_by_label("Register DNS name").fill("gate-7.example.org")
    await card.get_by_label("TTL").fill("60")
    await card.get_by_label("Name of the TSIG key").fill("gate-7")
    await card.get_by_label("Algorithm").select_option("HMAC-SHA-512")
    await card.get_by_label("Secret of the key").fill("c2VjcmV0")
    await card.get_by_role("button", name="Save").click()
    await expect(card.get_by_role("button", name="Save")).to_have_count(0)
    await expect(card.get_by_text("One is set. Leave this empty to keep it.")).to_be_visible()
    found = await dns_of(device)
    wanted = {"Name": "gate-7.example.org", "TtlSec": 60, "KeyName": "gate-7", "KeyAlgorithm": "hmac-sha512"}
    assert {name: found[name] for name in wanted} == wanted
    assert found["Secrets"] == ["Key"]
    await expect(card.get_by_label("Secret of the key")).to_have_value("")
    # The key is taken out together with its secret.
    await card.get_by_label("Name of the TSIG key").fill("")
    await card.get_by_role("button", name="Remove it").click()
    await card.get_by_role("button", name="Save").click()
    await expect(card.get_by_label("Secret of the key")).to_have_count(0)
    assert (await dns_of(device))["Secrets"] == []


async def test_why_nothing_is_registered_stands_there(card: Locator, device: WebDevice) -> None:
    await card.get_by_label("Register DNS name").fill("gate-7.example.org")
    await card.get_by_label("Enable dynamic DNS updates").check()
    await card.get_by_role("button", name="Save").click()
    # Nobody runs nsupdate for a device without systemd, which may have no address either.
    await expect(card.get_by_role("status")).to_contain_text(
        "updates here" if await _has_address(device) else "address"
    )
    await card.get_by_role("button", name="Register now").click()
    await expect(card.get_by_role("button", name="Register now")).to_be_enabled()


async def test_what_the_device_refuses_is_said(card: Locator, device: WebDevice) -> None:
    await card.get_by_label("Register DNS name").fill("gate 7")
    await card.get_by_role("button", name="Save").click()
    await expect(card.get_by_role("alert")).to_contain_text("Name has 'gate 7'")
    assert (await dns_of(device))["Name"] == ""


async def _has_address(device: WebDevice) -> bool:
    return "no interface" not in str((await dns_of(device)).get("Problem"))
