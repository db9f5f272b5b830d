# SPDX-License-Identifier: Apache-2.0
"""The main loop of axiod-discovery, which has no bus name and no objects: it is a client.

It runs always, and listens to nothing while both protocols are off. Exit codes: 0 stopped on request; 1 the bus went
away; 2 the command line is wrong. Signals: SIGTERM and SIGINT stop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import Any

from systemd import daemon

from axiod.bus.connection import Connection
from axiod.discovery.announcing import Announcing
from axiod.discovery.sources import Sources
from axiod.errors import AxiodError
from axiod.runtime import log
from axiod.runtime.watchdog import watchdog

_log = logging.getLogger(__name__)

EXIT_FAILED = 1


def run(log_level: str) -> int:
    """Run until it is told to stop; returns the exit code."""
    log.setup(log_level)
    return asyncio.run(serve())


async def serve() -> int:
    """Do so in an event loop that runs."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        connection = await Connection.open(os.environ.get("DBUS_SYSTEM_BUS_ADDRESS"))
    except AxiodError as error:
        log.complain(error)
        return EXIT_FAILED
    try:
        return await _serve_on(connection, stop)
    except (AxiodError, OSError) as error:
        log.complain(error)
        return EXIT_FAILED
    finally:
        await connection.close()


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
            following.result()
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
