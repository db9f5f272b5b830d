# SPDX-License-Identifier: Apache-2.0
"""Log lines on standard error. Under systemd each begins with its priority; the journal adds time and unit itself."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from systemd import daemon

from axiod.runtime.log_file import PRIORITY, LogFile, file_of_this_process

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)

LEVELS = ("debug", "info", "warning", "error")


class _JournalFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{PRIORITY.get(record.levelno, 5)}>"
        # The journal takes each line as an entry of its own, so each needs the priority.
        return "\n".join(prefix + line for line in super().format(record).splitlines())


def setup(level: str) -> None:
    """Log to standard error from a level of LEVELS on, and to the file that log_file.VARIABLE names, if it does."""
    handler = logging.StreamHandler(sys.stderr)
    if _under_systemd():
        handler.setFormatter(_JournalFormatter("%(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    files: list[logging.Handler] = [known for known in root.handlers if isinstance(known, LogFile)]
    path = file_of_this_process()
    if path is not None and not files:
        files.append(LogFile(path))
    root.handlers[:] = [handler, *files]
    root.setLevel(level.upper())


def entry(log: logging.Logger, level: int, text: str, fields: Mapping[str, object]) -> None:
    """Log an entry with fields of its own, if the level is wanted; PRIORITY among them counts instead of the level."""
    if not log.isEnabledFor(level):
        return
    if _under_systemd() and file_of_this_process() is None:
        from systemd import journal  # only the gateway needs it, and it is half a megabyte

        journal.send(text, **{"PRIORITY": PRIORITY[level], **fields})
    else:
        log.log(level, "%s", text, extra={"fields": fields})


def complain(error: Exception) -> str:
    """Say in the log why the service cannot go on, and in one line, which is returned, to `systemctl status`."""
    lines = str(error).splitlines() or [type(error).__name__]
    for line in lines:
        _log.error("%s", line)
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    line = f"{lines[0]}{more}"
    daemon.notify(f"STATUS={line}")
    return line


def _under_systemd() -> bool:
    return "JOURNAL_STREAM" in os.environ
