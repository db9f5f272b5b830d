# SPDX-License-Identifier: Apache-2.0
"""The API before services that come and go, on a real bus, and clients that take nothing."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from axiod.bus.caller import Role
from axiod.bus.connection import Connection
from axiod.errors import AxiodError
from axiod.gateway import problem
from axiod.gateway.daemon import gateway_of
from axiod.gateway.mirror import Mirror
from axiod.gateway.outbox import Outbox
from axiod.gateway.person import PERSON, Person
from axiod.gateway.rest.connected import Connected
from axiod.gateway.rest.events import Events
from axiod.gateway.rest.feed import KEPT, NO_LONGER_IN, Feed, Subscriber
from axiod.gateway.rest.outputs import Outputs
from axiod.gateway.rest.record import Record, Wish
from axiod.gateway.rest.services import Services
from axiod.gateway.rest.things import Things
from tests.conftest import until
from tests.gateway.test_mirror import IO, RELAYS, relays_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.conftest import Daemon


@dataclass
class Site:
    """The API, with nobody at the door."""

    server: TestServer
    http: aiohttp.ClientSession
    feed: Feed
    mirror: Mirror

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.http.get(f"/api/v1/{path}") as answer:
            return answer.status, await answer.json(content_type=None)

    def stream(self, query: str = "") -> Any:
        return self.http.ws_connect(f"/api/v1/events{query}", max_msg_size=1 << 24)


@web.middleware
async def _let_in(request: web.Request, handler: Callable[..., Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    request[PERSON] = Person("", None, "127.0.0.1", "anonymous")
    try:
        return await handler(request)
    except AxiodError as error:
        return problem.problem(error, request.path)


@pytest_asyncio.fixture
async def site(bus: Daemon) -> AsyncIterator[Site]:
    connection = await Connection.open(bus.address)
    mirror = Mirror(connection, (IO, RELAYS))
    gateway = gateway_of(mirror)
    feed = Feed(mirror, gateway.accounts)
    application = web.Application(middlewares=[_let_in])
    for part in (Things(gateway), Outputs(gateway), Services(gateway), Connected(gateway), Events(feed)):
        for route in part.routes():
            application.router.add_route(route.method, route.path, route.handler)
    await mirror.start()
    server = TestServer(application)
    await server.start_server()
    async with aiohttp.ClientSession(server.make_url("/")) as http:
        yield Site(server, http, feed, mirror)
    await server.close()
    await mirror.stop()
    await connection.close()


async def record(stream: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    found: dict[str, Any] = await stream.receive_json(timeout=10)
    return found


async def test_what_a_service_has_is_503_while_it_is_away(bus: Daemon, site: Site) -> None:
    async with site.http.get("/api/v1/relays/relay1") as answer:
        told = await answer.json(content_type=None)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert told["type"] == "/api/v1/problems/Unavailable"
        assert "axiod-relays is not running" in told["detail"]
    async with site.http.post("/api/v1/outputs", json={"relay1": True}) as answer:
        assert answer.status == 503
    assert (await site.get("services/relays"))[1] == {"Id": "relays", "Available": False}
    async with relays_on(bus.address, "relay1"):
        await until(lambda: site.mirror.available(RELAYS))
        assert (await site.get("relays"))[0] == 200
        async with site.http.post("/api/v1/outputs", json={"nothing": True}) as answer:
            assert answer.status == 503, "it may be one of those that are away"
    await until(lambda: not site.mirror.available(RELAYS))
    assert (await site.get("relays"))[0] == 503


async def test_the_stream_goes_on_and_states_are_told_again(bus: Daemon, site: Site) -> None:
    async with site.stream() as stream:
        snapshot = await record(stream)
        assert snapshot["Resources"] == {}
        for turn in range(2):
            async with relays_on(bus.address, "relay1", active=bool(turn)):
                told: list[dict[str, Any]] = []
                while not told or told[-1]["Kind"] != "service":
                    told.append(await record(stream))
                assert (told[-1]["Id"], told[-1]["Available"]) == ("relays", True)
                [relay] = [item["Changed"] for item in told if item.get("Id") == "relay1"]
                assert relay["Active"] is bool(turn)
                [event] = [item for item in told if item["Kind"] == "event"]
                assert event["Data"] == {"LogicalState": "active" if turn else "inactive"}
            gone = await record(stream)
            assert (gone["Kind"], gone["Id"], gone["Available"]) == ("service", "relays", False)
            assert "Version" not in gone


async def test_whoever_may_not_listen_any_more_is_told_nothing(site: Site) -> None:
    """The account went after the request was let in."""
    told: list[Record] = []

    async def tell(record: Record) -> None:
        told.append(record)

    outbox = Outbox(tell)
    person = Person("gone", Role.VIEWER, "127.0.0.1", "digest")
    site.feed.subscribe(Subscriber(person, Wish.read(Role.VIEWER, {}, ()), outbox), None)
    assert await outbox.run() == NO_LONGER_IN
    assert not told
    assert site.feed.streams == 0


async def test_a_thing_that_goes_is_removed(bus: Daemon, site: Site) -> None:
    async with relays_on(bus.address, "relay1", "relay2") as service, site.stream("?kinds=removed") as stream:
        await until(lambda: site.mirror.available(RELAYS))
        await record(stream)
        service.server.unexport("/org/axiod/relays1/relay/relay2")
        gone = await record(stream)
        assert (gone["Kind"], gone["Resource"], gone["Id"]) == ("removed", "relays", "relay2")


async def test_what_becomes_absent_is_told(bus: Daemon, site: Site) -> None:
    async with relays_on(bus.address, "relay1") as service, site.stream("?kinds=changed") as stream:
        await until(lambda: site.mirror.available(RELAYS))
        service.change("relay1", problem="stuck")
        service.change("relay1", problem=None)
        told = await record(stream)
        while told["Kind"] == "snapshot" or told["Changed"] != {"Problem": "stuck"}:
            told = await record(stream)
        gone = await record(stream)
        assert (gone["Changed"], gone["Gone"]) == ({}, ["Problem"])


async def test_the_ring_is_bounded(bus: Daemon, site: Site) -> None:
    async with relays_on(bus.address, "relay1") as service:
        await until(lambda: site.mirror.available(RELAYS))
        start = site.feed.position
        before = site.feed.sequence
        for count in range(KEPT + 1):
            service.change("relay1", cycles=count + 1000)
        await until(lambda: site.feed.sequence == before + KEPT + 1)
        async with site.stream(f"?since={start}") as stream:
            told = await record(stream)
            assert (told["Kind"], told["Resync"]) == ("snapshot", True)
        async with site.stream(f"?since={site.feed.epoch}-{before + 1}&kinds=changed") as stream:
            told = await record(stream)
            assert (told["Kind"], told["Sequence"]) == ("changed", before + 2)


async def test_a_client_that_takes_nothing_is_dropped_and_nobody_else_notices(bus: Daemon, site: Site) -> None:
    """The slow one speaks HTTP for itself, so that nothing reads for it."""
    host, port = site.server.host, site.server.port
    assert port
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(slow, (host, port))
    await loop.sock_sendall(slow, b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
    async with relays_on(bus.address, "relay1") as service, site.stream("?kinds=changed") as quick:
        await until(lambda: site.feed.streams == 2 and site.mirror.available(RELAYS))
        count = 0
        while site.feed.streams == 2:
            for _ in range(100):
                count += 1
                service.change("relay1", problem=f"{count} " + "x" * 500)
            last = count
            while True:
                told = await record(quick)
                if told["Kind"] == "changed" and told["Changed"].get("Problem", "").startswith(f"{last} "):
                    break
            assert count < 20_000, "it should have been dropped by now"
    received = b""
    while chunk := await loop.sock_recv(slow, 1 << 16):
        received += chunk
    slow.close()
    assert b"Resync" in received, "it had its beginning"


async def test_many_streams_share_what_is_written(bus: Daemon, site: Site) -> None:
    async with relays_on(bus.address, "relay1") as service:
        await until(lambda: site.mirror.available(RELAYS))
        streams = [await site.stream("?kinds=changed") for _ in range(50)]
        for stream in streams:
            await record(stream)
        for count in range(20):
            service.change("relay1", cycles=5000 + count)
        for stream in streams:
            told = [(await record(stream))["Changed"]["Cycles"] for _ in range(20)]
            assert told == [5000 + count for count in range(20)]
            await stream.close()
        await until(lambda: site.feed.streams == 0)


async def test_heartbeats_move_a_quiet_client_on(site: Site) -> None:
    assert json.loads(site.feed.heartbeat().json).items() >= {"Kind": "heartbeat", "Epoch": site.feed.epoch}.items()
