# SPDX-License-Identifier: Apache-2.0
"""What waits to be sent to one client of a stream: bounded, so that a slow client costs little and slows nobody.

A client that does not take what there is to tell is dropped, with a reason, rather than told less than happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sized

T = TypeVar("T", bound="Sized")

MOST_ITEMS = 1000
MOST_BYTES = 1 << 20
WRITE_SECONDS = 10.0
"""A client that takes nothing for so long is dead."""
SOCKET_BYTES = 128 * 1024
"""What the kernel may keep for one client besides."""

GONE = "the connection is closed"
STOPPING = "the gateway is stopping; come back"
_BATCH = 32


class Outbox(Generic[T]):
    """What waits to be sent to one client. `put` never waits; one task calls `run`, which sends."""

    def __init__(
        self,
        send: Callable[[T], Awaitable[None]],
        *,
        most_items: int = MOST_ITEMS,
        most_bytes: int = MOST_BYTES,
        write_seconds: float = WRITE_SECONDS,
        idle: Callable[[], T] | None = None,
        idle_seconds: float = 15.0,
    ) -> None:
        """`send` writes one item and waits while the client takes nothing; it raises OSError when the client is gone.

        `idle` makes what is sent when nothing was sent for `idle_seconds`. Bytes are what len() says of an item.
        """
        self.reason: str | None = None
        """Why nothing more is sent; None while the client is served."""
        self.sent = 0
        """How many items were sent."""
        self._send = send
        self._most_items = most_items
        self._most_bytes = most_bytes
        self._write_seconds = write_seconds
        self._idle = idle
        self._idle_seconds = idle_seconds
        self._items: deque[T] = deque()
        self._bytes = 0
        self._woken = asyncio.Event()
        self._writing: asyncio.Timeout | None = None

    @property
    def waiting(self) -> int:
        """How many items wait."""
        return len(self._items)

    def put(self, item: T) -> bool:
        """Send an item after those before it; False when the client is dropped, now or before."""
        if self.reason is not None:
            return False
        size = len(item)
        if len(self._items) >= self._most_items or (self._items and self._bytes + size > self._most_bytes):
            self.close(f"you are too slow: {len(self._items)} messages ({self._bytes} bytes) wait for you")
            return False
        self._items.append(item)
        self._bytes += size
        self._woken.set()
        return True

    def close(self, reason: str) -> None:
        """Send nothing more, not even what waits. The first reason counts."""
        if self.reason is not None:
            return
        self.reason = reason
        self._items.clear()
        self._bytes = 0
        self._woken.set()
        if self._writing is not None and not self._writing.expired():
            self._writing.reschedule(0)  # what is being sent waits for a client that is none any more

    async def run(self) -> str:
        """Send what is put until the client is dropped or gone, and return why. Call it once."""
        while self.reason is None:
            if not self._items:
                await self._wait()
            batch = [self._items[number] for number in range(min(_BATCH, len(self._items)))]
            why = None
            try:
                async with asyncio.timeout(self._write_seconds) as self._writing:
                    await self._write(batch)
            except TimeoutError:
                why = f"you took nothing for {self._write_seconds:g} s"
            except OSError:
                why = GONE
            finally:
                self._writing = None
            if why:
                self.close(why)
        return self.reason

    async def _wait(self) -> None:
        self._woken.clear()
        if self._idle is None:
            await self._woken.wait()
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._idle_seconds):
                await self._woken.wait()
                return
        self.put(self._idle())

    async def _write(self, batch: list[T]) -> None:
        for item in batch:
            await self._send(item)
            if self.reason is not None:
                return
            # What is being sent still counts as waiting, so it goes only now.
            self._items.popleft()
            self._bytes -= len(item)
            self.sent += 1


def narrow(transport: asyncio.BaseTransport | None) -> None:
    """Let the kernel keep only a little for a client; what is more waits here, where it is counted."""
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
