# SPDX-License-Identifier: Apache-2.0
"""What announces a device on one of two machines."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from tests.conftest import WAIT_SECONDS
from tests.discovery.net import net

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.discovery.net import Net

__all__ = ["net"]


class Announcer:
    """tests/discovery/announce.py on a machine."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def show(self, **changes: Any) -> str:
        """Announce the device with these fields in place of its own; returns the status line."""
        return await self._tell(changes)

    async def hide(self) -> str:
        """Announce nothing."""
        return await self._tell(None)

    async def hide_while_links_change(self) -> list[str]:
        """Announce nothing, just when links have changed; returns both status lines."""
        assert self._process.stdin
        self._process.stdin.write(b"true\nnull\n")
        return [await self.line(), await self.line()]

    async def _tell(self, what: Any) -> str:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        return await self.line()

    async def line(self) -> str:
        """Return the next status line."""
        assert self._process.stdout
        async with asyncio.timeout(WAIT_SECONDS):
            return (await self._process.stdout.readline()).decode().rstrip("\n")


@pytest_asyncio.fixture
async def announcer(net: Net) -> AsyncIterator[Announcer]:
    """What announces a device on the first machine; nothing yet."""
    process = await asyncio.create_subprocess_exec(
        *net.device(sys.executable, "-m", "tests.discovery.announce"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    yield Announcer(process)
    assert process.stdin
    process.stdin.close()
    assert await process.wait() == 0
    process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way
