# SPDX-License-Identifier: Apache-2.0
"""The firewall on the page: rules in their order, what they would do to who saves them, and trying them first."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from playwright.async_api import expect

from tests.gateway.rest.asking import send
from tests.web.browser import PHONE, live, log_in, page_of, visit
from tests.web.test_page import violations
from tests.web.told import Told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Locator, Page, Route

    from tests.gateway.web_device import WebDevice

CUT = ("console: WebSocket connection",)
SSH = {"Kind": "filter", "Policy": "accept", "Address": "192.0.2.0/24", "Protocol": "tcp", "Port": 22}
STRANGER = {"Kind": "filter", "Policy": "drop", "Address": "198.51.100.7"}
PINGS = {"Kind": "limit", "Protocol": "icmp", "Unit": "packets", "Period": "second", "Amount": 4, "Burst": 5}
OFF: dict[str, Any] = {"Active": False, "DefaultPolicy": "accept", "Rules": []}


async def firewall_of(device: WebDevice) -> dict[str, Any]:
    """What the device has."""
    told: dict[str, Any] = (await send(device, "GET", "firewall")).json()
    return told


@pytest_asyncio.fixture(loop_scope="session")
async def firewall(admin: Page, device: WebDevice) -> AsyncIterator[Locator]:
    """The card of the firewall, whose rules are those above; nothing is left of them."""
    await send(device, "PATCH", "firewall", {**OFF, "Rules": [SSH, STRANGER, PINGS]})
    await visit(admin, "system/firewall")
    card = admin.get_by_role("region", name="Firewall", exact=True)
    await expect(rows(card)).to_have_count(3)
    yield card
    if (await send(device, "GET", "network-trial")).json()["Pending"]:
        await send(device, "POST", "network-trial/roll-back", {})
    await send(device, "PATCH", "firewall", OFF)


def rows(card: Locator) -> Locator:
    """The rules that are listed."""
    return card.get_by_role("list", name="Rules").get_by_role("listitem")


async def from_afar(route: Route) -> None:
    """Ask as somebody who comes over the network: the browser of the tests is on the device itself."""
    asked = json.loads(route.request.post_data or "{}") | {"ClientAddress": "198.51.100.7", "ServerPort": 443}
    await route.continue_(post_data=json.dumps(asked))


async def from_afar_too(route: Route) -> None:
    """Change something as that somebody."""
    await (from_afar(route) if route.request.method == "PATCH" else route.continue_())


async def save_at_once(card: Locator) -> None:
    """Save without a trial."""
    await card.get_by_label("Try the change first").uncheck()
    await card.get_by_role("button", name="Save").click()


async def test_rules_are_told_in_words_and_in_order(firewall: Locator) -> None:
    await expect(rows(firewall).nth(0)).to_contain_text("Accept TCP port 22, from 192.0.2.0/24")
    await expect(rows(firewall).nth(1)).to_contain_text("Drop from 198.51.100.7")
    await expect(rows(firewall).nth(2)).to_contain_text("Limit ICMP: 4 packets per second, 5 at once")
    await expect(firewall.get_by_role("button", name="Save")).to_have_count(0)


async def test_rules_are_moved_and_removed(firewall: Locator, admin: Page, device: WebDevice) -> None:
    await expect(firewall.get_by_role("button", name="Move rule 1 up")).to_be_disabled()
    await expect(firewall.get_by_role("button", name="Move rule 3 down")).to_be_disabled()
    await firewall.get_by_role("button", name="Move rule 3 up").click()
    # The focus is where the rule is, so a second press moves it on.
    await expect(firewall.get_by_role("button", name="Move rule 2 up")).to_be_focused()
    await admin.keyboard.press("Enter")
    await expect(rows(firewall).nth(0)).to_contain_text("Limit ICMP")
    await expect(firewall.get_by_role("button", name="Move rule 1 down")).to_be_focused()
    await firewall.get_by_role("button", name="Remove rule 2").click()
    await save_at_once(firewall)
    await expect(admin.get_by_text("Saved")).to_be_visible()
    assert (await firewall_of(device))["Rules"] == [PINGS, STRANGER]


async def test_a_rule_is_added_with_the_fields_that_apply(firewall: Locator, admin: Page, device: WebDevice) -> None:
    await firewall.get_by_role("button", name="Add a rule").click()
    dialog = admin.get_by_role("dialog", name="Add a rule")
    await expect(dialog.get_by_label("How many")).to_have_count(0)
    await dialog.get_by_label("Kind").select_option("limit")
    await expect(dialog.get_by_label("What happens")).to_have_count(0)
    await dialog.get_by_label("Protocol").select_option("icmp")
    await expect(dialog.get_by_label("Ports of the device")).to_have_count(0)
    await expect(dialog.get_by_label("Family")).to_have_count(0)
    await dialog.get_by_label("Protocol").select_option("both")
    await dialog.get_by_label("Ports of the device").select_option("range")
    await dialog.get_by_label("First port").fill("8000")
    await dialog.get_by_label("Last port").fill("8010")
    await dialog.get_by_label("From").select_option("range")
    await dialog.get_by_label("First address").fill("192.0.2.10")
    await dialog.get_by_label("Last address").fill("192.0.2.20")
    await dialog.get_by_label("MAC address").fill("00:40:8c:01:23:45")
    await dialog.get_by_label("Sent to").select_option("unicast")
    await dialog.get_by_label("How many").fill("100")
    await dialog.get_by_label("In each").select_option("hour")
    await dialog.get_by_label("At once").fill("")
    await dialog.get_by_role("button", name="Add", exact=True).click()
    await expect(dialog).to_have_count(0)
    await expect(rows(firewall).nth(3)).to_contain_text(
        "Limit TCP and UDP ports 8000 to 8010, from 192.0.2.10 to 192.0.2.20, from MAC 00:40:8c:01:23:45, "
        "This device alone (unicast): 100 new connections per hour, 5 at once"
    )
    assert len((await firewall_of(device))["Rules"]) == 3, "nothing is saved yet"
    await save_at_once(firewall)
    await expect(admin.get_by_text("Saved")).to_be_visible()
    assert (await firewall_of(device))["Rules"][3] == {
        "Kind": "limit",
        "RangeStart": "192.0.2.10",
        "RangeEnd": "192.0.2.20",
        "Protocol": "both",
        "PortStart": 8000,
        "PortEnd": 8010,
        "Mac": "00:40:8c:01:23:45",
        "Traffic": "unicast",
        "Unit": "connections",
        "Period": "hour",
        "Amount": 100,
        "Burst": 5,
    }


async def test_what_is_wrong_is_said_at_its_field(firewall: Locator, admin: Page, device: WebDevice) -> None:
    await firewall.get_by_role("button", name="Edit rule 1").click()
    dialog = admin.get_by_role("dialog", name="Rule 1")
    address, port = dialog.get_by_label("Address or network"), dialog.get_by_label("Port", exact=True)
    await expect(address).to_have_value("192.0.2.0/24")
    await port.fill("70000")
    await dialog.get_by_role("button", name="Take over").click()
    await expect(port).to_have_accessible_description(re.compile("Enter a number from 1 to 65535"))
    await port.fill("")
    await dialog.get_by_role("button", name="Take over").click()
    await expect(port).to_have_accessible_description(re.compile("Port is missing"))
    await port.fill("22")
    # What only the device knows stands there as well.
    await address.fill("192.0.2.7/24")
    await dialog.get_by_role("button", name="Take over").click()
    await expect(address).to_have_accessible_description(re.compile(r"the network that it is in is 192\.0\.2\.0/24"))
    await expect(address).to_be_focused()
    await dialog.get_by_label("From").select_option("anybody")
    await dialog.get_by_label("Protocol").select_option("")
    await dialog.get_by_role("button", name="Take over").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("it matches everything")
    await admin.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(rows(firewall).nth(0)).to_contain_text("Accept TCP port 22, from 192.0.2.0/24")
    assert (await firewall_of(device))["Rules"] == [SSH, STRANGER, PINGS]


async def test_rules_are_tried_first_and_come_back(firewall: Locator, admin: Page, device: WebDevice) -> None:
    await firewall.get_by_label("Turn the firewall on").check()
    await expect(firewall.get_by_label("Try the change first")).to_be_checked()
    await expect(firewall.get_by_label("Time to keep it")).to_have_value("60")
    await firewall.get_by_role("button", name="Save").click()
    banner = admin.get_by_role("region", name="Network settings on trial")
    await expect(banner).to_contain_text("the former ones come back in")
    # Nothing can be kept or rolled back before it is in force.
    await expect(banner.get_by_role("button", name="Roll back")).to_be_enabled()
    assert (await firewall_of(device))["Active"] is True
    await banner.get_by_role("button", name="Roll back").click()
    await expect(admin.get_by_text("The former network settings are back.")).to_be_visible()
    await expect(firewall.get_by_label("Turn the firewall on")).not_to_be_checked()
    assert (await firewall_of(device))["Active"] is False


async def test_rules_that_are_kept_stay(firewall: Locator, admin: Page, device: WebDevice) -> None:
    await firewall.get_by_label("Turn the firewall on").check()
    await firewall.get_by_label("Default policy").select_option("drop")
    await firewall.get_by_role("button", name="Save").click()
    await admin.get_by_role("button", name="Keep these settings").click()
    await expect(admin.get_by_text("The new network settings are kept.")).to_be_visible()
    told = await firewall_of(device)
    assert (told["Active"], told["DefaultPolicy"]) == (True, "drop")
    assert (await send(device, "GET", "network-trial")).json()["Last"] == "confirmed"


async def test_who_would_cut_himself_off_is_warned(firewall: Locator, admin: Page, device: WebDevice) -> None:
    await admin.route("**/api/v1/firewall/check", from_afar)
    await firewall.get_by_label("Turn the firewall on").check()
    await expect(firewall.get_by_text("This cuts you off:")).to_be_visible()
    await expect(firewall).to_contain_text("rule 2 drops the connection from 198.51.100.7 to port 443")
    await expect(rows(firewall).nth(1)).to_contain_text("Cuts you off")
    await expect(rows(firewall).nth(0)).not_to_contain_text("Cuts you off")
    # Whoever does it at once all the same is asked once more.
    await save_at_once(firewall)
    dialog = admin.get_by_role("dialog", name="Cut yourself off?")
    await expect(dialog).to_contain_text("rule 2 drops the connection from 198.51.100.7")
    await dialog.get_by_role("button", name="Cancel").click()
    assert (await firewall_of(device))["Active"] is False
    # The device itself refuses it to whoever does not insist.
    afar = {"Active": True, "ClientAddress": "198.51.100.7", "ServerPort": 443}
    refused = await send(device, "PATCH", "firewall", afar)
    assert (refused.status, "rule 2 drops the connection" in refused.json()["detail"]) == (409, True)
    await admin.route("**/api/v1/firewall", from_afar_too)
    await firewall.get_by_role("button", name="Save").click()
    await dialog.get_by_role("button", name="Save all the same").click()
    await expect(admin.get_by_text("Saved")).to_be_visible()
    assert (await firewall_of(device))["Active"] is True
    await send(device, "PATCH", "firewall", OFF | {"Rules": [SSH, STRANGER, PINGS]})
    await expect(firewall.get_by_label("Turn the firewall on")).not_to_be_checked()
    await firewall.get_by_label("Turn the firewall on").check()
    await firewall.get_by_role("button", name="Remove rule 2").click()
    await expect(firewall.get_by_text("This cuts you off:")).to_have_count(0)
    await firewall.get_by_label("Default policy").select_option("drop")
    await expect(firewall).to_contain_text("the default policy drops the connection")
    await firewall.get_by_role("button", name="Discard").click()
    await expect(rows(firewall)).to_have_count(3)


async def test_who_is_kept_out_is_told_to_wait(firewall: Locator, browser: Browser, device: WebDevice) -> None:
    async with page_of(browser, device, excused=CUT) as page:
        await log_in(page, "admin")
        await visit(page, "system/firewall")
        await page.get_by_label("Turn the firewall on").check()
        await page.get_by_role("button", name="Save").click()
        banner = page.get_by_role("region", name="Network settings on trial")
        await expect(banner).to_contain_text("the former ones come back in")
        await page.context.set_offline(True)
        await expect(banner).to_contain_text("the device does not answer here any more")
        await expect(banner).to_contain_text("The new rules of the firewall may keep you out. Wait")
        await page.context.set_offline(False)
        await live(page)
        await banner.get_by_role("button", name="Roll back").click()
        await expect(page.get_by_text("The former network settings are back.")).to_be_visible()


async def test_what_somebody_else_changes_is_not_lost(firewall: Locator, admin: Page, device: WebDevice) -> None:
    await firewall.get_by_role("button", name="Remove rule 3").click()
    await send(device, "PATCH", "firewall", {"Rules": [SSH]})
    alert = firewall.get_by_role("alert").filter(has_text="Somebody else changed this list")
    await expect(alert).to_be_visible()
    await expect(firewall.get_by_role("button", name="Save")).to_be_disabled()
    await alert.get_by_role("button", name="Take theirs").click()
    await expect(rows(firewall)).to_have_count(1)


async def test_without_a_packet_filter_rules_are_prepared(
    firewall: Locator, browser: Browser, device: WebDevice
) -> None:
    told = Told()
    async with page_of(browser, device) as page:
        await told.stand_between(page)
        await log_in(page, "admin")
        await visit(page, "system/firewall")
        card = page.get_by_role("region", name="Firewall", exact=True)
        await expect(rows(card)).to_have_count(3)
        told.changed("firewall", (await firewall_of(device))["Id"], Supported=False)
        await expect(card).to_contain_text("the package nftables is not installed")
        await expect(card.get_by_label("Turn the firewall on")).to_be_disabled()
        assert await violations(page) == []
        await card.get_by_role("button", name="Add a rule").click()
        await page.get_by_role("dialog").get_by_label("Port", exact=True).fill("443")
        await page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
        await expect(rows(card).nth(3)).to_contain_text("Accept TCP port 443")
        await save_at_once(card)
        await expect(page.get_by_text("Saved")).to_be_visible()
    assert len((await firewall_of(device))["Rules"]) == 4


async def test_tables_of_others_are_listed(firewall: Locator, browser: Browser, device: WebDevice) -> None:
    told = Told()
    chain = {"Family": "ip", "Table": "filter", "Chain": "INPUT", "Hook": "input", "Priority": 0, "Policy": "drop"}
    async with page_of(browser, device, size=PHONE) as page:
        await told.stand_between(page)
        await log_in(page, "admin")
        await visit(page, "system/firewall")
        await expect(rows(page.get_by_role("region", name="Firewall", exact=True))).to_have_count(3)
        others = page.get_by_role("region", name="Rules of others")
        await expect(others).to_have_count(0)
        told.changed("firewall", (await firewall_of(device))["Id"], ForeignChains=[{**chain, "Drops": True}])
        row = others.get_by_role("row").filter(has_text="INPUT")
        for text in ("ip filter", "input (0)", "Drop", "Yes"):
            await expect(row).to_contain_text(text)
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_nobody_but_administrators_has_it(oper: Page) -> None:
    await visit(oper, "system/network")
    await expect(oper.get_by_role("link", name="Network")).to_be_visible()
    await expect(oper.get_by_role("link", name="Firewall")).to_have_count(0)


async def test_axe_has_nothing_against_it_and_it_fits_a_phone(
    firewall: Locator, browser: Browser, device: WebDevice
) -> None:
    for dark in (False, True):
        async with page_of(browser, device, size=PHONE, dark=dark) as page:
            await log_in(page, "admin")
            await page.evaluate("import('/i18n.js').then((texts) => texts.speak('de'))")
            await page.route("**/api/v1/firewall/check", from_afar)
            await visit(page, "system/firewall")
            await page.get_by_label("Firewall einschalten").check()
            await expect(page.get_by_text("Das trennt Sie vom Gerät:")).to_be_visible()
            assert await violations(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            await page.get_by_role("button", name="Regel 3 bearbeiten").click()
            assert await violations(page) == []
            dialog = page.get_by_role("dialog")
            assert await dialog.evaluate("(one) => one.scrollWidth <= one.clientWidth")
