# SPDX-License-Identifier: Apache-2.0
"""The files of the page over HTTP, as curl gets them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest

from axiod.gateway.page import FOLDER
from axiod.gateway.rest.openapi import document

if TYPE_CHECKING:
    from tests.gateway.web_device import Answer, WebDevice
    from tests.sim.device_process import Client


def imports_of(index: Answer) -> dict[str, str]:
    """Return the import map."""
    found = re.search(r'<script type="importmap">(.*?)</script>', index.body, re.DOTALL)
    assert found
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in index.header("Content-Security-Policy")
    imports: dict[str, str] = json.loads(found[1])["imports"]
    return imports


async def test_every_file_has_an_address_for_ever(new_web: WebDevice) -> None:
    index = await new_web.curl("/")
    assert (index.status, index.header("Content-Type")) == (200, "text/html; charset=utf-8")
    assert index.header("Cache-Control") == "no-cache"
    addresses = set(re.findall(r'(?:href|src)="([^"]*[?][^"]*)"', index.body)) | set(imports_of(index).values())
    names = {address.partition("?")[0].removeprefix("./") for address in addresses}
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js")} <= names
    for address in addresses:
        answer = await new_web.curl("/" + address.removeprefix("./"))
        name, _, version = address.removeprefix("./").partition("?v=")
        assert answer.status == 200, address
        assert answer.header("Cache-Control") == "public, max-age=31536000, immutable"
        assert answer.body == (FOLDER / name).read_text(encoding="utf-8")
        assert answer.header("ETag") == f'"{version}"'
        assert answer.header("X-Content-Type-Options") == "nosniff"
    assert {"app.js", "style/tokens.css", "icon.svg"} <= names


async def test_modules_have_one_address_each(web: WebDevice) -> None:
    imports = imports_of(await web.curl("/"))
    for name, address in imports.items():
        if name.startswith("./"):
            assert address.startswith(f"{name}?v=")
        else:
            assert imports[address.partition("?")[0]] == address


async def test_what_a_browser_has_is_not_sent_again(web: WebDevice) -> None:
    for path in ("/", "/app.js"):
        tag = (await web.curl(path)).header("ETag")
        again = await web.curl(path, "--header", f"If-None-Match: {tag}")
        assert (again.status, again.body, again.header("ETag")) == (304, "", tag)
        assert (await web.curl(path, "--header", 'If-None-Match: "other"')).status == 200


async def test_an_old_address_gets_what_is_there_now_and_is_not_kept(web: WebDevice) -> None:
    answer = await web.curl("/app.js?v=0123456789abcdef")
    assert (answer.status, answer.header("Cache-Control")) == (200, "no-cache")


async def test_it_is_packed_for_who_can_unpack_it(web: WebDevice) -> None:
    packed = await web.curl("/app.js", "--compressed")
    assert packed.header("Content-Encoding") == "gzip"
    assert packed.body == (FOLDER / "app.js").read_text(encoding="utf-8")
    assert (await web.curl("/app.js")).header("Content-Encoding") == ""
    head = await web.curl("/", "--head")
    assert (head.status, head.body) == (200, "")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing.js",
        "/vendor/VERSIONS",
        "/README.md",
        "/index.html",
        "/../daemon.py",
        "/..%2fdaemon.py",
        "/style/../../daemon.py",
        "/%2e%2e/page.py",
        "/app.js%00",
        "/web/app.js",
        "//app.js",
    ],
)
async def test_there_is_nothing_else(web: WebDevice, path: str) -> None:
    assert (await web.curl(path, "--path-as-is")).status == 404


async def test_nothing_can_be_sent_to_it(web: WebDevice) -> None:
    for path in ("/", "/app.js"):
        assert (await web.curl(path, "--request", "POST", user="admin")).status == 405


def test_the_simulated_world_is_described_only_where_it_is_reached() -> None:
    assert "/api/v1/wires" in document()["paths"]
    assert "/api/v1/wires" not in document(("org.axiod.io1",))["paths"]


async def test_a_simulated_wire_is_closed_over_http(web: WebDevice, client: Client) -> None:
    act = ("--json", '{"Condition": "closed"}')
    assert (await web.curl("/api/v1/wires/input5/set", *act, user="viewer")).status == 403
    assert (await web.curl("/api/v1/wires/input5/set", *act, user="oper")).status == 204
    assert (await web.curl("/api/v1/wires/input5", user="viewer")).json()["Condition"] == "closed"
    open_ = ("--json", '{"Condition": "open"}')
    assert (await web.curl("/api/v1/wires/input5/set", *open_, user="oper")).status == 204
