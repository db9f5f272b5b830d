# SPDX-License-Identifier: Apache-2.0
"""A daemon that exits when nobody needs it, and is started again by whoever asks it (D-Bus activation).

Nothing that is asked is lost on the way out: systemd is told first that the process stops, so that whoever wants it
from then on has it started anew; then the name is given back; and what was sent to it before is still answered.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from systemd import daemon

if TYPE_CHECKING:
    from axiod.bus.server import Server

_BARRIER_SECONDS = 5.0


class Needed:
    """Why a daemon must not exit although nobody asks it."""

    def __init__(self) -> None:
        self._reasons: set[str] = set()

    def while_(self, reason: str, holds: bool) -> None:
        """Say whether a reason holds from now on."""
        (self._reasons.add if holds else self._reasons.discard)(reason)

    def __bool__(self) -> bool:
        return bool(self._reasons)


async def idle(server: Server, needed: Needed, seconds: float) -> None:
    """Return when nobody called for so long, nothing is under way, and there is no reason to stay."""
    begun = time.monotonic()
    while True:
        quiet_since = max(begun, server.called_at)
        if (left := quiet_since + seconds - time.monotonic()) <= 0 and not server.working and not needed:
            return
        await asyncio.sleep(left if left > 0 else min(seconds, 1.0))


async def told_that_it_stops() -> None:
    """Tell systemd that this process stops, and return when it has taken note. Source: sd_notify_barrier(3)."""
    daemon.notify("STOPPING=1")
    ours, theirs = os.pipe()
    try:
        told = daemon.notify("BARRIER=1", fds=[theirs])
        os.close(theirs)
        theirs = -1
        if told:
            await _closed(ours)
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)


async def _closed(fd: int) -> None:
    """Wait until the other end of a pipe is closed everywhere."""
    loop = asyncio.get_running_loop()
    closed = asyncio.Event()
    loop.add_reader(fd, closed.set)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_BARRIER_SECONDS):
                await closed.wait()
    finally:
        loop.remove_reader(fd)
