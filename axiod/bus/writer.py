# SPDX-License-Identifier: Apache-2.0
"""What is sent waits here while the bus does not take it.

Both D-Bus libraries end the connection when the socket is full, which a burst of some hundred signals is enough for.
This writer waits until the socket takes more, keeps the order, and knows how much is waiting.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

CONGESTED_BYTES = 8 << 20
"""From here on, signals that can be conflated are held back."""
LIMIT_BYTES = 64 << 20
"""More than this never waits: the connection is given up."""
_BATCH = 64
_TURN_BYTES = 256 << 10
"""So much is gathered in one turn of the event loop before it is written."""


class Writer:
    """Writes whole messages to a non-blocking stream socket, in order.

    A message that comes alone, or several that are gathered, are written at once; those that follow in the same turn
    of the event loop are written together at its end.
    """

    def __init__(self, sock: socket.socket, failed: Callable[[OSError], None], drained: Callable[[], None]) -> None:
        self._sock = sock
        self._fd = sock.fileno()
        self._loop = asyncio.get_running_loop()
        self._failed = failed
        self._drained = drained
        self._queue: deque[bytes | bytearray | memoryview] = deque()
        self._flush_due = False
        self._gathering = 0
        self._waiting = False
        self._was_congested = False
        self._closed = False
        self.pending = 0
        """Bytes that wait."""

    @property
    def congested(self) -> bool:
        """So much waits that nothing should be added which can be told later in one word."""
        return self.pending > CONGESTED_BYTES

    def write(self, message: bytes | bytearray) -> None:
        """Send a message, now or as soon as the socket takes it."""
        if self._closed:
            return
        self._queue.append(message)
        self.pending += len(message)
        if not self._waiting:
            if self.pending > _TURN_BYTES:
                self._flush()
            elif not self._gathering:
                self._flush_first()
        if self.pending > LIMIT_BYTES:
            self._give_up(OSError(f"the bus took nothing while {self.pending} bytes were waiting"))
        elif self.congested:
            self._was_congested = True

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Write what is sent within this context in one piece: each write may wake the bus, and that takes its time."""
        self._gathering += 1
        try:
            yield
        finally:
            self._gathering -= 1
            if self._queue and not self._gathering and not self._waiting:
                self._flush_first()

    def close(self) -> None:
        """Forget what waits; nothing is sent any more."""
        if not self._closed:
            self._closed = True
            self._queue.clear()
            self.pending = 0
            if self._waiting:
                self._loop.remove_writer(self._fd)
                self._waiting = False

    def _flush_first(self) -> None:
        """Write what waits, unless something was written in this turn already."""
        if not self._flush_due:
            self._flush_due = True
            self._flush()
            self._loop.call_soon(self._flush_rest)

    def _flush_rest(self) -> None:
        self._flush_due = False
        if self._queue and not self._waiting and not self._closed:
            self._flush()

    def _flush(self) -> None:
        queue = self._queue
        try:
            while queue:
                sent = self._sock.send(queue[0]) if len(queue) == 1 else self._sock.sendmsg(list(islice(queue, _BATCH)))
                self.pending -= sent
                while sent:
                    first = queue.popleft()
                    if sent < len(first):
                        queue.appendleft(memoryview(first)[sent:])
                        break
                    sent -= len(first)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._give_up(error)
            return
        self._wait(bool(queue))
        if self._was_congested and not queue:
            self._was_congested = False
            self._drained()

    def _wait(self, wanted: bool) -> None:
        if wanted and not self._waiting:
            self._loop.add_writer(self._fd, self._flush)
        elif self._waiting and not wanted:
            self._loop.remove_writer(self._fd)
        self._waiting = wanted

    def _give_up(self, error: OSError) -> None:
        self.close()
        self._failed(error)
