# SPDX-License-Identifier: Apache-2.0
"""Runs in a guest and prints microseconds, one for each time. The client is that of axiod.bus.

    latency.py signals PORT COUNT           from an edge to the signal PropertiesChanged in a client
    latency.py edges CHIP LINE COUNT        from an edge to a program that reads it, without any service
    latency.py commands RELAY COUNT         a row for each: when Relay.Set was called, and when it was answered

An edge has the time at which the kernel saw it. "ready" is printed when edges may come.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from axiod.bus.client import Service
from axiod.bus.connection import Connection


async def signals(port: str, count: int) -> None:
    """Print how long each edge of a port took to a client of the bus."""
    connection = await Connection.open()
    taken: list[int] = []
    done = asyncio.Event()

    def receive(path: str, _interface: str, changed: dict[str, Any], _gone: list[str]) -> None:
        now = time.time_ns() // 1000
        if path.endswith(f"/{port}") and "State" in changed and "LastChangeUsec" in changed:
            taken.append(now - changed["LastChangeUsec"])
            if len(taken) >= count:
                done.set()

    await Service(connection, "org.axiod.io1").on_changed(receive)
    print("ready", flush=True)
    await done.wait()
    print(*taken, sep="\n")
    await connection.close()


def edges(chip: str, line: str, count: int) -> None:
    """Print how long each edge of a line took to a program that reads it."""
    import gpiod
    from gpiod.line import Clock, Direction, Edge

    settings = gpiod.LineSettings(direction=Direction.INPUT, edge_detection=Edge.BOTH, event_clock=Clock.REALTIME)
    taken: list[int] = []
    with gpiod.request_lines(chip, config={line: settings}) as request:
        print("ready", flush=True)
        while len(taken) < count:
            taken += [(time.time_ns() - event.timestamp_ns) // 1000 for event in request.read_edge_events()]
    print(*taken, sep="\n")


async def commands(relay: str, count: int) -> None:
    """Switch a relay again and again; print when it was asked and when it answered, CLOCK_MONOTONIC."""
    connection = await Connection.open()
    service = Service(connection, "org.axiod.relays1")
    rows = []
    print("ready", flush=True)
    for number in range(count):
        await asyncio.sleep(0.1)
        begin = time.monotonic_ns() // 1000
        await service.call(f"{service.root}/relay/{relay}", "org.axiod.relays1.Relay", "Set", number % 2 == 0, {})
        rows.append((begin, time.monotonic_ns() // 1000))
    for row in rows:
        print(*row)
    await connection.close()


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "signals":
        asyncio.run(signals(given[0], int(given[1])))
    elif what == "edges":
        edges(given[0], given[1], int(given[2]))
    else:
        asyncio.run(commands(given[0], int(given[1])))
