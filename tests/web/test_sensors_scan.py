# SPDX-License-Identifier: Apache-2.0
"""Who is on the line, and the templates of sensors, on the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from playwright.async_api import FilePayload, expect

from tests.web.browser import visit
from tests.web.test_page import violations
from tests.web.test_sensors import MARKUP, as_before, ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page

    from tests.gateway.web_device import WebDevice

__all__ = ["as_before"]


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def no_uploads(device: WebDevice, as_before: None) -> AsyncIterator[None]:  # sensors go first
    """Remove the templates that a test uploaded."""
    yield
    for one in (await ask(device, "sensor-templates"))["Items"]:
        if one["Origin"] == "user":
            await ask(device, f"sensor-templates/{one['Id']}", "--request", "DELETE")


async def scan(page: Page, first: int, last: int, lines: str) -> None:
    """Begin a scan that also waits for a busy machine."""
    await visit(page, "sensors/scan")
    await page.get_by_label("First address").fill(str(first))
    await page.get_by_label("Last address").fill(str(last))
    await page.get_by_label("Speeds and parities").fill(lines)
    await page.get_by_label("Wait for each").fill("400")
    await page.locator("form").get_by_role("button", name="Scan").click()


async def test_what_is_found_is_added_with_what_is_known_of_it(admin: Page, device: WebDevice) -> None:
    await scan(admin, 63, 67, "38400 8N1")
    await expect(admin.locator("[data-scan=done]")).to_be_visible(timeout=20_000)
    await expect(admin.get_by_text("RS485: 5 of 5 asked")).to_be_visible()
    known = admin.get_by_role("row").filter(has_text="BP#02")
    await expect(known.get_by_role("link", name="Cellar")).to_be_visible()
    assert await violations(admin) == []
    await admin.get_by_role("button", name="Add Address 64").click()
    dialog = admin.get_by_role("dialog")
    await expect(dialog.get_by_label("Address")).to_have_value("64")
    await expect(dialog.get_by_label("Type")).to_have_value("tibbo_bp01")
    await expect(dialog.get_by_label("Speed and parity")).to_have_value("template")
    await dialog.get_by_label("Name", exact=True).fill("Attic")
    await dialog.get_by_role("button", name="Add").click()
    await expect(admin.get_by_role("link", name="Attic")).to_be_visible()
    found = {one["Unit"]: one["Template"] for one in (await ask(device, "sensors"))["Items"]}
    assert found[64] == "tibbo_bp01"


async def test_it_says_how_far_it_is_and_is_cancelled_and_begun_again(oper: Page) -> None:
    await scan(oper, 100, 247, "9600 8N1")
    await expect(oper.locator("[data-scan=running]")).to_be_visible()
    await expect(oper.get_by_role("progressbar", name="Progress of the scan")).to_be_visible()
    await oper.wait_for_function("() => document.querySelector('progress').value > 2")
    await oper.get_by_role("button", name="Cancel").click()
    await expect(oper.locator("[data-scan=cancelled]")).to_be_visible()
    await expect(oper.get_by_role("button", name="Add")).to_have_count(0)
    await oper.get_by_label("Last address").fill("90")
    await oper.locator("form").get_by_role("button", name="Scan").click()
    await expect(oper.locator(".field.wrong").get_by_label("Last address")).to_be_visible()
    await oper.get_by_label("Last address").fill("101")
    await oper.get_by_label("Speeds and parities").fill("fast")
    await oper.locator("form").get_by_role("button", name="Scan").click()
    await expect(oper.get_by_text("fast", exact=False).first).to_be_visible()
    await oper.get_by_label("Speeds and parities").fill("9600 8N1")
    await oper.locator("form").get_by_role("button", name="Scan").click()
    await expect(oper.locator("[data-scan=done]")).to_be_visible()
    await expect(oper.get_by_text("Nothing answered.")).to_be_visible()


async def test_a_viewer_has_templates_and_no_scan(viewer: Page) -> None:
    await visit(viewer, "sensors/templates")
    await expect(viewer.get_by_role("row").filter(has_text="vaisala_hmp")).to_contain_text("Disabled")
    await expect(viewer.get_by_role("row").filter(has_text="tibbo_bp02")).to_contain_text("Verified")
    await expect(viewer.get_by_role("link", name="Scan")).to_have_count(0)
    await expect(viewer.get_by_role("button", name="Upload template")).to_have_count(0)
    await viewer.get_by_role("button", name="HMP, GMP", exact=True).click()
    await expect(viewer.get_by_role("dialog").locator(".template-note")).to_be_visible()
    assert await violations(viewer) == []


async def choose(page: Page, text: str) -> None:
    """Choose a file with this text in the dialog."""
    file = FilePayload(name="mine.json", mimeType="application/json", buffer=text.encode())
    await page.get_by_label("File", exact=True).set_input_files(file)


async def upload(page: Page, text: str) -> None:
    """Choose a file with this text, and upload it."""
    await choose(page, text)
    await page.get_by_role("button", name="Upload", exact=True).click()


async def test_one_is_downloaded_changed_uploaded_and_removed(admin: Page, device: WebDevice, tmp_path: Path) -> None:
    await visit(admin, "sensors/templates")
    row = admin.get_by_role("row").filter(has_text="xy_md02")
    async with admin.expect_download() as download:
        await row.get_by_role("button", name="Download").click()
    file = tmp_path / (await download.value).suggested_filename
    await (await download.value).save_as(file)
    assert file.name == "xy_md02.json"
    template: dict[str, Any] = json.loads(file.read_text())
    await admin.get_by_role("button", name="Upload template").click()
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_role("button", name="Upload", exact=True).click()
    await expect(dialog.locator(".error")).to_contain_text("Choose a file.")
    broken = json.loads(file.read_text())
    broken["channels"]["humidity"]["type"] = "u17"
    text = json.dumps(broken, indent=1)
    line = 1 + text[: text.index("u17")].count("\n")
    await upload(admin, text)
    await expect(dialog.get_by_role("alert")).to_contain_text(f"template:{line}: channels.humidity.type")
    assert await violations(admin) == []
    template["title"] = MARKUP
    await upload(admin, json.dumps(template))
    await expect(row).to_contain_text("Overrides a shipped one")
    await expect(row).to_contain_text(MARKUP)
    await row.get_by_role("button", name=f"Remove {MARKUP}").click()
    await expect(dialog).to_have_count(1)
    await expect(dialog).to_contain_text(f"“{MARKUP}” is removed. The one that came with the device counts again.")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(row).not_to_contain_text("Overrides a shipped one")
    assert await admin.locator("img:not(.brand img)").count() == 0
    template["id"] = "my_own"
    await admin.get_by_role("button", name="Upload template").click()
    await upload(admin, json.dumps(template))
    mine = admin.get_by_role("row").filter(has_text="my_own")
    await expect(mine).to_contain_text("Uploaded")
    await admin.get_by_role("button", name="Upload template").click()
    await choose(admin, json.dumps(template))
    await expect(dialog.locator(".notice")).to_contain_text(f"It replaces “{MARKUP}”")
    assert len([one for one in (await ask(device, "sensor-templates"))["Items"] if one["Origin"] == "user"]) == 1
