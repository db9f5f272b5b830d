# SPDX-License-Identifier: Apache-2.0
"""A Python interpreter that imports asyncio, runs its loop once, and waits: the least that a daemon can be."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bench.figure import BenchError
from bench.machine import compiling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PROGRAM = "import asyncio, sys; asyncio.run(asyncio.sleep(0)); print('ready', flush=True); sys.stdin.read()"


@asynccontextmanager
async def running() -> AsyncIterator[tuple[int, float]]:
    """Have it run: its process id, and the milliseconds until it was ready."""
    begin = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=compiling(),
    )
    try:
        if process.stdout is None or not await process.stdout.readline():
            raise BenchError("a bare interpreter did not start")
        yield process.pid, (time.monotonic() - begin) * 1e3
    finally:
        process.terminate()
        await process.wait()
