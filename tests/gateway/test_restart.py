# SPDX-License-Identifier: Apache-2.0
"""A service that dies while clients are connected: its things are away, the rest goes on, and then all is back."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect

from tests.conftest import run
from tests.gateway.web_device import PASSWORD, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.asyncio.client import ClientConnection

    from tests.gateway.web_device import Answer, WebDevice

STATES = {"relays": "RelayToken", "io": "port"}
THINGS = {"relays": "relays", "io": "ports"}
OTHERS = {"relays": "ports", "io": "relays"}


async def kill(web: WebDevice, service: str) -> None:
    found = await run("busctl", f"--address={web.address}", "status", f"org.axiod.{service}1")
    pid = re.search(r"^PID=(\d+)", found.out, re.MULTILINE)
    assert pid, found
    os.kill(int(pid[1]), signal.SIGKILL)


async def until_service(stream: ClientConnection, name: str, *, available: bool) -> list[dict[str, Any]]:
    """Return what is told before a service is said to be there, or not to be."""
    told: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while True:
            record: dict[str, Any] = json.loads(await stream.recv())
            if record["Kind"] == "service" and (record["Id"], record["Available"]) == (name, available):
                return told
            told.append(record)


@pytest.fixture(scope="module")
def mortal() -> Iterator[WebDevice]:
    """A device whose services may be killed."""
    yield from running()


@pytest.mark.parametrize("service", ["relays", "io"])
async def test_what_is_away_is_503_and_then_it_is_back(mortal: WebDevice, service: str) -> None:
    async def get(path: str) -> Answer:
        return await mortal.curl(path, user="viewer")

    created = await mortal.curl("/api/v1/tokens", "--json", '{"Name": "t", "Role": "viewer"}', user="admin")
    login = {"Authorization": f"Bearer {created.json()['Token']}"}
    async with connect(mortal.http.replace("http", "ws") + "/api/v1/events", additional_headers=login) as stream:
        await kill(mortal, service)
        await until_service(stream, service, available=False)
        away = await get(f"/api/v1/{THINGS[service]}")
        if away.status != 200:  # it may be back already
            assert away.status == 503
            assert f"axiod-{service}" in away.json()["detail"]
            assert int(away.header("Retry-After")) > 0
        assert (await get(f"/api/v1/{OTHERS[service]}")).status == 200
        told = await until_service(stream, service, available=True)
        assert {STATES[service]} in [set(record["Source"]) for record in told if record["Kind"] == "event"]
        assert THINGS[service] in {record["Resource"] for record in told if record["Kind"] == "changed"}
        assert (await get(f"/api/v1/{THINGS[service]}")).status == 200


async def test_without_axiod_system_who_was_let_in_stays_in(mortal: WebDevice) -> None:
    """curl makes a new connection for each request, so each is checked anew."""
    assert (await mortal.curl("/api/v1/relays", user="oper")).status == 200
    await kill(mortal, "system")
    assert (await mortal.curl("/api/v1/relays/relay1/set", "--json", '{"Active": true}', user="oper")).status == 204
    assert (await mortal.curl("/axis-cgi/io/port.cgi?check=1", user="oper")).body == "port1=1\n"
    assert (await mortal.curl("/api/v1/relays", user="oper", password="wrong" + PASSWORD)).status == 401
    async with asyncio.timeout(20):
        while (await mortal.curl("/healthz")).status != 200:
            pass
    assert (await mortal.curl("/api/v1/accounts", user="admin")).status == 200
