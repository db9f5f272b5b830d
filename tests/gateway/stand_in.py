# SPDX-License-Identifier: Apache-2.0
"""A stand-in for axiod-system whose settings a test changes at will, and a gateway that runs within the test."""

from __future__ import annotations

import socket
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web

from axiod.bus.connection import Connection
from axiod.bus.server import Server as BusServer
from axiod.bus.service import EventSource, ServiceRoot
from axiod.gateway import health
from axiod.gateway.app import build
from axiod.gateway.daemon import gateway_of
from axiod.gateway.door import Door
from axiod.gateway.limits import Limits
from axiod.gateway.mirror import Mirror
from axiod.gateway.person import person_of
from axiod.gateway.route import Route
from axiod.gateway.server import Server
from axiod.gateway.vapix import account_cgi
from tests.bus.contract_handler import ContractHandler

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    from axiod.gateway.clients import Clients

SYSTEM = "org.axiod.system1"
ROOT = "/org/axiod/system1"
WEB = f"{SYSTEM}.Web"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody has."""
    with socket.socket() as item:
        item.bind(("127.0.0.1", 0))
        return int(item.getsockname()[1])


def listener(port: int = 0) -> socket.socket:
    """Return a socket that listens, as systemd makes one."""
    item = socket.socket()
    item.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    item.bind(("127.0.0.1", port))
    item.listen()
    return item


class System:
    """org.axiod.system1 as far as the gateway follows it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._server = BusServer(connection, ROOT)
        ServiceRoot(self._server, ROOT, lambda _: None)
        EventSource(self._server, ROOT).live = True
        self.web = ContractHandler(
            WEB,
            protocols="both",
            http_port=free_port(),
            https_port=free_port(),
            rtsp_port=free_port(),
            certificate="none",
            basic_over_http=False,
        )
        self._certificates: dict[str, ContractHandler] = {}
        self._accounts: dict[str, ContractHandler] = {}
        self._server.export(f"{ROOT}/web", WEB, self.web)
        self.access = ContractHandler(f"{SYSTEM}.Access", needs_setup=False, anonymous_viewing=False, realm="R")
        self._server.export(f"{ROOT}/access", f"{SYSTEM}.Access", self.access)
        self.blocking = ContractHandler(f"{SYSTEM}.Blocking", blocked=[])
        self._server.export(f"{ROOT}/blocking", f"{SYSTEM}.Blocking", self.blocking)

    async def start(self) -> None:
        """Be there."""
        await self._connection.request_name(SYSTEM)

    def tell_blocking(self) -> None:
        """Tell that what is blocked has changed."""
        self._server.changed(f"{ROOT}/blocking", f"{SYSTEM}.Blocking")

    def change_access(self, **values: Any) -> None:
        """Change properties of Access."""
        for name, value in values.items():
            setattr(self.access, name, value)
        self._server.changed(f"{ROOT}/access", f"{SYSTEM}.Access")

    def put_account(self, name: str, **values: Any) -> None:
        """Add an account, or change it."""
        path, interface = f"{ROOT}/account/{name}", f"{SYSTEM}.Account"
        if name not in self._accounts:
            self._accounts[name] = ContractHandler(interface, name=name)
            self._server.export(path, interface, self._accounts[name])
        for key, value in values.items():
            setattr(self._accounts[name], key, value)
        self._server.changed(path, interface)

    def configure(self, **values: Any) -> None:
        """Change settings of Web."""
        for name, value in values.items():
            setattr(self.web, name, value)
        self._server.changed(f"{ROOT}/web", WEB)

    def add_certificate(self, id_: str, pem: str, key: str) -> None:
        """Add a certificate, or put another one in its place."""
        path, interface = f"{ROOT}/certificate/{id_}", f"{SYSTEM}.Certificate"
        handler = self._certificates.get(id_)
        if handler is None:
            handler = self._certificates[id_] = ContractHandler(interface, pem=pem)
            handler.answers["Key"] = lambda: key
            self._server.export(path, interface, handler)
            return
        handler.answers["Key"] = lambda: key
        handler.pem = pem  # type: ignore[attr-defined] # it has the properties of the contract
        self._server.changed(path, interface)


def make_certificate(folder: Path, name: str, *, password: str = "") -> tuple[str, str]:
    """Have openssl make a certificate and its key, PEM; the key has a password if one is given."""
    made, key = folder / f"{name}.pem", folder / f"{name}.key"
    hidden = ["-passout", f"pass:{password}"] if password else ["-nodes"]
    kind = ["-x509", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", f"/CN={name}"]
    command = ["openssl", "req", *kind, "-keyout", str(key), "-out", str(made), *hidden]
    subprocess.run(command, check=True, capture_output=True)
    return made.read_text(), key.read_text()


class Echo:
    """Stands for RTSP: says what is said to it."""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        while line := await reader.readline():
            writer.write(line)
        writer.close()


class Here:
    """A gateway within the test."""

    def __init__(self, server: Server, clients: Clients, statuses: list[str]) -> None:
        self.server = server
        self.clients = clients
        self.statuses = statuses

    def port(self, kind: str) -> int:
        """Return where it listens."""
        return int(self.server.where()[kind][0].rpartition(":")[2])


async def _take(request: web.Request) -> web.Response:
    return web.Response(text=f"{len(await request.read())}\n")


async def _address(request: web.Request) -> web.Response:
    return web.Response(text=person_of(request).address)


async def _fail(_request: web.Request) -> web.Response:
    raise RuntimeError("on purpose")


@asynccontextmanager
async def here(
    address: str,
    *,
    ports: Mapping[str, int] | None = None,
    inherited: Iterable[socket.socket] = (),
    limits: Limits | None = None,
    addresses: tuple[str, ...] = ("127.0.0.1",),
) -> AsyncIterator[Here]:
    """Run a gateway with /healthz, pwdgrp.cgi, /take (a body of anybody), /address (of who asks) and /fail."""
    connection = await Connection.open(address)
    mirror = Mirror(connection, (SYSTEM,))
    gateway = gateway_of(mirror)
    routes = [
        *health.routes(gateway),
        *account_cgi.routes(gateway),
        Route("POST", "/take", _take, None),
        Route("GET", "/fail", _fail, None),
        Route("GET", "/address", _address, None),
    ]
    statuses: list[str] = []
    server = Server(
        gateway,
        build(gateway, routes, Door(gateway), limits or Limits()),
        Echo(),
        on_status=statuses.append,
        addresses=addresses,
        ports=ports,
        inherited=inherited,
        limits=limits or Limits(),
    )
    await mirror.start()
    await server.start()
    try:
        yield Here(server, gateway.clients, statuses)
    finally:
        await server.stop()
        await mirror.stop()
        await connection.close()
