# SPDX-License-Identifier: Apache-2.0
"""Reads the supervised loops, round and round. A dead ADC delays only the loops behind the same device."""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.board.profile import AdcRef
    from axiod.gpio.lines import Adc

PERIOD_SECONDS = 0.05
SILENT_SECONDS = 1.0


class LoopReader:
    """Reads each watched channel twenty times a second and hands the level, or the error, to whoever watches it."""

    def __init__(self, adc: Adc, tasks: asyncio.TaskGroup) -> None:
        self._adc = adc
        self._tasks = tasks
        self._watched: dict[str, dict[AdcRef, Callable[[int | OSError], None]]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    def watch(self, ref: AdcRef, callback: Callable[[int | OSError], None]) -> None:
        """Have a channel read from now on."""
        self._watched.setdefault(ref.device, {})[ref] = callback
        if ref.device not in self._running:
            self._running[ref.device] = self._tasks.create_task(self._read(ref.device))

    def unwatch(self, ref: AdcRef) -> None:
        """Have it read no more."""
        self._watched.get(ref.device, {}).pop(ref, None)

    def close(self) -> None:
        """Read nothing more."""
        for task in self._running.values():
            task.cancel()
        self._adc.close()

    async def _read(self, device: str) -> None:
        watched = self._watched[device]
        loop = asyncio.get_running_loop()
        due = loop.time()
        while watched:
            for ref, callback in list(watched.items()):
                reading: int | OSError
                asked = asyncio.ensure_future(self._adc.read(ref))
                while not (await asyncio.wait((asked,), timeout=SILENT_SECONDS))[0]:
                    # The kernel waits for a device that does not answer; nobody can break that off.
                    if watched.get(ref) is callback:
                        callback(TimeoutError(errno.ETIMEDOUT, f"no reading for {SILENT_SECONDS:g} s"))
                try:
                    reading = asked.result()
                except OSError as error:
                    reading = error
                if watched.get(ref) is callback:
                    callback(reading)
            # A slow device is read as often as it can be, and others get their turn in between.
            due = max(due + PERIOD_SECONDS, loop.time())
            await asyncio.sleep(due - loop.time())
        del self._running[device]
