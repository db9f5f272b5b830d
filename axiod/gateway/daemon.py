# SPDX-License-Identifier: Apache-2.0
"""The main loop of the gateway, which has no bus name and no objects: it is a client.

Exit codes and signals: see axiod.runtime.client; 1 also where a port of the command line cannot be had. SIGHUP tries
again what could not be had (a port, a certificate).
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from systemd import daemon

from axiod.bus import interface as contract
from axiod.gateway import parts
from axiod.gateway.accounts import Accounts
from axiod.gateway.acting import Acting
from axiod.gateway.app import build
from axiod.gateway.audit import Audit
from axiod.gateway.clients import Clients
from axiod.gateway.context import Gateway
from axiod.gateway.door import Door
from axiod.gateway.limits import Limits
from axiod.gateway.listening import inherited
from axiod.gateway.login import Login
from axiod.gateway.mirror import Mirror
from axiod.gateway.rtsp.server import RtspServer
from axiod.gateway.server import Server
from axiod.gateway.shut_out import ShutOut
from axiod.runtime import client, log
from axiod.runtime.client import EXIT_FAILED
from axiod.runtime.watchdog import watchdog

if TYPE_CHECKING:
    from axiod.bus.connection import Connection
    from axiod.gateway.options import Options

_log = logging.getLogger(__name__)

_KNOWN_SECONDS = 5.0
"""After this the gateway begins without what is not known yet."""
_WORLD = "org.axiod.sim1"
"""The wires and contacts of a simulated device: they are the world, not the device, so only --world shows them."""


def run(options: Options) -> int:
    """Run the gateway until it is told to stop; returns the exit code."""
    log.setup(options.log_level)
    return asyncio.run(client.serve(partial(_serve_on, options)))


async def _serve_on(options: Options, connection: Connection, stop: asyncio.Event) -> int:
    loop = asyncio.get_running_loop()
    mirror = Mirror(connection, tuple(name for name in contract.services() if options.world or name != _WORLD))
    gateway = gateway_of(mirror)
    shut_out = ShutOut(connection)
    mirror.listen(shut_out)
    door = Door(gateway)
    limits = Limits()
    server = Server(
        gateway,
        build(gateway, parts.routes(gateway, door), door, limits),
        RtspServer(gateway),
        on_status=lambda line: daemon.notify(f"STATUS={line}"),
        addresses=options.addresses,
        ports=dict(options.ports),
        inherited=inherited(),
        limits=limits,
    )
    beating: asyncio.Task[None] | None = None
    shut_out.start()
    starting = loop.create_task(mirror.start())
    try:
        # A service that hangs must not keep the others from being served.
        await asyncio.wait({starting}, timeout=_KNOWN_SECONDS)
        if starting.done():
            starting.result()
        problems = await server.start()
        if problems and options.ports:
            return EXIT_FAILED  # said already
        loop.add_signal_handler(signal.SIGHUP, _reload, server)
        # What is there now stays; without it a collection is cheap, and the server asks for them.
        gc.collect()
        gc.freeze()
        beating = loop.create_task(watchdog())
        daemon.notify("READY=1")
        lost = await _until_end(stop, connection, starting)
    finally:
        daemon.notify("STOPPING=1")
        starting.cancel()
        if beating is not None:
            beating.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await server.stop()
        await shut_out.stop()
        await mirror.stop()
    if lost is not None:
        _log.error("the connection to the bus ended: %s", lost)
        return EXIT_FAILED
    return 0


def gateway_of(mirror: Mirror) -> Gateway:
    """Return a gateway for what a mirror shows."""
    accounts = Accounts(mirror)
    return Gateway(mirror, Acting(mirror, Audit(), accounts.check), accounts, Login(mirror, accounts), Clients())


async def _until_end(stop: asyncio.Event, connection: Connection, starting: asyncio.Task[None]) -> Exception | None:
    """Wait until the gateway is to end; raises what kept it from following the services."""
    stopping = asyncio.ensure_future(stop.wait())
    ends: set[asyncio.Future[Any]] = {stopping, connection.closed}
    await asyncio.wait({*ends, starting}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and not starting.cancelled():
        starting.result()
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    return connection.closed.result() if connection.closed.done() else None


def _reload(server: Server) -> None:
    daemon.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    server.reload()
    daemon.notify("READY=1")
