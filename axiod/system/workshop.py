# SPDX-License-Identifier: Apache-2.0
"""Where keys and certificates are made and read: a process of its own for each (x509.py).

It costs a moment, and buys much: the 8 MiB of the library are not in the service, which does this once a year; a file
that wants a million rounds of hashing, or makes the library crash, ends with its process; and the event loop goes on.
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

_SECONDS = 60.0
"""A key of RSA 4096 takes some seconds on a small board."""


class Workshop:
    """Carries out one order after the other."""

    def __init__(self) -> None:
        self._busy = asyncio.Lock()

    async def order(self, what: str, **arguments: Any) -> dict[str, Any]:
        """Return what came of an order of x509.py; raises InvalidArgument, Internal."""
        async with self._busy:
            return await _carry_out(json.dumps({"what": what, "with": arguments}).encode())


async def _carry_out(order: bytes) -> dict[str, Any]:
    isolated = ["-I"] if sys.flags.isolated else []
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *isolated,
        "-m",
        "axiod.system.x509",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    talking = asyncio.ensure_future(process.communicate(order))
    try:
        await asyncio.wait([talking], timeout=_SECONDS)
        if not talking.done():
            raise InvalidArgument(f"data takes more than {_SECONDS:g} s to read, so it was not")
        answer, _ = talking.result()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if not talking.done():
            await asyncio.wait([talking])
    if process.returncode:
        _log.error("the process for certificates ended with %d", process.returncode)
        raise Internal("a fault of axiod, or of the library for certificates; its log says more")
    found = json.loads(answer)
    if "refused" in found:
        raise InvalidArgument(found["refused"])
    done: dict[str, Any] = found["done"]
    return done
