# SPDX-License-Identifier: Apache-2.0
"""Events over a WebSocket: wssession.cgi lends a ticket, /vapix/ws-data-stream takes it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, WSMsgType, web

from axiod.bus.caller import Role
from axiod.errors import InvalidArgument, NotAuthorized
from axiod.gateway.origin import from_elsewhere
from axiod.gateway.outbox import GONE, STOPPING, Outbox, narrow
from axiod.gateway.person import LOGGED_OUT, person_of
from axiod.gateway.route import Route
from axiod.gateway.streaming import streaming
from axiod.gateway.vapix.audience import Audience, Follower
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.notification import API_VERSION
from axiod.gateway.vapix.topics import Filter

if TYPE_CHECKING:
    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.notification import Notification, Operation

API = Api("event-streaming-over-websocket", "1.0", "Event Streaming Over WebSocket")
PATH = "/vapix/ws-data-stream"
SILENT_SECONDS = 60.0
"""A client that sends nothing for so long, not even a ping or a pong, is gone."""
_HEARTBEAT_SECONDS = 25.0
_CLOSE_SECONDS = 5.0
_LONGEST_MESSAGE = 64 * 1024
_MOST_FILTERS = 64
_LONGEST_REASON = 123
_CONFIGURE = "events:configure"

_VERSION, _NO_JSON, _NO_METHOD, _MISSING, _WRONG = 2100, 2101, 2102, 2103, 2104


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    sockets = EventSockets(gateway)
    return [
        Route("GET", "/axis-cgi/wssession.cgi", sockets.lend, Role.VIEWER),
        # Whoever has a ticket need not log in once more.
        Route("GET", PATH, sockets.stream, None),
    ]


class Tickets:
    """Each lets somebody in once, and soon."""

    SECONDS = 15.0
    MOST = 256

    def __init__(self) -> None:
        self._lent: dict[str, tuple[Person, float]] = {}

    def lend(self, person: Person, now: float) -> str:
        """Return a ticket; `now` is monotonic."""
        self._lent = {ticket: (who, until) for ticket, (who, until) in self._lent.items() if until > now}
        while len(self._lent) >= self.MOST:
            del self._lent[next(iter(self._lent))]
        ticket = secrets.token_hex(16)
        self._lent[ticket] = (person, now + self.SECONDS)
        return ticket

    def take(self, ticket: str, now: float) -> Person | None:
        """Return who a ticket was lent to; None for what is none, or is one no more."""
        person, until = self._lent.pop(ticket, (None, 0.0))
        return person if until > now else None


class _Refused(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Socket(Follower):
    """What one client is told."""

    def __init__(self, person: Person, socket: web.WebSocketResponse) -> None:
        super().__init__(person)
        self.outbox: Outbox[str] = Outbox(socket.send_str)

    def tell(self, notification: Notification, operation: Operation) -> None:  # noqa: ARG002 # there is no such field
        """See Follower."""
        self.outbox.put(notification.json)

    def end(self, reason: str) -> None:
        """See Follower."""
        self.outbox.close(reason)


class EventSockets:
    """All WebSockets for events."""

    def __init__(self, gateway: Gateway) -> None:
        self._accounts = gateway.accounts
        self._audience = Audience(gateway)
        self._tickets = Tickets()

    async def lend(self, request: web.Request) -> web.Response:
        """Answer wssession.cgi."""
        return web.Response(text=self._tickets.lend(person_of(request), time.monotonic()))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until its end."""
        person = self._person(request)
        if "events" not in request.query.get("sources", "events").split(","):
            raise InvalidArgument("there is no other source than events; ask for sources=events")
        response = web.WebSocketResponse(
            heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LONGEST_MESSAGE, compress=False, timeout=_CLOSE_SECONDS
        )
        if not response.can_prepare(request):
            raise web.HTTPUpgradeRequired(text="this is a WebSocket")
        await response.prepare(request)
        narrow(request.transport)
        socket = _Socket(person, response)
        sending = asyncio.create_task(socket.outbox.run())
        listening = asyncio.create_task(self._listen(response, socket))
        with streaming(request, "websocket vapix"):
            try:
                await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
            finally:
                # Also when the gateway stops, which cancels this.
                self._audience.leave(socket)
                socket.end(GONE if listening.done() else STOPPING)
                sending.cancel()
                listening.cancel()
                await asyncio.gather(sending, listening, return_exceptions=True)
                await _close(request, response, socket.outbox.reason or GONE)
        return response

    def _person(self, request: web.Request) -> Person:
        person = self._tickets.take(request.query.get("wssession", ""), time.monotonic())
        if person is not None and self._accounts.valid(person):
            return person
        if from_elsewhere(request.headers, secure=request.secure):
            # A browser adds its login to what any page opens; a ticket it does not have.
            raise NotAuthorized("another site asked for this; it needs a ticket of wssession.cgi")
        person = person_of(request)
        person.require(Role.VIEWER, f"GET {PATH}")
        return person

    async def _listen(self, response: web.WebSocketResponse, socket: _Socket) -> None:
        while True:
            try:
                message = await response.receive(timeout=SILENT_SECONDS)
            except TimeoutError:
                socket.end(f"nothing came from you for {SILENT_SECONDS:g} s")
                return
            if message.type is WSMsgType.TEXT:
                self._answer(message.data, socket)
            elif message.type is WSMsgType.BINARY:
                socket.outbox.put(_error(None, None, _Refused(_NO_JSON, "send JSON as text")))
            else:
                return

    # --- what clients say ---

    def _answer(self, text: str, socket: _Socket) -> None:
        context = method = None
        try:
            asked = _read(text)
            context, method = asked.get("context"), asked.get("method")
            filters = _filters(asked)
        except _Refused as error:
            socket.outbox.put(_error(context, method, error))
            return
        socket.filters = filters
        # The answer is the very next frame, and then come all present states.
        socket.outbox.put(_reply(context, method, {"data": {}}))
        self._audience.join(socket)


async def _close(request: web.Request, response: web.WebSocketResponse, reason: str) -> None:
    codes = {LOGGED_OUT: WSCloseCode.POLICY_VIOLATION, STOPPING: WSCloseCode.GOING_AWAY}
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await response.close(
                code=codes.get(reason, WSCloseCode.TRY_AGAIN_LATER), message=reason.encode()[:_LONGEST_REASON]
            )
    if request.transport is not None:
        request.transport.abort()


def _read(text: str) -> dict[str, Any]:
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        raise _Refused(_NO_JSON, "that is no JSON") from None
    if not isinstance(asked, dict):
        raise _Refused(_NO_JSON, "send an object with apiVersion, method and params")
    return asked


def _filters(asked: dict[str, Any]) -> list[Filter]:
    """Return what a client wants; raises _Refused."""
    version, method, params = asked.get("apiVersion"), asked.get("method"), asked.get("params")
    if method is None:
        raise _Refused(_MISSING, "method is missing")
    if method != _CONFIGURE:
        raise _Refused(_NO_METHOD, f"there is no such method; there is {_CONFIGURE}")
    if version is None:
        raise _Refused(_MISSING, "apiVersion is missing")
    if not isinstance(version, str) or version.partition(".")[0] != API_VERSION.partition(".")[0]:
        raise _Refused(_VERSION, f"apiVersion must be {API_VERSION}")
    if not isinstance(params, dict) or "eventFilterList" not in params:
        raise _Refused(_MISSING, "params.eventFilterList is missing")
    listed = params["eventFilterList"]
    if not isinstance(listed, list) or len(listed) > _MOST_FILTERS:
        raise _Refused(_WRONG, f"eventFilterList must be a list of at most {_MOST_FILTERS} filters")
    return [_filter(item) for item in listed]


def _filter(item: Any) -> Filter:
    if not isinstance(item, dict):
        raise _Refused(_WRONG, 'a filter must be an object like {"topicFilter": "//."}')
    topics, content = item.get("topicFilter", "//."), item.get("contentFilter", "")
    if not isinstance(topics, str) or not isinstance(content, str):
        raise _Refused(_WRONG, "topicFilter and contentFilter must be text")
    try:
        return Filter.parse(topics, content)
    except InvalidArgument as error:
        raise _Refused(_WRONG, str(error)) from None


def _reply(context: Any, method: Any, content: dict[str, Any]) -> str:
    reply: dict[str, Any] = {"apiVersion": API_VERSION}
    if isinstance(context, str):
        reply["context"] = context
    if isinstance(method, str):
        reply["method"] = method
    return json.dumps(reply | content)


def _error(context: Any, method: Any, error: _Refused) -> str:
    return _reply(context, method, {"error": {"code": error.code, "message": str(error)}})
