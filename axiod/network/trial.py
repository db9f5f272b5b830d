# SPDX-License-Identifier: Apache-2.0
"""Commit-confirm: settings that come back by themselves unless somebody confirms them in time.

Before anything is changed, what there was is on disk, as each area of settings (addresses, hostname, web ports, ...)
describes itself. So whoever is cut off by his own change need only wait: neither the end of this process nor of the
machine keeps the former settings from coming back.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from axiod import durable
from axiod.errors import HardwareFailure

if TYPE_CHECKING:
    from pathlib import Path

SHORTEST_SECONDS, LONGEST_SECONDS = 5, 3600


class Area(Protocol):
    """Settings that can be tried."""

    name: str
    """A word, for people and for the record."""

    async def capture(self) -> Any:
        """Return what there is now, as JSON has it, secrets as well; None: there is nothing to come back to.

        Raises AxiodError, and then nothing can be tried.
        """

    async def restore(self, former: Any) -> None:
        """Make everything as it was; what is so already is left alone. Raises AxiodError: it is tried again later."""


@dataclass(frozen=True, slots=True)
class Record:
    """A trial, as it is on disk."""

    boot_id: str
    """Of the machine as it ran when the trial began."""
    begun_usec: int
    """Wall clock, for people."""
    deadline_monotonic_usec: int
    seconds: int
    former: dict[str, Any]
    """What each area was."""

    def left_usec(self, boot_id: str, now_monotonic_usec: int) -> int:
        """Return how long it lasts; 0: it is over, which it is as well once the machine was started again."""
        if boot_id != self.boot_id:
            return 0
        return max(0, self.deadline_monotonic_usec - now_monotonic_usec)


class RecordFile:
    """The record of the trial that is under way; there is none otherwise."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Record | None:
        """Return the record; None where no trial is under way. Raises HardwareFailure for one that cannot be read."""
        try:
            record = Record(**json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise HardwareFailure(f"what {self.path} says cannot be read: {error}") from error
        numbers = (record.begun_usec, record.deadline_monotonic_usec, record.seconds)
        if not all(isinstance(number, int) for number in numbers) or not isinstance(record.former, dict):
            raise HardwareFailure(f"what {self.path} says cannot be read: it is no record of a trial")
        return record

    def save(self, record: Record) -> None:
        """Store it; raises HardwareFailure."""
        try:
            durable.write(self.path, json.dumps(asdict(record)), mode=0o600)
            # There are secrets in it, and they go with the trial.
            durable.remove(self.path.with_name(f"{self.path.name}.previous"))
        except OSError as error:
            raise HardwareFailure(f"the trial cannot be stored in {self.path}: {error.strerror}") from error

    def remove(self) -> None:
        """The trial is over; raises HardwareFailure, and then it is not."""
        try:
            durable.remove(self.path)
        except OSError as error:
            raise HardwareFailure(f"{self.path} cannot be removed: {error.strerror}") from error
