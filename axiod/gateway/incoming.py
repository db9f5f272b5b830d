# SPDX-License-Identifier: Apache-2.0
"""One HTTP connection, with limits that aiohttp does not have: on the time and size of a header, and on pipelining."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.gateway.clients import ConnectedClient
    from axiod.gateway.limits import Limits

_log = logging.getLogger(__name__)

_HEAD_FACTOR = 2
"""Reading ends at this multiple of what a header may have, while it has no end; what is between is answered (431)."""
_END = b"\r\n\r\n"


class Incoming(web.RequestHandler):
    """One connection from a client of HTTP."""

    def __init__(
        self, server: web.Server, client: ConnectedClient, gone: Callable[[ConnectedClient], None], limits: Limits
    ) -> None:
        """`gone` is called when the connection has ended."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.idle_seconds,
            access_log=None,  # type: ignore[arg-type] # aiohttp takes that for none
            max_line_size=limits.line_bytes,
            max_field_size=limits.line_bytes,
            auto_decompress=False,
        )
        self._limits = limits
        self.client = client
        self._gone = gone
        self._answering: web.BaseRequest | None = None
        """The request that is being answered, or was answered last."""
        self._under_way = False
        self.upgraded = False
        """The connection is a WebSocket now."""
        self._head = b""
        """The last bytes of a header that has no end yet."""
        self._waiting_bytes = 0
        self._ahead_bytes = 0
        self._in_head = True
        self._timer: asyncio.TimerHandle | None = None

    # --- what the application tells ---

    def begin(self, request: web.Request) -> None:
        """A request is being answered."""
        self._answering = request
        self._under_way = True
        self._in_head = False
        self._ahead_bytes = 0
        self._stop_timer()
        self.client.requests += 1

    def end(self) -> None:
        """It was answered; what comes after its body is the header of the next."""
        self._under_way = False
        self._in_head = True
        self._waiting_bytes = 0
        self._head = b""

    def finish(self) -> None:
        """Close the connection, after the answer that is under way if there is one."""
        if self._under_way:
            self.close()
        else:
            self.force_close()

    # --- what asyncio tells ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio.Protocol."""
        self._stop_timer()
        self._gone(self.client)
        super().connection_lost(exc)
        self._answering = None

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if not self._allowed(data):
            _log.info("%s sent too much of a header; its connection is closed", self.client.address)
            self._abort()
            return
        super().data_received(data)

    def _allowed(self, data: bytes) -> bool:
        request = self._answering
        if request is not None and not request.content.is_eof():
            return True  # its body, which is read in its own time and length
        if not self._in_head:
            if self.upgraded or not self._under_way:
                return True  # not HTTP any more, or a body whose header was only just read
            self._ahead_bytes += len(data)
            return self._ahead_bytes <= self._limits.ahead_bytes
        self._start_timer()
        end = (self._head + data).find(_END)
        if end >= 0:
            self._in_head = False  # whatever follows is a body; see begin()
            return True
        self._waiting_bytes += len(data)
        self._head = (self._head + data)[-len(_END) + 1 :]
        return self._waiting_bytes <= self._limits.head_bytes * _HEAD_FACTOR

    # --- time ---

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._limits.head_seconds, self._late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        _log.debug("%s sent no request in time; its connection is closed", self.client.address)
        self._abort()

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    # --- what is no HTTP ---

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 # it quotes what was sent
    ) -> web.StreamResponse:
        """Answer what cannot be read, or what the application did not catch: shortly, and for the last time."""
        if isinstance(exc, ConnectionError):
            _log.debug("%s is gone: %s", self.client.address, exc)  # anybody can do that as often as they like
        elif status >= 500 and exc is not None:
            _log.error("a request of %s failed", self.client.address, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun, so there can be no other")
        response = web.Response(status=status, text=f"{status}: {'bad request' if status < 500 else 'fault'}\n")
        response.headers["Server"] = "axiod"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        response.force_close()
        return response


def client_of(request: web.Request) -> ConnectedClient | None:
    """Return the connection of a request, for example to say what is streamed on it; None in a test without one."""
    protocol = request.protocol
    return protocol.client if isinstance(protocol, Incoming) else None
