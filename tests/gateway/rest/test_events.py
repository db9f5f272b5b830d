# SPDX-License-Identifier: Apache-2.0
"""/api/v1/events of a running device, followed with curl and with the websockets package."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.gateway.rest.asking import send, valid
from tests.gateway.web_device import PASSWORD, WebDevice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.client import ClientConnection

    from tests.sim.device_process import Client

RELAY = "relays/relay1"


async def bearer(web: WebDevice, role: str) -> str:
    made = await send(web, "POST", "tokens", {"Name": "stream", "Role": role})
    return str(made.json()["Token"])


@asynccontextmanager
async def socket(web: WebDevice, query: str = "", role: str = "viewer") -> AsyncIterator[ClientConnection]:
    """A WebSocket, opened by a program with a token."""
    url = f"{web.http.replace('http', 'ws')}/api/v1/events{query}"
    headers = {"Authorization": f"Bearer {await bearer(web, role)}"}
    async with connect(url, additional_headers=headers, compression=None, max_size=1 << 24) as stream:
        yield stream


async def following(stream: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        record: dict[str, Any] = json.loads(await stream.recv())
    valid("Record", record)
    return record


async def until_of(stream: ClientConnection, kind: str, **expected: Any) -> dict[str, Any]:
    """Return the next record of a kind that has these values."""
    while True:
        record = await following(stream)
        if record["Kind"] == kind and record.items() >= expected.items():
            return record


async def test_first_a_snapshot_then_what_happens(web: WebDevice, client: Client) -> None:
    async with socket(web) as stream:
        snapshot = await following(stream)
        assert (snapshot["Kind"], snapshot["Resync"]) == ("snapshot", False)
        [relay] = snapshot["Resources"]["relays"]
        assert relay == (await web.curl("/api/v1/relays/relay1", user="viewer")).json()
        assert {service["Id"]: service["Available"] for service in snapshot["Services"]}["relays"] is True
        assert {"Service": "relays", "Topic": "tns1:Device/Trigger/Relay"}.items() <= next(
            event.items() for event in snapshot["Events"] if event["Service"] == "relays"
        )
        await client.relay().call("Set", True, {})
        changed = await until_of(stream, "changed", Resource="relays", Id="relay1")
        assert changed["Changed"].items() >= {"Active": True, "NormallyOpen": "closed"}.items()
        assert "Name" not in changed["Changed"]
        event = await until_of(stream, "event", Service="relays")
        assert (event["Source"], event["Data"]) == ({"RelayToken": "0"}, {"LogicalState": "active"})
        assert event["Sequence"] > changed["Sequence"] > snapshot["Sequence"]
        assert event["Epoch"] == snapshot["Epoch"]


async def test_a_client_that_was_away_is_told_what_it_missed(web: WebDevice, client: Client) -> None:
    async with socket(web, "?kinds=event&topics=tns1:Device/Trigger/Relay") as stream:
        snapshot = await following(stream)
        assert snapshot["Resources"] == {}
        await client.relay().call("Set", True, {})
        seen = await until_of(stream, "event", Data={"LogicalState": "active"})
    await client.relay().call("Set", False, {})
    await client.relay().call("Set", True, {})
    since = f"{seen['Epoch']}-{seen['Sequence']}"
    async with socket(web, f"?kinds=event&topics=tns1:Device/Trigger/Relay&since={since}") as stream:
        told = [await following(stream) for _ in range(2)]
        assert [record["Data"]["LogicalState"] for record in told] == ["inactive", "active"]
        assert told[0]["Sequence"] > seen["Sequence"]


@pytest.mark.parametrize("since", ["0123456789abcdef-1", "nonsense", "", "{epoch}-999999999", "{epoch}--1"])
async def test_what_is_not_known_any_more_is_a_snapshot(web: WebDevice, client: Client, since: str) -> None:
    async with socket(web) as stream:
        epoch = (await following(stream))["Epoch"]
    async with socket(web, f"?since={since.format(epoch=epoch)}") as stream:
        snapshot = await following(stream)
        assert (snapshot["Kind"], snapshot["Resync"]) == ("snapshot", True)


async def test_a_viewer_never_sees_what_is_for_administrators(web: WebDevice, client: Client) -> None:
    async with socket(web) as viewer, socket(web, role="administrator") as administrator:
        for stream, hidden in ((viewer, True), (administrator, False)):
            resources = (await following(stream))["Resources"]
            for kind in ("accounts", "tokens", "certificates", "blocking", "access", "web"):
                assert (kind in resources) is not hidden, kind
        await send(web, "POST", "accounts", {"Name": "ghost", "Password": "Pass word1", "Role": "viewer"})
        await send(web, "DELETE", "accounts/ghost")
        await client.relay().call("Set", True, {})
        assert (await until_of(administrator, "removed", Resource="accounts"))["Id"] == "ghost"
        while (record := await following(viewer))["Kind"] != "event":
            assert record.get("Resource") not in ("accounts", "tokens", "access"), record


async def test_the_stream_ends_with_the_account(web: WebDevice) -> None:
    await send(web, "POST", "accounts", {"Name": "leaver", "Password": "Pass word1", "Role": "viewer"})
    login = base64.b64encode(b"leaver:Pass word1").decode()
    await send(web, "PATCH", "web", {"BasicOverHttp": True})
    try:
        url = f"{web.http.replace('http', 'ws')}/api/v1/events"
        async with connect(url, additional_headers={"Authorization": f"Basic {login}"}) as stream:
            await following(stream)
            await send(web, "DELETE", "accounts/leaver")
            with pytest.raises(ConnectionClosed) as ended:
                await until_of(stream, "nothing")
    finally:
        await send(web, "PATCH", "web", {"BasicOverHttp": False})
    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, "log in again" in ended.value.rcvd.reason) == (1008, True)


class Sse:
    """curl, which follows the stream of server-sent events."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def next(self) -> dict[str, str]:
        """Return the fields of the next event."""
        assert self._process.stdout
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            while (line := (await self._process.stdout.readline()).decode()).strip() or (line and not fields):
                name, _, value = line.rstrip("\n").partition(": ")
                fields[name] = value
        return {name: value for name, value in fields.items() if name}


@asynccontextmanager
async def server_sent(web: WebDevice, *words: str, query: str = "", user: str = "viewer") -> AsyncIterator[Sse]:
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--no-buffer", "--digest", "--user", f"{user}:{PASSWORD}",
        "--header", "Accept: text/event-stream", *words, f"{web.http}/api/v1/events{query}",
        stdout=subprocess.PIPE, limit=1 << 24,
    )  # fmt: skip
    yield Sse(process)
    if process.returncode is None:
        process.kill()
    await process.wait()
    process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way


async def test_curl_follows(web: WebDevice, client: Client) -> None:
    async with server_sent(web, query="?kinds=event") as stream:
        first = await stream.next()
        snapshot = json.loads(first["data"])
        assert first["id"] == f"{snapshot['Epoch']}-{snapshot['Sequence']}"
        await client.relay().call("Set", True, {})
        seen = await stream.next()
        assert json.loads(seen["data"])["Data"] == {"LogicalState": "active"}
    await client.relay().call("Set", False, {})
    async with server_sent(web, "--header", f"Last-Event-ID: {seen['id']}", query="?kinds=event") as stream:
        assert json.loads((await stream.next())["data"])["Data"] == {"LogicalState": "inactive"}


async def test_curl_is_told_why_it_ends(web: WebDevice) -> None:
    await send(web, "POST", "accounts", {"Name": "goer", "Password": PASSWORD, "Role": "viewer"})
    async with server_sent(web, query="?kinds=service", user="goer") as stream:
        await stream.next()
        await send(web, "PATCH", "accounts/goer", {"Role": "operator"})
        ended = await stream.next()
        assert ended["event"] == "closed"
        assert "log in again" in json.loads(ended["data"])["Reason"]
        assert await stream.next() == {}
    await send(web, "DELETE", "accounts/goer")


async def test_it_is_refused_in_words(web: WebDevice) -> None:
    assert (await web.curl("/api/v1/events")).status == 401
    answer = await web.curl("/api/v1/events", "--header", "Accept: application/json", user="viewer")
    assert answer.status == 406
    for query in ("?kind=event", "?kinds=all", "?kinds=event&kinds=changed"):
        answer = await web.curl(f"/api/v1/events{query}", user="viewer")
        assert (answer.status, answer.header("Content-Type")) == (400, "application/problem+json")


async def test_clients_are_shown_with_their_streams(web: WebDevice) -> None:
    async with socket(web) as stream:
        await following(stream)
        found = (await send(web, "GET", "clients")).json()["Items"]
        for item in found:
            valid("Client", item)
        assert ["websocket /api/v1/events"] in [item["Streams"] for item in found]
    async with asyncio.timeout(10):
        while True:
            found = (await send(web, "GET", "clients")).json()["Items"]
            if not any(item["Streams"] for item in found):
                break


async def test_streams_are_told_that_the_gateway_stops() -> None:
    device = WebDevice()
    async with socket(device) as first, server_sent(device) as second:
        await following(first)
        await second.next()
        stopping = asyncio.create_task(asyncio.to_thread(device.close))
        with pytest.raises(ConnectionClosed) as ended:
            await until_of(first, "nothing")
        told = await second.next()
        while "event" not in told:
            told = await second.next()
        await stopping
    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, "stopping" in ended.value.rcvd.reason) == (1001, True)
    assert (told["event"], "stopping" in told["data"]) == ("closed", True)
