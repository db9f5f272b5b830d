# SPDX-License-Identifier: Apache-2.0
"""Modbus over TCP with servers that hang, cut, or send rubbish."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.errors import AxiodError, HardwareFailure, Timeout, Unavailable
from axiod.fieldbus.frame import framed
from axiod.fieldbus.model import Kind, State
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.fieldbus.conftest import Port

ANSWER = bytes.fromhex("03 02 0007")
pytestmark = pytest.mark.alone  # answers must come within 20 to 100 ms


class Server:
    """A server that does with each request what it is told."""

    def __init__(self) -> None:
        self.reply: Callable[[bytes], bytes | None] = answer
        """The bytes that are sent back; None: the connection is cut."""
        self.connections = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        while request := await reader.read(300):
            reply = self.reply(request)
            if reply is None:
                break
            writer.write(reply)
        writer.close()


def answer(request: bytes) -> bytes:
    return request[:4] + (len(ANSWER) + 1).to_bytes(2, "big") + request[6:7] + ANSWER


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    await made.start()
    yield made
    await made.stop()


async def opened(port: Callable[..., Port], server: Server, kind: Kind = Kind.MODBUS_TCP) -> Port:
    return await port(kind, f"127.0.0.1:{server.port}", baud_rate=115200).online()


async def test_it_is_answered(port: Callable[..., Port], server: Server) -> None:
    bus = await opened(port, server)
    assert await bus.ask(1, "03 0000 0001") == ANSWER


@pytest.mark.parametrize(
    ("reply", "error", "count"),
    [
        (lambda _: b"", Timeout, "timeouts"),
        (lambda request: answer(request)[:8], Timeout, "timeouts"),
        (lambda request: request[:2] + b"\0\1" + answer(request)[4:], HardwareFailure, "framing_errors"),
        (lambda request: request[:4] + b"\xff\xff" + answer(request)[6:], HardwareFailure, "framing_errors"),
        (lambda request: answer(request)[:6] + b"\x02" + ANSWER, HardwareFailure, "foreign_answers"),
        (lambda request: answer(request)[:7] + b"\x04\x02\x00\x07", HardwareFailure, "foreign_answers"),
        (lambda request: b"\x77\x77" + answer(request)[2:], Timeout, "late_answers"),
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", HardwareFailure, "framing_errors"),
    ],
    ids=["silent", "cut short", "protocol", "length", "unit", "function", "number", "http"],
)
async def test_what_is_no_answer_is_refused(
    port: Callable[..., Port],
    server: Server,
    reply: Callable[[bytes], bytes],
    error: type[AxiodError],
    count: str,
) -> None:
    bus = await opened(port, server)
    server.reply = reply
    with pytest.raises(error):
        await bus.ask(1, "03 0000 0001", timeout=0.2)
    assert getattr(bus.counts, count) == 1
    server.reply = answer

    async def again() -> bool:
        try:
            return await bus.ask(1, "03 0000 0001") == ANSWER
        except AxiodError:
            return False

    async with asyncio.timeout(10):
        while not await again():
            await bus.online()


async def test_answers_in_pieces_and_together(port: Callable[..., Port], server: Server) -> None:
    bus = await opened(port, server)
    server.reply = lambda request: b"\x99\x99" + answer(request)[2:] + answer(request)
    assert await bus.ask(1, "03 0000 0001") == ANSWER
    assert bus.counts.late_answers == 1


async def test_a_server_that_cuts_is_told_and_connected_to_again(port: Callable[..., Port], server: Server) -> None:
    bus = await opened(port, server)
    server.reply = lambda _: None
    with pytest.raises(Unavailable, match="has ended the connection"):
        await bus.ask(1, "03 0000 0001")
    server.reply = answer
    await until(lambda: server.connections == 2)
    await bus.online()
    assert await bus.ask(1, "03 0000 0001") == ANSWER


async def test_a_server_that_hangs_is_connected_to_again(port: Callable[..., Port], server: Server) -> None:
    bus = await opened(port, server)
    server.reply = lambda _: b""
    for _ in range(3):
        with pytest.raises(Timeout):
            await bus.ask(1, "03 0000 0001", timeout=0.05)
    await until(lambda: server.connections == 2)


async def test_a_server_that_is_away_is_looked_for(port: Callable[..., Port], server: Server) -> None:
    bus = await opened(port, server)
    await server.stop()
    await until(lambda: bus.worker.state is State.OFFLINE)
    with pytest.raises(Unavailable):
        await bus.ask(1, "03 0000 0001")
    await server.start(server.port)
    await bus.online()
    assert await bus.ask(1, "03 0000 0001") == ANSWER


async def test_rtu_over_tcp_holds_answers_to_their_checksum(port: Callable[..., Port], server: Server) -> None:
    bus = await opened(port, server, Kind.RTU_OVER_TCP)
    right = framed(1, ANSWER)
    server.reply = lambda _: right
    assert await bus.ask(1, "03 0000 0001") == ANSWER
    server.reply = lambda _: right[:-1] + bytes((right[-1] ^ 1,))
    with pytest.raises(HardwareFailure, match="wrong checksum"):
        await bus.ask(1, "03 0000 0001", timeout=0.05)
