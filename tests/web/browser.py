# SPDX-License-Identifier: Apache-2.0
"""Chromium in front of a running device, and what every page must keep to."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.async_api import async_playwright, expect

from tests.gateway.web_device import PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request

    from tests.gateway.web_device import Reached

CHROMIUM = "/usr/bin/chromium"
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = (1280, 800)
PHONE = (360, 740)
_WAIT_MS = 30_000
"""How long the page is waited for; it is not alone on the machine."""


@asynccontextmanager
async def chromium(*options: str) -> AsyncIterator[Browser]:
    """Run the system's Chromium with a profile of its own that is forgotten afterwards."""
    expect.set_options(timeout=_WAIT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS, *options])
        yield browser
        await browser.close()


@dataclass
class Witness:
    """What a page does that it should not."""

    origin: str
    faults: list[str] = field(default_factory=list)
    excused: tuple[str, ...] = ()
    """Beginnings of faults that a test expects, for example because it cuts the connection."""

    def watch(self, page: Page) -> None:
        """Look at a page from now on."""
        page.on("pageerror", self._failed)
        page.on("console", self._wrote)
        page.on("request", self._asked)

    def _failed(self, error: Error) -> None:
        self.faults.append(f"error: {error}")

    def _wrote(self, told: ConsoleMessage) -> None:
        # What an answer of 4xx or 5xx writes there is no fault of the page.
        if told.type == "error" and "Failed to load resource" not in told.text:
            self.faults.append(f"console: {told.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.faults.append(f"outside: {request.url}")

    def check(self) -> None:
        """Raise AssertionError if it did."""
        found = [fault for fault in self.faults if not self.excused or not fault.startswith(self.excused)]
        assert not found, found


@asynccontextmanager
async def page_of(
    browser: Browser,
    device: Reached,
    *,
    size: tuple[int, int] = DESKTOP,
    dark: bool = False,
    language: str = "en-GB",
    excused: tuple[str, ...] = (),
) -> AsyncIterator[Page]:
    """A page of a browser that knows nothing yet, at the device over HTTPS; it must behave until it is closed."""
    context = await browser.new_context(
        base_url=device.https,
        ignore_https_errors=True,
        viewport={"width": size[0], "height": size[1]},
        has_touch=size == PHONE,
        color_scheme="dark" if dark else "light",
        locale=language,
        timezone_id="Europe/Berlin",
        # Also with what moves: nothing waits for an animation.
        reduced_motion="reduce",
    )
    context.set_default_timeout(_WAIT_MS)
    page = await context.new_page()
    witness = Witness(device.https, excused=excused)
    witness.watch(page)
    yield page
    await context.close()
    witness.check()


async def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Log in at the page's own form, and wait until it is live."""
    await page.goto("/")
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Log in").click()
    await live(page)


async def live(page: Page) -> None:
    """Wait until the page follows the device."""
    await expect(page.locator(".link-state.live")).to_be_visible()


async def visit(page: Page, address: str, heading: str | None = None) -> None:
    """Go to a view ("io/ports/input1") and wait until it is drawn."""
    await page.goto(f"/#/{address}")
    found = page.locator("main h1")
    await (expect(found).to_have_text(heading) if heading else expect(found).to_be_visible())
