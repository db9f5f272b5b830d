# SPDX-License-Identifier: Apache-2.0
"""Every route, asked by everybody: who has too low a role is refused, and only they."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.bus.connection import Connection
from axiod.gateway import parts
from axiod.gateway.daemon import gateway_of
from axiod.gateway.door import Door
from axiod.gateway.mirror import Mirror

if TYPE_CHECKING:
    from collections.abc import Iterator

    from axiod.gateway.route import Route
    from tests.conftest import Daemon
    from tests.gateway.web_device import WebDevice

PEOPLE: dict[str, Role | None] = {
    "nobody": None,
    "viewer": Role.VIEWER,
    "operator": Role.OPERATOR,
    "administrator": Role.ADMINISTRATOR,
}

PAGE = r"/{name:(?:[a-z0-9-]+/)*[a-z0-9-]+\.(?:js|css|svg)}"
"""A file of the page."""

FREE = {
    "GET /",
    f"GET {PAGE}",
    "DELETE /api/v1/session",
    "GET /api/v1/openapi.json",
    "GET /api/v1/problems/{name}",
    "GET /api/v1/session",
    "GET /axis-cgi/apidiscovery.cgi",
    "GET /axis-cgi/basicdeviceinfo.cgi",
    "GET /healthz",
    "GET /vapix/ws-data-stream",
    "GET /help/",
    "GET /help/{name:(?:dbus/)?[A-Za-z0-9.-]+}",
    "HEAD /",
    f"HEAD {PAGE}",
    "HEAD /api/v1/openapi.json",
    "HEAD /help/",
    "HEAD /help/{name:(?:dbus/)?[A-Za-z0-9.-]+}",
    "HEAD /api/v1/problems/{name}",
    "POST /api/v1/session",
    "POST /axis-cgi/apidiscovery.cgi",
    "POST /axis-cgi/basicdeviceinfo.cgi",
    "POST /axis-cgi/systemready.cgi",
}
"""What anybody may ask. A new one is added here by somebody who has thought about it."""
SETUP = {
    "GET /axis-cgi/pwdgrp.cgi",
    "POST /axis-cgi/pwdgrp.cgi",
    "POST /api/v1/accounts",
}
"""What anybody may try before there is an administrator; Acting lets through the first administrator alone."""
LOOKS_CLOSER = {"POST /axis-cgi/basicdeviceinfo.cgi", "GET /vapix/ws-data-stream"}
"""Free, but what is asked here needs a role, or a token of its own."""


@pytest.fixture(scope="module")
def tokens(web: WebDevice) -> dict[str, str]:
    """A token of each role."""
    path, access = "/org/axiod/system1/access", "org.axiod.system1.Access"
    made = {}
    for role in list(PEOPLE)[1:]:
        said = web.busctl("call", "org.axiod.system1", path, access, "AddToken", "ssa{sv}", role, role, "0")
        made[role] = re.findall(r'"(axiod_[^"]+)"', said)[0]
    return made


async def every_route(address: str) -> list[Route]:
    """Return the table of the gateway."""
    connection = await Connection.open(address)
    try:
        gateway = gateway_of(Mirror(connection, contract.services()))
        return parts.routes(gateway, Door(gateway))
    finally:
        await connection.close()


def expanded(route: Route) -> str:
    """Return a path that the route answers, of things that do not exist."""
    return re.sub(r"\{[^}]*\}", "nothing", route.path)


def state_of(web: WebDevice) -> Iterator[Any]:
    """Yield what the services have, but for what changes by being asked."""
    for service in ("io", "relays", "system"):
        said = web.busctl(
            "call", f"org.axiod.{service}1", f"/org/axiod/{service}1", "org.freedesktop.DBus.ObjectManager",
            "GetManagedObjects",
        )  # fmt: skip
        for path, interfaces in json.loads(said)["data"][0].items():
            for interface, properties in interfaces.items():
                yield path, interface, {name: item["data"] for name, item in properties.items()}


async def test_every_route_for_every_role(web: WebDevice, tokens: dict[str, str]) -> None:
    routes = await every_route(web.address)
    assert len(routes) > 50
    before = list(state_of(web))
    wrong = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        for route in routes:
            for name, role in PEOPLE.items():
                headers = {"Authorization": f"Bearer {tokens[name]}"} if name in tokens else {}
                if route.method not in ("GET", "HEAD"):
                    headers["Content-Type"] = "application/json"
                async with session.request(route.method, web.http + expanded(route), headers=headers) as response:
                    status = response.status  # the header is enough: some answers never end
                enough = route.role is None or (role is not None and role >= route.role)
                expected = (
                    status not in (401, 403) if enough else status == (401 if role is None else 403)
                ) and status < 500
                what = f"{route.method} {route.path}"
                if not expected and not (status == 401 and what in LOOKS_CLOSER):
                    wrong.append(f"{what} ({route.role}) as {name}: {status}")
    assert not wrong, "\n".join(wrong)
    assert list(state_of(web)) == before, "something changed"


async def test_before_there_is_an_administrator_every_route_but_few_is_closed(new_web: WebDevice) -> None:
    routes = await every_route(new_web.address)
    open_ = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        for route in routes:
            headers = {} if route.method in ("GET", "HEAD") else {"Content-Type": "application/json"}
            async with session.request(route.method, new_web.http + expanded(route), headers=headers) as response:
                if response.status != 401:
                    open_.append(f"{route.method} {route.path}")
                    assert response.status < 500
                    assert route.role is None or route.setup, route
    assert {"GET /healthz", "GET /api/v1/session", "POST /api/v1/accounts"} <= set(open_)
    assert len(open_) < 25, open_


async def test_what_may_be_asked_by_nobody_in_particular_is_little(bus: Daemon) -> None:
    routes = await every_route(bus.address)
    assert {f"{route.method} {route.path}" for route in routes if route.role is None} == FREE
    assert {f"{route.method} {route.path}" for route in routes if route.setup} == SETUP
