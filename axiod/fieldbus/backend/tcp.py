# SPDX-License-Identifier: Apache-2.0
"""A TCP connection to a Modbus device, a gateway or a serial device server."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING

from axiod.errors import Unavailable

if TYPE_CHECKING:
    from axiod.fieldbus.backend import Listener
    from axiod.modbus.line import Line

CONNECT_SECONDS = 3.0
_QUIET = 0.05
_MOST_UNSENT = 4096
_KEEP_ALIVE = ((socket.TCP_KEEPIDLE, 15), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))
"""A device that lost its power is noticed after half a minute."""


class TcpConnection(asyncio.Protocol):
    """One connection."""

    quiet = _QUIET

    def __init__(self, address: str) -> None:
        """Use connect() instead."""
        self._address = address
        self._listener: Listener | None = None
        self._transport: asyncio.Transport | None = None
        self._ended: str | None = None
        self._early = b""

    @classmethod
    async def connect(cls, host: str, port: int) -> TcpConnection:
        """Connect; raises Unavailable."""
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, protocol = await loop.create_connection(lambda: cls(address), host, port)
        except TimeoutError:
            raise Unavailable(f"{address} does not answer; it is tried again") from None
        except (OSError, UnicodeError) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number and number > 0 else str(error)
            raise Unavailable(f"{address} cannot be reached: {reason}; it is tried again") from error
        return protocol

    def listen(self, listener: Listener) -> None:
        self._listener = listener
        if self._early:
            listener.received(self._early)
        if self._ended is not None:
            listener.lost(self._ended)

    def set_line(self, line: Line) -> None:
        """The device server has its own settings."""

    def write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            raise Unavailable(self._ended or f"{self._address} has ended the connection")
        if transport.get_write_buffer_size() > _MOST_UNSENT:
            transport.abort()
            raise Unavailable(f"{self._address} takes nothing")
        transport.write(data)

    def close(self) -> None:
        self._listener = None
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 # for mypy: so it is for TCP
        self._transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEP_ALIVE:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)

    def data_received(self, data: bytes) -> None:
        if self._listener is not None:
            self._listener.received(data)
        elif self._ended is None:
            self._early = (self._early + data)[:_MOST_UNSENT]

    def connection_lost(self, error: Exception | None) -> None:
        why = f": {error}" if error else ""
        self._ended = f"{self._address} has ended the connection{why}"
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.lost(self._ended)
