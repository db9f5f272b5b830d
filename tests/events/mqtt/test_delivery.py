# SPDX-License-Identifier: Apache-2.0
"""What must arrive arrives, once where that is promised, in order: over cuts, restarts of the broker, and ours."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.events.mqtt.message import Message
from axiod.events.mqtt.subscription import Subscription
from tests.events.mqtt.peers import free_port, front, publish, relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.conftest import Until
    from tests.events.mqtt.conftest import Brokers, Make, Read
    from tests.events.mqtt.peers import Broker, Front

PERSISTENT = ("-c",)


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def distinct(payloads: list[str]) -> list[str]:
    """Return each payload at its first place."""
    return list(dict.fromkeys(payloads))


async def _next(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(4096)
    except OSError:
        return b""


@contextlib.asynccontextmanager
async def cutter(port: int, seed: int, least: int, most: int, cuts: int) -> AsyncIterator[Front]:
    """Something between client and broker that cuts so many connections, each after some bytes one way."""
    chance = random.Random(seed)
    left = [cuts]

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most_bytes: int | None) -> None:
        passed = 0
        while data := await _next(reader):
            if most_bytes is not None and passed + len(data) > most_bytes:
                writer.write(data[: most_bytes - passed])
                await writer.drain()
                return
            passed += len(data)
            writer.write(data)
            await writer.drain()

    async def serve(_found: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        out, back = None, None
        if left[0]:
            left[0] -= 1
            # Sometimes what we say is lost, sometimes what the broker says.
            if chance.random() < 0.5:
                out = chance.randint(least, most)
            else:
                back = chance.randint(10, most // 4)
        ways = [asyncio.create_task(pipe(reader, far_writer, out)), asyncio.create_task(pipe(far_reader, writer, back))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            far_writer.close()
            writer.transport.abort()

    made = await front(serve)
    try:
        yield made
    finally:
        await made.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_qos_2_arrives_once_however_often_it_is_cut(
    broker: Broker, make: Make, read: Read, until: Until, seed: int
) -> None:
    reader = await read(broker, "number")
    async with cutter(broker.port, seed, 300, 4000, cuts=30) as between:
        made = make()
        made.apply(port=between.port, clean_session=False)
        made.client.start()
        for number in numbers(1000):
            made.client.publish(Message("number", number.encode(), 2))
        await until(lambda: made.client.waiting == 0, timeout=30)
        assert between.seen == []
        await until(lambda: len(reader.lines) >= 1000)
        await publish(broker, "number", "end")
        await until(lambda: reader.payloads[-1] == "end")
        assert reader.payloads == [*numbers(1000), "end"]
        await made.client.stop()


async def test_qos_1_arrives_in_order_however_often_it_is_cut(
    broker: Broker, make: Make, read: Read, until: Until
) -> None:
    reader = await read(broker, "number")
    async with cutter(broker.port, 7, 300, 4000, cuts=30) as between:
        made = make()
        made.apply(port=between.port)
        made.client.start()
        for number in numbers(1000):
            made.client.publish(Message("number", number.encode(), 1))
        await until(lambda: made.client.waiting == 0, timeout=30)
        await until(lambda: len(set(reader.payloads)) == 1000)
        assert distinct(reader.payloads) == numbers(1000)
        await made.client.stop()


async def test_over_orderly_restarts_of_the_broker_it_arrives_once(
    brokers: Brokers, make: Make, read: Read, until: Until
) -> None:
    broker = brokers(options="persistence true\npersistence_location {folder}/")
    await broker.start()
    reader = await read(broker, "number", options=PERSISTENT)
    made = make()
    made.apply(port=broker.port, clean_session=False)
    made.client.start()
    await until(lambda: made.connected)
    for part in range(4):
        for number in range(part * 250, part * 250 + 250):
            made.client.publish(Message("number", str(number).encode(), 2))
        await until(lambda: made.client.waiting < 200)
        broker.stop()
        await until(lambda: not made.connected)
        await broker.start()
    await until(lambda: made.client.waiting == 0, timeout=30)
    await until(lambda: len(reader.lines) >= 1000, timeout=30)
    assert reader.payloads == numbers(1000)


@pytest.mark.parametrize("qos", [1, 2])
async def test_a_broker_that_is_killed_gets_again_what_it_had_not_acknowledged(
    brokers: Brokers, make: Make, read: Read, until: Until, qos: int
) -> None:
    """It forgets its sessions with that. So also what it had half received is sent again, rather than lost."""
    broker = brokers()
    await broker.start()
    made = make()
    made.apply(port=broker.port, clean_session=False)
    made.client.start()
    for number in numbers(300):
        made.client.publish(Message("number", number.encode(), qos))
    await until(lambda: made.client.waiting < 250)
    broker.kill()
    await until(lambda: not made.connected)
    rest = made.client.waiting
    assert rest > 0
    made.apply(port=free_port())
    await broker.start()
    reader = await read(broker, "number")
    made.apply(port=broker.port)
    await until(lambda: made.client.waiting == 0)
    await publish(broker, "number", "end")
    await until(lambda: reader.payloads[-1:] == ["end"])
    assert reader.payloads == [*numbers(300)[300 - rest :], "end"]


async def test_an_hour_without_a_broker(broker: Broker, make: Make, read: Read, until: Until) -> None:
    """More happens than is kept: the oldest goes, and is counted; the rest arrives in order."""
    reader = await read(broker, "number")
    made = make()
    made.apply(port=free_port(), clean_session=False)
    made.client.start()
    for number in numbers(12_000):
        made.client.publish(Message("number", number.encode(), 1))
    assert (made.client.waiting, made.client.dropped) == (10_000, 2_000)
    made.apply(port=broker.port)
    await until(lambda: made.client.waiting == 0, timeout=30)
    await until(lambda: len(reader.lines) >= 10_000)
    assert reader.payloads == numbers(12_000)[2_000:]


async def test_qos_0_waits_in_memory_up_to_a_bound(broker: Broker, make: Make, read: Read, until: Until) -> None:
    reader = await read(broker, "number")
    made = make()
    made.apply(port=free_port())
    made.client.start()
    for number in numbers(1500):
        made.client.publish(Message("number", number.encode(), 0))
    assert (made.client.waiting, made.client.dropped) == (1000, 500)
    made.apply(port=broker.port)
    await until(lambda: len(reader.lines) == 1000)
    assert reader.payloads == numbers(1500)[500:]


@pytest.mark.parametrize("qos", [1, 2])
async def test_a_process_that_is_killed_loses_nothing_that_was_on_disk(
    brokers: Brokers, tmp_path: Path, read: Read, until: Until, qos: int
) -> None:
    broker = brokers()
    path = tmp_path / "waiting.sqlite"

    async def start(first: int, last: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.events.mqtt.sender",
            str(broker.port), str(path), str(qos), str(first), str(last),
            stdout=subprocess.PIPE, cwd=Path(__file__).parents[3],
        )  # fmt: skip

    def stored() -> int:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM message").fetchone()[0])

    async def end(process: asyncio.subprocess.Process) -> None:
        process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way

    sender = await start(0, 1000)
    assert sender.stdout is not None
    await sender.stdout.readline()
    await until(lambda: stored() == 1000)
    await end(sender)
    await broker.start()
    reader = await read(broker, "number")
    for part in range(1, 6):
        sender = await start(0, 0)
        await until(lambda: len(reader.lines) >= part * 150, timeout=20)  # noqa: B023 # awaited in its turn
        await end(sender)
    sender = await start(0, 0)
    await until(lambda: stored() == 0, timeout=20)
    await end(sender)
    await until(lambda: len(set(reader.payloads)) == 1000)
    assert distinct(reader.payloads) == numbers(1000)
    if qos == 2:
        assert reader.payloads == numbers(1000)


@pytest.fixture
def only_new_objects() -> Iterator[None]:
    """Let the collector look at what the test makes and at nothing that was there before."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("only_new_objects")
async def test_a_thousand_connections_lose_no_subscription_and_leak_nothing(
    brokers: Brokers, make: Make, until: Until
) -> None:
    broker = brokers()
    await broker.start()
    open_: list[asyncio.StreamWriter] = []

    async def serve(_found: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.append(writer)
        await relay(broker.port, reader, writer)

    between = await front(serve)
    made = make(delays=(0.0, 0.0))
    made.apply(port=between.port, subscriptions=tuple(Subscription(f"a/{number}/#") for number in range(3)))
    made.client.start()
    # asyncio keeps cancelled timers, with what they refer to, until half of all are cancelled: the count is a sawtooth.
    first: list[int] = []
    last: list[int] = []
    since = None
    for number in range(1, 1001):
        await until(lambda: made.client.status.connected_since_usec not in (None, since))  # noqa: B023 # awaited in its turn
        since = made.client.status.connected_since_usec
        if number % 5 == 0 and (100 < number <= 200 or number > 900):
            gc.collect()
            (first if number <= 200 else last).append(len(gc.get_objects()))
        for writer in open_:
            writer.transport.abort()
        open_.clear()
    await until(lambda: made.client.status.connected_since_usec not in (None, since))
    made.apply(subscriptions=(*made.subscriptions, Subscription("end")))
    await until(lambda: "end (QoS 0)" in broker.log)
    for number in range(3):
        await publish(broker, f"a/{number}/x", str(number))
    await until(lambda: len(made.around.heard_events) == 3)
    assert [event.data["payload"] for event in made.around.heard_events] == ["0", "1", "2"]
    assert min(last) < min(first) + 400
    assert made.client.dropped == 0
    await made.client.stop()
    await between.close()
