# SPDX-License-Identifier: Apache-2.0
"""The network on the page: what there is, changes on trial, and what it says to somebody who cut himself off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.network.reached_host import LEASE, PEER, TRIAL, reached_host
from tests.network.world import lacking
from tests.web.browser import PHONE, live, log_in, page_of, visit
from tests.web.test_page import violations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Browser, Page

    from tests.gateway.web_device import WebDevice
    from tests.network.reached_host import ReachedHost

CUT = ("console: WebSocket connection",)
WAIT_MS = 60_000
"""Addresses change in seconds, and this machine may be busy."""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReachedHost]:
    """A host with NetworkManager, whose eth0 has an address by DHCP."""
    if why := lacking():
        pytest.skip(why)
    yield from reached_host(tmp_path_factory.mktemp("host"))


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, host: ReachedHost) -> AsyncIterator[Page]:
    """The page of its administrator at the network; the settings are put back."""
    async with page_of(browser, host, excused=CUT) as page:
        await log_in(page, "admin")
        await visit(page, "system/network")
        await expect(page.get_by_role("region", name="eth0", exact=True)).to_contain_text(LEASE)
        yield page
    host.put_back()


async def make_static(page: Page, address: str = "192.0.2.77", mask: str = "255.255.255.0", seconds: int = 60) -> None:
    """Fill in a static address, and save it."""
    form = page.get_by_role("region", name="eth0", exact=True)
    await form.get_by_label("IPv4 address").select_option("static")
    await form.get_by_label("IP address", exact=True).fill(address)
    await form.get_by_label("Subnet mask").fill(mask)
    await form.get_by_label("Time to keep it").fill(str(seconds))
    await form.get_by_role("button", name="Save").click()


async def test_what_there_is_is_seen(page: Page) -> None:
    found = page.get_by_role("region", name="eth0", exact=True)
    await expect(found).to_contain_text(f"{LEASE}/24 DHCP")
    await expect(found).to_contain_text("Connected")
    await expect(found).to_contain_text("NetworkManager")
    await expect(found.locator("dd").filter(has_text=PEER)).to_have_count(1)
    await expect(found.get_by_label("IPv4 address")).to_have_value("dhcp")
    await expect(found.get_by_role("button", name="Save")).to_have_count(0)


async def test_a_change_that_nobody_keeps_is_taken_back(page: Page, host: ReachedHost) -> None:
    await make_static(page, seconds=10)
    banner = page.get_by_role("region", name="Network settings on trial")
    await expect(banner).to_contain_text(re.compile(r"the former ones come back in \d+ s"), timeout=WAIT_MS)
    host.world.until(lambda: "192.0.2.77/24 global" in host.world.addresses(), "the new address")
    await expect(page.get_by_text("Nobody kept the new network settings")).to_be_visible(timeout=WAIT_MS)
    await expect(banner).to_have_count(0)
    host.world.until(lambda: host.world.addresses() == [f"{LEASE}/24 global"], "the former address")
    await expect(page.get_by_role("region", name="eth0", exact=True)).to_contain_text(f"{LEASE}/24", timeout=WAIT_MS)


async def test_a_change_that_is_kept_stays(page: Page, host: ReachedHost, browser: Browser) -> None:
    # Who leaves DHCP finds what it gave.
    form = page.get_by_role("region", name="eth0", exact=True)
    await form.get_by_label("IPv4 address").select_option("static")
    await expect(form.get_by_label("IP address", exact=True)).to_have_value(LEASE)
    await expect(form.get_by_text("255.255.255.0 = /24")).to_be_visible()
    await expect(form.get_by_label("Router", exact=True)).to_have_value(PEER)
    await make_static(page)
    # Every administrator sees it, wherever he is.
    async with page_of(browser, host) as other:
        await log_in(other, "admin")
        banner = other.get_by_role("region", name="Network settings on trial")
        await expect(banner).to_contain_text("come back in", timeout=WAIT_MS)
        await other.reload()
        port = host.https.rpartition(":")[2]
        await expect(banner.get_by_role("link", name=f"https://192.0.2.77:{port}/")).to_be_visible()
        await banner.get_by_role("button", name="Keep these settings").click()
        await expect(other.get_by_text("The new network settings are kept.")).to_be_visible()
    await expect(page.get_by_role("region", name="Network settings on trial")).to_have_count(0)
    host.world.until(lambda: host.world.addresses() == ["192.0.2.77/24 global"], "the new address alone")
    await expect(form).to_contain_text("192.0.2.77/24 static", timeout=WAIT_MS)


async def test_a_trial_of_somebody_else_is_seen_by_administrators_alone(
    page: Page, host: ReachedHost, browser: Browser
) -> None:
    await visit(page, "system/accounts")
    host.busctl(*TRIAL, "Begin", "u", "300")
    banner = page.get_by_role("region", name="Network settings on trial")
    await expect(banner).to_contain_text("come back in 4 min")
    async with page_of(browser, host) as other:
        await log_in(other, "viewer")
        await visit(other, "system/network")
        await expect(other.get_by_role("region", name="eth0", exact=True)).to_contain_text(LEASE)
        await expect(other.get_by_role("region", name="Network settings on trial")).to_have_count(0)
        await expect(other.get_by_label("IPv4 address")).to_have_count(0)
    await visit(page, "system/network")
    # What is changed meanwhile belongs to it.
    form = page.get_by_role("region", name="eth0", exact=True)
    await form.get_by_label("Take the name servers").uncheck()
    await form.get_by_label("Name servers", exact=True).fill("192.0.2.53, 192.0.2.54")
    await expect(form.get_by_text("This change belongs to them.")).to_be_visible()
    await form.get_by_role("button", name="Save").click()
    await expect(form.locator("dd").filter(has_text="192.0.2.53, 192.0.2.54")).to_be_visible(timeout=WAIT_MS)
    await banner.get_by_role("button", name="Roll back").click()
    await expect(page.get_by_text("The former network settings are back.")).to_be_visible(timeout=WAIT_MS)
    await expect(form.get_by_label("Take the name servers")).to_be_checked(timeout=WAIT_MS)


async def test_a_method_that_only_the_backend_has_a_word_for(page: Page, host: ReachedHost) -> None:
    form = page.get_by_role("region", name="eth0", exact=True)
    host.world.run("nmcli", "connection", "modify", "axiod-eth0", "ipv4.method", "link-local")
    await expect(form.get_by_label("IPv4 address").locator("option:checked")).to_have_text("In another way")
    await form.get_by_label("IPv4 address").select_option("disabled")
    await expect(form.get_by_role("button", name="Save")).to_be_visible()
    await form.get_by_label("IPv4 address").select_option("In another way")
    await expect(form.get_by_role("button", name="Save")).to_have_count(0)


async def test_what_is_wrong_is_said_at_its_field(page: Page, host: ReachedHost) -> None:
    form = page.get_by_role("region", name="eth0", exact=True)
    await form.get_by_label("IPv4 address").select_option("static")
    address, router = form.get_by_label("IP address", exact=True), form.get_by_label("Router", exact=True)
    mask = form.get_by_label("Subnet mask")
    await address.fill("192.0.2")
    await expect(address).to_have_accessible_description(re.compile("Enter an IPv4 address"))
    await expect(form.get_by_role("button", name="Save")).to_be_disabled()
    await address.fill("192.0.2.77")
    await mask.fill("255.0.255.0")
    await expect(mask).to_have_accessible_description(re.compile("Enter a mask such as"))
    await mask.fill("24")
    # What only the device knows stands there as well, and nothing is on trial for it.
    await router.fill("198.51.100.1")
    await form.get_by_role("button", name="Save").click()
    await expect(router).to_have_accessible_description(re.compile("is in none of the networks"), timeout=WAIT_MS)
    await expect(page.get_by_role("region", name="Network settings on trial")).to_have_count(0, timeout=WAIT_MS)
    assert host.world.addresses() == [f"{LEASE}/24 global"]
    await router.fill("")
    await form.get_by_label("Time to keep it").fill("4")
    await expect(form.get_by_role("button", name="Save")).to_be_disabled()
    await form.get_by_role("button", name="Discard").click()
    await expect(form.get_by_label("IPv4 address")).to_have_value("dhcp")


async def test_who_is_cut_off_is_told_where_to_go_on(page: Page, host: ReachedHost) -> None:
    await make_static(page, seconds=300)
    banner = page.get_by_role("region", name="Network settings on trial")
    await expect(banner).to_contain_text("See that you reach the device at", timeout=WAIT_MS)
    host.stop_gateway()
    try:
        await expect(banner).to_contain_text("the device does not answer here any more", timeout=WAIT_MS)
        await expect(banner).to_contain_text("log in, and keep the settings there")
        link = banner.get_by_role("link", name="https://192.0.2.77:")
        await expect(link).to_have_attribute("href", re.compile(r"^https://192\.0\.2\.77:\d+/#/system/network$"))
        await expect(banner).to_contain_text("come back in 4 min")
        await expect(banner.get_by_role("button")).to_have_count(0)
        await page.mouse.wheel(0, 5000)
        await expect(banner).to_be_in_viewport()
    finally:
        host.start_gateway()
    await log_in(page, "admin")
    await banner.get_by_role("button", name="Roll back").click()
    await expect(page.get_by_text("The former network settings are back.")).to_be_visible(timeout=WAIT_MS)


async def test_without_a_trial_it_counts_at_once(page: Page, host: ReachedHost) -> None:
    form = page.get_by_role("region", name="eth0", exact=True)
    await form.get_by_label("Fall back to a static address").check()
    await form.get_by_label("Fallback IP address").fill("192.0.2.99/24")
    await form.get_by_label("Try the change first").uncheck()
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved")).to_be_visible(timeout=WAIT_MS)
    await expect(page.get_by_role("region", name="Network settings on trial")).to_have_count(0)
    settings = (await host.curl("/api/v1/network-interfaces/eth0", user="admin")).json()
    assert (settings["Ipv4Fallback"], settings["Ipv4Addresses"]) == (True, ["192.0.2.99/24"])


async def test_the_hostname(page: Page, host: ReachedHost) -> None:
    form = page.get_by_role("region", name="Host name")
    name = form.get_by_label("Host name", exact=True)
    await form.get_by_label("Take the name that the network tells").uncheck()
    await name.fill("gate-7")
    await form.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Keep these settings").click()
    await expect(page.get_by_text("The new network settings are kept.")).to_be_visible(timeout=WAIT_MS)
    await expect(form.locator("dd")).to_have_text("gate-7")
    assert host.world.run("hostname").strip() == "gate-7"
    await name.fill("gate one")
    await form.get_by_role("button", name="Save").click()
    await expect(name).to_have_accessible_description(re.compile("it must be 1 to 63 letters"), timeout=WAIT_MS)
    assert host.world.run("hostname").strip() == "gate-7"


async def test_axe_has_nothing_against_it_and_it_fits_a_phone(browser: Browser, host: ReachedHost) -> None:
    for dark in (False, True):
        async with page_of(browser, host, size=PHONE, dark=dark, excused=CUT) as page:
            await log_in(page, "admin")
            await visit(page, "system/network")
            await make_static(page, mask="24", seconds=300)
            await expect(page.get_by_role("region", name="Network settings on trial")).to_be_visible(timeout=WAIT_MS)
            form = page.get_by_role("region", name="eth0", exact=True)
            await form.get_by_label("IPv6 address", exact=True).select_option("static")
            await form.get_by_label("Take the name servers").uncheck()
            assert await violations(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            await page.get_by_role("button", name="Roll back").click()
            await expect(page.get_by_text("The former network settings are back.")).to_be_visible(timeout=WAIT_MS)


async def test_interfaces_that_cannot_be_changed_say_why(admin: Page, device: WebDevice) -> None:
    found = (await device.curl("/api/v1/network-interfaces", user="admin")).json()["Items"]
    await visit(admin, "system/network")
    await live(admin)
    for one in found:
        card = admin.get_by_role("region", name=one["Name"], exact=True)
        await expect(card).to_contain_text(f"cannot be changed here: {one['ReadOnlyBecause']}")
        await expect(card.get_by_role("combobox")).to_have_count(0)


async def test_an_interface_is_handed_over_after_its_name_was_asked(page: Page, host: ReachedHost) -> None:
    host.world.run("ip", "link", "add", "eth7", "type", "veth", "peer", "name", "eth8")
    try:
        card = page.get_by_role("region", name="eth7", exact=True)
        await card.get_by_role("button", name="Hand over").click(timeout=WAIT_MS)
        question = page.get_by_role("dialog", name="Hand the interface over?")
        await expect(question).to_contain_text("eth7 goes over to NetworkManager")
        await question.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_role("region", name="Network settings on trial")).to_have_count(0)
        # What the device has against it is said, and nothing is on trial for it.
        await card.get_by_role("button", name="Hand over").click()
        await question.get_by_role("button", name="Hand over").click()
        refusal = page.get_by_text("NetworkManager runs and is told to leave eth7 alone")
        await expect(refusal).to_be_visible(timeout=WAIT_MS)
        await expect(page.get_by_role("region", name="Network settings on trial")).to_have_count(0, timeout=WAIT_MS)
    finally:
        host.world.run("ip", "link", "del", "eth7")
    own = page.get_by_role("region", name="eth0", exact=True)
    await expect(own.get_by_role("button", name="Hand over")).to_have_count(0)
