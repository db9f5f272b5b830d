# SPDX-License-Identifier: Apache-2.0
"""The main loop of every daemon.

Exit codes: 0 stopped on request; 1 something went away or failed, a restart may help; 2 the command line is wrong;
78 (EX_CONFIG) the configuration cannot be used, a restart does not help.
Signals: SIGTERM and SIGINT stop; SIGHUP reads the configuration again, which is taken as a whole or not at all.
"""

from __future__ import annotations

import asyncio
import getopt
import logging
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from systemd import daemon

from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.errors import AxiodError
from axiod.runtime import config, log
from axiod.runtime.fds import FdStore
from axiod.runtime.state import State

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from axiod.board.profile import Board
    from axiod.runtime.config import Settings

_log = logging.getLogger(__name__)

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78
_HELP_CONFIG = "\n--config FILE   default: /etc/axiod/{}.yaml, if it is there"
_HELP_FAIL_SAFE = "\n--fail-safe     put each output where its failure policy says, and exit"


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
    server: Server
    root: ServiceRoot
    events: EventSource
    fds: FdStore
    state: State
    state_dir: Path
    tasks: asyncio.TaskGroup
    """A task that fails in it ends the daemon, loudly."""


def run(
    name: str,
    start: Callable[[Context], Awaitable[Service]],
    fail_safe: Callable[[Board, FdStore, Path], None] | None = None,
) -> None:
    """Run the service org.axiod.NAME1 until it is told to stop, and exit the process."""
    config_file, only_fail_safe = _arguments(name, able_to_fail_safe=fail_safe is not None)
    log.setup("info")
    try:
        settings, board = _configuration(name, config_file)
    except config.ConfigError as error:
        for line in str(error).splitlines():
            _log.error("%s", line)
        sys.exit(EXIT_CONFIG)
    log.setup(settings.log_level)
    state_dir = Path(os.environ.get("STATE_DIRECTORY", f"/var/lib/axiod/{name}"))
    if fail_safe and only_fail_safe:
        try:
            fail_safe(board, FdStore(), state_dir)
        except AxiodError as error:
            _log.error("%s", error)
            sys.exit(EXIT_FAILED)
        sys.exit(0)
    sys.exit(asyncio.run(_Daemon(name, config_file, settings, board, state_dir).serve(start)))


def _arguments(name: str, *, able_to_fail_safe: bool) -> tuple[Path | None, bool]:
    """Read the command line: the configuration file if one is named, and whether only to fail safe."""
    # getopt, because argparse would cost each daemon half a megabyte.
    known = ["help", "config="]
    usage = f"usage: axiod-{name} [OPTIONS]\n" + _HELP_CONFIG.format(name)
    if able_to_fail_safe:
        known.append("fail-safe")
        usage += _HELP_FAIL_SAFE
    try:
        options, rest = getopt.getopt(sys.argv[1:], "h", known)
    except getopt.GetoptError as error:
        sys.stderr.write(f"axiod-{name}: {error}\n{usage}\n")
        sys.exit(EXIT_USAGE)
    given = dict(options)
    if "--help" in given or "-h" in given:
        sys.stdout.write(usage + "\n")
        sys.exit(0)
    if rest:
        sys.stderr.write(f"axiod-{name}: {rest[0]!r} is not expected\n{usage}\n")
        sys.exit(EXIT_USAGE)
    return Path(given["--config"]) if "--config" in given else None, "--fail-safe" in given


def _configuration(name: str, path: Path | None) -> tuple[Settings, Board]:
    from axiod.board import loader

    settings = config.load(path or Path(f"/etc/axiod/{name}.yaml"), required=path is not None)
    try:
        return settings, loader.load(loader.find(settings.board))
    except loader.BoardError as error:
        raise config.ConfigError(str(error)) from error


class _Daemon:
    def __init__(self, name: str, path: Path | None, settings: Settings, board: Board, state_dir: Path) -> None:
        self._name = name
        self._path = path
        self._settings = settings
        self._board = board
        self._state_dir = state_dir
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
            expected, unexpected = group.split(AxiodError)
            for reason in expected.exceptions if expected else ():
                _log.error("%s", reason)
            if unexpected:
                _log.error("a fault of axiod", exc_info=unexpected)
            return EXIT_FAILED
        finally:
            await connection.close()

    async def _serve_on(self, connection: Connection, start: Callable[[Context], Awaitable[Service]]) -> int:
        bus_name = f"org.axiod.{self._name}1"
        path = "/" + bus_name.replace(".", "/")
        server = Server(connection, path)
        root = ServiceRoot(server, path, lambda line: daemon.notify(f"STATUS={line}"))
        events = EventSource(server, path)
        fds = FdStore()
        state = State(self._state_dir / "state.sqlite", lambda text: root.problem("state", text))
        try:
            async with asyncio.TaskGroup() as tasks:
                context = Context(self._board, path, server, root, events, fds, state, self._state_dir, tasks)
                service = await start(context)
                fds.drop_rest()
                events.live = True
                await connection.request_name(bus_name)
                watchdog = tasks.create_task(_watchdog())
                _log.info("%s is ready: %s", bus_name, root.status)
                daemon.notify("READY=1")
                self._ready = True
                lost = await self._until_end(connection)
                daemon.notify("STOPPING=1")
                watchdog.cancel()
                await server.close()
                await service.stop()
        finally:
            await state.close()
        if lost:
            _log.error("the connection to the bus ended: %s", lost)
            return EXIT_FAILED
        return 0

    async def _until_end(self, connection: Connection) -> Exception | None:
        stop = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((stop, connection.closed), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        return connection.closed.result() if connection.closed.done() else None

    def _reload(self) -> None:
        if not self._ready:
            return  # it has only just been read
        daemon.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            settings, board = _configuration(self._name, self._path)
        except config.ConfigError as error:
            _log.error("the configuration was not taken, the former one stays: %s", error)
        else:
            log.setup(settings.log_level)
            if board != self._board:
                _log.warning("the board profile has changed; restart axiod-%s to take it", self._name)
            _log.info("took the configuration")
        daemon.notify("READY=1")


async def _watchdog() -> None:
    """Tell systemd twice in each period that the event loop turns; it does so from the loop itself."""
    period = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
    while period:
        daemon.notify("WATCHDOG=1")
        await asyncio.sleep(period / 2)
