# SPDX-License-Identifier: Apache-2.0
"""The main loop of axiod-discovery, which has no bus name and no objects: it is a client.

It runs always, and listens to nothing while both protocols are off. Exit codes and signals: see axiod.runtime.client.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from systemd import daemon

from axiod.discovery.announcing import Announcing
from axiod.discovery.sources import Sources
from axiod.errors import HardwareFailure
from axiod.runtime import client, log
from axiod.runtime.client import EXIT_FAILED
from axiod.runtime.watchdog import watchdog

if TYPE_CHECKING:
    from axiod.bus.connection import Connection

_log = logging.getLogger(__name__)


def run(log_level: str) -> int:
    """Run until it is told to stop; returns the exit code."""
    log.setup(log_level)
    return asyncio.run(client.serve(_serve_on))


async def _serve_on(connection: Connection, stop: asyncio.Event) -> int:
    sources = Sources(connection)
    await sources.start()
    announcing = Announcing(_say)
    following = asyncio.ensure_future(_follow(sources, announcing))
    beating = asyncio.ensure_future(watchdog())
    stopping = asyncio.ensure_future(stop.wait())
    ends: set[asyncio.Future[Any]] = {stopping, connection.closed, following}
    try:
        daemon.notify("READY=1")
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            try:
                following.result()
            except OSError as error:
                raise HardwareFailure(f"the network cannot be listened to: {error}") from error
    finally:
        daemon.notify("STOPPING=1")
        for task in (following, beating, stopping):
            task.cancel()
        await asyncio.gather(following, beating, stopping, return_exceptions=True)
        await announcing.close()
    if connection.closed.done() and not stop.is_set():
        _log.error("the connection to the bus ended: %s", connection.closed.result())
        return EXIT_FAILED
    return 0


async def _follow(sources: Sources, announcing: Announcing) -> None:
    while True:
        what = await sources.next_change()
        await announcing.show(what)
        if what is None:
            _say("; ".join(["announces nothing", *dict.fromkeys(sources.missing)]))


def _say(line: str) -> None:
    daemon.notify(f"STATUS={line}")
    _log.info("%s", line)
