# SPDX-License-Identifier: Apache-2.0
"""The main loop of every daemon.

Exit codes: 0 stopped on request; 1 something went away or failed, a restart may help; 2 the command line is wrong;
78 (EX_CONFIG) the configuration cannot be used, a restart does not help; 79 it was started only to put the outputs
where their failure policy says.
Signals: SIGTERM and SIGINT stop; SIGHUP reads the configuration again, which is taken as a whole or not at all.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from systemd import daemon

from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.errors import AxiodError
from axiod.runtime import log, watchdog
from axiod.runtime.board import NO_BOARD, NO_BOARD_PROBLEM, chosen, chosen_if_any, named
from axiod.runtime.config import ConfigError
from axiod.runtime.fds import FdStore
from axiod.runtime.idle import Needed, idle, told_that_it_stops
from axiod.runtime.log import complain
from axiod.runtime.state import State
from axiod.runtime.store import damage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from axiod.board.profile import Board
    from axiod.runtime.options import Options

_log = logging.getLogger(__name__)

EXIT_FAILED = 1
EXIT_CONFIG = 78


class Service(Protocol):
    """A running service, as the main loop sees it."""

    async def stop(self) -> None:
        """Let go of everything but the outputs, which stay as they are."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the main loop gives to a service."""

    board: Board
    path: str
    """The root object, for example /org/axiod/io1."""
    connection: Connection
    """For who is a client of other services as well."""
    server: Server
    root: ServiceRoot
    events: EventSource
    fds: FdStore
    state: State
    state_dir: Path
    tasks: asyncio.TaskGroup
    """A task that fails in it ends the daemon, loudly."""
    needed: Needed = field(default_factory=Needed)
    """Why it must not exit although nobody asks it, where it may exit at all."""
    on_the_bus: asyncio.Event = field(default_factory=asyncio.Event)
    """It has its name: what it tells from now on is heard."""


def run(options: Options, start: Callable[[Context], Awaitable[Service]], *, drives: bool = True) -> None:
    """Run the service org.axiod.NAME1 until it is told to stop, and exit the process.

    `drives`: it drives what is on the board, so that it cannot run when the profile cannot be used, and says so where
    there is no board.
    """
    log.setup("info")
    fds = FdStore()
    try:
        settings = options.settings()
        if drives:
            board = chosen(settings, options.state_dir, lines_are_kept=fds.any)
        else:
            board = chosen_if_any(settings, options.state_dir)
    except ConfigError as error:
        complain(error)
        sys.exit(EXIT_CONFIG)
    log.setup(settings.log_level)
    sys.exit(asyncio.run(_Daemon(options, board, fds, drives=drives).serve(start)))


class _Daemon:
    def __init__(self, options: Options, board: Board, fds: FdStore, *, drives: bool) -> None:
        self._name = options.name
        self._options = options
        self._board = board
        self._fds = fds
        self._drives = drives
        self._state_dir = options.state_dir
        self._stop = asyncio.Event()
        self._ready = False

    async def serve(self, start: Callable[[Context], Awaitable[Service]]) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        try:
            connection = await Connection.open(os.environ.get("DBUS_SYSTEM_BUS_ADDRESS"))
        except AxiodError as error:
            _log.error("%s", error)
            return EXIT_FAILED
        try:
            return await self._serve_on(connection, start)
        except ExceptionGroup as group:
            wrong, other = group.split(ConfigError)
            expected, unexpected = other.split(AxiodError) if other else (None, None)
            for reason in (*(wrong.exceptions if wrong else ()), *(expected.exceptions if expected else ())):
                complain(reason)
            if unexpected:
                _log.error("a fault of axiod", exc_info=unexpected)
            return EXIT_CONFIG if wrong else EXIT_FAILED
        finally:
            await connection.close()

    async def _serve_on(self, connection: Connection, start: Callable[[Context], Awaitable[Service]]) -> int:
        bus_name = f"org.axiod.{self._name}1"
        path = "/" + bus_name.replace(".", "/")
        server = Server(connection, path)
        root = ServiceRoot(server, path, lambda line: daemon.notify(f"STATUS={line}"))
        events = EventSource(server, path)
        if self._drives and self._board is NO_BOARD:
            root.problem("no board", NO_BOARD_PROBLEM)
        state = State(self._state_dir / "state.sqlite", lambda text: root.problem("state", text))
        try:
            async with asyncio.TaskGroup() as tasks:
                context = Context(
                    self._board, path, connection, server, root, events, self._fds, state, self._state_dir, tasks
                )
                service = await start(context)
                root.problem("damage", damage(self._state_dir))
                self._fds.drop_rest()
                events.live = True
                await connection.request_name(bus_name)
                beating = tasks.create_task(watchdog.watchdog())
                # What is there now stays. Looking through it again, which the collector would do now and then, holds
                # up everything for longer than a rule may take.
                gc.collect()
                gc.freeze()
                _log.info("%s is ready: %s", bus_name, root.status)
                daemon.notify("READY=1")
                self._ready = True
                context.on_the_bus.set()
                lost = await self._until_end(context)
                await told_that_it_stops()
                if lost is None and not self._stop.is_set():
                    # Whoever calls from now on has the service started again; who called before is still answered.
                    await connection.release_name(bus_name)
                beating.cancel()
                await server.close()
                await service.stop()
        finally:
            await state.close()
        if lost:
            _log.error("the connection to the bus ended: %s", lost)
            return EXIT_FAILED
        return 0

    async def _until_end(self, context: Context) -> Exception | None:
        closed, seconds = context.connection.closed, self._options.idle_seconds
        reasons: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._stop.wait())]
        if seconds is not None:
            reasons.append(asyncio.ensure_future(idle(context.server, context.needed, seconds)))
        await asyncio.wait([*reasons, closed], return_when=asyncio.FIRST_COMPLETED)
        for reason in reasons:
            reason.cancel()
        return closed.result() if closed.done() else None

    def _reload(self) -> None:
        if not self._ready:
            return  # it has only just been read
        daemon.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            settings = self._options.settings()
            board, _ = named(settings, lines_are_kept=self._board is not NO_BOARD)
        except ConfigError as error:
            _log.error("the configuration was not taken, the former one stays: %s", error)
        else:
            log.setup(settings.log_level)
            if board != self._board:
                _log.warning("the board profile has changed; restart axiod-%s to take it", self._name)
            _log.info("took the configuration")
        daemon.notify("READY=1")
