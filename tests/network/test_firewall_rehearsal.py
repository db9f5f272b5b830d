# SPDX-License-Identifier: Apache-2.0
"""The firewall of a simulated device, over REST: everything can be tried, and the machine below has no new rules."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.conftest import run
from tests.gateway.rest.asking import send
from tests.gateway.web_device import WebDevice, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

FIREWALL = "firewall"
MINE = {"Kind": "filter", "Policy": "drop", "Address": "192.0.2.0/24"}


@pytest.fixture(scope="module")
def web() -> Iterator[WebDevice]:
    """A device of its own."""
    yield from running()


@pytest_asyncio.fixture
async def settings(web: WebDevice) -> AsyncIterator[dict[str, Any]]:
    """The firewall as REST tells it; turned off again at the end."""
    yield (await send(web, "GET", FIREWALL)).json()
    await send(web, "PATCH", FIREWALL, {"Active": False, "DefaultPolicy": "accept", "Rules": []})


async def test_settings_are_told_and_changed(web: WebDevice, settings: dict[str, Any]) -> None:
    assert (settings["Active"], settings["DefaultPolicy"], settings["Rules"]) == (False, "accept", [])
    changed = await send(web, "PATCH", FIREWALL, {"Active": True, "DefaultPolicy": "drop", "Rules": [MINE]})
    assert changed.status == 200
    told = (await send(web, "GET", FIREWALL)).json()
    assert (told["Active"], told["DefaultPolicy"], told["Rules"]) == (True, "drop", [MINE])
    if shutil.which("nft"):
        listed = await run("nft", "list", "tables")
        assert "inet axiod" not in listed.out


async def test_a_bad_rule_is_refused_by_its_field(web: WebDevice, settings: dict[str, Any]) -> None:
    refused = await send(web, "PATCH", FIREWALL, {"Rules": [MINE, MINE | {"Address": "192.0.2.7/24"}]})
    assert refused.status == 400
    assert "Rules 2: Address" in refused.json()["detail"]
    assert (await send(web, "GET", FIREWALL)).json() == settings


async def test_the_connection_that_asks_is_the_one_of_the_request(web: WebDevice, settings: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"Active": True, "DefaultPolicy": "drop"}
    assert (await send(web, "POST", f"{FIREWALL}/check", asked)).json()["Findings"] == [], "the machine itself asks"
    (finding,) = (await send(web, "POST", f"{FIREWALL}/check", asked | {"ClientAddress": "192.0.2.7"})).json()[
        "Findings"
    ]
    assert finding["Kind"] == "cut"
    assert f"from 192.0.2.7 to port {web.http.rpartition(':')[2]}" in finding["Text"]


async def test_nobody_but_an_administrator_sees_the_rules(web: WebDevice) -> None:
    for who in ("oper", "viewer"):
        assert (await send(web, "GET", FIREWALL, user=who)).status == 403
