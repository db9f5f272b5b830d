# SPDX-License-Identifier: Apache-2.0
"""Serves one page over HTTP: the description of the device. Each client gets one answer, and has little time for it."""

from __future__ import annotations

import asyncio
import errno
from ipaddress import ip_address
from typing import TYPE_CHECKING

from axiod.discovery.description import PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.discovery.model import Address

_PORTS = range(49152, 49160)
"""The first of them that is free; UPnP devices are usually there."""
_MOST_CLIENTS = 16
_MOST_BYTES = 4096
_SECONDS = 5.0


class Page:
    """The server of it."""

    def __init__(self, text: Callable[[Address, Address], bytes | None]) -> None:
        """`text` gives the page for the own address and that of the client; None: the client may not have it."""
        self._text = text
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self) -> None:
        """Listen, at the first port that is free; raises OSError."""
        if self._server is not None:
            return
        for port in _PORTS:
            try:
                self._server = await asyncio.start_server(
                    self._connected, None, port, limit=_MOST_BYTES, backlog=_MOST_CLIENTS
                )
            except OSError as error:
                if error.errno != errno.EADDRINUSE or port == _PORTS[-1]:
                    raise
            else:
                self.port = port
                return

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            for task in self._clients:
                task.cancel()
            await asyncio.gather(*self._clients, return_exceptions=True)
            self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 # asyncio runs it as one
        self._clients.add(task)
        try:
            if len(self._clients) <= _MOST_CLIENTS:
                async with asyncio.timeout(_SECONDS):
                    await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own, peer = (ip_address(writer.get_extra_info(name)[0].partition("%")[0]) for name in ("sockname", "peername"))
        text = self._text(_plain(own), _plain(peer))
        if text is None:
            return
        head = await reader.readuntil(b"\r\n\r\n")
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        path = rest.partition(b" ")[0]
        if method not in (b"GET", b"HEAD"):
            writer.write(_answer("405 Method Not Allowed", b"", "Allow: GET, HEAD\r\n"))
        elif path != PATH.encode():
            writer.write(_answer("404 Not Found", b""))
        else:
            whole = _answer("200 OK", text, 'Content-Type: text/xml; charset="utf-8"\r\n')
            writer.write(whole if method == b"GET" else whole[: -len(text)])
        await writer.drain()


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 socket has for an IPv4 client."""
    return getattr(address, "ipv4_mapped", None) or address


def _answer(status: str, text: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    return head.encode() + text
