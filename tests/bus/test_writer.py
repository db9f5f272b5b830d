# SPDX-License-Identifier: Apache-2.0
"""The writer on a socket pair whose other end is read or not, as the test likes."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from axiod.bus.writer import CONGESTED_BYTES, LIMIT_BYTES, Writer
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MIB = 1 << 20


class Pipe:
    """A writer, and the other end of its socket."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.near.setblocking(False)
        self.far.setblocking(False)
        self.errors: list[OSError] = []
        self.drained: list[int] = []
        self.received = bytearray()
        self.writer = Writer(self.near, self.errors.append, lambda: self.drained.append(self.writer.pending))

    def read(self) -> bytes:
        """Read what is there now."""
        try:
            while data := self.far.recv(MIB):
                self.received += data
        except BlockingIOError:
            pass
        return bytes(self.received)

    async def read_all(self, number: int) -> bytes:
        """Read until so many bytes have come."""
        await until(lambda: len(self.read()) >= number)
        return bytes(self.received)

    def close(self) -> None:
        self.writer.close()
        self.near.close()
        self.far.close()


@pytest.fixture
async def pipe() -> AsyncIterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


async def test_a_message_that_comes_alone_is_written_at_once(pipe: Pipe) -> None:
    pipe.writer.write(b"alone")
    assert pipe.read() == b"alone"
    assert pipe.writer.pending == 0


async def test_the_others_of_a_turn_follow_at_its_end_in_order(pipe: Pipe) -> None:
    messages = [f"{number},".encode() for number in range(1000)]
    for message in messages:
        pipe.writer.write(message)
    assert pipe.read() == b"0,"
    await asyncio.sleep(0)
    assert pipe.read() == b"".join(messages)
    assert pipe.writer.pending == 0


async def test_what_is_gathered_is_written_at_once_and_in_one_piece(pipe: Pipe) -> None:
    with pipe.writer.gathered():
        pipe.writer.write(b"one,")
        with pipe.writer.gathered():
            pipe.writer.write(b"two,")
        assert pipe.read() == b""
        pipe.writer.write(b"three,")
    assert pipe.read() == b"one,two,three,"
    with pipe.writer.gathered():
        pipe.writer.write(b"four,")
    pipe.writer.write(b"five")
    assert pipe.read() == b"one,two,three,"
    await asyncio.sleep(0)
    assert pipe.read() == b"one,two,three,four,five"


async def test_what_was_gathered_before_a_fault_is_written(pipe: Pipe) -> None:
    def fail() -> None:
        with pipe.writer.gathered():
            pipe.writer.write(b"before")
            raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        fail()
    assert pipe.read() == b"before"


async def test_not_much_is_gathered(pipe: Pipe) -> None:
    with pipe.writer.gathered():
        for _ in range(8):
            pipe.writer.write(bytes(MIB // 8))
        assert pipe.read()
    await pipe.read_all(MIB)


async def test_a_full_socket_is_waited_for_and_nothing_is_lost_or_swapped(pipe: Pipe) -> None:
    messages = [number.to_bytes(4, "big") * 5000 for number in range(200)]
    for message in messages:
        pipe.writer.write(message)
    await asyncio.sleep(0)
    assert pipe.writer.pending > 0
    assert await pipe.read_all(200 * 20000) == b"".join(messages)
    await until(lambda: pipe.writer.pending == 0)
    assert pipe.errors == []


async def test_one_message_larger_than_the_socket_goes_in_parts(pipe: Pipe) -> None:
    message = bytes(range(256)) * (3 * MIB // 256)
    pipe.writer.write(message)
    assert 0 < pipe.writer.pending < len(message)
    pipe.writer.write(b"the next")
    assert await pipe.read_all(len(message) + 8) == message + b"the next"


async def test_what_is_written_while_it_waits_keeps_the_order(pipe: Pipe) -> None:
    pipe.writer.write(b"a" * MIB)
    for _ in range(10):
        pipe.writer.write(b"b" * 1000)
        await asyncio.sleep(0)
    received = await pipe.read_all(MIB + 10_000)
    assert received == b"a" * MIB + b"b" * 10_000


async def test_congestion_begins_and_ends_with_a_word(pipe: Pipe) -> None:
    for _ in range(10):
        pipe.writer.write(b"x" * MIB)
        await asyncio.sleep(0)
    assert pipe.writer.congested
    assert CONGESTED_BYTES < pipe.writer.pending <= 10 * MIB
    assert pipe.drained == []
    await pipe.read_all(10 * MIB)
    await until(lambda: bool(pipe.drained))
    assert pipe.drained == [0]
    assert not pipe.writer.congested


async def test_congestion_within_one_turn_of_the_loop_ends_with_a_word_too(pipe: Pipe) -> None:
    while not pipe.writer.congested:
        pipe.writer.write(b"x" * 10_000)
    await pipe.read_all(CONGESTED_BYTES)
    await until(lambda: bool(pipe.drained))
    assert pipe.writer.pending == 0


async def test_without_congestion_nothing_is_said(pipe: Pipe) -> None:
    for _ in range(7):
        pipe.writer.write(b"x" * MIB)
    await pipe.read_all(7 * MIB)
    await until(lambda: pipe.writer.pending == 0)
    assert pipe.drained == []


async def test_the_one_who_is_told_may_write(pipe: Pipe) -> None:
    writer = pipe.writer
    pipe.writer = Writer(pipe.near, pipe.errors.append, lambda: pipe.writer.write(b"told"))
    while not pipe.writer.congested:
        pipe.writer.write(b"x" * MIB)
    total = pipe.writer.pending
    await until(lambda: pipe.read().endswith(b"told"))
    assert len(pipe.received) >= total
    writer.close()


@pytest.mark.parametrize("turns", [False, True], ids=["one turn", "many turns"])
async def test_at_the_limit_the_connection_is_given_up(pipe: Pipe, turns: bool) -> None:
    for _ in range(LIMIT_BYTES // MIB + 2):
        pipe.writer.write(b"x" * MIB)
        if turns:
            await asyncio.sleep(0)
    assert len(pipe.errors) == 1
    assert "waiting" in str(pipe.errors[0])
    assert pipe.writer.pending == 0
    pipe.writer.write(b"more")
    assert pipe.writer.pending == 0
    assert pipe.drained == []


async def test_much_in_one_turn_is_written_in_that_turn(pipe: Pipe) -> None:
    """So that what the bus would take at once does not count as waiting."""
    for _ in range(1000):
        pipe.writer.write(b"x" * 1000)
        pipe.read()
    assert pipe.writer.pending < MIB
    assert len(pipe.received) + pipe.writer.pending == 1_000_000


async def test_a_closed_peer_is_reported_once(pipe: Pipe) -> None:
    pipe.far.close()
    pipe.writer.write(b"x")
    pipe.writer.write(b"y")
    assert len(pipe.errors) == 1


async def test_a_peer_that_closes_while_something_waits_is_reported(pipe: Pipe) -> None:
    pipe.writer.write(b"x" * (2 * MIB))
    pipe.far.close()
    await until(lambda: bool(pipe.errors))
    assert pipe.writer.pending == 0


async def test_close_forgets_what_waits(pipe: Pipe) -> None:
    pipe.writer.write(b"x" * (2 * MIB))
    pipe.writer.close()
    pipe.writer.close()
    assert pipe.writer.pending == 0
    pipe.writer.write(b"y")
    await asyncio.sleep(0)
    pipe.read()
    assert b"y" not in pipe.received
    assert pipe.errors == []
