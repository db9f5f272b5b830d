# SPDX-License-Identifier: Apache-2.0
"""Work in a process of its own for each order; its other side is worker.py.

It costs a moment, and buys much: what takes seconds leaves the event loop alone; a library that is needed once a year
takes no memory in the service; and what hangs, or crashes, takes nothing with it but its process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from typing import Any

from axiod.errors import Internal, InvalidArgument

_log = logging.getLogger(__name__)


class Workshop:
    """Has a module carry out one order after the other, which is enough for a small board."""

    def __init__(self, module: str, seconds: float, too_long: str) -> None:
        """`module` is run with -m for each order and calls worker.serve().

        `too_long` is how an order is refused that takes more than these seconds, which {} in it stands for.
        """
        self._module = module
        self._seconds = seconds
        self._too_long = too_long.format(f"{seconds:g} s")
        self._busy = asyncio.Lock()

    async def order(self, what: str, **arguments: Any) -> Any:
        """Return what came of an order; raises InvalidArgument, Internal. Whoever stops waiting ends the process."""
        # What is large takes a while to write and to read.
        text = await asyncio.to_thread(json.dumps, {"what": what, "with": arguments})
        async with self._busy:
            answer = await self._carry_out(text.encode())
        found = await asyncio.to_thread(json.loads, answer)
        if "refused" in found:
            raise InvalidArgument(found["refused"])
        return found["done"]

    async def _carry_out(self, order: bytes) -> bytes:
        isolated = ["-I"] if sys.flags.isolated else []
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *isolated,
            "-m",
            self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        talking = asyncio.ensure_future(process.communicate(order))
        try:
            await asyncio.wait([talking], timeout=self._seconds)
            if not talking.done():
                raise InvalidArgument(self._too_long)
            answer, _ = talking.result()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            if not talking.done():
                await asyncio.wait([talking])
        if process.returncode:
            _log.error("%s ended with %d", self._module, process.returncode)
            raise Internal("a fault of axiod, or of a library that it uses; its log says more")
        return answer
