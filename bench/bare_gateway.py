# SPDX-License-Identifier: Apache-2.0
"""The reference of the gateway: aiohttp routes that make the same D-Bus call, and nothing else.

    python -m bench.bare_gateway PORT

/check asks the first relay whether it is active, /switch/on and /switch/off switch it. Nobody is asked who he is.
"""

from __future__ import annotations

import asyncio
import os
import sys

from aiohttp import web

from axiod.bus.connection import Connection

_RELAYS = "org.axiod.relays1"
_RELAY = "/org/axiod/relays1/relay/relay1"
_INTERFACE = "org.axiod.relays1.Relay"


def routes(connection: Connection) -> list[web.RouteDef]:
    """Return the routes."""

    async def check(_request: web.Request) -> web.Response:
        reply = await connection.call(
            _RELAYS, _RELAY, "org.freedesktop.DBus.Properties", "Get", "ss", [_INTERFACE, "Active"]
        )
        return web.Response(text=f"port1={int(reply[0].value)}\n")

    async def switch(request: web.Request) -> web.Response:
        active = request.match_info["state"] == "on"
        await connection.call(_RELAYS, _RELAY, _INTERFACE, "Set", "ba{sv}", [active, {}])
        return web.Response()

    return [web.get("/check", check), web.get("/switch/{state}", switch)]


async def serve(port: int) -> None:
    """Answer until the process is ended."""
    connection = await Connection.open(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
    app = web.Application()
    app.add_routes(routes(connection))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await connection.closed


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
