# SPDX-License-Identifier: Apache-2.0
"""Serves what listens: takes connections as they come, and follows the settings of org.axiod.system1.Web at once."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from axiod.errors import AxiodError
from axiod.gateway.address import plain
from axiod.gateway.certificate import PresentCertificate
from axiod.gateway.incoming import Incoming
from axiod.gateway.limits import Limits
from axiod.gateway.listening import Listening, reset
from axiod.gateway.names import WEB

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    from axiod.bus.client import Event
    from axiod.gateway.clients import ConnectedClient
    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing

_log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 1.5
"""What is being answered may take so long once the gateway stops; streams end then."""
_FIRST_SECONDS = 1.0
"""Once the gateway stops, who was let in before and has asked nothing yet may ask within this: his request is on its
way, or waits to be read, and he could not know."""
_LOOK_SECONDS = 0.01
_SAY_AGAIN_SECONDS = 10.0
"""Refused connections are logged at most so often."""
AGAIN_SECONDS = 5.0
"""A port that could not be had is tried again after this."""
_TIDY_AFTER = 16
"""After so many connections have ended, what they left is freed. Each leaves a circle of few objects, half a megabyte
with TLS or a body, of which Python's own collection would think too late."""
DEFAULT_PORTS = {"http": 80, "https": 443, "rtsp": 554}


class RtspHandler(Protocol):
    """Serves the connections of RTSP; see axiod.gateway.rtsp."""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one until its end."""


class Server:
    """Everything that listens."""

    def __init__(
        self,
        gateway: Gateway,
        application: web.Application,
        rtsp: RtspHandler,
        *,
        on_status: Callable[[str], None],
        addresses: tuple[str, ...] = (),
        ports: Mapping[str, int] | None = None,
        inherited: Iterable[socket.socket] = (),
        limits: Limits | None = None,
    ) -> None:
        """`ports`: by kind, in place of those of the settings. `on_status`: is told in one line where it listens."""
        self._gateway = gateway
        self._rtsp = rtsp
        self._on_status = on_status
        self._ports = dict(ports or {})
        self._limits = limits or Limits()
        self._inherited = list(inherited)
        self._runner = web.AppRunner(application, handle_signals=False, access_log=None)
        self._listening = Listening(self._take, addresses)
        self._certificate = PresentCertificate(gateway.mirror, self.apply)
        self._incoming: dict[ConnectedClient, Incoming | None] = {}
        """None while its TLS begins."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._again: asyncio.TimerHandle | None = None
        self._former: dict[str, int] = {}
        """The ports by kind that were wanted last."""
        self._status = ""
        self._stopped = False
        self._ended = 0
        """Connections since what they leave was freed."""
        self._refused_said = -_SAY_AGAIN_SECONDS

    async def start(self) -> list[str]:
        """Listen; returns a sentence for each port that could not be had, which is tried again."""
        await self._runner.setup()
        self._listening.inherit(self._inherited)
        self._gateway.mirror.listen(self)
        self._certificate.follow()
        await self._certificate.settled()
        return self.apply()

    async def stop(self) -> None:
        """Accept nobody any more, finish what is being answered, and close everything."""
        self._stopped = True
        if self._again:
            self._again.cancel()
        self._listening.close()
        for end in self._gateway.on_stop:
            end()
        await self._certificate.stop()
        await self._first_requests()
        await self._runner.shutdown()
        server = self._runner.server
        if server is not None:
            await server.shutdown(SHUTDOWN_SECONDS)
        await self._runner.cleanup()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _first_requests(self) -> None:
        """Wait until everybody who was let in has asked something."""
        end = asyncio.get_running_loop().time() + _FIRST_SECONDS
        while any(client.requests == 0 for client in self._incoming):
            if asyncio.get_running_loop().time() >= end:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def reload(self) -> None:
        """Try again what could not be had."""
        self._certificate.follow()
        self.apply()

    def where(self) -> Mapping[str, list[str]]:
        """Return address:port of all that listens, by kind."""
        return self._listening.where()

    # --- the settings ---

    def apply(self) -> list[str]:
        """Listen as the settings say now; returns a sentence for each port that could not be had."""
        if self._stopped:
            return []
        wanted = self._wanted()
        problems = self._listening.want(wanted)
        for kind in ("http", "https"):
            if kind not in wanted:
                self._end(kind)
        if self._again:
            self._again.cancel()
            self._again = None
        if problems:
            self._again = asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.apply)
        said = [*problems, self._certificate.problem] if self._certificate.problem else problems
        places = ", ".join(f"{kind} at {' '.join(at)}" for kind, at in sorted(self.where().items()))
        status = "; ".join([places or "listens nowhere", *said])
        if status != self._status:
            for text in said:
                _log.error("%s", text)
            _log.info("%s", places or "listens nowhere")
            self._status = status
            self._on_status(status)
        return problems

    def _wanted(self) -> dict[str, int]:
        try:
            web_ = self._gateway.mirror.thing(WEB).properties
        except AxiodError:
            # Whoever is away now may be back soon; nothing that listens is closed for that.
            if self._former:
                return self._former
            web_ = {}
        protocols = web_.get("Protocols", "both")
        ports = {
            kind: self._ports.get(kind, int(web_.get(f"{kind.capitalize()}Port", port)))
            for kind, port in DEFAULT_PORTS.items()
            if kind == "rtsp" or protocols in (kind, "both")
        }
        if self._certificate.context is None:
            ports.pop("https", None)
        self._former = ports
        return ports

    # --- who comes ---

    def _take(self, kind: str, connection: socket.socket) -> None:
        try:
            peer = connection.getpeername()
        except OSError:  # gone already
            connection.close()
            return
        address = plain(peer[0])
        clients = self._gateway.clients
        if len(clients) >= self._limits.connections or clients.of(address) >= self._limits.connections_of_address:
            self._say_refused(address)
            reset(connection)
            return
        if kind == "rtsp":
            self._begin(self._serve_rtsp(connection))
            return
        context = self._certificate.context if kind == "https" else None
        client = clients.add(address, peer[1], kind)
        self._incoming[client] = None
        self._begin(self._serve_http(connection, client, context))

    def _say_refused(self, address: str) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._refused_said + _SAY_AGAIN_SECONDS:
            self._refused_said = now
            clients = self._gateway.clients
            _log.warning(
                "%s and perhaps others are refused: it has %d connections of %d in all",
                address,
                clients.of(address),
                len(clients),
            )

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_http(
        self, connection: socket.socket, client: ConnectedClient, context: ssl.SSLContext | None
    ) -> None:
        server = self._runner.server
        if server is None:
            self._gone(client)
            reset(connection)
            return
        try:
            _, protocol = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: Incoming(server, client, self._gone, self._limits),
                connection,
                ssl=context,
                ssl_handshake_timeout=self._limits.head_seconds if context else None,
                ssl_shutdown_timeout=1.0 if context else None,
            )
        except OSError as error:
            # No TLS, or none that is taken: browsers that do not know the certificate do so all the time.
            _log.debug("%s: TLS failed: %s", client.address, error)
            self._gone(client)
            connection.close()
            return
        if client in self._incoming:
            self._incoming[client] = protocol

    async def _serve_rtsp(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=64 * 1024)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection)
        except OSError:
            connection.close()
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        with contextlib.suppress(ConnectionError):
            await self._rtsp.handle(reader, writer)

    def _gone(self, client: ConnectedClient) -> None:
        self._gateway.clients.remove(client)
        self._incoming.pop(client, None)
        self._ended += 1
        if self._ended >= _TIDY_AFTER:
            self._ended = 0
            asyncio.get_running_loop().call_soon(gc.collect)

    def _end(self, kind: str) -> None:
        """Let the connections of a protocol that is not allowed any more finish what they are at."""
        for client, incoming in list(self._incoming.items()):
            if client.protocol == kind and incoming is not None:
                incoming.finish()

    # --- following (the mirror's Listener) ---

    def changed(self, thing: Thing, former: Thing | None) -> None:  # noqa: ARG002 # the Listener's signature
        """See Listener."""
        if self._certificate.concerns(thing):
            self._certificate.follow()
        if thing.interface == WEB:
            self.apply()

    def removed(self, thing: Thing) -> None:
        """See Listener."""

    def event(self, service: str, event: Event) -> None:
        """See Listener."""

    def service(self, name: str, *, available: bool) -> None:
        """See Listener."""
        if available and WEB.startswith(name + "."):
            self._certificate.follow()
            self.apply()
