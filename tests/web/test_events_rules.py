# SPDX-License-Identifier: Apache-2.0
"""Rules on the page: made as a sentence, live, explained, changed and removed."""

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
    from tests.sim.device_process import Client

PORT = "tns1:Device/tnsaxis:IO/Port"
LIMIT = "tnsaxiod:Sensors/Threshold"


async def stored(device: WebDevice) -> list[dict[str, Any]]:
    """Return the rules that the device has."""
    items: list[dict[str, Any]] = (await device.curl("/api/v1/rules", user="admin")).json()["Items"]
    return items


async def add(device: WebDevice, **changes: Any) -> str:
    """Add a rule over REST, and return its id."""
    rule = {
        "Name": "Gate",
        "Conditions": [{"Topic": PORT, "Source": {"port": "1"}, "Item": "state", "Equals": "1"}],
        "Actions": [{"Kind": "set", "Output": "relay1", "Active": True, "WhileActive": True}],
    }
    answer = await device.curl("/api/v1/rules", "--json", json.dumps({**rule, **changes}), user="admin")
    assert answer.status == 201, answer.body
    return str(answer.json()["Id"])


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def no_rules(device: WebDevice, client: Client) -> AsyncIterator[None]:
    """Remove the rules that a test made."""
    yield
    for rule in await stored(device):
        await device.curl(f"/api/v1/rules/{rule['Id']}", "--request", "DELETE", user="admin")
    settings = json.dumps({"ChannelSettings": [], "IntervalMs": 0})
    await device.curl("/api/v1/sensors/cellar", "--request", "PATCH", "--json", settings, user="admin")


async def test_what_is_missing_in_a_new_rule_is_brought_before_the_eyes(oper: Page, device: WebDevice) -> None:
    await visit(oper, "events/rules/new")
    await expect(oper.locator(".field", has=oper.get_by_label("Wait between actions"))).to_contain_text("ms")
    await oper.get_by_role("button", name="Save").click()
    name = oper.get_by_label("Name", exact=True)
    await expect(name).to_be_focused()
    await expect(name).to_be_in_viewport()
    assert await stored(device) == []


async def test_an_led_is_lit_by_a_rule_made_here(oper: Page, device: WebDevice) -> None:
    await visit(oper, "events/rules")
    await oper.get_by_role("link", name="Add a rule").first.click()
    await oper.get_by_label("Name", exact=True).fill("Somebody is there")
    action = oper.get_by_role("listitem", name="Action 1")
    await action.get_by_label("Do", exact=True).select_option("Light an LED")
    await action.get_by_label("LED", exact=True).select_option("Status")
    await action.get_by_label("Colour").select_option("red")
    await action.get_by_label("Between flashes").select_option("amber")
    await oper.get_by_role("button", name="Save").click()
    await expect(oper.get_by_role("heading", name="Somebody is there")).to_be_visible()
    (rule,) = await stored(device)
    assert rule["Actions"] == [
        {"Kind": "led", "Led": "status", "Colour": "red", "FlashMs": 250, "Between": "amber", "WhileActive": True}
    ]
    await visit(oper, "events/rules")
    await expect(oper.get_by_text("flash the LED Status red")).to_be_visible()


async def test_a_rule_is_made_as_a_sentence_and_acts(oper: Page, device: WebDevice, client: Client) -> None:
    await visit(oper, "events/rules")
    await expect(oper.get_by_text("There are no rules yet.")).to_be_visible()
    await oper.get_by_role("link", name="Add a rule").click()
    await oper.get_by_label("Name", exact=True).fill("Door while at work")
    first = oper.get_by_role("listitem", name="Condition 1")
    await first.get_by_label("Which").select_option("Input 2")
    await expect(first.locator("[data-holds]")).to_have_attribute("data-holds", "holds-not")
    await oper.get_by_role("button", name="Add a condition").click()
    second = oper.get_by_role("listitem", name="Condition 2")
    await second.get_by_label("Event").select_option("Manual trigger")
    await second.get_by_label("Is", exact=True).select_option("is not")
    await expect(second.locator("[data-holds]")).to_have_attribute("data-holds", "holds")
    action = oper.get_by_role("listitem", name="Action 1")
    await action.get_by_text("More").click()
    await action.get_by_label("While the rule is active").check()
    await expect(oper.locator("[data-verdict]")).to_have_attribute("data-verdict", "not")
    await oper.get_by_role("button", name="Save").click()
    await expect(oper.get_by_role("heading", name="Door while at work")).to_be_visible()
    (rule,) = await stored(device)
    assert rule["Conditions"] == [
        {"Topic": PORT, "Source": {"port": "2"}, "Item": "state", "Equals": "1"},
        {
            "Topic": "tns1:Device/tnsaxis:IO/VirtualPort",
            "Source": {"port": "1"},
            "Item": "state",
            "Equals": "1",
            "Inverted": True,
        },
    ]
    assert rule["Actions"] == [{"Kind": "set", "Output": "relay1", "Active": True, "WhileActive": True}]
    await client.wire("input2").call("Set", "closed")
    await client.relay().eventually(Active=True)
    await expect(first.locator("[data-holds]")).to_have_attribute("data-holds", "holds")
    await expect(oper.locator("[data-verdict]")).to_have_attribute("data-verdict", "now")
    await expect(oper.locator("[data-explained]")).to_contain_text("It is active.")
    await client.wire("input2").call("Set", "open")
    await client.relay().eventually(Active=False)
    await expect(oper.locator("[data-explained]")).to_contain_text("It is not active")


async def test_the_limit_of_a_channel_is_a_condition(
    admin: Page, oper: Page, device: WebDevice, client: Client
) -> None:
    await visit(oper, "events/rules/new")
    await oper.get_by_label("Name", exact=True).fill("Too damp")
    condition = oper.get_by_role("listitem", name="Condition 1")
    # Without a limit there is nothing that could be chosen.
    await expect(condition.get_by_label("Event").get_by_role("option", name="Sensor, out of range")).to_be_attached()
    await expect(condition.get_by_label("Event").get_by_role("option", name="Sensor, limit")).to_have_count(0)
    await limit(device, {"Channel": "humidity", "Above": 99, "Hysteresis": 1}, {"Channel": "temperature", "Below": -20})
    await condition.get_by_label("Event").select_option("Sensor, limit")
    await condition.get_by_label("Which", exact=True).select_option("Cellar, Humidity")
    await expect(condition.locator("[data-holds]")).to_have_attribute("data-holds", "holds-not")
    await expect(condition).to_contain_text("Cellar, Humidity is beyond a limit")
    await condition.get_by_label("Of it").select_option("Which limit")
    await expect(condition).to_contain_text("Cellar, Humidity is above its upper limit")
    await oper.get_by_role("button", name="Save").click()
    await expect(oper.get_by_role("heading", name="Too damp")).to_be_visible()
    (rule,) = await stored(device)
    expected = {"Topic": LIMIT, "Source": {"sensor": "cellar", "channel": "humidity"}, "Item": "level"}
    assert rule["Conditions"] == [{**expected, "Equals": "above"}]
    play(device, "100")
    await expect(condition.locator("[data-holds]")).to_have_attribute("data-holds", "holds")
    await expect(oper.locator("[data-explained]")).to_contain_text("It became active once")
    # Any channel of it is one as well, and so is what another client wrote.
    await condition.get_by_label("Which", exact=True).select_option("Cellar, any channel")
    await expect(condition.locator("[data-holds]")).to_have_attribute("data-holds", "holds")
    await condition.get_by_label("Which", exact=True).select_option("Any")
    await expect(condition.locator("[data-holds]")).to_have_attribute("data-holds", "holds")
    await oper.get_by_role("button", name="Save").click()
    await expect(oper.get_by_role("button", name="Save")).to_have_count(0)
    assert [one.get("Source", {}) for rule in await stored(device) for one in rule["Conditions"]] == [{}]
    other = {"Topic": LIMIT, "Source": {"channel": "humidity"}, "Item": "active", "Equals": "1"}
    number = await add(device, Name="Another", Conditions=[other])
    await visit(admin, f"events/rules/{number}")
    await expect(admin.locator("[data-holds]")).to_have_attribute("data-holds", "holds")
    await admin.get_by_label("Name", exact=True).fill("Another one")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_role("heading", name="Another one")).to_be_visible()
    assert (await stored(device))[-1]["Conditions"] == [other]


async def limit(device: WebDevice, *settings: dict[str, Any]) -> None:
    """Let the sensor cellar have these settings of its channels, be asked often, and measure what a test says."""
    changes = {"ChannelSettings": settings, "IntervalMs": 200}
    answer = await device.curl(
        "/api/v1/sensors/cellar", "--request", "PATCH", "--json", json.dumps(changes), user="admin"
    )
    assert answer.status == 200, answer.body
    play(device, "50")


def play(device: WebDevice, humidity: str) -> None:
    """Let the sensor cellar measure this."""
    unit = ("/org/axiod/sim1/bus/rs485/unit/65", "org.axiod.sim1.Unit")
    device.busctl("call", "org.axiod.sim1", *unit, "Configure", "a{sv}", "1", "Drifting", "b", "false")
    device.busctl("call", "org.axiod.sim1", *unit, "SetValue", "sd", "humidity", humidity)


async def test_the_list_is_live_and_turns_rules_off(admin: Page, device: WebDevice, client: Client) -> None:
    await add(device)
    await visit(admin, "events/rules")
    row = admin.get_by_role("row", name="Gate")
    await expect(row).to_contain_text("When Input 1 is active: set Relay 1 active")
    await expect(row).to_contain_text("Inactive")
    await client.wire("input1").call("Set", "closed")
    await client.port("input1").eventually(Active=True)
    await expect(row.locator(".badge.live")).to_have_text("Active")
    await row.get_by_role("switch", name="Gate is on").click()
    await expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    await client.relay().eventually(Active=False)
    assert [rule["Enabled"] for rule in await stored(device)] == [False]


async def test_a_change_keeps_a_rule_on(admin: Page, device: WebDevice) -> None:
    rule = await add(device)
    await visit(admin, f"events/rules/{rule}")
    await admin.get_by_role("listitem", name="Action 1").get_by_label("Do", exact=True).select_option("Pulse an output")
    await admin.get_by_label("Wait between actions").fill("5000")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved")).to_be_visible()
    (now,) = await stored(device)
    assert now["Enabled"]
    assert now["WaitMs"] == 5000
    assert now["Actions"] == [{"Kind": "pulse", "Output": "relay1", "DurationMs": 1000}]


async def test_what_the_device_refuses_is_said_at_the_field(admin: Page, device: WebDevice) -> None:
    rule = await add(device, Actions=[{"Kind": "pulse", "Output": "relay1", "DurationMs": 100}])
    await visit(admin, f"events/rules/{rule}")
    action = admin.get_by_role("listitem", name="Action 1")
    await action.get_by_label("Length").fill("0")
    await admin.get_by_role("button", name="Save").click()
    await expect(action.locator(".error")).to_contain_text("from 1 to 86400000")
    await expect(action.get_by_label("Length")).to_have_attribute("aria-invalid", "true")
    assert (await stored(device))[0]["Actions"][0]["DurationMs"] == 100
    await visit(admin, "events/rules/new")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.locator(".field.wrong").get_by_text("Name is")).to_be_visible()


async def test_limits_of_a_number_are_kept(admin: Page, device: WebDevice) -> None:
    condition = {"Topic": "tnsaxiod:MQTT/Stateful", "Source": {"subscription": "t"}, "Item": "payload", "Above": 20.5}
    rule = await add(device, Conditions=[condition])
    await visit(admin, f"events/rules/{rule}")
    one = admin.get_by_role("listitem", name="Condition 1")
    await expect(one.get_by_label("above", exact=True)).to_have_value("20.5")
    await one.get_by_label("Is", exact=True).select_option("between")
    await one.get_by_label("below", exact=True).fill("30")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved")).to_be_visible()
    assert (await stored(device))[0]["Conditions"] == [{**condition, "Below": 30}]


async def test_of_two_who_edit_a_rule_the_second_is_told(admin: Page, device: WebDevice) -> None:
    rule = await add(device)
    await visit(admin, f"events/rules/{rule}")
    await admin.get_by_role("button", name="Add an action").click()
    theirs = [{"Kind": "toggle", "Output": "relay1"}]
    await device.curl(
        f"/api/v1/rules/{rule}", "--json", json.dumps({"Actions": theirs}), "--request", "PATCH", user="admin"
    )
    alert = admin.get_by_role("alert").filter(has_text="changed the actions")
    await expect(alert).to_be_visible()
    await expect(admin.get_by_role("button", name="Save")).to_be_disabled()
    await alert.get_by_role("button", name="Take theirs").click()
    await expect(admin.get_by_role("listitem", name="Action 1").get_by_label("Do", exact=True)).to_have_value("toggle")
    assert (await stored(device))[0]["Actions"] == theirs


async def test_a_rule_is_copied_checked_and_removed(admin: Page, device: WebDevice) -> None:
    rule = await add(device)
    await visit(admin, f"events/rules/{rule}")
    await admin.get_by_role("button", name="Copy").click()
    await expect(admin.get_by_role("heading", name="Copy of Gate")).to_be_visible()
    await admin.get_by_role("button", name="Remove", exact=True).click()
    dialog = admin.get_by_role("dialog")
    await expect(dialog).to_contain_text("Copy of Gate")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(admin.get_by_role("row", name="Gate")).to_have_count(1)
    assert [one["Id"] for one in await stored(device)] == [rule]
    await admin.get_by_role("button", name="Check the rules").click()
    await expect(admin.get_by_role("dialog")).to_contain_text("No contradictions")


async def test_a_viewer_is_not_offered_rules(viewer: Page) -> None:
    await visit(viewer, "events/rules")
    await expect(viewer.get_by_role("link", name="Rules")).to_have_count(0)
    await expect(viewer.get_by_role("link", name="Add a rule")).to_have_count(0)


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "'\"><script>alert(1)</script>"])
async def test_markup_in_a_rule_is_text(admin: Page, device: WebDevice, name: str) -> None:
    rule = await add(device, Name=name, Actions=[{"Kind": "log", "Message": name}])
    for address in ("events/rules", f"events/rules/{rule}"):
        await visit(admin, address)
        await expect(admin.locator("main")).to_contain_text(name)
        assert await admin.locator("main img, main script").count() == 0
