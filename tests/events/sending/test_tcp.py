# SPDX-License-Identifier: Apache-2.0
"""TCP, with socat as the witness."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.conftest import until
from tests.events.sending.conftest import HASTE, Mute, failure, free_port, job, needs, program, up

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.events.sending.postman import Postman


async def test_what_socat_gets(postman: Postman, folder: Path) -> None:
    port = free_port()
    got = folder / "got"
    listen = f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork"
    with program(folder / "log", needs("socat"), "-u", listen, f"OPEN:{got},creat,append") as process:
        await up(port, process, folder / "log")
        for text in ("Tür auf\n", "zu"):
            await postman.send(job("tcp", {"Host": "127.0.0.1", "Port": port}, text))
        await until(lambda: got.read_text() == "Tür auf\nzu")


async def test_a_server_that_goes_on_took_it(postman: Postman) -> None:
    async with Mute(b"hello\r\n") as server:
        await postman.send(job("tcp", {"Host": "localhost", "Port": server.port}, "x" * 4096, HASTE))
        await until(lambda: server.got == b"x" * 4096)


async def test_over_ipv6(postman: Postman) -> None:
    got = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b"six"
        got.set()
        writer.close()

    try:
        server = await asyncio.start_server(serve, "::1", 0)
    except OSError:
        pytest.skip("there is no IPv6 here")
    async with server:
        port = server.sockets[0].getsockname()[1]
        await postman.send(job("tcp", {"Host": "::1", "Port": port}, "six"))
        await got.wait()


async def test_refused(postman: Postman) -> None:
    port = free_port()
    error = await failure(postman, job("tcp", {"Host": "127.0.0.1", "Port": port}))
    assert f"127.0.0.1:{port} refuses connections" in str(error)
    assert (error.final, error.begun) == (False, False)


async def test_no_such_host(postman: Postman) -> None:
    error = await failure(postman, job("tcp", {"Host": "nowhere.invalid", "Port": 9}))
    assert "the host nowhere.invalid is not found" in str(error)
    assert "DNS" in str(error)


async def test_a_connection_that_nobody_takes(postman: Postman) -> None:
    import socket

    # A full backlog: the kernel lets further connections wait.
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = []
        for _ in range(8):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            waiting.append(client)
        error = await failure(postman, job("tcp", {"Host": "127.0.0.1", "Port": port}, patience=HASTE))
        assert "no answer from 127.0.0.1" in str(error)
        for client in waiting:
            client.close()


async def test_a_reset_half_way(postman: Postman) -> None:
    import socket
    import struct

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        made: socket.socket = writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await failure(postman, job("tcp", {"Host": "127.0.0.1", "Port": port}, "x" * 4096))
    assert "closed the connection half way" in str(error)
    assert error.begun
