# SPDX-License-Identifier: Apache-2.0
"""One relay on the bus, as a process of its own that a test may stop: python -m tests.bus.relay_process ADDRESS.

Writes READY and then one JSON line, [member, arguments], for each call that it carries out.
"""

from __future__ import annotations

import asyncio
import json
import sys

from axiod.bus.connection import Connection
from axiod.bus.server import Server
from tests.bus.conftest import NAME, PATH, RELAY, ROOT
from tests.bus.contract_handler import ContractHandler


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(address: str) -> None:
    """Serve until the bus is gone."""
    connection = await Connection.open(address)
    server = Server(connection, ROOT)
    relay = ContractHandler(RELAY)
    for member in relay.interface.methods:
        relay.answers[member] = lambda *arguments, member=member: say(json.dumps([member, arguments]))
    server.export(PATH, RELAY, relay)
    await connection.request_name(NAME)
    say("READY")
    await connection.closed
    await server.close()
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
