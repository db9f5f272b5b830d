# SPDX-License-Identifier: Apache-2.0
"""Events over a WebSocket, followed with the PyPI package `websockets`, which has no line of ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed, InvalidStatus

from axiod.bus.caller import Role
from axiod.gateway.person import Person
from axiod.gateway.vapix.websocket import Tickets
from tests.conftest import until
from tests.gateway.rest.asking import send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.client import ClientConnection

    from tests.gateway.streams.conftest import Serve
    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

pytestmark = pytest.mark.filterwarnings("ignore:It is recommended to use web.RequestKey")
SESSION, STREAM = "/axis-cgi/wssession.cgi", "/vapix/ws-data-stream"
RELAY, PORT = "tns1:Device/Trigger/Relay", "tns1:Device/tnsaxis:IO/Port"
ALL = [{"topicFilter": "//."}]


async def ticket(web: WebDevice, user: str = "viewer", base: str = "") -> str:
    answer = await web.curl(base + SESSION, user=user)
    assert answer.status == 200
    assert answer.body.isascii()
    return answer.body


class Stream:
    """One client."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: list[dict[str, Any]] = []

    async def next(self) -> dict[str, Any]:
        """Return the next frame."""
        async with asyncio.timeout(10):
            frame = await self.socket.recv()
        assert isinstance(frame, str)
        return dict(json.loads(frame))

    async def command(self, text: str | bytes) -> dict[str, Any]:
        """Send something, and return the answer, which is the very next frame that is no notification."""
        await self.socket.send(text)
        while "params" in (answer := await self.next()):
            self.told.append(answer["params"]["notification"])
        return answer

    async def configure(self, filters: list[dict[str, str]], **more: Any) -> dict[str, Any]:
        """Ask for events."""
        asked = {"apiVersion": "1.0", "context": "here", "method": "events:configure"}
        return await self.command(json.dumps({**asked, "params": {"eventFilterList": filters}, **more}))

    async def hears(self, topic: str, data: dict[str, str], **source: str) -> dict[str, Any]:
        """Wait for a notification."""
        while True:
            frame = await self.next()
            assert frame["method"] == "events:notify"
            told = frame["params"]["notification"]
            self.told.append(told)
            message = told["message"]
            if told["topic"] == topic and message["data"] == data and source.items() <= message["source"].items():
                assert message["key"] == {}
                return dict(told)


@asynccontextmanager
async def stream(url: str, **more: Any) -> AsyncIterator[Stream]:
    """Connect until the end of the block."""
    # Without a limit it reads on, also what the test does not look at; otherwise it would never see the end.
    async with dial(url.replace("http://", "ws://"), max_queue=None, **more) as socket:
        yield Stream(socket)


@asynccontextmanager
async def opened(web: WebDevice, user: str = "viewer", base: str = "") -> AsyncIterator[Stream]:
    """Log in and connect."""
    base = base or web.http
    async with stream(f"{base}{STREAM}?sources=events&wssession={await ticket(web, user, base)}") as found:
        yield found


async def test_the_answer_comes_first_then_all_states_then_changes(web: WebDevice, client: Client) -> None:
    async with opened(web) as events:
        await events.socket.send(
            '{"apiVersion":"1.0","context":"axis-py","method":"events:configure",'
            '"params":{"eventFilterList":[{"topicFilter":"//."}]}}'
        )
        assert await events.next() == {
            "apiVersion": "1.0", "context": "axis-py", "method": "events:configure", "data": {},
        }  # fmt: skip
        _, io = await client.io.snapshot()
        number = str(await client.relay().get("Number"))
        await events.hears(RELAY, {"LogicalState": "inactive"}, RelayToken=number)
        await client.relay().call("Set", True, {})
        told = await events.hears(RELAY, {"LogicalState": "active"}, RelayToken=number)
        assert abs(told["timestamp"] / 1000 - time.time()) < 60
        assert {event.topic for event in io} <= {told["topic"] for told in events.told}


async def test_a_filter_and_another_one(web: WebDevice, client: Client) -> None:
    async with opened(web) as events:
        assert "data" in await events.configure([{"topicFilter": f"{PORT}|tns1:VideoSource//."}])
        number = str(await client.port("input1").get("Number"))
        await events.hears(PORT, {"state": "0"}, port=number)
        await client.relay().call("Set", True, {})
        await client.wire("input1").call("Set", "closed")
        await events.hears(PORT, {"state": "1"}, port=number)
        assert {told["topic"] for told in events.told} == {PORT}
        relay = str(await client.relay().get("Number"))
        content = f'boolean(//SimpleItem[@Name="RelayToken" and @Value="{relay}"])'
        assert "data" in await events.configure([{"topicFilter": "//.", "contentFilter": content}])
        events.told.clear()
        await events.hears(RELAY, {"LogicalState": "active"}, RelayToken=relay)
        await client.wire("input1").call("Set", "open")
        await client.relay().call("Set", False, {})
        await events.hears(RELAY, {"LogicalState": "inactive"}, RelayToken=relay)
        assert len(events.told) == 2


async def test_an_event_is_told_once_for_each_filter_that_it_matches(web: WebDevice, client: Client) -> None:
    async with opened(web) as events:
        relay = str(await client.relay().get("Number"))
        content = f'boolean(//SimpleItem[@Name="RelayToken" and @Value="{relay}"])'
        twice = [{"topicFilter": RELAY, "contentFilter": content}] * 2
        assert "data" in await events.configure(twice)
        await client.relay().call("Set", True, {})
        for data in ("inactive", "inactive", "active", "active"):
            assert (await events.next())["params"]["notification"]["message"]["data"] == {"LogicalState": data}


async def test_nothing_is_told_before_it_is_asked_for_and_nothing_after_an_empty_list(
    web: WebDevice, client: Client
) -> None:
    async with opened(web) as events:
        await client.relay().call("Set", True, {})
        assert "data" in await events.configure([])
        await client.relay().call("Set", False, {})
        assert "data" in await events.configure([{"topicFilter": RELAY}])
        assert events.told == []


async def test_a_service_that_comes_back_tells_its_states_again(web: WebDevice, client: Client) -> None:
    async with opened(web) as events:
        assert "data" in await events.configure([{"topicFilter": RELAY}])
        number = str(await client.relay().get("Number"))
        await events.hears(RELAY, {"LogicalState": "inactive"}, RelayToken=number)
        await client.kill(client.relays)
        await events.hears(RELAY, {"LogicalState": "inactive"}, RelayToken=number)
        await client.relay().call("Set", True, {})
        await events.hears(RELAY, {"LogicalState": "active"}, RelayToken=number)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x", 2101),
        ("[]", 2101),
        ("[" * 5000, 2101),
        (b"\0", 2101),
        ('{"apiVersion":"1.0","method":"events:nothing"}', 2102),
        ('{"apiVersion":"1.0"}', 2103),
        ('{"method":"events:configure","params":{"eventFilterList":[]}}', 2103),
        ('{"apiVersion":"1.0","method":"events:configure"}', 2103),
        ('{"apiVersion":"1.0","method":"events:configure","params":{}}', 2103),
        ('{"apiVersion":"9.0","method":"events:configure","params":{"eventFilterList":[]}}', 2100),
        ('{"apiVersion":1,"method":"events:configure","params":{"eventFilterList":[]}}', 2100),
        ('{"apiVersion":"1.0","method":"events:configure","params":{"eventFilterList":{}}}', 2104),
        ('{"apiVersion":"1.0","method":"events:configure","params":{"eventFilterList":["//."]}}', 2104),
        ('{"apiVersion":"1.0","method":"events:configure","params":{"eventFilterList":[{"topicFilter":"x"}]}}', 2104),
        ('{"apiVersion":"1.0","method":"events:configure","params":{"eventFilterList":[{"topicFilter":1}]}}', 2104),
        ('{"apiVersion":"1.0","method":"events:configure","params":{"eventFilterList":[{"contentFilter":"x"}]}}', 2104),
    ],
)
async def test_what_is_wrong_is_said_and_the_stream_goes_on(web: WebDevice, text: str | bytes, code: int) -> None:
    async with opened(web) as events:
        answer = await events.command(text)
        assert answer["error"]["code"] == code
        assert answer["error"]["message"]
        assert "data" in await events.configure(ALL)


async def test_pings_are_answered(web: WebDevice) -> None:
    async with opened(web) as events:
        async with asyncio.timeout(10):
            await (await events.socket.ping(b"here"))


# --- who may ---


async def test_a_ticket_is_good_once(web: WebDevice) -> None:
    lent = await ticket(web)
    async with stream(f"{web.http}{STREAM}?wssession={lent}&sources=events") as events:
        assert "data" in await events.configure(ALL)
    for wrong in (lent, "", "x"):
        with pytest.raises(InvalidStatus) as refused:
            async with stream(f"{web.http}{STREAM}?sources=events&wssession={wrong}"):
                pass
        assert refused.value.response.status_code == 401


def test_a_ticket_is_good_for_fifteen_seconds() -> None:
    tickets, person = Tickets(), Person("viewer", Role.VIEWER, "::1", "digest")
    first, second = tickets.lend(person, 100.0), tickets.lend(person, 100.0)
    assert tickets.take(first, 114.9) == person
    assert tickets.take(second, 115.0) is None
    many = [tickets.lend(person, 200.0) for _ in range(Tickets.MOST + 1)]
    assert tickets.take(many[0], 200.0) is None
    assert tickets.take(many[1], 200.0) == person


async def test_a_login_lets_in_without_a_ticket(web: WebDevice) -> None:
    """curl says what the upgrade with Digest is answered; it cannot speak on."""
    words = ["--header", "Connection: Upgrade", "--header", "Upgrade: websocket", "--header",
             "Sec-WebSocket-Version: 13", "--header", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "--http1.1",
             "--max-time", "1"]  # fmt: skip
    url = f"{web.http}{STREAM}?sources=events"
    process = await asyncio.create_subprocess_exec(
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--digest", "-u", "viewer:Pass word1", *words, url,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert out == b"101"
    process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way


async def test_nobody_gets_a_ticket_without_a_login(web: WebDevice) -> None:
    assert (await web.curl(SESSION)).status == 401


async def test_another_site_needs_a_ticket(web: WebDevice) -> None:
    answer = await web.curl(STREAM, "--header", "Origin: http://other.example", user="viewer")
    assert answer.status == 403
    async with stream(
        f"{web.http}{STREAM}?sources=events&wssession={await ticket(web)}", origin="http://other.example"
    ) as events:
        assert "data" in await events.configure(ALL)


@pytest.mark.parametrize(("target", "status"), [(STREAM, 426), (STREAM + "?sources=metadata", 400)])
async def test_what_is_no_stream(web: WebDevice, target: str, status: int) -> None:
    assert (await web.curl(target, user="viewer")).status == status


async def test_a_stream_ends_with_its_account_and_says_so(web: WebDevice) -> None:
    web.add_account("guest2", "viewer")
    async with opened(web, "guest2") as events:
        assert "data" in await events.configure(ALL)
        web.busctl(
            "call", "org.axiod.system1", "/org/axiod/system1/account/guest2", "org.axiod.system1.Account", "Remove"
        )
        with pytest.raises(ConnectionClosed) as closed:
            await events.hears("nothing", {})
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason == "your account has changed; log in again"


async def test_who_may_not_stay_hears_nothing(web: WebDevice) -> None:
    """The account went before the client said what it wants to hear."""
    web.add_account("guest4", "viewer")
    async with opened(web, "guest4") as events:
        web.busctl(
            "call", "org.axiod.system1", "/org/axiod/system1/account/guest4", "org.axiod.system1.Account", "Remove"
        )
        await until_gone(web, "guest4")
        with pytest.raises(ConnectionClosed) as closed:
            await events.configure(ALL)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1008
    assert events.told == []


async def until_gone(web: WebDevice, user: str) -> None:
    """Wait until the gateway knows of it."""
    async with asyncio.timeout(10):
        while (await web.curl("/axis-cgi/usergroup.cgi", user=user)).status != 401:
            pass


async def test_streams_end_with_their_token(web: WebDevice) -> None:
    """Nobody tells that a token has ended: it is looked for."""
    expires = int((time.time() + 3) * 1e6)
    made = await send(web, "POST", "tokens", {"Name": "short", "Role": "viewer", "ExpiresUsec": expires})
    bearer = f"Authorization: Bearer {made.json()['Token']}"
    monitor = asyncio.create_task(web.curl("/axis-cgi/io/port.cgi?monitor=1", "--header", bearer))
    sent = asyncio.create_task(web.curl("/api/v1/events", "--header", bearer))
    lent = (await web.curl(SESSION, "--header", bearer)).body
    async with stream(f"{web.http}{STREAM}?sources=events&wssession={lent}") as events:
        assert "data" in await events.configure(ALL)
        with pytest.raises(ConnectionClosed) as closed:
            await events.hears("nothing", {})
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1008
    assert (await monitor).body.startswith("--ioboundary")
    assert (await sent).body.rstrip().endswith('log in again"}')


# --- limits ---


async def test_a_message_that_is_too_long_ends_it(web: WebDevice) -> None:
    async with opened(web) as events:
        with pytest.raises(ConnectionClosed) as closed:
            await events.command("x" * 70_000)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1009


async def test_a_client_that_takes_nothing_is_dropped_and_others_go_on(
    serve: Serve, web: WebDevice, client: Client
) -> None:
    here = await serve()
    base = f"http://127.0.0.1:{here.port('http')}"
    slow_ticket = await ticket(web, base=base)
    reader, writer = await asyncio.open_connection("127.0.0.1", here.port("http"), limit=4096)
    writer.write(
        f"GET {STREAM}?sources=events&wssession={slow_ticket} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert b"101" in await reader.readuntil(b"\r\n\r\n")
    text = json.dumps({"apiVersion": "1.0", "method": "events:configure", "params": {"eventFilterList": ALL}}).encode()
    writer.write(bytes((0x81, 0x80 | 126)) + len(text).to_bytes(2) + b"\0\0\0\0" + text)
    writer.transport.pause_reading()  # type: ignore[attr-defined] # of a socket
    async with opened(web, base=base) as quick:
        assert "data" in await quick.configure([{"topicFilter": RELAY}])
        sent = 0
        async with asyncio.timeout(50):
            while sum("websocket vapix" in entry.streams for entry in here.gateway.clients) == 2:
                await client.relay().call("Set", sent % 2 == 0, {})
                sent += 1
        story = await client.follow(client.relays)
        await client.relay().call("Set", sent % 2 == 0, {})
        await until(lambda: len(story.events) == 1)
        changes = 0
        number = str(await client.relay().get("Number"))
        while changes < sent + 2:  # and the state at the beginning
            notification = (await quick.next())["params"]["notification"]
            changes += notification["message"]["source"] == {"RelayToken": number}
    writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
