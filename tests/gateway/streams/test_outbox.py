# SPDX-License-Identifier: Apache-2.0
"""What waits for one client is bounded, and who does not take it is dropped."""

from __future__ import annotations

import asyncio

from axiod.gateway.outbox import GONE, Outbox
from tests.conftest import until


class Client:
    """Takes what is sent, unless told to wait or to be gone."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.gone = False

    async def send(self, item: bytes) -> None:
        await self.takes.wait()
        if self.gone:
            raise ConnectionResetError
        self.taken.append(item)


async def test_everything_is_sent_in_order() -> None:
    client = Client()
    outbox = Outbox(client.send)
    running = asyncio.create_task(outbox.run())
    items = [b"%d" % number for number in range(500)]
    assert all(outbox.put(item) for item in items)
    await until(lambda: client.taken == items)
    assert outbox.sent == 500
    assert outbox.waiting == 0
    outbox.close("enough")
    assert await running == "enough"
    assert not outbox.put(b"more")


async def test_too_many_items_drop_the_client_at_once() -> None:
    client = Client()
    client.takes.clear()
    outbox = Outbox(client.send, most_items=3)
    running = asyncio.create_task(outbox.run())
    assert [outbox.put(b"x") for _ in range(4)] == [True, True, True, False]
    # Although what is being sent would wait much longer.
    assert await asyncio.wait_for(running, 1) == "you are too slow: 3 messages (3 bytes) wait for you"
    assert outbox.waiting == 0
    assert not client.taken


async def test_what_is_being_sent_counts_too() -> None:
    client = Client()
    client.takes.clear()
    outbox = Outbox(client.send, most_items=2)
    running = asyncio.create_task(outbox.run())
    outbox.put(b"x")
    outbox.put(b"x")
    await asyncio.sleep(0)
    assert not outbox.put(b"x")
    await running


async def test_too_many_bytes_drop_it_but_one_item_is_always_taken() -> None:
    client = Client()
    client.takes.clear()
    outbox = Outbox(client.send, most_bytes=10)
    running = asyncio.create_task(outbox.run())
    assert outbox.put(b"x" * 100)
    assert not outbox.put(b"x")
    assert "too slow" in await running


async def test_a_client_that_takes_nothing_is_dead() -> None:
    client = Client()
    client.takes.clear()
    outbox = Outbox(client.send, write_seconds=0.05)
    outbox.put(b"x")
    assert await outbox.run() == "you took nothing for 0.05 s"


async def test_a_client_that_is_gone() -> None:
    client = Client()
    client.gone = True
    outbox = Outbox(client.send)
    outbox.put(b"x")
    assert await outbox.run() == GONE


async def test_the_first_reason_counts() -> None:
    outbox = Outbox(Client().send)
    outbox.close("first")
    outbox.close("second")
    assert await outbox.run() == "first"


async def test_something_is_sent_when_there_is_nothing_to_send() -> None:
    client = Client()
    outbox = Outbox(client.send, idle=lambda: b"idle", idle_seconds=0.01)
    running = asyncio.create_task(outbox.run())
    await until(lambda: len(client.taken) >= 3)
    assert set(client.taken) == {b"idle"}
    outbox.close("enough")
    await running


async def test_it_can_be_ended_from_within_a_send() -> None:
    async def end(_item: bytes) -> None:
        outbox.close("ended by itself")

    outbox = Outbox(end)
    outbox.put(b"x")
    assert await outbox.run() == "ended by itself"
    # Nothing is left that would end what comes after.
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_it_can_be_closed_after_it_was_cancelled() -> None:
    client = Client()
    client.takes.clear()
    outbox = Outbox(client.send)
    running = asyncio.create_task(outbox.run())
    outbox.put(b"x")
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    outbox.close("stopping")
    assert outbox.reason == "stopping"
