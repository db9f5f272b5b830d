# SPDX-License-Identifier: Apache-2.0
"""When which sensor of a port is asked what. Pure: time is an argument, in monotonic seconds.

What is due longest comes first, so nobody starves when the line has too much to do; what was missed is not made up for.
A sensor that does not answer is asked one thing now and then, and has everything due at once when it answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.sensors.plan import Block

FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 10.0


@dataclass(slots=True)
class Job:
    """One block of one sensor."""

    block: Block
    due: float
    _begun: bool = False

    def asked(self, now: float) -> None:
        """It is being asked: say when again."""
        interval = self.block.interval_ms / 1000
        # The first time says at which moments it is asked, so that sensors that came together are asked in turn.
        later = self.due + interval if self._begun else now + interval
        self._begun = True
        self.due = later if later > now else now


@dataclass(slots=True)
class Entry:
    """One sensor."""

    id: str
    jobs: list[Job]
    failures: int = 0
    """In a row."""
    retry_at: float = 0.0
    waits: bool = False
    """The last time it could not be asked."""
    asked: bool = False
    """Something is under way: it is asked one thing at a time."""

    @property
    def failing(self) -> bool:
        """It did not answer the last time."""
        return self.failures > 0

    @property
    def due(self) -> float:
        """When it is to be asked."""
        return self.retry_at if self.failing else min((job.due for job in self.jobs), default=float("inf"))

    def take(self, now: float) -> Block:
        """Return what it is asked now."""
        self.asked = True
        self.waits = False
        job = min(self.jobs, key=lambda job: job.due)
        job.asked(now)
        return job.block

    def answered(self, now: float) -> None:
        """It answered."""
        self.asked = False
        if self.failing:
            self.failures = 0
            for job in self.jobs:
                job.due = min(job.due, now)

    def failed(self, now: float) -> None:
        """It did not."""
        self.asked = False
        self.failures += 1
        pause = FIRST_RETRY_SECONDS * (1 << min(self.failures - 1, 10))
        self.retry_at = now + min(pause, LAST_RETRY_SECONDS)

    def wait(self, until: float) -> None:
        """It could not be asked, which says nothing of it."""
        self.asked = False
        self.waits = True
        for job in self.jobs:
            job.due = max(job.due, until)
        self.retry_at = max(self.retry_at, until)


@dataclass(slots=True)
class Timetable:
    """All sensors of one port."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def put(self, id_: str, blocks: Sequence[Block], now: float) -> None:
        """Ask a sensor for blocks from now on."""
        self.entries[id_] = Entry(id_, [Job(block, now) for block in blocks])

    def drop(self, id_: str) -> None:
        """Do not ask a sensor any more."""
        self.entries.pop(id_, None)

    def hurry(self, now: float) -> None:
        """Ask whoever waits for an opportunity at once."""
        for entry in self.entries.values():
            if entry.waits:
                entry.waits = False
                entry.retry_at = min(entry.retry_at, now)
                for job in entry.jobs:
                    job.due = min(job.due, now)

    def next(self, now: float, *, failing: bool) -> Entry | float | None:
        """Return the sensor that is to be asked now; a moment where nobody is until then; None where nobody ever is.

        `failing`: among those that did not answer, or among those that did.
        """
        waiting = [
            entry for entry in self.entries.values() if not entry.asked and entry.failing == failing and entry.jobs
        ]
        if not waiting:
            return None
        first = min(waiting, key=lambda entry: entry.due)
        return first if first.due <= now else first.due
