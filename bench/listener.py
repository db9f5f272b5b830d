# SPDX-License-Identifier: Apache-2.0
"""A client in a process of its own that takes the time of signals: python -m bench.listener BUS_NAME COUNT.

Writes "ready", and after COUNT PropertiesChanged with a LastChangeUsec a list of JSON: the microseconds from each
LastChangeUsec to its arrival here. The bus is that of DBUS_SYSTEM_BUS_ADDRESS.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import TYPE_CHECKING

from axiod.bus.connection import Connection, Subscription
from bench.peers import root_of

if TYPE_CHECKING:
    from axiod.bus._lib import Message


async def main(bus_name: str, count: int) -> None:
    """Listen until all have come."""
    late: list[float] = []
    full = asyncio.Event()

    def received(message: Message) -> None:
        now = time.time_ns()
        changed = message.body[1].get("LastChangeUsec")
        if changed is not None:
            late.append(now / 1e3 - changed.value)
        if len(late) >= count:
            full.set()

    connection = await Connection.open(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
    interface = "org.freedesktop.DBus.Properties"
    await connection.subscribe(Subscription(bus_name, interface, "PropertiesChanged", root_of(bus_name), received))
    print("ready", flush=True)
    await full.wait()
    print(json.dumps(late))
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
