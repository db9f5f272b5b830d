# SPDX-License-Identifier: Apache-2.0
"""A broker that sends rubbish, too much, or nothing that makes sense: the client leaves it, and goes on."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from axiod.events.mqtt.subscription import Subscription
from tests.events.mqtt.conftest import SERIAL
from tests.events.mqtt.peers import Front, front, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Until
    from tests.events.mqtt.conftest import Make
    from tests.events.mqtt.peers import Broker

CONNACK = b"\x20\x02\x00\x00"


def packet(first: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | (0x80 if size else 0))
        if not size:
            return bytes([first]) + bytes(length) + body


def text(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


RUBBISH = {
    "no MQTT at all": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "zeros": bytes(1000),
    "a length without an end": CONNACK + b"\x30\xff\xff\xff\xff\xff",
    "a packet of 256 MiB": CONNACK + b"\x30\xff\xff\xff\x7f" + bytes(100_000),
    "a publish without a topic": CONNACK + packet(0x30, b""),
    "a publish that ends in its topic": CONNACK + packet(0x30, b"\xff\xffabc"),
    "an empty topic": CONNACK + packet(0x30, b"\x00\x00x"),
    "quality of service 3": CONNACK + packet(0x36, text(b"a") + b"\x00\x01x"),
    "an empty SUBACK": CONNACK + packet(0x90, b""),
    "a PUBREC of two kinds": CONNACK + packet(0x50, b"\x00"),
    "an UNSUBACK": CONNACK + packet(0xB0, b"\x00\x01\x00"),
    "a CONNECT": CONNACK + packet(0x10, text(b"MQTT")),
    "a reserved packet": CONNACK + packet(0xF0, b""),
    "a CONNACK of another length": packet(0x20, b"\x00\x00\x00"),
    "an unknown refusal": b"\x20\x02\x00\x63",
    "another protocol version": b"\x20\x02\x00\x01",
}


@pytest.mark.parametrize("sent", RUBBISH.values(), ids=RUBBISH.keys())
async def test_rubbish(make: Make, until: Until, broker: Broker, sent: bytes) -> None:
    async def serve(_found: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(sent)
        while await reader.read(1000):
            pass

    bad = await front(serve)
    made = make()
    made.apply(port=bad.port, subscriptions=(Subscription("#"),), keep_alive_sec=1, connect_timeout_sec=1)
    made.client.start()
    await until(lambda: made.problem)
    assert made.around.heard_events == []
    # It comes to itself as soon as there is a broker that makes sense.
    made.apply(port=broker.port)
    await until(lambda: made.connected)
    await made.client.stop()
    await bad.close()


def unreleased() -> Iterator[bytes]:
    for number in range(1, 60_000):
        yield packet(0x34, text(b"a") + number.to_bytes(2, "big") + bytes(200_000))


def flood() -> Iterator[bytes]:
    chunk = packet(0x30, text(b"a") + b"x") * 1000
    while True:
        yield chunk


def stale() -> Iterator[bytes]:
    """Announcements of this device that nobody made."""
    for number in range(1_000_000):
        topic = f"homeassistant/switch/axiod_{SERIAL}/{number:0900}/config".encode()
        yield packet(0x31, text(topic) + b'{"origin":{"name":"axiod"}}')


@pytest.mark.parametrize("kind", [unreleased, flood, stale])
async def test_memory_is_bounded_whatever_arrives(
    make: Make, until: Until, kind: Callable[[], Iterator[bytes]]
) -> None:
    ended = asyncio.Event()

    async def serve(_found: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(CONNACK)
        try:
            for number, piece in enumerate(kind()):
                writer.write(piece)
                await writer.drain()
                if kind is stale and number == 12_000:
                    break
        finally:
            ended.set()

    bad = await front(serve)
    made = make()
    made.apply(port=bad.port, subscriptions=(Subscription("#"),), auto_reconnect=False, home_assistant=kind is stale)
    tracemalloc.start()
    try:
        made.client.start()
        await until(lambda: ended.is_set() or made.client.dropped > 4000, timeout=30)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20
    if kind is unreleased:
        assert "without releasing them" in made.problem
    await made.client.stop()
    await bad.close()


async def test_more_than_200_messages_a_second_are_counted_and_dropped(
    broker: Broker, make: Make, until: Until
) -> None:
    made = make()
    made.apply(port=broker.port, subscriptions=(Subscription("x"), Subscription("end")))
    made.client.start()
    await until(lambda: "end (QoS 0)" in broker.log)
    process = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "x", "-q", "1", "-l",
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await process.communicate(b"message\n" * 3000)
    await until(lambda: made.client.dropped + len(made.around.heard_events) == 3000)
    assert made.client.dropped > 1000
    assert len(made.around.heard_events) >= 400


async def test_of_a_state_that_changes_too_fast_the_latest_is_told(broker: Broker, make: Make, until: Until) -> None:
    made = make()
    made.apply(port=broker.port, subscriptions=(Subscription("x", stateful=True),))
    made.client.start()
    await until(lambda: "x (QoS 0)" in broker.log)
    process = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "x", "-q", "1", "-l",
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await process.communicate(b"".join(b"%d\n" % number for number in range(3000)))
    await until(lambda: made.around.heard_events and made.around.heard_events[-1].data["payload"] == "2999")
    assert len(made.around.heard_events) < 2000
    assert made.client.dropped == 0


async def test_payloads_that_are_no_text(broker: Broker, make: Make, until: Until) -> None:
    made = make()
    made.apply(port=broker.port, subscriptions=(Subscription("x"),))
    made.client.start()
    await until(lambda: "x (QoS 0)" in broker.log)
    process = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "x", "-s", stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(b"\xff\x00\xfe")
    await until(lambda: made.around.heard_events)
    await publish(broker, "x", "y" * 10_000)
    await until(lambda: len(made.around.heard_events) == 2)
    first, second = (event.data["payload"] for event in made.around.heard_events)
    assert first == "base64:/wD+"
    assert second.startswith("base64:eXl5")
    assert len(second) <= 4096
