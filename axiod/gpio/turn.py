# SPDX-License-Identifier: Apache-2.0
"""One command of an output after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Turn:
    """Holds a lock, and calls a function when it has it and before it gives it back."""

    def __init__(self, lock: asyncio.Lock, between: Callable[[], None]) -> None:
        self._lock = lock
        self._between = between

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        self._between()

    async def __aexit__(self, *_: object) -> None:
        self._between()
        self._lock.release()
