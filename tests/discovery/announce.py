# SPDX-License-Identifier: Apache-2.0
"""Announces a device until it is told to end: the announcing part of axiod-discovery without a bus.

`python -m tests.discovery.announce`, in whatever network namespace it is started. Each line of standard input is what
is announced from then on, as JSON: null, or the fields that differ from DEVICE. It answers each with a line. After true
the links change just before what comes next, which makes two lines.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace

from axiod.discovery.announcing import Announcing
from axiod.discovery.model import Announced

DEVICE = Announced(
    upnp=True,
    ws_discovery=True,
    friendly_name="Gate & barrier",
    name="Gate & barrier",
    brand="axiod",
    model="A9210",
    full_name="axiod A9210 Network I/O Relay Module",
    serial_number="02AB54C1D2E3",
    version="0.1.0",
    web_url="",
    scheme="http",
    port=80,
)


async def main() -> None:
    """Follow standard input."""
    announcing = Announcing(lambda line: print(line, flush=True))
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async for line in lines:
        changes = json.loads(line)
        if changes is True:
            announcing._links_changed([])
            continue
        await announcing.show(None if changes is None else replace(DEVICE, **changes))
    await announcing.close()


if __name__ == "__main__":
    asyncio.run(main())
