# SPDX-License-Identifier: Apache-2.0
"""What 200 clients on the event WebSocket cost: how late they hear of a change, and what the gateway takes for it.

A relay is switched 100 times a second. Every client reads everything; of ten of them each event's time stamp is held
against the clock. The reference is a single client of D-Bus beside them, which hears of the same events.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from axiod.bus.client import Service
from bench.figure import AtMost, BenchError, Figure
from bench.memory import taken
from bench.web import SYSTEM, running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.bus.client import Event
    from bench.figure import Effort
    from bench.web import Web

_CLIENTS, _TIMED, _PER_ADDRESS = 200, 10, 50
_EVENTS, _PER_SECOND = 500, 100
_MOST_ROUNDS = 3
_RELAYS, _RELAY = "org.axiod.relays1", "/org/axiod/relays1/relay/relay1"


async def measure(effort: Effort) -> Sequence[Figure]:
    """Latency, memory, and what it takes when nobody listens."""
    late = {rank: Figure(f"event to {_CLIENTS} WebSockets, {rank}", "ms") for rank in ("p50", "p99")}
    idle = Figure("axiod-gateway, PSS", "MiB", AtMost(38, "MiB"))
    busy = Figure(f"axiod-gateway with {_CLIENTS} WebSockets, PSS", "MiB")
    for _ in range(min(effort.rounds, _MOST_ROUNDS)):
        async with running() as web:
            idle.ours.append(taken(web.machine.pid("gateway"))["PSS"])
            ours, reference = await _follow(web, effort.number(_EVENTS))
            busy.ours.append(taken(web.machine.pid("gateway"))["PSS"])
            for rank, share in (("p50", 50), ("p99", 99)):
                late[rank].ours.append(statistics.quantiles(ours, n=100)[share - 1])
                late[rank].reference.append(statistics.quantiles(reference, n=100)[share - 1])
    return [*late.values(), idle, busy]


async def _follow(web: Web, number: int) -> tuple[list[float], list[float]]:
    """Switch a relay so often; return the milliseconds that the clients, and the one on D-Bus, heard of it later."""
    _, token = await Service(web.machine.connection, SYSTEM).call(
        f"/{SYSTEM.replace('.', '/')}/access", f"{SYSTEM}.Access", "AddToken", "bench", "viewer", {}
    )
    relays = Service(web.machine.connection, _RELAYS)
    reference: list[float] = []

    def heard(event: Event) -> None:
        reference.append((time.time_ns() // 1000 - event.timestamp_usec) / 1e3)

    subscription = await relays.on_event(heard)
    clients = [Client(timed=index < _TIMED) for index in range(_CLIENTS)]
    loop = asyncio.get_running_loop()
    address = urlsplit(web.gateway)
    host, port = str(address.hostname), int(address.port or 80)
    try:
        for index, client in enumerate(clients):
            # So many connections of one address are too many for the gateway.
            own = (f"127.0.1.{1 + index // _PER_ADDRESS}", 0)
            await loop.create_connection(partial(_same, client), host, port, local_addr=own)
            client.ask(address.netloc, token)
        async with asyncio.timeout(20):
            await asyncio.gather(*(client.upgraded for client in clients))
        begin = loop.time()
        for index in range(number):
            await relays.call(_RELAY, f"{_RELAYS}.Relay", "Set", index % 2 == 0, {})
            await asyncio.sleep(max(begin + (index + 1) / _PER_SECOND - loop.time(), 0))
        async with asyncio.timeout(20):
            await asyncio.gather(*(client.heard(number) for client in clients))
    except TimeoutError:
        least = min(client.events for client in clients)
        raise BenchError(f"a client got {least} of {number} events") from None
    finally:
        for client in clients:
            client.close()
        await web.machine.connection.unsubscribe(subscription)
    return [late for client in clients for late in client.late_ms], reference


def _same(client: Client) -> Client:
    return client


class Client(asyncio.Protocol):
    """One WebSocket, as little of it as can be: what it costs is not to be measured."""

    def __init__(self, *, timed: bool) -> None:
        self.events = 0
        self.late_ms: list[float] = []
        self.upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._timed = timed
        self._wanted = 0
        self._there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, host: str, token: str) -> None:
        """Ask for the events of relays."""
        assert self._transport
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /api/v1/events?kinds=event HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Read frames; those of a server have no mask."""
        now = time.time_ns() // 1000
        self._data += data
        if not self.upgraded.done():
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.upgraded.set_exception(BenchError(f"no WebSocket: {head.splitlines()[0]!r} {rest[:200]!r}"))
                return
            self._data = rest
            self.upgraded.set_result(None)
        while len(self._data) >= 2:
            size, start = self._data[1], 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(self._data[2:start], "big")
            if len(self._data) < start + size:
                return
            payload, self._data = self._data[start : start + size], self._data[start + size :]
            if b'"RelayToken"' in payload and b'"snapshot"' not in payload[:60]:
                self.events += 1
                self._wanted_is_there()
                if self._timed:
                    self.late_ms.append((now - json.loads(payload)["TimestampUsec"]) / 1e3)

    async def heard(self, number: int) -> None:
        """Wait until so many events came."""
        self._wanted = number
        self._wanted_is_there()
        await self._there

    def _wanted_is_there(self) -> None:
        if self._wanted and self.events >= self._wanted and not self._there.done():
            self._there.set_result(None)

    def close(self) -> None:
        """End it."""
        if self._transport:
            self._transport.abort()
