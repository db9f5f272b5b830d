# SPDX-License-Identifier: Apache-2.0
"""What holds for every view: whoever cannot see or use a mouse can use it, it fits a phone, and nothing is loose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.web.browser import DESKTOP, PHONE, log_in, page_of, visit
from tests.web.views import VIEWS

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.gateway.web_device import WebDevice

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def violations(page: Page) -> list[str]:
    """Return what axe says against a page, with the places."""
    found: dict[str, Any] = (await Axe().run(page, options=RULES)).response
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:160] for node in rule['nodes'][:3]]}"
        for rule in found["violations"]
    ]


async def settled(page: Page, view: str) -> None:
    """Open a view and wait until nothing is loaded any more."""
    await visit(page, view)
    await page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_has_nothing_against_any_view(browser: Browser, device: WebDevice, dark: bool) -> None:
    found = {}
    async with page_of(browser, device, dark=dark) as page:
        await page.goto("/")
        await expect(page.get_by_role("heading")).to_be_visible()
        found["entry"] = await violations(page)
        await log_in(page, "admin")
        for view in VIEWS:
            await settled(page, view)
            found[view] = await violations(page)
    assert {view: faults for view, faults in found.items() if faults} == {}


async def test_a_phone_is_wide_enough_for_every_view(browser: Browser, device: WebDevice) -> None:
    found = {}
    async with page_of(browser, device, size=PHONE) as page:
        await log_in(page, "admin")
        for view in VIEWS:
            await settled(page, view)
            found[view] = await page.evaluate(
                """() => [...document.querySelectorAll('main *')]
                    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
                    .filter((one) => !one.closest('.tabs, .table-frame, .scrolls'))
                    .slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""
            )
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found[view].append("it can be pushed aside")
            found[view] += [
                f"too small for a finger: {text}"
                for text in await page.evaluate(
                    """() => [...document.querySelectorAll('button, select, nav a')]
                        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 24)
                        .slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""
                )
            ]
    assert {view: faults for view, faults in found.items() if faults} == {}


async def test_it_can_be_used_from_right_to_left(browser: Browser, device: WebDevice) -> None:
    async with page_of(browser, device, size=DESKTOP) as page:
        await log_in(page, "admin")
        for view in VIEWS:
            await settled(page, view)
            await page.evaluate("document.documentElement.dir = 'rtl'")
            box = await page.locator("nav.menu").bounding_box()
            assert box is not None
            assert box["x"] > DESKTOP[0] / 2
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


async def test_a_keyboard_is_enough(admin: Page) -> None:
    await admin.goto("/#/io/list")
    await expect(admin.locator(".line").first).to_be_visible()
    await admin.evaluate("document.activeElement.blur()")
    await admin.keyboard.press("Tab")
    await expect(admin.get_by_role("link", name="Skip to the content")).to_be_focused()
    await admin.keyboard.press("Enter")
    await expect(admin.locator("#content")).to_be_focused()
    switch = admin.get_by_role("switch", name="Relay 1")
    for _ in range(30):
        await admin.keyboard.press("Tab")
        if await switch.evaluate("one => one === document.activeElement"):
            break
    await expect(switch).to_be_focused()
    assert await switch.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    await admin.keyboard.press("Space")
    await expect(switch).to_have_attribute("aria-checked", "true")
    await admin.keyboard.press("Space")
    await expect(switch).to_have_attribute("aria-checked", "false")


async def test_no_script_gets_in_from_elsewhere(browser: Browser, device: WebDevice) -> None:
    async with page_of(browser, device, excused=("console: Executing inline script violates",)) as page:
        await no_script_gets_in(page)


async def no_script_gets_in(page: Page) -> None:
    response = await page.goto("/")
    assert response is not None
    policy = (await response.all_headers())["content-security-policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*", policy)
    # One script is inline: the import map, by its hash.
    assert scripts.count("'sha256-") == 1
    await page.evaluate(
        """() => {
            window.got = [];
            document.addEventListener('securitypolicyviolation', (event) => window.got.push(event.violatedDirective));
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);
        }"""
    )
    await page.wait_for_function("window.got.length > 0")
    assert await page.evaluate("window.ran") is None


async def test_every_help_link_leads_to_a_page(admin: Page) -> None:
    targets = set()
    for view in VIEWS:
        await visit(admin, view)
        for link in await admin.locator(".help-link").all():
            targets.add(await link.get_attribute("href"))
    assert targets
    for target in targets:
        assert target is not None
        response = await admin.request.get(target.partition("#")[0])
        assert response.ok, target
        if "#" in target:
            assert f'id="{target.partition("#")[2]}"' in await response.text(), target
