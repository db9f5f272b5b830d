# SPDX-License-Identifier: Apache-2.0
"""How long it takes from an edge of an input to the message at a subscriber, over axiod-events and a real broker.

mosquitto on the loopback address, QoS 0. The reference is a bare publisher with paho (mqtt_publisher.py) to the same
broker and the same subscriber: the way of a message alone.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from bench.figure import BenchError, Figure, Pair, interleave
from bench.machine import WAIT_SECONDS, Machine
from bench.rules import EVENTS, PORT_TOPIC
from bench.web import free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from axiod.bus.client import Event
    from bench.figure import Effort

_EDGES = 100
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.04, 0.06
"""Slowly enough that no change of the one input is conflated."""
_INPUT = "input1"
_PREFIX, _BARE = "bench", "bare/message"
_P50, _P99 = "edge to MQTT subscriber, p50", "edge to MQTT subscriber, p99"


async def measure(effort: Effort) -> Sequence[Figure]:
    """The median and the 99th percentile, beside those of a bare publisher."""
    figures = [Figure(_P50, "us"), Figure(_P99, "us")]
    mosquitto = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
    if mosquitto is None:
        raise BenchError("there is no mosquitto; install the Debian package mosquitto")
    port = free_port()
    async with Machine(io_settings={_INPUT: {"DebounceMs": 0}}) as machine:
        await machine.launch("mosquitto", [mosquitto, "-p", str(port)])
        await _until_open(machine, port)
        await machine.start_all()
        await machine.start("system")
        await machine.start("events")
        subscriber = Subscriber(port)
        try:
            await _publish_ports(machine, port)
            await subscriber.start(machine)
            await interleave(
                figures,
                effort.rounds,
                Pair(
                    partial(subscriber.ours, machine, effort.number(_EDGES)),
                    partial(subscriber.reference, machine, port, effort.number(_EDGES)),
                ),
            )
        finally:
            subscriber.stop()
    return figures


async def _until_open(machine: Machine, port: int) -> None:
    """Wait until the broker takes connections."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            machine.alive("mosquitto")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def _publish_ports(machine: Machine, port: int) -> None:
    """Have axiod-events publish what ports do."""
    events = Service(machine.connection, EVENTS)
    topics: dict[str, Any] = {"TopicPrefix": "custom", "CustomTopicPrefix": _PREFIX}
    topics["Filters"] = [{"TopicFilter": PORT_TOPIC, "Qos": 0, "Retain": "none"}]
    await events.call(f"{events.root}/mqtt_publication", f"{EVENTS}.MqttPublication", "Configure", topics)
    client = {"Host": "127.0.0.1", "Protocol": "tcp", "Port": port}
    await events.call(f"{events.root}/mqtt", f"{EVENTS}.Mqtt", "Configure", client)
    await events.call(f"{events.root}/mqtt", f"{EVENTS}.Mqtt", "Connect")
    async with asyncio.timeout(WAIT_SECONDS):
        while not (found := await events.properties(f"{events.root}/mqtt", f"{EVENTS}.Mqtt"))["Connected"]:
            if found.get("Problem"):
                raise BenchError(found["Problem"])
            await asyncio.sleep(0.05)


class Subscriber:
    """A client of the broker, and of the bus for the time of each edge."""

    def __init__(self, port: int) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self._port = port
        self._contacts = itertools.cycle(["closed", "open"])
        self._begun_usec = 0.0
        self._late: list[float] = []
        self._arrived = asyncio.Event()
        self._subscribed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._received
        self._client.on_subscribe = self._is_subscribed

    async def start(self, machine: Machine) -> None:
        """Listen to the broker and to axiod-io."""
        await Service(machine.connection, "org.axiod.io1").on_event(self._edge)
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        self._client.subscribe([(f"{_PREFIX}/#", 0), (_BARE, 0)])
        async with asyncio.timeout(WAIT_SECONDS):
            await self._subscribed.wait()

    def stop(self) -> None:
        """Listen no more."""
        self._client.disconnect()
        self._client.loop_stop()

    def _is_subscribed(self, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._subscribed.set)

    def _received(self, _client: Any, _userdata: Any, message: Any) -> None:
        now = time.time_ns() / 1000
        self._loop.call_soon_threadsafe(self._take, message.topic, message.payload, now)

    def _take(self, topic: str, payload: bytes, now_usec: float) -> None:
        begun = float(payload) if topic == _BARE else self._begun_usec
        self._late.append(now_usec - begun)
        self._arrived.set()

    def _edge(self, event: Event) -> None:
        if event.topic == PORT_TOPIC:
            self._begun_usec = event.timestamp_usec

    async def ours(self, machine: Machine, count: int) -> dict[str, float]:
        """Move a contact of the simulated world, and wait for the message."""
        sim = Service(machine.connection, "org.axiod.sim1")

        async def move() -> None:
            await sim.call(f"{sim.root}/terminal/{_INPUT}", "org.axiod.sim1.Wire", "Set", next(self._contacts))

        return await self._measure(count, move)

    async def reference(self, machine: Machine, port: int, count: int) -> dict[str, float]:
        """Have a bare publisher send, and wait for the message."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.mqtt_publisher", str(port), _BARE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=machine.environment,
        )
        told, begin = process.stdout, process.stdin
        assert told is not None
        assert begin is not None
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                if not await told.readline():
                    raise BenchError("the bare publisher did not start")

            async def move() -> None:
                begin.write(b"\n")
                await begin.drain()

            return await self._measure(count, move)
        finally:
            begin.close()
            await process.wait()

    async def _measure(self, count: int, move: Callable[[], Awaitable[None]]) -> dict[str, float]:
        self._late.clear()
        for number in range(count):
            await asyncio.sleep(random.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS))
            self._arrived.clear()
            await move()
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                raise BenchError(f"message {number + 1} did not come within {WAIT_SECONDS:g} s") from None
        if len(self._late) != count:
            raise BenchError(f"{len(self._late)} messages came of {count} edges")
        late = sorted(self._late)
        return {_P50: late[len(late) // 2], _P99: late[(len(late) * 99 + 99) // 100 - 1]}
