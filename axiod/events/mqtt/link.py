# SPDX-License-Identifier: Apache-2.0
"""The way to a broker: TCP, through a proxy where one is configured, TLS, WebSocket. Then bytes go both ways."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from typing import TYPE_CHECKING

from axiod.events.mqtt import websocket

if TYPE_CHECKING:
    import ssl

    from axiod.events.mqtt.settings import Proxy, Server

CHUNK = 2048
"""Bytes that are read at once: what is in them is handled in one go, beside everything else that the loop does."""
_READ_AHEAD = 1 << 16
_MOST_UNSENT = 1 << 20
_LONGEST_HEAD = 8192


class Link:
    """One connection. Reading raises ConnectionError when it has ended, and OSError for what else goes wrong."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames: websocket.Decoder | None = None

    @classmethod
    async def open(cls, server: Server, tls: ssl.SSLContext | None) -> Link:
        """Reach a server; whoever calls it limits the time. Raises OSError."""
        name = server.host if tls is not None else None
        if server.proxy is None:
            streams = await asyncio.open_connection(
                server.host, server.port, ssl=tls, server_hostname=name, limit=_READ_AHEAD
            )
        else:
            through = await _through(server.proxy, server.host, server.port)
            try:
                streams = await asyncio.open_connection(sock=through, ssl=tls, server_hostname=name, limit=_READ_AHEAD)
            except BaseException:
                through.close()
                raise
        link = cls(*streams)
        try:
            if server.websocket:
                await link._upgrade(server)
        except BaseException:
            link.close()
            raise
        return link

    @property
    def alpn(self) -> str | None:
        """The ALPN protocol that the other side has chosen."""
        tls: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return tls.selected_alpn_protocol() if tls is not None else None

    async def _upgrade(self, server: Server) -> None:
        key = os.urandom(16)
        self._writer.write(websocket.request(server.host, server.port, server.path, key, secure=server.tls))
        head = bytearray()
        while not head.endswith(b"\r\n\r\n"):
            if len(head) >= _LONGEST_HEAD:
                raise ConnectionError("its answer to the WebSocket request is too long")
            byte = await self._reader.read(1)
            if not byte:
                raise ConnectionError("it closed the connection instead of opening a WebSocket; look at BasePath")
            head += byte
        websocket.check_answer(bytes(head[:-4]), key)
        self._frames = websocket.Decoder()

    async def read(self) -> bytes:
        """Return what arrived next; it may be empty. Raises ConnectionError at the end."""
        data = await self._reader.read(CHUNK)
        if not data:
            raise ConnectionError("it closed the connection; does another client have the same ClientId?")
        if self._frames is None:
            return data
        data, controls = self._frames.feed(data)
        for opcode, content in controls:
            if opcode == websocket.PING:
                self._frame(websocket.PONG, content)
            elif opcode == websocket.CLOSE:
                self._frame(websocket.CLOSE, content[:2])
                raise ConnectionError("it closed the WebSocket")
        return data

    def send(self, data: bytes) -> bool:
        """Take bytes to send; False, and nothing is taken, while too many wait."""
        if self.unsent > _MOST_UNSENT or self._writer.transport.is_closing():
            return False
        if self._frames is None:
            self._writer.write(data)
        else:
            self._frame(websocket.BINARY, data)
        return True

    def _frame(self, opcode: int, data: bytes) -> None:
        self._writer.write(websocket.frame(opcode, data, os.urandom(4)))

    @property
    def unsent(self) -> int:
        """Bytes that wait for the other side."""
        return self._writer.transport.get_write_buffer_size()

    async def drain(self) -> None:
        """Wait until the other side takes what waits; raises OSError when it is gone."""
        await self._writer.drain()

    def close(self) -> None:
        """End it at once."""
        self._writer.transport.abort()

    async def finish(self) -> None:
        """End it when what waits has been sent. Whoever calls it limits the time."""
        self._writer.close()
        await self._writer.wait_closed()


async def _through(proxy: Proxy, host: str, port: int) -> socket.socket:
    """Return a connection through an HTTP proxy (RFC 9110, CONNECT)."""
    loop = asyncio.get_running_loop()
    connection: socket.socket | None = None
    failed: OSError = ConnectionError("no address")
    try:
        found = await loop.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ConnectionError(f"the proxy {proxy.host} is not found: {error.strerror or error}") from None
    for family, kind, protocol, _, address in found:
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)  # noqa: FBT003 # as it is called
        try:
            await loop.sock_connect(connection, address)
            break
        except OSError as error:
            connection.close()
            connection, failed = None, error
        except BaseException:
            connection.close()
            raise
    if connection is None:
        raise ConnectionError(f"the proxy {proxy.host}:{proxy.port} is not reached: {failed.strerror or failed}")
    try:
        await _ask(connection, proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except BaseException:
        connection.close()
        raise
    return connection


async def _ask(connection: socket.socket, proxy: Proxy, target: str) -> None:
    loop = asyncio.get_running_loop()
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.username:
        login = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {login}")
    await loop.sock_sendall(connection, ("\r\n".join(lines) + "\r\n\r\n").encode())
    head = bytearray()
    # One byte after the other: what follows the head belongs to the broker.
    while not head.endswith(b"\r\n\r\n"):
        byte = await loop.sock_recv(connection, 1)
        if not byte or len(head) >= _LONGEST_HEAD:
            raise ConnectionError(f"the proxy {proxy.host}:{proxy.port} did not answer like an HTTP proxy")
        head += byte
    status = bytes(head).split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    if len(status) < 2 or not status[1].startswith("2"):
        raise ConnectionError(f"the proxy {proxy.host}:{proxy.port} refused: {' '.join(status[1:])[:60]}")
