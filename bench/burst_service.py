# SPDX-License-Identifier: Apache-2.0
"""One relay of the contract and org.axiod.bench1.Burst on our Server: python -m bench.burst_service BUS_NAME.

The bus is that of DBUS_SYSTEM_BUS_ADDRESS. The relay has no hardware, as that of reference/service.c has none.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from axiod.bus import interface
from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.clock import wall_usec
from bench.peers import relay_of, root_of

_RELAY = "org.axiod.relays1.Relay"
_BURST = interface.parse((Path(__file__).parent / "org.axiod.bench1.Burst.xml").read_text(encoding="utf-8"))


class RelayHandler:
    """org.axiod.relays1.Relay; the attributes are the properties of the contract, with the values of service.c."""

    number = 0
    terminal = name = "Relay 1"
    connector = "Relay connector, pins 2 to 4"
    contact_form = "form-c"
    normally_open = "open"
    normally_closed = "closed"
    quality = "good"
    problem = None
    cycles = 1234
    running = "idle"
    boot_policy = "last"
    failure_policy = "hold"

    def __init__(self) -> None:
        self.active = False
        self.last_change_usec = wall_usec()

    def _not_here(self, *_: Any) -> None:
        raise NotImplementedError

    configure = set = toggle = pulse = run_sequence = cancel = reset_counter = _not_here


class BurstHandler:
    """org.axiod.bench1.Burst."""

    def __init__(self, server: Server, path: str, relay: RelayHandler) -> None:
        self._server = server
        self._path = path
        self._relay = relay

    def properties_changed(self, count: int) -> None:
        for _ in range(count):
            self._relay.active = not self._relay.active
            self._relay.last_change_usec = wall_usec()
            self._server.changed(self._path, _RELAY)

    def stream(self, per_second: int, seconds: int) -> int:
        raise NotImplementedError


async def main(bus_name: str) -> None:
    """Serve until the bus is gone."""
    connection = await Connection.open(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
    root, path = root_of(bus_name), relay_of(bus_name)
    server = Server(connection, root)
    relay = RelayHandler()
    server.export(path, _RELAY, relay)
    server.export(root, _BURST, BurstHandler(server, path, relay))
    await connection.request_name(bus_name)
    await connection.closed


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
