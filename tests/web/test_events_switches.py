# SPDX-License-Identifier: Apache-2.0
"""Manual triggers and virtual inputs on the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.web.browser import visit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

    from tests.gateway.web_device import WebDevice

KINDS = ["manual-triggers", "virtual-inputs"]


async def ask(device: WebDevice, target: str, body: Any = None, *words: str) -> Any:
    """Ask over REST, which must succeed."""
    sent = [] if body is None else ["--json", json.dumps(body)]
    answer = await device.curl(f"/api/v1/{target}", *sent, *words, user="admin")
    assert answer.status < 300, answer.body
    return answer.json() if answer.body else None


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def as_before(device: WebDevice) -> AsyncIterator[None]:
    """Put back what the tests change."""
    names = {kind: (await ask(device, f"{kind}/2"))["Name"] for kind in KINDS}
    yield
    for kind, name in names.items():
        await ask(device, f"{kind}/2/set", {"Active": False})
        await ask(device, f"{kind}/2", {"Name": name}, "--request", "PATCH")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_switch_is_turned_on_and_follows_others(oper: Page, device: WebDevice, kind: str) -> None:
    await visit(oper, f"events/{kind}")
    switch = oper.locator('.switches [data-id="2"]').get_by_role("switch")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    assert (await ask(device, f"{kind}/2"))["Active"]
    await ask(device, f"{kind}/2/set", {"Active": False})
    await expect(switch).to_have_attribute("aria-checked", "false")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_pulse_ends_by_itself(oper: Page, kind: str) -> None:
    await visit(oper, f"events/{kind}")
    line = oper.locator('.switches [data-id="2"]')
    length = oper.get_by_label("Length of a pulse")
    await length.fill("0")
    await expect(oper.get_by_text("Enter a number from 1 to")).to_be_visible()
    await expect(line.get_by_role("button", name="Pulse")).to_be_disabled()
    await length.fill("2000")
    await line.get_by_role("button", name="Pulse").click()
    await expect(line.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    await expect(line.get_by_role("switch")).to_have_attribute("aria-checked", "false")


async def test_it_is_renamed_and_found_and_markup_is_text(oper: Page, device: WebDevice) -> None:
    name = "<img src=x onerror=alert(1)>"
    await visit(oper, "events/virtual-inputs")
    await oper.locator('.switches [data-id="2"]').get_by_role("button", name="Rename").click()
    dialog = oper.get_by_role("dialog")
    await dialog.get_by_label("Name", exact=True).fill(name)
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    assert (await ask(device, "virtual-inputs/2"))["Name"] == name
    await oper.get_by_role("searchbox").fill("<img")
    await expect(oper.locator(".switches li")).to_have_count(1)
    await expect(oper.locator(".switches strong")).to_have_text(name)
    assert await oper.locator("main img").count() == 0


async def test_a_viewer_sees_them_and_turns_nothing(viewer: Page) -> None:
    await visit(viewer, "events/manual-triggers")
    await expect(viewer.locator(".switches li")).to_have_count(8)
    await expect(viewer.get_by_role("switch").first).to_have_attribute("aria-disabled", "true")
    await expect(viewer.get_by_role("button", name="Pulse")).to_have_count(0)
