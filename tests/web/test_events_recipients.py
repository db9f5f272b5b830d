# SPDX-License-Identifier: Apache-2.0
"""Recipients on the page: every type, passwords that nobody reads, tests, copies."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.web.browser import visit
from tests.web.test_page import violations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

    from tests.gateway.web_device import WebDevice

MARKUP = "<img src=x onerror=alert(1)>"


async def stored(device: WebDevice) -> list[dict[str, Any]]:
    """Return the recipients that the device has."""
    items: list[dict[str, Any]] = (await device.curl("/api/v1/recipients", user="admin")).json()["Items"]
    return items


async def add(device: WebDevice, **fields: Any) -> str:
    """Add a recipient over REST, and return its id."""
    answer = await device.curl("/api/v1/recipients", "--json", json.dumps(fields), user="admin")
    assert answer.status == 201, answer.body
    return str(answer.json()["Id"])


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def no_recipients(device: WebDevice) -> AsyncIterator[None]:
    """Remove the recipients that a test made."""
    yield
    for one in await stored(device):
        await device.curl(f"/api/v1/recipients/{one['Id']}", "--request", "DELETE", user="admin")


@asynccontextmanager
async def web_server(heads: list[str]) -> AsyncIterator[int]:
    """Serve HTTP that asks for Basic authentication, keep the heads of requests, and yield the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        heads.append(head)
        status = "200 OK" if "Authorization:" in head else "401 No\r\nWWW-Authenticate: Basic realm=x"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_one_is_added_with_a_password_tested_and_the_password_is_never_read(
    admin: Page, device: WebDevice
) -> None:
    heads: list[str] = []
    async with web_server(heads) as port:
        await visit(admin, "events/recipients")
        await expect(admin.get_by_text("There are no recipients yet.")).to_be_visible()
        await admin.get_by_role("link", name="Add a recipient").click()
        await admin.get_by_label("Name", exact=True).fill("Guard")
        await admin.get_by_label("URL").fill(f"http://127.0.0.1:{port}/notify")
        await admin.get_by_label("User name", exact=True).fill("gate")
        await admin.get_by_label("Password", exact=True).fill("open sesame")
        await admin.get_by_role("button", name="Save").click()
        await expect(admin.get_by_role("heading", name="Guard")).to_be_visible()
        await expect(admin.get_by_text("One is set. Leave this empty to keep it.")).to_be_visible()
        await expect(admin.get_by_label("Password", exact=True)).to_have_value("")
        (one,) = await stored(device)
        assert one["Secrets"] == ["Password"]
        assert "sesame" not in json.dumps(one)
        await admin.get_by_role("button", name="Test", exact=True).click()
        result = admin.get_by_role("dialog").locator("[data-good]")
        await expect(result).to_have_attribute("data-good", "true")
        login = base64.b64encode(b"gate:open sesame").decode()
        assert f"Basic {login}" in heads[-1]
        assert await violations(admin) == []
    await admin.get_by_role("button", name="Test again").click()
    await expect(result).to_have_attribute("data-good", "false")
    await expect(result).to_contain_text("It does not work.")
    await admin.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    await admin.get_by_role("button", name="Remove the password").click()
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_role("button", name="Discard")).to_have_count(0)
    assert [one["Secrets"] for one in await stored(device)] == [[]]


TYPES: dict[str, dict[str, str]] = {
    "HTTPS": {"URL": "https://192.0.2.10/notify"},
    "Email": {"Send email to": "a@example.com", "Send email from": "b@example.com", "Email server": "mail.example.com"},
    "TCP": {"Host": "192.0.2.10", "Port": "7000"},
    "FTP": {"Host": "192.0.2.10", "Folder": "events"},
    "SFTP": {"Host": "192.0.2.10", "User name": "gate", "Key of the server (SHA-256)": "A" * 43},
    "Network storage": {"Host": "192.0.2.10", "Share": "events"},
}


@pytest.mark.parametrize("title", TYPES)
async def test_every_type_has_its_fields(admin: Page, device: WebDevice, title: str) -> None:
    await visit(admin, "events/recipients/new")
    await admin.get_by_label("Name", exact=True).fill(f"My {title}")
    await admin.get_by_label("Type").select_option(title)
    await expect(admin.get_by_label("Name", exact=True)).to_have_value(f"My {title}")
    for label, text in TYPES[title].items():
        await admin.get_by_label(label).first.fill(text)
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_role("heading", name=f"My {title}")).to_be_visible()
    (one,) = await stored(device)
    given = {str(value) for value in one.values() if value}
    assert given >= {f"My {title}", *TYPES[title].values()}
    shown = set(await admin.locator("form label").all_inner_texts())
    assert ("Password" in shown) == (title != "TCP")
    assert ("Proxy" in shown) == (title == "HTTPS")
    assert ("POP authentication" in shown) == (title == "Email")
    assert await violations(admin) == []


async def test_what_is_missing_is_said_at_its_field_and_a_proxy_is_turned_on_and_off(
    admin: Page, device: WebDevice
) -> None:
    await visit(admin, "events/recipients/new")
    await admin.get_by_label("Name", exact=True).fill("Web")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.locator(".field.wrong").get_by_label("URL")).to_be_visible()
    await admin.get_by_label("URL").fill("http://192.0.2.10/")
    await admin.get_by_label("Proxy", exact=True).check()
    await admin.get_by_role("textbox", name="Proxy", exact=True).fill("proxy.example.com")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_role("heading", name="Web")).to_be_visible()
    assert [one["ProxyHost"] for one in await stored(device)] == ["proxy.example.com"]
    await admin.get_by_role("checkbox", name="Proxy").uncheck()
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved").first).to_be_visible()
    await expect(admin.get_by_role("button", name="Discard")).to_have_count(0)
    assert [one["ProxyHost"] for one in await stored(device)] == [""]


async def test_it_is_copied_and_removed_by_name_and_markup_is_text(admin: Page, device: WebDevice) -> None:
    await add(device, Name=MARKUP, Type="tcp", Host="192.0.2.10", Port=7000)
    await visit(admin, "events/recipients")
    await expect(admin.get_by_role("link", name=MARKUP)).to_be_visible()
    await admin.get_by_role("button", name="Copy").click()
    await expect(admin.get_by_role("heading", name=f"Copy of {MARKUP}")).to_be_visible()
    await admin.get_by_role("button", name="Remove").click()
    await expect(admin.get_by_role("dialog")).to_contain_text(f"“Copy of {MARKUP}” is removed")
    await admin.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(admin.get_by_text(f"“Copy of {MARKUP}” was removed.")).to_be_visible()
    assert [one["Name"] for one in await stored(device)] == [MARKUP]
    assert await admin.locator("img:not(.brand img)").count() == 0


async def test_one_that_a_rule_needs_stays(admin: Page, device: WebDevice) -> None:
    one = await add(device, Name="Guard", Type="tcp", Host="192.0.2.10", Port=7000)
    rule = {
        "Name": "Call",
        "Enabled": False,
        "Conditions": [
            {"Topic": "tns1:Device/tnsaxis:IO/Port", "Source": {"port": "1"}, "Item": "state", "Equals": "1"}
        ],
        "Actions": [{"Kind": "notify", "Recipient": one, "Message": "x"}],
    }
    answer = await device.curl("/api/v1/rules", "--json", json.dumps(rule), user="admin")
    assert answer.status == 201, answer.body
    await visit(admin, "events/recipients")
    await admin.get_by_role("button", name="Remove Guard").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(admin.locator(".toast.bad")).to_contain_text("Call")
    assert len(await stored(device)) == 1
    await device.curl(f"/api/v1/rules/{answer.json()['Id']}", "--request", "DELETE", user="admin")


async def test_two_people_at_one_recipient(admin: Page, device: WebDevice) -> None:
    one = await add(device, Name="Guard", Type="tcp", Host="192.0.2.10", Port=7000)
    await visit(admin, f"events/recipients/{one}")
    await admin.get_by_label("Port", exact=True).fill("7001")
    await device.curl(f"/api/v1/recipients/{one}", "--request", "PATCH", "--json", '{"Port": 7002}', user="admin")
    await expect(admin.get_by_text("Somebody else changed this to “7002” meanwhile.")).to_be_visible()
    await expect(admin.get_by_role("button", name="Save")).to_be_disabled()
    await admin.get_by_role("button", name="Take theirs").click()
    await expect(admin.get_by_label("Port", exact=True)).to_have_value("7002")


async def test_who_may_not_see_recipients_has_no_tab(oper: Page) -> None:
    await visit(oper, "events/recipients")
    await expect(oper.get_by_role("navigation", name="Events").get_by_role("link", name="Rules")).to_be_visible()
    await expect(oper.get_by_role("link", name="Recipients")).to_have_count(0)
