# SPDX-License-Identifier: Apache-2.0
"""64 sensors, each read once a second. 8 are what a line may have, so they are on 16 ports of Modbus TCP."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from axiod.bus.connection import Connection

COUNT = 64
INTERVAL_MS = 1000
TEMPLATE = "klha"
_PORTS = 16
_SENSOR = "org.axiod.sensors1.Sensor"


@asynccontextmanager
async def added(connection: Connection, *, moving: bool = False) -> AsyncIterator[None]:
    """Have them and no others, with a server that answers for them; `moving`: no two answers are the same."""
    sensors, fieldbus = Service(connection, "org.axiod.sensors1"), Service(connection, "org.axiod.fieldbus1")
    drift = itertools.count()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """All units have the same registers."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(7)
                request = await reader.readexactly(int.from_bytes(head[4:6], "big") - 1)
                count = int.from_bytes(request[3:5], "big")
                value = 215 + (next(drift) % 50 if moving else 0)
                body = request[:1] + bytes((2 * count,)) + value.to_bytes(2, "big") * count
                writer.write(head[:4] + (len(body) + 1).to_bytes(2, "big") + head[6:] + body)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        for number in range(_PORTS):
            options: dict[str, Any] = {"Id": f"p{number}", "TcpPort": server.sockets[0].getsockname()[1]}
            await fieldbus.call(
                f"{fieldbus.root}/ports",
                "org.axiod.fieldbus1.Ports",
                "AddPort",
                "p",
                "modbus-tcp",
                "127.0.0.1",
                options,
            )
        for path, interfaces in (await sensors.objects()).items():
            if _SENSOR in interfaces:  # one that the device came with
                await sensors.call(path, _SENSOR, "Remove")
        for number in range(COUNT):
            options = {"IntervalMs": INTERVAL_MS}
            place = (f"p{number % _PORTS}", number // _PORTS + 1)
            await sensors.call(
                f"{sensors.root}/sensors", "org.axiod.sensors1.Sensors", "AddSensor", "s", *place, TEMPLATE, options
            )
        yield
    finally:
        server.close()
