# SPDX-License-Identifier: Apache-2.0
"""The views of I/O and relays, with wires that are moved on the simulated board."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.web.browser import PHONE, log_in, page_of, visit

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page, Route

    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client


async def details(page: Page, address: str) -> Locator:
    """Open the details of a terminal."""
    await visit(page, f"io/board/{address}")
    found = page.get_by_role("complementary")
    await expect(found.get_by_label("Name", exact=True)).to_be_visible()
    return found


async def test_the_board_is_drawn_with_its_blocks_and_pins(admin: Page) -> None:
    await visit(admin, "io/board")
    block = admin.get_by_role("region", name="RS485 and I/O connector")
    await expect(block.get_by_role("link")).to_have_count(4)
    await expect(block.locator(".screw text")).to_have_text(["5", "6", "7", "8"])


@pytest.mark.parametrize("view", ["board", "list"])
async def test_an_edge_is_seen_at_once(admin: Page, client: Client, view: str) -> None:
    await visit(admin, f"io/{view}")
    here = admin.locator('[data-id="input1"]')
    await expect(here).to_contain_text("Inactive · Open")
    await client.wire("input1").call("Set", "closed")
    await expect(here).to_contain_text("Active · Closed")
    await expect(here.locator(".wire")).to_have_class(re.compile("active"))


async def test_the_details_are_a_tap_away(admin: Page) -> None:
    await visit(admin, "io/board")
    await admin.locator('[data-id="output1"]').click()
    found = admin.get_by_role("complementary")
    await expect(found.get_by_role("heading", name="Output 1")).to_be_visible()
    await expect(found).to_contain_text("RS485 and I/O connector, pin 5")
    await found.get_by_role("link", name="Close details").click()
    await expect(found).to_have_count(0)


async def test_a_port_is_renamed(admin: Page, client: Client) -> None:
    found = await details(admin, "ports/input1")
    await found.get_by_label("Name", exact=True).fill("Garage door")
    await found.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved")).to_be_visible()
    await expect(found.get_by_role("heading", name="Garage door")).to_be_visible()
    await client.port("input1").eventually(Name="Garage door")


async def test_what_is_out_of_range_is_said_before_it_is_sent(admin: Page) -> None:
    found = await details(admin, "ports/input1")
    await found.get_by_label("Debounce").fill("10001")
    await expect(found.get_by_text("Enter a number from 0 to 10000.")).to_be_visible()
    await expect(found.get_by_role("button", name="Save")).to_be_disabled()
    await found.get_by_role("button", name="Discard").click()
    await expect(found.get_by_label("Debounce")).to_have_value("10")


async def test_a_configurable_terminal_becomes_an_output_and_is_switched(admin: Page, client: Client) -> None:
    found = await details(admin, "ports/io1")
    await expect(found.get_by_role("switch")).to_have_count(0)
    await found.get_by_label("Direction").select_option("output")
    await found.get_by_role("button", name="Save").click()
    switch = found.get_by_role("switch", name="I/O 1")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    await client.port("io1").eventually(Active=True)
    await expect(found.get_by_label("Activate", exact=True)).to_have_value(
        re.compile(r"/axis-cgi/io/port\.cgi\?action=8")
    )


async def test_the_normal_state_is_set(admin: Page, client: Client) -> None:
    found = await details(admin, "ports/input2")
    await found.get_by_label("Normal state").select_option("closed")
    await found.get_by_role("button", name="Save").click()
    await expect(found.locator("[data-state]")).to_have_text("Active · Open")
    await client.port("input2").eventually(NormalState="closed", Active=True)


async def test_a_loop_is_supervised_and_measured_live(admin: Page, client: Client) -> None:
    await client.wire("input1").configure(Resistors="parallel-22k-4k7")
    found = await details(admin, "ports/input1")
    await found.get_by_label("Supervision").select_option("parallel-22k-4k7")
    await found.get_by_role("button", name="Save").click()
    await expect(found.locator("[data-ohms]")).to_have_text(re.compile("^2[12](\\.\\d)? kΩ"))
    await client.wire("input1").call("Set", "closed")
    await expect(found.locator("[data-ohms]")).to_have_text(re.compile(r"^3\.\d+ kΩ"))
    await client.wire("input1").call("Set", "cut")
    await expect(found.locator("[data-state]")).to_have_text("Tampered: Cut")
    await client.wire("input1").call("Set", "short")
    await expect(found.locator("[data-state]")).to_have_text("Tampered: Shorted")
    await expect(found.locator(".scale-words .now")).to_contain_text("Shorted")


async def test_a_relay_shows_its_contacts_and_is_switched(oper: Page, client: Client) -> None:
    found = await details(oper, "relays/relay1")
    await expect(found.get_by_role("img", name="between COM and NC")).to_be_visible()
    await found.get_by_role("switch", name="Relay 1").click()
    await expect(found.get_by_role("img", name="between COM and NO")).to_be_visible()
    await client.relay().eventually(Active=True)
    await client.drive("relay1").eventually(NormallyOpen="closed", NormallyClosed="open")


async def test_a_switch_shows_pending_and_then_what_is_true(admin: Page, client: Client) -> None:
    await visit(admin, "io/list")
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await admin.route("**/relays/relay1/set", hold)
    switch = admin.get_by_role("switch", name="Relay 1")
    await switch.click()
    await expect(switch).to_have_attribute("aria-busy", "true")
    # It is asked for, and not yet so.
    await expect(switch).to_have_attribute("aria-checked", "false")
    await held[0].continue_()
    await expect(switch).to_have_attribute("aria-busy", "false")
    await expect(switch).to_have_attribute("aria-checked", "true")


async def test_a_switch_that_is_refused_says_why_and_stays(admin: Page, client: Client) -> None:
    await client.drive("output1").call("SetBroken", True)
    try:
        await visit(admin, "io/list")
        line = admin.locator('.line[data-id="output1"]')
        await line.get_by_role("switch").click()
        await expect(line.get_by_role("alert")).to_be_visible()
        await expect(line.get_by_role("switch")).to_have_attribute("aria-checked", "false")
        await expect(line).to_contain_text("Fault")
    finally:
        await client.drive("output1").call("SetBroken", False)


async def test_a_pulse_comes_and_goes_by_itself(admin: Page, client: Client) -> None:
    before = await client.relay().get("Cycles")
    found = await details(admin, "relays/relay1")
    await found.get_by_label("Length").fill("60000")
    await found.get_by_role("button", name="Pulse", exact=True).click()
    await expect(found.get_by_text("Pulse runs")).to_be_visible()
    await found.get_by_role("button", name="Stop").click()
    await expect(found.locator("[data-state]")).to_have_text("Inactive")
    await found.get_by_label("Length").fill("50")
    pulse = found.get_by_role("button", name="Pulse", exact=True)
    await expect(pulse).to_have_attribute("aria-busy", "false")
    await pulse.click()
    await client.relay().eventually(Cycles=before + 2, Active=False)
    await expect(found.locator("[data-count]")).to_have_text(str(before + 2))


async def test_a_sequence_is_run(admin: Page, client: Client) -> None:
    found = await details(admin, "ports/output2")
    await found.get_by_role("button", name="Sequence").click()
    dialog = admin.get_by_role("dialog")
    for wait in await dialog.get_by_label("then wait").all():
        await wait.fill("100")
    await dialog.get_by_role("button", name="Add a step").click()
    await dialog.get_by_role("button", name="Run").click()
    await expect(dialog).to_have_count(0)
    await client.port("output2").eventually(Running="idle", Active=True, Counter=2)


async def test_a_counter_is_reset_after_a_question_with_its_name(admin: Page, client: Client) -> None:
    await client.wire("input4").call("Set", "closed")
    await client.port("input4").eventually(Counter=1)
    found = await details(admin, "ports/input4")
    await expect(found.locator("[data-count]")).to_have_text("1")
    await found.get_by_role("button", name="Reset").click()
    dialog = admin.get_by_role("dialog")
    await expect(dialog).to_contain_text("Input 4")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(found.locator("[data-count]")).to_have_text("1")
    await found.get_by_role("button", name="Reset").click()
    await dialog.get_by_role("button", name="Reset").click()
    await expect(found.locator("[data-count]")).to_have_text("0")


async def test_an_alarm_is_shown_and_turned_off(admin: Page, client: Client) -> None:
    await client.wire("casing").call("Set", "closed")
    found = await details(admin, "alarms/casing")
    await expect(found.locator("[data-state]")).to_contain_text("Active")
    await found.get_by_label("Enabled").uncheck()
    await found.get_by_role("button", name="Save").click()
    await client.alarm("casing").eventually(Enabled=False)
    await client.alarm("casing").configure(Enabled=True)
    await client.wire("casing").call("Set", "open")


async def test_the_list_is_searched(admin: Page) -> None:
    await visit(admin, "io/list")
    await admin.get_by_role("searchbox").fill("relay")
    await expect(admin.locator(".line")).to_have_count(1)


async def test_of_two_who_edit_the_same_setting_the_second_is_told(
    browser: Browser, device: WebDevice, admin: Page, client: Client
) -> None:
    mine = await details(admin, "ports/input3")
    await mine.get_by_label("Name", exact=True).fill("Mine")
    async with page_of(browser, device) as other:
        await log_in(other, "oper")
        theirs = await details(other, "ports/input3")
        await theirs.get_by_label("Name", exact=True).fill("Theirs")
        # What another one changes elsewhere disturbs nobody.
        await theirs.get_by_label("Debounce").fill("20")
        await theirs.get_by_role("button", name="Save").click()
        await client.port("input3").eventually(Name="Theirs")
    await expect(mine.get_by_role("alert")).to_contain_text("changed this to “Theirs”")
    await expect(mine.get_by_role("button", name="Save")).to_be_disabled()
    await expect(mine.get_by_label("Debounce")).to_have_value("20")
    await mine.get_by_role("button", name="Keep mine").click()
    await mine.get_by_role("button", name="Save").click()
    await client.port("input3").eventually(Name="Mine", DebounceMs=20)


async def test_a_change_that_the_page_has_not_heard_of_is_not_overwritten(admin: Page, client: Client) -> None:
    found = await details(admin, "ports/input5")
    await found.get_by_label("Name", exact=True).fill("Mine")
    # The stream is silent, as it is for a moment with a bad network.
    await admin.evaluate("requestAnimationFrame = () => 1")
    await client.port("input5").configure(Name="Theirs")
    await client.port("input5").eventually(Name="Theirs")
    await found.get_by_role("button", name="Save").click()
    await expect(found.get_by_role("alert").first).to_contain_text("Nothing was saved")
    await client.port("input5").eventually(Name="Theirs")


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "<b>bold</b>", "${1+1}", "'\"><script>alert(1)</script>"]
)
async def test_names_with_markup_are_text(admin: Page, client: Client, name: str) -> None:
    asked: list[str] = []
    admin.on("dialog", lambda dialog: asked.append(dialog.message))
    await client.port("input1").configure(Name=name, Usage=name)
    await client.relay().configure(Name=name)
    await client.wire("input1").call("Set", "closed")
    for address in ("io/board/ports/input1", "io/list/relays/relay1", "status"):
        await visit(admin, address)
        await expect(admin.locator("main")).to_contain_text(name)
        assert await admin.locator("main img, main b:not(.tip b), main script").count() == 0
    assert not asked


async def test_wires_are_closed_cut_and_shorted_and_the_effect_is_seen(admin: Page, client: Client) -> None:
    await visit(admin, "io/wires")
    wire = admin.locator('.wires [data-id="input5"]')
    await wire.get_by_role("button", name="Close").click()
    await expect(wire.get_by_role("button", name="Close")).to_have_attribute("aria-pressed", "true")
    await expect(wire.locator(".effect")).to_have_text("Active · Closed")
    await client.wire("input5").eventually(Condition="closed")
    await client.port("input5").configure(Supervision="serial-10k")
    await wire.get_by_role("button", name="Bare contact").click()
    await wire.get_by_label("Resistors in the loop").select_option("serial-10k")
    await expect(wire.locator(".effect")).to_contain_text("Active · Closed")
    await wire.get_by_role("button", name="Cut").click()
    await expect(wire.locator(".effect")).to_have_text("Tampered: Cut")
    await wire.get_by_role("button", name="Short").click()
    await expect(wire.locator(".effect")).to_have_text("Tampered: Shorted")


async def test_a_terminal_with_resistors_keeps_its_name_in_one_line_on_a_phone(admin: Page, client: Client) -> None:
    await client.wire("input1").configure(Resistors="parallel-22k-4k7")
    await admin.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await visit(admin, "io/wires")
    wire = admin.locator('.wires [data-id="input1"]')
    await expect(wire).to_contain_text("22 kΩ")
    box = await wire.get_by_text("Input 1", exact=True).bounding_box()
    assert box is not None
    assert box["height"] < 30
    await client.wire("input1").configure(Resistors="none")


async def test_a_line_is_broken_and_mended(admin: Page, client: Client) -> None:
    await visit(admin, "io/wires")
    wire = admin.locator('.wires [data-id="input4"]')
    await wire.get_by_role("button", name="Bare contact").click()
    await wire.get_by_role("button", name="Break the line").click()
    await visit(admin, "io/list")
    await expect(admin.locator('.line[data-id="input4"]')).to_contain_text("Fault")
    await visit(admin, "io/wires")
    await wire.get_by_role("button", name="Bare contact").click()
    await wire.get_by_role("button", name="Mend the line").click()
    await client.port("input4").eventually(Quality="good")
