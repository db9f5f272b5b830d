# SPDX-License-Identifier: Apache-2.0
"""Pictures of every view: `python -m tests.web.screenshots FOLDER [VIEW ...]`, or `make screenshots`."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import expect

from axiod.bus.connection import Connection
from tests.gateway.web_device import WebDevice
from tests.sim.device_process import Client
from tests.web.browser import chromium, live, log_in, page_of, visit
from tests.web.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Browser, Page

SIZES = {"desktop": (1280, 800), "phone": (360, 740)}


@contextmanager
def devices(*, accounts: bool) -> Iterator[WebDevice]:
    """Start a device, and stop it at the end."""
    device = WebDevice(accounts=accounts)
    try:
        yield device
    finally:
        device.close()


async def dress(device: WebDevice) -> None:
    """Let the device look as one that is in use."""
    connection = await Connection.open(device.address)
    client = Client(connection, device.address)
    names = {
        "input1": "Front door contact",
        "input2": "Garden gate",
        "input4": "Water leak, cellar",
        "output1": "Siren",
    }
    for port, name in names.items():
        await client.port(port).configure(Name=name)
    await client.relay().configure(Name="Door opener")
    for wire in ("input1", "input2"):
        await client.wire(wire).configure(Resistors="parallel-22k-4k7")
        await client.port(wire).configure(Supervision="parallel-22k-4k7")
    await client.port("input1").eventually(SupervisedState="open")
    await client.wire("input1").call("Set", "closed")
    await client.wire("input2").call("Set", "cut")
    await client.wire("input4").call("Set", "closed")
    await client.relay().call("Set", True, {})
    await client.port("input1").eventually(SupervisedState="closed")
    await client.port("input2").eventually(SupervisedState="cut")
    await connection.close()
    office = "com.axis.schedules.office_hours"
    rule = {
        "Name": "Open while the office is open",
        "Conditions": [
            {"Topic": "tns1:Device/tnsaxis:IO/Port", "Source": {"port": "1"}, "Item": "state", "Equals": "1"},
            {
                "Topic": "tns1:UserAlarm/tnsaxis:Recurring/Interval",
                "Source": {"id": office},
                "Item": "active",
                "Equals": "1",
            },
        ],
        "Actions": [{"Kind": "pulse", "Output": "relay1", "DurationMs": 2000}],
    }
    mail = {
        "Name": "Caretaker",
        "Type": "smtp",
        "To": "caretaker@example.com",
        "Sender": "door@example.com",
        "Host": "mail.example.com",
    }
    guard = {"Name": "Guard", "Type": "https", "Url": "https://192.0.2.10/notify", "Username": "door"}
    cleaners = {
        "Name": "Cleaners",
        "Icalendar": "DTSTART:20260105T053000 DTEND:20260105T070000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR",
    }
    broker = {"Host": "broker.example.org", "Protocol": "ssl", "HomeAssistant": True}
    filters = [{"TopicFilter": "onvif:Device/axis:IO//.", "Qos": 1, "Retain": "property"}]
    for kind, changes in (("mqtt", broker), ("mqtt-publication", {"Filters": filters})):
        words = ("--request", "PATCH", "--json", json.dumps(changes))
        answer = await device.curl(f"/api/v1/{kind}", *words, user="admin")
        assert answer.status == 200, answer.body
    things = [("rules", rule), ("recipients", mail), ("recipients", guard), ("schedules", cleaners)]
    for kind, thing in things:
        answer = await device.curl(f"/api/v1/{kind}", "--json", json.dumps(thing), user="admin")
        assert answer.status == 201, answer.body


@asynccontextmanager
async def looks(browser: Browser, device: WebDevice) -> AsyncIterator[list[tuple[str, Page]]]:
    """A page of each kind, by its name."""
    async with AsyncExitStack() as stack:
        yield [
            (
                f"{size}-{'dark' if dark else 'light'}",
                await stack.enter_async_context(page_of(browser, device, size=pixels, dark=dark)),
            )
            for (size, pixels), dark in itertools.product(SIZES.items(), (False, True))
        ]


async def shoot(page: Page, file: Path) -> None:
    """Take a picture of all of a page, not of what sticks to the window in its middle."""
    await page.wait_for_load_state("networkidle")
    await page.evaluate("document.fonts.ready")
    size = page.viewport_size
    assert size is not None
    height = await page.evaluate("Math.min(document.documentElement.scrollHeight, 4000)")
    await page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
    await page.screenshot(path=file)
    await page.set_viewport_size(size)


DOCS = {"board.png": ("io/board/ports/input1", "desktop-light"), "phone.png": ("status", "phone-dark")}
"""What docs/page.md shows: the part of a view that is seen at first."""


async def main(folder: Path, views: list[str]) -> None:
    """Take all pictures."""
    async with chromium() as browser:
        if not views:
            with devices(accounts=False) as device:
                async with looks(browser, device) as pages:
                    for name, page in pages:
                        await page.goto("/")
                        await page.get_by_label("New password").fill("correct horse battery")
                        await shoot(page, folder / f"first-start-{name}.png")
        with devices(accounts=True) as device:
            await dress(device)
            async with looks(browser, device) as pages:
                for name, page in pages:
                    await page.goto("/")
                    await expect(page.get_by_role("heading")).to_be_visible()
                    if not views:
                        await shoot(page, folder / f"log-in-{name}.png")
                    await log_in(page, "admin")
                    await live(page)
                    for view in views or VIEWS:
                        await visit(page, view)
                        await shoot(page, folder / f"{view.replace('/', '-')}-{name}.png")
                        print(f"{view} {name}", flush=True)
                        for file, shown in DOCS.items():
                            if shown == (view, name):
                                await page.screenshot(path=folder / "docs" / file)


if __name__ == "__main__":
    (Path(sys.argv[1]) / "docs").mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
