# SPDX-License-Identifier: Apache-2.0
"""Sensors on the page: what they measure, live; adding, copying, asking and removing them; limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from playwright.async_api import expect

from tests.web.browser import PHONE, log_in, page_of, visit
from tests.web.test_page import violations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from tests.gateway.web_device import WebDevice

MARKUP = "<img src=x onerror=alert(1)>"
FIRST = ("cellar", "workshop")
"""The sensors that the simulated device has."""


async def ask(device: WebDevice, path: str, *words: str) -> Any:
    """Ask as administrator, who must get an answer."""
    answer = await device.curl(f"/api/v1/{path}", *words, user="admin")
    assert answer.status < 300, answer.body
    return answer.json() if answer.body else None


async def change(device: WebDevice, sensor: str, **settings: Any) -> None:
    """Change settings of a sensor behind the back of the page."""
    await ask(device, f"sensors/{sensor}", "--request", "PATCH", "--json", json.dumps(settings))


def play(device: WebDevice, unit: int, method: str, *words: str) -> None:
    """Do something with a unit on the simulated line."""
    path = f"/org/axiod/sim1/bus/rs485/unit/{unit}"
    device.busctl("call", "org.axiod.sim1", path, "org.axiod.sim1.Unit", method, *words)


def silence(device: WebDevice, silent: bool) -> None:
    """Unplug the sensor cellar, or plug it in again."""
    play(device, 65, "Configure", "a{sv}", "1", "Silent", "b", str(silent).lower())


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def as_before(device: WebDevice) -> AsyncIterator[None]:
    """Remove the sensors that a test added, and let the first two be as they were."""
    yield
    for one in (await ask(device, "sensors"))["Items"]:
        if one["Id"] not in FIRST:
            await ask(device, f"sensors/{one['Id']}", "--request", "DELETE")
    for sensor, name in zip(FIRST, ("Cellar", "Workshop"), strict=True):
        await change(device, sensor, Name=name, Enabled=True, IntervalMs=0, Line="template", ChannelSettings=[])


async def test_the_list_shows_what_is_measured_as_it_happens(admin: Page, device: WebDevice) -> None:
    await change(device, "cellar", IntervalMs=200)
    await visit(admin, "sensors", "Sensors")
    row = admin.get_by_role("row").filter(has_text="Cellar")
    humidity = row.locator("[data-channel=humidity]")
    await expect(row.locator("[data-state=online]")).to_be_visible()
    await expect(humidity).to_contain_text("%")
    play(device, 65, "Configure", "a{sv}", "1", "Drifting", "b", "false")
    play(device, 65, "SetValue", "sd", "humidity", "71.5")
    await expect(humidity).to_contain_text("71.5")
    await expect(humidity.locator("time")).to_be_visible()
    play(device, 65, "SetValue", "sd", "humidity", "45")
    await expect(humidity).to_contain_text("45 ")


async def test_one_that_is_silent_is_offline_and_its_values_are_old(admin: Page, device: WebDevice) -> None:
    await change(device, "cellar", IntervalMs=200)
    await visit(admin, "sensors/list/cellar")
    await expect(admin.locator("[data-state=online]")).to_be_visible()
    silence(device, True)
    try:
        await expect(admin.locator("[data-state=offline]")).to_be_visible()
        await expect(admin.locator("[data-channel=temperature] .badge")).to_have_text("Stale")
        await admin.get_by_role("button", name="Test read").click()
        await expect(admin.get_by_role("dialog").locator("[data-good=false]")).to_be_visible()
    finally:
        silence(device, False)
    await admin.get_by_role("button", name="Read again").click()
    await expect(admin.get_by_role("dialog").locator("[data-good=true]")).to_be_visible()
    await expect(admin.get_by_role("dialog").locator("[data-channel=temperature]")).to_contain_text("°C")
    assert await violations(admin) == []


async def test_one_is_added_copied_turned_off_and_removed_by_name(admin: Page, device: WebDevice) -> None:
    await visit(admin, "sensors")
    await admin.get_by_role("button", name="Add sensor").click()
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_label("Name", exact=True).fill(MARKUP)
    await dialog.get_by_label("Address").fill("300")
    await dialog.get_by_label("Type").select_option("xy_md02")
    await expect(dialog.locator(".field.wrong").get_by_label("Address")).to_be_visible()
    assert await violations(admin) == []
    await dialog.get_by_label("Address").fill("65")
    await dialog.get_by_role("button", name="Add").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("cellar")
    await dialog.get_by_label("Address").fill("99")
    await dialog.get_by_role("button", name="Add").click()
    await expect(admin.locator("h2", has_text=MARKUP)).to_be_visible()
    await admin.get_by_role("switch", name=f"Enable {MARKUP}").click()
    await expect(admin.locator("[data-state=disabled]")).to_be_visible()
    await admin.get_by_role("button", name="Copy").click()
    await expect(dialog.get_by_label("Name", exact=True)).to_have_value(f"Copy of {MARKUP}")
    await dialog.get_by_label("Address").fill("100")
    await dialog.get_by_role("button", name="Copy").click()
    await expect(admin.locator("h2", has_text=f"Copy of {MARKUP}")).to_be_visible()
    await admin.get_by_role("button", name="Remove").click()
    await expect(dialog).to_contain_text(f"“Copy of {MARKUP}” is removed")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(admin.get_by_text(f"“Copy of {MARKUP}” was removed.")).to_be_visible()
    await expect(admin.get_by_role("link", name=MARKUP, exact=True)).to_be_visible()
    units = {one["Unit"] for one in (await ask(device, "sensors"))["Items"]}
    assert units == {65, 1, 99}
    assert await admin.locator("img:not(.brand img)").count() == 0


async def test_a_limit_of_a_channel_is_set_and_is_seen_to_be_passed(admin: Page, device: WebDevice) -> None:
    await change(device, "cellar", IntervalMs=200)
    await visit(admin, "sensors/list/cellar")
    limits = admin.locator("[data-limits=humidity]")
    await limits.get_by_label("Above").fill("warm")
    await expect(limits.locator(".error")).to_have_text("Enter a number.")
    await expect(admin.get_by_role("button", name="Save")).to_be_disabled()
    await limits.get_by_label("Above").fill("20")
    await limits.get_by_label("Below").fill("30")
    await expect(limits.locator(".error")).to_have_text("This must be below the upper limit.")
    await limits.get_by_label("Below").fill("")
    await limits.get_by_label("Hysteresis").fill("2.5")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.locator("[data-channel=humidity]")).to_contain_text("Above its limit")
    found = await ask(device, "sensors/cellar")
    assert found["ChannelSettings"] == [{"Channel": "humidity", "Above": 20, "Hysteresis": 2.5}]
    await expect(admin.get_by_role("button", name="Save")).to_have_count(0)
    await limits.get_by_label("Above").fill("")
    await limits.get_by_label("Hysteresis").fill("")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.locator("[data-channel=humidity]")).not_to_contain_text("Above its limit")
    assert (await ask(device, "sensors/cellar"))["ChannelSettings"] == []


async def test_two_people_at_one_sensor(admin: Page, device: WebDevice) -> None:
    await visit(admin, "sensors/list/cellar")
    await admin.get_by_label("Name", exact=True).fill("Mine")
    await admin.get_by_label("Above").first.fill("50")
    await change(device, "cellar", Name="Theirs", ChannelSettings=[{"Channel": "humidity", "Below": 10}])
    await expect(admin.get_by_text("Somebody else changed this to “Theirs” meanwhile.")).to_be_visible()
    await expect(admin.get_by_text("Somebody else changed this list meanwhile.")).to_be_visible()
    await expect(admin.get_by_role("button", name="Save")).to_be_disabled()
    for _ in range(2):
        await admin.get_by_role("button", name="Take theirs").first.click()
    await expect(admin.get_by_label("Name", exact=True)).to_have_value("Theirs")
    await expect(admin.locator("[data-limits=humidity]").get_by_label("Below")).to_have_value("10")


async def test_the_speed_of_one_is_written_out(admin: Page, device: WebDevice) -> None:
    await visit(admin, "sensors/list/workshop")
    await admin.get_by_label("Speed and parity").select_option("Another one")
    await expect(admin.get_by_label("Baud rate, parity and stop bits")).to_have_value("9600 8N1")
    await admin.get_by_label("Baud rate, parity and stop bits").fill("fast")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_role("alert")).to_contain_text("fast")
    await admin.get_by_label("Baud rate, parity and stop bits").fill("19200 8E1")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved").first).to_be_visible()
    assert (await ask(device, "sensors/workshop"))["Line"] == "19200 8E1"


async def test_what_a_role_may_not_do_is_not_offered(viewer: Page, oper: Page) -> None:
    for page, test in ((viewer, 0), (oper, 1)):
        await visit(page, "sensors/list/cellar")
        await expect(page.locator("[data-channel=humidity]")).to_be_visible()
        await expect(page.get_by_role("button", name="Test read")).to_have_count(test)
        await expect(page.get_by_label("Name", exact=True)).to_be_disabled()
        for name in ("Copy", "Remove", "Add sensor"):
            await expect(page.get_by_role("button", name=name)).to_have_count(0)
        await expect(page.get_by_role("switch")).to_have_count(0)


async def test_it_speaks_german_on_a_phone(browser: Browser, device: WebDevice) -> None:
    async with page_of(browser, device, size=PHONE, language="de-DE") as page:
        await page.goto("/")
        await page.get_by_label("Benutzername").fill("admin")
        await page.get_by_label("Passwort", exact=True).fill("Pass word1")
        await page.get_by_role("button", name="Anmelden").click()
        await visit(page, "sensors", "Sensoren")
        await expect(page.locator("[data-channel=humidity] dt").first).to_have_text("Luftfeuchte")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_it_is_used_by_keyboard(browser: Browser, device: WebDevice) -> None:
    async with page_of(browser, device) as page:
        await log_in(page, "admin")
        await visit(page, "sensors")
        link = page.get_by_role("link", name="Cellar")
        await link.focus()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("switch", name="Enable Cellar")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Test read Cellar")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog").locator("[data-good=true]")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="Test read Cellar")).to_be_focused()
