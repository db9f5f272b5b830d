# SPDX-License-Identifier: Apache-2.0
"""Follows a device with the PyPI package `axis` as it is, and writes a line of JSON for all that it makes of that.

HOST HTTP_PORT USER PASSWORD TRANSPORT, which is rtsp or websocket. A process of its own: the package is nobody's
dependency but the tests', and its warnings are its own. Ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib.metadata import version
from typing import Any

from axis.device import AxisDevice
from axis.models.configuration import Configuration


def tell(**what: Any) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def session() -> Any:
    """Return the HTTP client that this version of the package wants."""
    if int(version("axis").split(".")[0]) >= 70:
        import aiohttp

        return aiohttp.ClientSession()
    import httpx

    return httpx.AsyncClient()


async def main() -> None:
    """Follow until nobody listens."""
    host, port, user, password, transport = sys.argv[1:]
    tell(version=version("axis"))
    async with session() as client:
        more: dict[str, Any] = {"websocket_enabled": True} if transport == "websocket" else {}
        device = AxisDevice(Configuration(client, host, port=int(port), username=user, password=password, **more))
        if more:
            await device.vapix.api_discovery.update()
        instances = await device.vapix.event_instances.get_event_instances()
        tell(topics=sorted(instances), stateless=sorted(name for name, item in instances.items() if item.stateless))
        device.enable_events()
        device.event.subscribe(
            lambda event: tell(
                topic=event.topic, id=event.id, operation=event.operation, state=event.state, tripped=event.is_tripped
            )
        )
        device.stream.connection_status_callback.append(lambda signal: tell(signal=signal))
        device.stream.start()
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await reader.read()
        device.stream.stop()


if __name__ == "__main__":
    asyncio.run(main())
