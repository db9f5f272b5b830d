# SPDX-License-Identifier: Apache-2.0
"""A gateway within the test, beside the one of the device, for what needs other limits or a look inside."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_asyncio

from axiod.bus.connection import Connection
from axiod.gateway import parts
from axiod.gateway.app import build
from axiod.gateway.daemon import gateway_of
from axiod.gateway.door import Door
from axiod.gateway.limits import Limits
from axiod.gateway.mirror import Mirror
from axiod.gateway.rtsp.server import SESSION_SECONDS, RtspServer
from axiod.gateway.server import Server
from tests.gateway.streams.rtsp_client import MEDIA, RtspClient
from tests.gateway.web_device import PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from axiod.gateway.context import Gateway
    from tests.gateway.web_device import WebDevice

SERVICES = ("org.axiod.events1", "org.axiod.io1", "org.axiod.relays1", "org.axiod.system1")


class Here:
    """A gateway that runs here."""

    def __init__(self, gateway: Gateway, rtsp: RtspServer, server: Server) -> None:
        self.gateway = gateway
        self.rtsp = rtsp
        self._server = server

    def port(self, kind: str) -> int:
        """Return where it listens."""
        return int(self._server.where()[kind][0].rpartition(":")[2])


class Connect(Protocol):
    """Makes a client of RTSP that is closed at the end of the test; to the device unless a port is given."""

    def __call__(
        self, port: int | None = None, *, user: str = "viewer", password: str = PASSWORD, query: str = MEDIA
    ) -> RtspClient: ...


@pytest_asyncio.fixture
async def connect(web: WebDevice) -> AsyncIterator[Connect]:
    """A function that makes one."""
    made: list[RtspClient] = []

    def make(
        port: int | None = None, *, user: str = "viewer", password: str = PASSWORD, query: str = MEDIA
    ) -> RtspClient:
        made.append(RtspClient(port or web.ports["rtsp"], user, password, query=query))
        return made[-1]

    yield make
    for client in made:
        await client.close()


class Serve(Protocol):
    """Starts a gateway that is stopped at the end of the test."""

    async def __call__(
        self, *, session_seconds: int = SESSION_SECONDS, address: str = "127.0.0.1", rtsp_port: int = 0
    ) -> Here: ...


@pytest_asyncio.fixture
async def serve(web: WebDevice) -> AsyncIterator[Serve]:
    """A function that starts one on the bus of the device."""
    running: list[tuple[Server, Mirror, Connection]] = []

    async def start(*, session_seconds: int = SESSION_SECONDS, address: str = "127.0.0.1", rtsp_port: int = 0) -> Here:
        connection = await Connection.open(web.address)
        mirror = Mirror(connection, SERVICES)
        gateway = gateway_of(mirror)
        door, limits = Door(gateway), Limits()
        rtsp = RtspServer(gateway, session_seconds=session_seconds)
        server = Server(
            gateway,
            build(gateway, parts.routes(gateway, door), door, limits),
            rtsp,
            on_status=lambda _: None,
            addresses=(address,),
            ports={"http": 0, "https": 0, "rtsp": rtsp_port},
            limits=limits,
        )
        running.append((server, mirror, connection))
        await mirror.start()
        problems = await server.start()
        if rtsp_port and os.geteuid() != 0 and problems:
            pytest.skip(f"only root can listen there: {problems}")
        assert not problems
        return Here(gateway, rtsp, server)

    yield start
    for server, mirror, connection in reversed(running):
        await server.stop()
        await mirror.stop()
        await connection.close()
