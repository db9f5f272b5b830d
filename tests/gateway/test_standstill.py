# SPDX-License-Identifier: Apache-2.0
"""A command that waited at the gateway, for whatever reason, is not carried out late."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.bus.connection import CALL_SECONDS
from axiod.bus.freshness import STALE_SECONDS
from axiod.clock import monotonic_usec
from axiod.errors import Timeout
from axiod.gateway.acting import LATEST_SECONDS, arrived
from tests.bus.test_freshness import a_while
from tests.gateway.rest.asking import send
from tests.gateway.test_acting import PEOPLE, RELAY, Stage, stage

if TYPE_CHECKING:
    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client


__all__ = ["stage"]


def gateway_of(web: WebDevice) -> int:
    """Return the process of the gateway: the one that has this device's bus and is called so."""
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            if b"axiod.gateway" in command and web.address.encode() in (entry / "environ").read_bytes():
                return int(entry.name)
        except (OSError, ValueError):
            continue
    raise AssertionError("there is no gateway")


async def test_what_may_be_old_moves_nothing(web: WebDevice, client: Client) -> None:
    before = await client.drive("relay1").all()
    # A new connection each, and no challenge on the way that would need the gateway first.
    token = (await send(web, "POST", "tokens", {"Name": "late", "Role": "operator"})).json()["Token"]
    bearer = ("--header", f"Authorization: Bearer {token}")
    pid = gateway_of(web)
    os.kill(pid, signal.SIGSTOP)
    try:
        asked = [
            asyncio.create_task(web.curl("/api/v1/relays/relay1/toggle", "--request", "POST", *bearer)),
            asyncio.create_task(web.curl("/axis-cgi/io/port.cgi?action=1%3A%2F", *bearer)),
            asyncio.create_task(web.curl("/api/v1/relays/relay1", *bearer)),
        ]
        await a_while(STALE_SECONDS + 0.5)
    finally:
        os.kill(pid, signal.SIGCONT)
    rest, _, read = await asyncio.gather(*asked)
    assert (rest.status, rest.json()["type"]) == (504, "/api/v1/problems/Timeout")
    assert "stood still" in rest.json()["detail"]
    assert read.status == 200, "reading is never too late"
    assert await client.drive("relay1").all() == before
    async with asyncio.timeout(10):
        while (await send(web, "POST", "relays/relay1/set", {"Active": True})).status != 204:
            pass


async def test_what_the_gateway_gave_up_moves_nothing_later(web: WebDevice, client: Client) -> None:
    """The service hung when it was called, and goes on when the client has been told that it did not answer."""
    assert (await send(web, "POST", "relays/relay1/set", {"Active": False})).status == 204
    before = await client.drive("relay1").all()
    token = (await send(web, "POST", "tokens", {"Name": "hung", "Role": "operator"})).json()["Token"]
    bearer = ("--header", f"Authorization: Bearer {token}")
    pid = json.loads(web.busctl("call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus",
                                "GetConnectionUnixProcessID", "s", "org.axiod.relays1"))["data"][0]  # fmt: skip
    os.kill(pid, signal.SIGSTOP)
    try:
        answers = await asyncio.gather(
            web.curl("/api/v1/relays/relay1/set", "--json", '{"Active": true}', *bearer),
            web.curl("/axis-cgi/io/port.cgi?action=1%3A%2F", *bearer),
            web.curl("/api/v1/outputs", "--json", '{"relay1": true}', *bearer),
        )
    finally:
        os.kill(pid, signal.SIGCONT)
    assert [answer.status for answer in answers] == [504] * 3
    async with asyncio.timeout(10):  # it answers in the order in which it was called
        while (await send(web, "POST", "relays/relay1/cancel")).status != 204:
            pass
    assert await client.drive("relay1").all() == before


async def test_a_command_has_until_a_time_after_its_request(stage: Stage) -> None:
    began = monotonic_usec() - int(LATEST_SECONDS * 1e6) + 2_000_000
    arrived.set(began)
    await stage.act(PEOPLE[1], RELAY, "Set", True, {})
    assert stage.handlers[RELAY].calls[-1][1][1] == {"DeadlineUsec": began + int(LATEST_SECONDS * 1e6)}
    soon = monotonic_usec() + 900_000
    await stage.act(PEOPLE[1], RELAY, "Set", True, {"DeadlineUsec": soon})
    assert stage.handlers[RELAY].calls[-1][1][1] == {"DeadlineUsec": soon}
    # It may not be carried out any more when the gateway has given up the call, whatever the client would like.
    arrived.set(monotonic_usec())
    for options in ({}, {"DeadlineUsec": 1 << 60}):
        await stage.act(PEOPLE[1], RELAY, "Set", True, options)
        assert stage.handlers[RELAY].calls[-1][1][1]["DeadlineUsec"] < monotonic_usec() + int(CALL_SECONDS * 1e6)
    arrived.set(began - int(LATEST_SECONDS * 1e6) - 1)
    count = len(stage.handlers[RELAY].calls)
    with pytest.raises(Timeout, match="after its deadline and was not carried out"):
        await stage.act(PEOPLE[1], RELAY, "Set", True, {})
    assert len(stage.handlers[RELAY].calls) == count
    await stage.act(PEOPLE[1], RELAY, "Configure", {"Name": "late"})
