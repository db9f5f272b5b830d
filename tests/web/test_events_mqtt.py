# SPDX-License-Identifier: Apache-2.0
"""MQTT on the page, with a real broker: client, publication, subscriptions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from playwright.async_api import expect

from tests.events.mqtt.peers import Broker, publish, read_from
from tests.web.browser import visit
from tests.web.test_page import violations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page

    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

MARKUP = "<img src=x onerror=alert(1)>"


@pytest_asyncio.fixture(loop_scope="session")
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    """A broker that takes anybody."""
    broker = Broker(tmp_path)
    await broker.start()
    yield broker
    broker.kill()


async def change(device: WebDevice, kind: str, **changes: Any) -> None:
    """Change settings over REST."""
    words = ("--request", "PATCH", "--json", json.dumps(changes))
    answer = await device.curl(f"/api/v1/{kind}", *words, user="admin")
    assert answer.status == 200, answer.body


async def read(device: WebDevice, kind: str) -> dict[str, Any]:
    """Read a resource over REST."""
    found: dict[str, Any] = (await device.curl(f"/api/v1/{kind}", user="admin")).json()
    return found


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def as_new(device: WebDevice) -> AsyncIterator[None]:
    """Put back what the tests change."""
    yield
    await device.curl("/api/v1/mqtt/disconnect", "--request", "POST", user="admin")
    await device.curl("/api/v1/mqtt/set-secrets", "--json", '{"Password": ""}', user="admin")
    await change(
        device, "mqtt", Host="", Port=0, Protocol="tcp", Username="", HomeAssistant=False, LastWillUseDefault=True
    )
    for kind in ("mqtt-publication", "mqtt-subscriptions"):
        await change(device, kind, Filters=[])


async def test_it_is_configured_connected_and_followed(admin: Page, device: WebDevice, broker: Broker) -> None:
    await visit(admin, "events/mqtt")
    state = admin.locator("[data-connected]")
    await expect(state).to_have_text("Turned off")
    await admin.get_by_role("switch", name="Connect").click()
    await expect(admin.locator(".switch .why")).to_contain_text("broker")
    await admin.get_by_label("Host", exact=True).fill("127.0.0.1")
    await admin.get_by_label("Port", exact=True).fill(str(broker.port))
    await admin.get_by_label("User name").fill("gate")
    await admin.get_by_label("Password", exact=True).fill("open sesame")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("One is set. Leave this empty to keep it.")).to_be_visible()
    await expect(admin.get_by_label("Password", exact=True)).to_have_value("")
    mqtt = await read(device, "mqtt")
    assert (mqtt["Host"], mqtt["Port"], mqtt["Username"]) == ("127.0.0.1", broker.port, "gate")
    assert mqtt["Secrets"] == ["Password"]
    assert "sesame" not in json.dumps(mqtt)
    await admin.get_by_role("switch", name="Connect").click()
    await expect(state).to_have_text("Connected")
    broker.kill()
    await expect(state).to_have_text("Not connected yet")
    await expect(admin.locator(".problem")).to_be_visible()
    await admin.get_by_role("switch", name="Connect").click()
    await expect(state).to_have_text("Turned off")
    assert not (await read(device, "mqtt"))["Active"]


async def test_only_what_the_protocol_has_is_asked_for(admin: Page, device: WebDevice) -> None:
    await visit(admin, "events/mqtt/client")
    for label in ("ALPN protocol", "CA certificate", "Base path"):
        await expect(admin.get_by_label(label)).to_have_count(0)
    await admin.get_by_label("Protocol", exact=True).select_option("MQTT over WebSocket Secure")
    for label in ("ALPN protocol", "CA certificate", "Base path", "HTTPS proxy"):
        await expect(admin.get_by_label(label)).to_be_visible()
    await expect(admin.get_by_text("0 is the usual one, 443.")).to_be_visible()
    await expect(admin.get_by_label("Client certificate").get_by_role("option")).to_have_text(["None", "device"])
    assert await violations(admin) == []
    will = admin.get_by_role("group", name="Last Will and Testament")
    await expect(will.get_by_label("Topic")).to_have_count(0)
    await will.get_by_label("Use default").uncheck()
    await will.get_by_label("Topic").fill(f"gone/{MARKUP}")
    await will.get_by_label("Payload").fill("lost\nfor ever")
    await admin.get_by_label("Announce ports, relays and sensors to Home Assistant").check()
    await expect(admin.get_by_label("Discovery prefix")).to_have_value("homeassistant")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved", exact=True)).to_be_visible()
    mqtt = await read(device, "mqtt")
    assert (mqtt["Protocol"], mqtt["HomeAssistant"]) == ("wss", True)
    assert (mqtt["LastWillTopic"], mqtt["LastWillPayload"]) == (f"gone/{MARKUP}", "lost\nfor ever")
    await admin.reload()
    await expect(will.get_by_label("Topic")).to_have_value(f"gone/{MARKUP}")


async def test_events_are_published_as_the_page_says(
    admin: Page, device: WebDevice, client: Client, broker: Broker
) -> None:
    await change(device, "mqtt", Host="127.0.0.1", Port=broker.port)
    await device.curl("/api/v1/mqtt/connect", "--request", "POST", user="admin")
    await visit(admin, "events/mqtt/publication")
    await admin.get_by_role("button", name="Add a condition").click()
    first = admin.get_by_role("listitem", name="Condition 1")
    await expect(first.get_by_label("Event")).to_have_value("onvif:Device/axis:IO//.")
    await first.get_by_label("Event").select_option("Input or output")
    await first.get_by_label("QoS").select_option("1: at least once")
    await first.get_by_label("Retain").select_option("Property: stateful messages")
    await admin.get_by_label("Include serial number").check()
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved", exact=True)).to_be_visible()
    assert (await read(device, "mqtt-publication"))["Filters"] == [
        {"TopicFilter": "onvif:Device/axis:IO/Port", "Qos": 1, "Retain": "property"}
    ]
    reader = await read_from(broker, "axis/#")
    await client.wire("input2").call("Set", "closed")
    await client.port("input2").eventually(Active=True)
    await expect(admin.locator(".link-state.live")).to_be_visible()
    await visit(admin, "events/mqtt/client")
    await expect(admin.locator("[data-connected]")).to_have_text("Connected")
    await client.wire("input2").call("Set", "open")
    await client.port("input2").eventually(Active=False)
    await reader.close()
    assert any("axis:IO/Port" in line and '"serial"' in line for line in reader.lines), reader.lines


async def test_a_subscription_becomes_an_event_that_rules_can_look_at(
    admin: Page, device: WebDevice, broker: Broker
) -> None:
    await change(device, "mqtt", Host="127.0.0.1", Port=broker.port)
    await device.curl("/api/v1/mqtt/connect", "--request", "POST", user="admin")
    await visit(admin, "events/mqtt/subscriptions")
    await admin.get_by_role("button", name="Add a subscription").click()
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_role("alert")).to_be_visible()
    one = admin.get_by_role("listitem", name="Subscription 1")
    await one.get_by_label("Subscription filter").fill("shed/door")
    await one.get_by_label("Subscription type").select_option("Stateful")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved", exact=True)).to_be_visible()
    assert (await read(device, "mqtt-subscriptions"))["Filters"] == [
        {"TopicFilter": "shed/door", "UseDevicePrefix": False, "Qos": 0, "Stateful": True}
    ]
    await publish(broker, "shed/door", MARKUP, "-r")
    await visit(admin, "events/log?Topic=tnsaxiod:MQTT")
    await expect(admin.get_by_role("row").nth(1)).to_contain_text(MARKUP)
    assert await admin.locator("img:not(.brand img)").count() == 0
    await visit(admin, "events/rules/new")
    await admin.get_by_label("Event", exact=True).select_option(value="tnsaxiod:MQTT/Stateful")
    await expect(admin.get_by_label("Which")).to_contain_text("shed/door")
    await visit(admin, "events/mqtt/subscriptions")
    await one.get_by_role("button", name="Take out").click()
    await admin.get_by_role("button", name="Save").click()
    await expect(one).to_have_count(0)
    await expect(admin.get_by_role("button", name="Discard")).to_have_count(0)
    assert (await read(device, "mqtt-subscriptions"))["Filters"] == []


async def test_two_people_at_one_list(admin: Page, device: WebDevice) -> None:
    await visit(admin, "events/mqtt/subscriptions")
    await admin.get_by_role("button", name="Add a subscription").click()
    await change(device, "mqtt-subscriptions", Filters=[{"TopicFilter": "theirs"}])
    await expect(admin.get_by_text("Somebody else changed this list meanwhile.")).to_be_visible()
    await admin.get_by_role("button", name="Take theirs").click()
    await expect(admin.get_by_label("Subscription filter")).to_have_value("theirs")


async def test_who_is_no_administrator_has_no_tab(oper: Page) -> None:
    await visit(oper, "events/mqtt")
    await expect(oper.get_by_role("link", name="Rules")).to_be_visible()
    await expect(oper.get_by_role("link", name="MQTT")).to_have_count(0)
