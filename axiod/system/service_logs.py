# SPDX-License-Identifier: Apache-2.0
"""The logs of a device that systemd does not run: what its services wrote into files (axiod.runtime.log_file).

The order is that of the times of the entries. A clock that is set back mixes them.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from axiod.runtime.log_file import SUFFIX, former
from axiod.system.log_question import entry_of, no_cursor, time_of, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from axiod.system.log_question import Question

    Place = tuple[int, str]
    """Where an entry stands: its time, and its unit, of which no two have the same time."""


class ServiceLogs:
    """Answers from the files of a folder."""

    origin = "files"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def query(self, question: Question) -> tuple[list[dict[str, Any]], bool]:
        """Return what Query does; raises InvalidArgument."""
        return await asyncio.to_thread(self._query, question)

    async def units(self) -> list[str]:
        """Return all units."""
        return sorted(f"{path.stem}.service" for path in self._folder.glob(f"*{SUFFIX}"))

    def _query(self, question: Question) -> tuple[list[dict[str, Any]], bool]:
        before = _place(question.before, "Before") if question.before is not None else None
        after = _place(question.after, "After") if question.after else None
        found = sorted(
            (
                (place, fields)
                for place, fields in self._read()
                if (before is None or place < before) and (after is None or place > after) and question.takes(fields)
            ),
            key=lambda one: one[0],
            reverse=question.newest_first,
        )
        entries = [entry_of(fields, f"{usec};{unit}") for (usec, unit), fields in found[: question.limit]]
        return entries, len(found) > question.limit

    def _read(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        for path in self._folder.glob(f"*{SUFFIX}"):
            for file in (former(path), path):
                try:
                    lines = file.read_bytes().splitlines()
                except FileNotFoundError:
                    continue
                for line in lines:
                    try:
                        fields = json.loads(line)
                        yield (time_of(fields), unit_of(fields)), fields
                    except (ValueError, KeyError, TypeError):
                        continue  # a line that was broken off, by a crash or because the disk was full


def _place(cursor: str, name: str) -> Place:
    usec, separator, unit = cursor.partition(";")
    if not (separator and usec.isascii() and usec.isdigit() and len(usec) < 20):
        raise no_cursor(name)
    return int(usec), unit
