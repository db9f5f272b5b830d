# SPDX-License-Identifier: Apache-2.0
"""The simulated board of the tests, in a thread of its own: whoever has a line of it waits for its answers."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

from axiod.board import loader
from axiod.sim.lines import LineServer
from axiod.sim.world import terminals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from axiod.board.profile import LineRef
    from axiod.sim.world import Drive, Terminal, Wire

T = TypeVar("T")

BOARD = loader.load(loader.find("a9210-sim"))


class World:
    """The lines of the board, listening at a path."""

    def __init__(self, path: Path) -> None:
        self.terminals = terminals(BOARD)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._closed = False

        def listen() -> LineServer:
            lines = LineServer(self.terminals)
            lines.listen(path)
            return lines

        self.lines = self.do(listen)

    def do(self, action: Callable[[], T]) -> T:
        """Have something done in the thread of the board."""

        async def work() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(10)

    def close(self) -> None:
        """End it; the second time nothing happens."""
        if not self._closed:
            self._closed = True
            self.do(self.lines.close)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def line(self, name: str) -> LineRef:
        """Return the line of a terminal."""
        return next(terminal.line for terminal in self.terminals if terminal.id == name)

    def terminal(self, ref: LineRef) -> Terminal:
        """Return the terminal of a line."""
        return next(terminal for terminal in self.terminals if terminal.line.name == ref.name)

    def wire(self, ref: LineRef) -> Wire:
        """Return the wire of a line."""
        wire = self.terminal(ref).wire
        assert wire
        return wire

    def drive(self, ref: LineRef) -> Drive:
        """Return what a line drives."""
        drive = self.terminal(ref).drive
        assert drive
        return drive

    def put(self, ref: LineRef, condition: str) -> None:
        """Do something to the wire of a line, and have the line tell it."""
        import time

        wire = self.wire(ref)
        before = wire.closed
        wire.condition = condition
        if wire.closed != before:
            self.lines.edges(self.terminal(ref), [(wire.closed, time.monotonic_ns())])
