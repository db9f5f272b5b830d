# SPDX-License-Identifier: Apache-2.0
"""Answers that wait for their moment, because everybody who is searched for answers, and not all at once."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_WAITING = 256


class Delay:
    """Does things at a random moment. What is too much is not done."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.TimerHandle] = set()

    def within(self, seconds: float, do: Callable[[], None]) -> None:
        """Call a function at a random moment of so many seconds."""
        if len(self._waiting) < _MOST_WAITING:
            self.after(random.uniform(0, seconds), do)  # noqa: S311 # so that answers do not collide, no secret

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Call a function after so many seconds."""

        def due() -> None:
            self._waiting.discard(timer)
            do()

        timer = self._loop.call_later(seconds, due)
        self._waiting.add(timer)

    def clear(self) -> None:
        """Do nothing more of what waits."""
        for timer in self._waiting:
            timer.cancel()
        self._waiting.clear()
