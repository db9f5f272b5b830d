# SPDX-License-Identifier: Apache-2.0
"""Serves the RTSP connections that the gateway accepts. A stream lives and ends with its connection."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from typing import TYPE_CHECKING

from axiod.errors import InvalidArgument
from axiod.gateway.address import plain
from axiod.gateway.outbox import narrow
from axiod.gateway.rtsp import message
from axiod.gateway.rtsp.entry import Entry
from axiod.gateway.rtsp.media import Datagrams, Interleaved, Packets
from axiod.gateway.rtsp.message import MEDIA, METHODS, Refused, Response, refusal
from axiod.gateway.rtsp.stream import Stream
from axiod.gateway.vapix.audience import Audience
from axiod.gateway.vapix.topics import Filter

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from axiod.gateway.clients import ConnectedClient
    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person
    from axiod.gateway.rtsp.media import Media
    from axiod.gateway.rtsp.message import Request

_log = logging.getLogger(__name__)

SESSION_SECONDS = 60
"""A client that says nothing for so long is gone."""
_GRACE_SECONDS = 10
_BEFORE_SECONDS = 30
"""The same before there is a session."""
_HEAD_SECONDS = 10.0
_MOST_CONNECTIONS = 128
"""How many an address may have is limited where they are accepted, together with those of HTTP."""
_MOST_FAILURES = 3
_MOST_ERRORS = 10
"""In a row. Some clients say what was refused again at once, and for ever, until the connection is closed."""
_LONGEST_BODY = 16 * 1024


class RtspServer:
    """All RTSP connections. `session_seconds`: a client that says nothing for so long is gone."""

    def __init__(self, gateway: Gateway, *, session_seconds: int = SESSION_SECONDS) -> None:
        self.gateway = gateway
        self.session_seconds = session_seconds
        self.most_connections = _MOST_CONNECTIONS
        self.audience = Audience(gateway)
        self._connections: set[_Connection] = set()

    def __len__(self) -> int:
        return len(self._connections)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one accepted connection until its end, and close it."""
        sock: socket.socket | None = writer.get_extra_info("socket")
        peer = writer.get_extra_info("peername")
        if sock is None or not peer:
            writer.transport.abort()
            return
        address = plain(peer[0])
        if len(self._connections) >= self.most_connections:
            _log.warning("%s is refused: there are too many RTSP connections", address)
            writer.write(Response(503).encode("0"))
            await _close(writer)
            return
        client = self.gateway.clients.add(address, peer[1], "rtsp")
        connection = _Connection(self, reader, writer, address, client)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)
            self.gateway.clients.remove(client)
            await _close(writer)


class _Connection:
    """One client."""

    def __init__(
        self,
        server: RtspServer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        address: str,
        client: ConnectedClient,
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._address = address
        self._client = client
        self._entry = Entry(server.gateway, address)
        self._session = ""
        self._stream: Stream | None = None
        self._sending: asyncio.Task[None] | None = None
        self._timeout: asyncio.Timeout | None = None
        self._errors = 0

    async def serve(self) -> None:
        """Answer until the client is gone, or must go."""
        try:
            while (request := await self._next()) is not None:
                response, play = await self._answered(request)
                self._writer.write(response.encode(request.cseq))
                if play:
                    self._play()
                async with asyncio.timeout(_HEAD_SECONDS):
                    await self._writer.drain()
                if self._entry.failures >= _MOST_FAILURES or self._errors >= _MOST_ERRORS:
                    break
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass
        except Refused as error:
            # Where the next request would begin is not known.
            cseq = error.headers.pop("CSeq", "0")
            self._writer.write(refusal(error).encode(cseq))
        except asyncio.LimitOverrunError:
            self._writer.write(Response(413).encode("0"))
        finally:
            await self._stop()

    # --- what comes ---

    async def _next(self) -> Request | None:
        """Return the next request; None when the client has nothing more to say. Raises TimeoutError, Refused."""
        while True:
            try:
                async with asyncio.timeout(self._patience) as self._timeout:
                    first = await self._reader.readexactly(1)
            except asyncio.IncompleteReadError:
                return None
            finally:
                self._timeout = None
            async with asyncio.timeout(_HEAD_SECONDS):
                if first == b"$":  # RTCP of an interleaved stream: a sign of life
                    head = await self._reader.readexactly(3)
                    await self._reader.readexactly(int.from_bytes(head[1:]))
                elif first not in b"\r\n":
                    return await self._request(first)

    async def _request(self, first: bytes) -> Request:
        head = first + await self._reader.readuntil(b"\r\n\r\n")
        if len(head) > message.LONGEST_HEAD:
            raise Refused(413, f"the head is longer than {message.LONGEST_HEAD} bytes")
        request = message.parse(head.removesuffix(b"\r\n\r\n"))
        if request.length > _LONGEST_BODY:
            raise Refused(413, f"the body is longer than {_LONGEST_BODY} bytes", CSeq=request.cseq)
        await self._reader.readexactly(request.length)
        return request

    @property
    def _patience(self) -> float:
        return self._server.session_seconds + _GRACE_SECONDS if self._session else _BEFORE_SECONDS

    def _alive(self) -> None:
        """RTCP came: it counts like a request."""
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._patience)

    # --- what is answered ---

    async def _answered(self, request: Request) -> tuple[Response, bool]:
        """Return the answer, and whether the stream begins with it."""
        self._client.requests += 1
        answers: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "OPTIONS": self._options,
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._begin,
            "TEARDOWN": self._teardown,
            "GET_PARAMETER": self._parameter,
            "SET_PARAMETER": self._parameter,
        }
        try:
            if request.method not in answers:
                raise Refused(405, "there is no such method here", Allow=", ".join(METHODS))
            response = await answers[request.method](request)
        except Refused as error:
            self._errors += 1
            _log.debug("%s: %s is refused: %s", self._address, request.method, error)
            return refusal(error), False
        self._errors = 0
        return response, request.method == "PLAY"

    async def _options(self, request: Request) -> Response:
        if request.session:
            self._require_session(request)
        return Response(200, {"Public": ", ".join(METHODS), **self._named()})

    async def _describe(self, request: Request) -> Response:
        await self._person(request)
        self._require_stream(request)
        return message.description(request, plain(self._writer.get_extra_info("sockname")[0]))

    async def _setup(self, request: Request) -> Response:
        person = await self._person(request)
        filters = self._require_stream(request)
        if self._sending is not None:
            raise Refused(455, "the stream is running already")
        if request.session:
            self._require_session(request)
        way = message.wanted(request.headers.get("transport", ""))
        packets = Packets()
        media: Media
        if way.interleaved:
            media = Interleaved(self._writer, (way.first, way.second), packets.ssrc)
        else:
            try:
                media = Datagrams(
                    self._writer.get_extra_info("socket"), (way.first, way.second), packets.ssrc, self._alive
                )
            except OSError as error:
                raise Refused(503, f"there is no way to those ports: {error}") from None
        if self._stream is not None:
            self._stream.media.close()
        self._stream = Stream(person, filters, packets, media)
        self._session = self._session or secrets.token_hex(8)
        session = f"{self._session};timeout={self._server.session_seconds}"
        return Response(200, {"Session": session, "Transport": media.transport})

    async def _begin(self, request: Request) -> Response:
        await self._person(request)
        self._require_session(request)
        if self._stream is None:
            raise Refused(455, "SETUP comes first")
        packets = self._stream.packets
        url = f"{request.base}{MEDIA}/stream=0"
        info = f"url={url};seq={packets.sequence};rtptime={packets.time}"
        return Response(200, {**self._named(), "Range": "npt=now-", "RTP-Info": info})

    async def _teardown(self, request: Request) -> Response:
        self._require_session(request)
        await self._stop()
        return Response(200)

    async def _parameter(self, request: Request) -> Response:
        self._require_session(request)
        return Response(200, self._named())

    async def _person(self, request: Request) -> Person:
        person = await self._entry.person(request)
        self._client.user = person.name
        return person

    def _named(self) -> dict[str, str]:
        return {"Session": self._session} if self._session else {}

    def _require_session(self, request: Request) -> None:
        if not self._session or request.session != self._session:
            raise Refused(454, "there is no such session on this connection")

    def _require_stream(self, request: Request) -> list[Filter]:
        """Return what the client wants of the stream that the URL names."""
        parameters = request.parameters
        if request.path.rstrip("/") not in (MEDIA, f"{MEDIA}/stream=0") or parameters.get("event") in (
            "off",
            "no",
            "0",
        ):
            raise Refused(404, f"there is only {MEDIA}?event=on")
        try:
            return [Filter.parse(parameters.get("eventtopic") or "//.", parameters.get("eventcontent", ""))]
        except InvalidArgument as error:
            raise Refused(400, str(error)) from None

    # --- the stream ---

    def _play(self) -> None:
        if self._stream is None or self._sending is not None:
            return
        if self._stream.media.kind == "tcp":
            narrow(self._writer.transport)
        self._client.streams.append(f"rtsp by {self._stream.media.kind}")
        self._sending = asyncio.get_running_loop().create_task(self._send(self._stream))
        self._server.audience.join(self._stream)

    async def _send(self, stream: Stream) -> None:
        try:
            reason = await stream.outbox.run()
            _log.info("the event stream of %s ends: %s", self._address, reason)
        except Exception:  # noqa: BLE001 # a client without its stream must not believe that nothing happens
            _log.exception("the event stream of %s fails", self._address)
        finally:
            self._server.audience.leave(stream)
        # RTSP cannot say why.
        self._writer.transport.abort()

    async def _stop(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        if self._stream is not None:
            self._stream.media.close()
            self._stream = None
        self._session = ""
        self._client.streams.clear()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_HEAD_SECONDS):
            await writer.wait_closed()
    if not writer.transport.is_closing():
        return
    writer.transport.abort()
