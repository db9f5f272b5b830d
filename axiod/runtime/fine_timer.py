# SPDX-License-Identifier: Apache-2.0
"""Waiting for a moment to a fraction of a millisecond, which the event loop alone rounds up to whole ones."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import time
from typing import Any

_ITIMERSPEC = struct.Struct("qqqq")
_TFD_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC


class FineTimer:
    """One timer of the kernel (timerfd). One waits at a time."""

    def __init__(self) -> None:
        self._fd = _create()
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._loop.add_reader(self._fd, self._expired)

    async def until(self, moment: float) -> None:
        """Wait until a moment of time.monotonic(); returns at once when it has passed."""
        seconds = moment - time.monotonic()
        if seconds <= 0:
            return
        self._waiting = self._loop.create_future()
        _arm(self._fd, seconds)
        try:
            await self._waiting
        finally:
            self._waiting = None

    def close(self) -> None:
        """Let go of it."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def _expired(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, 8)
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(None)


_os: Any = os
if hasattr(os, "timerfd_create"):  # Python 3.13

    def _create() -> int:
        return int(_os.timerfd_create(time.CLOCK_MONOTONIC, flags=_TFD_NONBLOCK_CLOEXEC))

    def _arm(fd: int, seconds: float) -> None:
        _os.timerfd_settime(fd, initial=seconds)

else:
    import ctypes

    _libc: Any = ctypes.CDLL(None, use_errno=True)

    def _create() -> int:
        fd = int(_libc.timerfd_create(time.CLOCK_MONOTONIC, _TFD_NONBLOCK_CLOEXEC))
        if fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        return fd

    def _arm(fd: int, seconds: float) -> None:
        whole, part = divmod(max(int(seconds * 1e9), 1), 1_000_000_000)
        if _libc.timerfd_settime(fd, 0, _ITIMERSPEC.pack(0, 0, whole, part), None):
            raise OSError(ctypes.get_errno(), "timerfd_settime")
