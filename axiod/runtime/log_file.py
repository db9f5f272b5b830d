# SPDX-License-Identifier: Apache-2.0
"""What a service logs, in a file of its own: for a device that systemd does not run, so that no journal has it.

The environment variable VARIABLE names the file; its stem is the name of the unit. Each line is an entry with fields
that are called as in `journalctl -o json`. There are never more than two files, of about MOST_BYTES each.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from axiod.clock import wall_usec

VARIABLE = "AXIOD_LOG_FILE"
SUFFIX = ".jsonl"
FORMER = ".1"
"""What the name of the file before this one has at its end."""
MOST_BYTES = 512 * 1024
PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""The level of an entry as syslog(3) has it."""


class LogFile(logging.Handler):
    """Writes the file; `fields` of a record (its `extra`) are fields of the entry."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._last_usec = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def emit(self, record: logging.LogRecord) -> None:
        """Append an entry."""
        # No two of a unit have the same time, so that it says which is which.
        self._last_usec = max(wall_usec(), self._last_usec + 1)
        entry = {
            "__REALTIME_TIMESTAMP": str(self._last_usec),
            "PRIORITY": str(PRIORITY.get(record.levelno, 5)),
            "_SYSTEMD_UNIT": f"{self._path.stem}.service",
            "SYSLOG_IDENTIFIER": self._path.stem,
            "_PID": str(os.getpid()),
            "MESSAGE": self.format(record),
            **{name: str(value) for name, value in getattr(record, "fields", {}).items()},
        }
        try:
            if self._file.tell() > MOST_BYTES:
                self._file.close()
                self._path.replace(former(self._path))
                self._file = self._path.open("ab", buffering=0)
            self._file.write(json.dumps(entry).encode("ascii") + b"\n")
        except (OSError, ValueError):
            # It is on standard error besides; a full disk must not stop a service.
            return

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def former(path: Path) -> Path:
    """Return where the entries are that are older than those of a file."""
    return path.with_name(path.name + FORMER)


def file_of_this_process() -> Path | None:
    """Return where this process is to log, None where its log is the journal, or standard error alone."""
    path = os.environ.get(VARIABLE)
    return Path(path) if path else None
