# SPDX-License-Identifier: Apache-2.0
"""/api/v1/events: what happens, as a WebSocket (RFC 6455) or as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, hdrs, web

from axiod.bus.caller import Role
from axiod.errors import InvalidArgument
from axiod.gateway.outbox import GONE, STOPPING, Outbox, narrow
from axiod.gateway.person import person_of
from axiod.gateway.rest.feed import KEPT, NO_LONGER_IN, Subscriber, kinds
from axiod.gateway.rest.record import Wish
from axiod.gateway.rest.table import API
from axiod.gateway.route import Route
from axiod.gateway.streaming import streaming

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from axiod.gateway.rest.feed import Feed
    from axiod.gateway.rest.record import Record

PATH = f"{API}/events"
_MOST_WAITING = KEPT + 1000
"""What a client missed, and as much again."""
_FAREWELL_SECONDS = 2.0
_LONGEST_MESSAGE = 4096
"""Clients have nothing to say here."""


class Events:
    """Opens the streams."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def routes(self) -> Iterator[Route]:
        """Yield what there is to ask for."""
        yield Route("GET", PATH, self._open, Role.VIEWER)

    async def _open(self, request: web.Request) -> web.StreamResponse:
        person = person_of(request)
        wish = Wish.read(person.role or Role.VIEWER, _query(request), kinds())
        since = request.query.get("since", request.headers.get("Last-Event-ID"))
        upgrading = web.WebSocketResponse().can_prepare(request).ok
        stream = _websocket if upgrading else _server_sent
        if not upgrading and not _takes_events(request):
            raise web.HTTPNotAcceptable(text="ask for a WebSocket, or with Accept: text/event-stream")
        name = f"{'websocket' if upgrading else 'server-sent events'} {PATH}"
        subscribed: list[Subscriber] = []

        def begin(outbox: Outbox[Record]) -> None:
            subscribed.append(Subscriber(person, wish, outbox))
            self._feed.subscribe(subscribed[0], since)

        try:
            with streaming(request, name):
                return await stream(request, self._feed, begin)
        finally:
            for subscriber in subscribed:
                self._feed.unsubscribe(subscriber)


def _query(request: web.Request) -> dict[str, str]:
    if any(len(request.query.getall(name)) > 1 for name in request.query):
        raise InvalidArgument("a parameter stands twice in the query; put commas between several words")
    return dict(request.query)


def _takes_events(request: web.Request) -> bool:
    accept = request.headers.get(hdrs.ACCEPT, "*/*")
    return any(kind in accept for kind in ("text/event-stream", "text/*", "*/*"))


def _outbox(send: Callable[[Record], Awaitable[None]], feed: Feed) -> Outbox[Record]:
    return Outbox(send, most_items=_MOST_WAITING, idle=feed.heartbeat)


async def _websocket(request: web.Request, feed: Feed, begin: Callable[[Outbox[Record]], None]) -> web.StreamResponse:
    socket = web.WebSocketResponse(
        timeout=_FAREWELL_SECONDS, heartbeat=30.0, compress=False, max_msg_size=_LONGEST_MESSAGE
    )
    await socket.prepare(request)
    narrow(request.transport)

    async def send(record: Record) -> None:
        await socket.send_frame(record.json, WSMsgType.TEXT)

    outbox = _outbox(send, feed)
    begin(outbox)
    sending = asyncio.create_task(outbox.run())
    listening = asyncio.create_task(_listen(socket))
    try:
        await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Also when the gateway stops, which cancels this.
        outbox.close(GONE if listening.done() else STOPPING)
        listening.cancel()
        sending.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)
        await _close(request, socket, outbox.reason or GONE)
    return socket


async def _listen(socket: web.WebSocketResponse) -> None:
    """Wait until the client leaves; what it says is for nobody."""
    async for _ in socket:
        pass


async def _close(request: web.Request, socket: web.WebSocketResponse, reason: str) -> None:
    code = {NO_LONGER_IN: WSCloseCode.POLICY_VIOLATION, STOPPING: WSCloseCode.GOING_AWAY}.get(
        reason, WSCloseCode.TRY_AGAIN_LATER
    )
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await socket.close(code=code, message=reason.encode()[:123])
    if request.transport is not None:
        request.transport.abort()


async def _server_sent(request: web.Request, feed: Feed, begin: Callable[[Outbox[Record]], None]) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store", "X-Accel-Buffering": "no"}
    )
    response.force_close()
    await response.prepare(request)
    narrow(request.transport)

    async def send(record: Record) -> None:
        # A heartbeat has no data, so the client is told nothing but where it is.
        await response.write(b"id: %b\n\n" % record.position.encode() if record.kind == "heartbeat" else record.sse)

    outbox = _outbox(send, feed)
    begin(outbox)
    try:
        await outbox.run()
    finally:
        outbox.close(STOPPING)
        await _end(request, response, outbox.reason or GONE)
    return response


async def _end(request: web.Request, response: web.StreamResponse, reason: str) -> None:
    """Tell a client why nothing more comes, if it takes that soon, and close the connection."""
    transport = request.transport
    if transport is None:
        return
    transport.set_write_buffer_limits(0)  # so that the end is waited for until it was sent
    try:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await response.write(f"event: closed\ndata: {json.dumps({'Reason': reason})}\n\n".encode())
            await response.write_eof()
    except (OSError, TimeoutError):
        transport.abort()
