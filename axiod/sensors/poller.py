# SPDX-License-Identifier: Apache-2.0
"""One port: its sensors are asked when they are due, one after the other.

Two sensors that answer are asked at a time, so that the line has its next request while the last answer is on its way
to us; and one that does not answer besides, so that those never wait for it.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

from axiod.errors import AxiodError, HardwareFailure, Timeout
from axiod.sensors.asking import Refused, WrongDevice
from axiod.sensors.schedule import Entry, Timetable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.sensors.plan import Block

_AT_ONCE = 2
_AGAIN_SECONDS = 1.0
"""A port that cannot be used is tried again after this, or when it changes."""


class Polled(Protocol):
    """A sensor, as it is polled."""

    async def poll(self, block: Block) -> None:
        """Ask for a block and take the answer; raises the errors of Transact, Refused, WrongDevice."""

    def answered(self) -> None:
        """It did."""

    def failed(self, error: Exception, failures: int) -> None:
        """It did not, so many times in a row, or not as it should."""

    def unreachable(self, reason: str) -> None:
        """It could not be asked."""


class Poller:
    """One port."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._timetable = Timetable()
        self._sensors: dict[str, Polled] = {}
        self._wake = asyncio.Event()
        self._asking: dict[bool, set[asyncio.Task[None]]] = {False: set(), True: set()}
        """What is under way, of those that answer and of those that do not."""
        self._task = tasks.create_task(self._run())

    def put(self, id_: str, sensor: Polled, blocks: Sequence[Block]) -> None:
        """Ask a sensor for blocks from now on."""
        self._sensors[id_] = sensor
        self._timetable.put(id_, blocks, time.monotonic())
        self._wake.set()

    def drop(self, id_: str) -> None:
        """Do not ask a sensor any more."""
        self._sensors.pop(id_, None)
        self._timetable.drop(id_)

    def hurry(self) -> None:
        """The port is another one: whoever waits for it is asked at once."""
        self._timetable.hurry(time.monotonic())
        self._wake.set()

    def close(self) -> None:
        """Ask nobody any more."""
        self._task.cancel()
        for task in self._asking[False] | self._asking[True]:
            task.cancel()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            now = time.monotonic()
            moments = [moment for failing in (False, True) if (moment := self._begin(now, failing=failing)) is not None]
            try:
                async with asyncio.timeout(min(moments) - now if moments else None):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _begin(self, now: float, *, failing: bool) -> float | None:
        """Ask whoever is due; return when the next one is, None where something else says so."""
        under_way = self._asking[failing]
        while len(under_way) < (1 if failing else _AT_ONCE):
            entry = self._timetable.next(now, failing=failing)
            if not isinstance(entry, Entry):
                return entry
            task = self._tasks.create_task(self._ask(entry, entry.take(now)))
            under_way.add(task)
            task.add_done_callback(partial(self._ended, under_way))
        return None

    async def _ask(self, entry: Entry, block: Block) -> None:
        if not self._has(entry):
            return  # it went, or is another one, since this was begun
        sensor = self._sensors[entry.id]
        try:
            await sensor.poll(block)
        except (Timeout, HardwareFailure, Refused, WrongDevice) as error:
            entry.failed(time.monotonic())
            if self._has(entry):
                sensor.failed(error, entry.failures)
        except AxiodError as error:
            entry.wait(time.monotonic() + _AGAIN_SECONDS)
            if self._has(entry):
                sensor.unreachable(str(error))
        else:
            entry.answered(time.monotonic())
            if self._has(entry):
                sensor.answered()

    def _ended(self, under_way: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        under_way.discard(task)
        self._wake.set()

    def _has(self, entry: Entry) -> bool:
        return self._timetable.entries.get(entry.id) is entry
