# SPDX-License-Identifier: Apache-2.0
"""The graph of what a sensor measured: ranges, zoom, what is kept of many values, and the file."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.web.browser import PHONE, log_in, page_of, visit
from tests.web.test_page import violations
from tests.web.test_sensors import as_before, change, play

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from tests.gateway.web_device import WebDevice

__all__ = ["as_before"]


async def opened(page: Page, device: WebDevice) -> None:
    """Open a sensor that is read often, and wait until its graph has something to show."""
    await change(device, "cellar", IntervalMs=200)
    await visit(page, "sensors/list/cellar")
    await page.get_by_label("Channel").select_option("Humidity")
    await expect(page.locator(".graph")).to_have_attribute("aria-label", re.compile(r"lowest .* %, average .* highest"))


async def test_it_is_drawn_follows_and_is_loaded_only_then(admin: Page, device: WebDevice) -> None:
    asked: list[str] = []
    admin.on("request", lambda request: asked.append(request.url))
    await visit(admin, "sensors/list")
    await expect(admin.get_by_role("link", name="Cellar")).to_be_visible()
    assert not [url for url in asked if "uplot" in url and ".js" in url]
    await opened(admin, device)
    assert [url for url in asked if "uplot" in url and ".js" in url]
    await expect(admin.locator(".graph canvas")).to_be_visible()
    # Lower than anything that other tests let it measure in the hour that is shown.
    play(device, 65, "SetValue", "sd", "humidity", "3")
    lowest = re.compile(r"lowest [2-4](\.|\s)")
    await expect(admin.locator(".graph")).to_have_attribute("aria-label", lowest, timeout=10_000)
    play(device, 65, "SetValue", "sd", "humidity", "45")
    assert await violations(admin) == []


async def test_a_long_time_is_hours_with_their_lowest_and_highest(admin: Page, device: WebDevice) -> None:
    await opened(admin, device)
    await admin.get_by_role("button", name="1 year").click()
    await expect(admin.get_by_role("button", name="1 year")).to_have_attribute("aria-pressed", "true")
    await expect(admin.get_by_text(re.compile(r"^\d hours?, .* lowest, average and highest value$"))).to_be_visible()


async def test_a_part_is_looked_at_closely_by_mouse_and_by_keyboard(admin: Page, device: WebDevice) -> None:
    await opened(admin, device)
    await expect(admin.get_by_role("button", name="Later")).to_be_disabled()
    graph = admin.locator(".graph .u-over")
    await graph.scroll_into_view_if_needed()
    box = await graph.bounding_box()
    assert box is not None
    await admin.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 50)
    await admin.mouse.down()
    await admin.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=4)
    await admin.mouse.up()
    await expect(admin.get_by_role("button", name="1 hour")).to_have_attribute("aria-pressed", "false")
    await expect(admin.get_by_text("Nothing was measured in this time.")).to_be_visible()
    later = admin.get_by_role("button", name="Later")
    await later.focus()
    for _ in range(12):
        if await later.is_disabled():
            break
        await admin.keyboard.press("Enter")
    await expect(later).to_be_disabled()
    await expect(admin.get_by_text(re.compile(r"^\d+ values$"))).to_be_visible()
    await admin.get_by_role("button", name="Zoom out").press("Enter")
    await admin.get_by_role("button", name="Zoom in").press("Enter")
    await admin.get_by_role("button", name="Earlier").press("Enter")
    await expect(later).to_be_enabled()


async def test_what_is_shown_is_saved_as_a_file(admin: Page, device: WebDevice, tmp_path: Path) -> None:
    await opened(admin, device)
    async with admin.expect_download() as download:
        await admin.get_by_role("button", name="CSV").click()
    file = await download.value
    assert file.suggested_filename == "cellar-humidity.csv"
    kept = tmp_path / "kept.csv"
    await file.save_as(kept)
    rows = list(csv.reader(kept.read_text().splitlines()))
    assert rows[0] == ["time", "lowest", "mean", "highest"]
    assert len(rows) > 2
    moments = [datetime.fromisoformat(row[0]) for row in rows[1:]]
    assert moments == sorted(moments)
    assert all(float(low) <= float(mean) <= float(high) for _, low, mean, high in rows[1:])


async def test_the_theme_and_a_phone_get_a_graph_of_their_own(browser: Browser, device: WebDevice) -> None:
    async with page_of(browser, device, size=PHONE, dark=True) as page:
        await log_in(page, "viewer")
        await opened(page, device)
        dark = await page.evaluate("document.querySelector('.graph canvas').toDataURL()")
        await page.emulate_media(color_scheme="light")
        await page.wait_for_function("dark => document.querySelector('.graph canvas').toDataURL() !== dark", arg=dark)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await violations(page) == []
