# SPDX-License-Identifier: Apache-2.0
"""Log lines on standard error. Under systemd each begins with its priority; the journal adds time and unit itself."""

from __future__ import annotations

import logging
import os
import sys

from systemd import daemon

_log = logging.getLogger(__name__)

LEVELS = ("debug", "info", "warning", "error")
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class _JournalFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{_PRIORITY.get(record.levelno, 5)}>"
        # The journal takes each line as an entry of its own, so each needs the priority.
        return "\n".join(prefix + line for line in super().format(record).splitlines())


def setup(level: str) -> None:
    """Log to standard error from a level of LEVELS on."""
    handler = logging.StreamHandler(sys.stderr)
    if "JOURNAL_STREAM" in os.environ:
        handler.setFormatter(_JournalFormatter("%(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def complain(error: Exception) -> str:
    """Say in the log why the service cannot go on, and in one line, which is returned, to `systemctl status`."""
    lines = str(error).splitlines() or [type(error).__name__]
    for line in lines:
        _log.error("%s", line)
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    line = f"{lines[0]}{more}"
    daemon.notify(f"STATUS={line}")
    return line
