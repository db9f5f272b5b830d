# SPDX-License-Identifier: Apache-2.0
"""A service that tells events as fast as it is asked to: python -m bench.event_source BUS_NAME.

The bus is that of DBUS_SYSTEM_BUS_ADDRESS. It takes the name of a service of axiod that does not run there.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from axiod.bus import interface
from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.bus.service import EventSource
from axiod.clock import wall_usec
from bench.peers import root_of

TOPIC = "tns1:Device/tnsaxis:IO/OutputPort"
PORTS = tuple(str(number) for number in range(101, 111))
_TICK_SECONDS = 0.01
_BURST = interface.parse((Path(__file__).parent / "org.axiod.bench1.Burst.xml").read_text(encoding="utf-8"))


class StreamHandler:
    """org.axiod.bench1.Burst, as far as it is about events."""

    def __init__(self, events: EventSource) -> None:
        self._events = events
        self._told = 0

    def properties_changed(self, count: int) -> None:
        raise NotImplementedError

    async def stream(self, per_second: int, seconds: int) -> int:
        loop = asyncio.get_running_loop()
        begin, told, count = loop.time(), 0, per_second * seconds
        while told < count:
            due = min(int((loop.time() - begin) * per_second), count)
            while told < due:
                self._tell()
                told += 1
            await asyncio.sleep(_TICK_SECONDS)
        return told

    def _tell(self) -> None:
        turn, place = divmod(self._told, len(PORTS))
        self._told += 1
        self._events.state(TOPIC, {"port": PORTS[place]}, {"state": str((turn + 1) % 2)}, wall_usec())


async def main(bus_name: str) -> None:
    """Serve until the bus is gone."""
    connection = await Connection.open(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
    root = root_of(bus_name)
    server = Server(connection, root)
    events = EventSource(server, root)
    for port in PORTS:
        events.state(TOPIC, {"port": port}, {"state": "0"}, wall_usec())
    events.live = True
    server.export(root, _BURST, StreamHandler(events))
    await connection.request_name(bus_name)
    await connection.closed


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
