# SPDX-License-Identifier: Apache-2.0
"""Protocols of the standard library that block, each in a thread that can be cut off."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from axiod.events.sending.failure import SendFailed, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.events.sending.job import Patience

_T = TypeVar("_T")

MOST_BYTES = 1 << 18
"""So much a server may say in one connection."""


class Cutter:
    """The sockets that a thread waits on. To cut them off ends its wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._doubles: list[socket.socket] = []
        self._cut = False

    def add(self, made: socket.socket) -> None:
        """Cut this one off, too."""
        with self._lock:
            self._sockets.append(made)
            if self._cut:
                _shut(made)

    def cut(self) -> None:
        """End everything that waits, and what will."""
        with self._lock:
            self._cut = True
            for made in self._sockets:
                _shut(made)

    def close(self) -> None:
        """Let go of everything; the thread has ended."""
        with self._lock:
            self._sockets.clear()
            for double in self._doubles:
                double.close()

    def connect(self, host: str, port: int, patience: Patience) -> socket.socket:
        """Return a connection; raises SendFailed."""
        problem: Exception = OSError("it has no address")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found, problem = [], error
        for family, kind, protocol, _, address in found:
            made = socket.socket(family, kind, protocol)
            # TLS takes a socket over; another descriptor of the same connection cuts it off all the same.
            double = made.dup()
            self._doubles.append(double)
            self.add(double)
            try:
                made.settimeout(patience.connect)
                made.connect(address)
            except OSError as error:
                problem = error
                made.close()
            else:
                made.settimeout(patience.silence)
                return made
        raise unreachable(problem, host, port) or SendFailed(f"the host {host} is not found", begun=False) from problem


def _shut(made: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not the method of an SSLSocket, which would take TLS away under the thread that reads.
        socket.socket.shutdown(made, socket.SHUT_RDWR)


async def in_thread(work: Callable[[Cutter], _T]) -> _T:
    """Do something in a thread; whoever stops waiting for it cuts its sockets off."""
    cutter = Cutter()

    def whole() -> _T:
        try:
            return work(cutter)
        finally:
            cutter.close()

    future = asyncio.get_running_loop().run_in_executor(None, whole)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        # What it says when its sockets are gone nobody wants to know.
        future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        cutter.cut()
        raise


class Bounded:
    """A file to read lines from that ends with an error after MOST_BYTES."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = MOST_BYTES

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._file.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise SendFailed("the server says too much", final=True)
        return line

    def close(self) -> None:
        self._file.close()
