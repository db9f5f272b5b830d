# SPDX-License-Identifier: Apache-2.0
"""The files that rules send, and what became of what was sent."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import axiod
from axiod.clock import wall_usec

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.events.log import LogHandler
    from axiod.events.outbox import Result

_MOST_ENTRIES = 1000
"""In a file: what a person may want to read."""


class Reporting:
    """Makes files when it is their turn, and tells results."""

    def __init__(self, log: LogHandler) -> None:
        self._log = log
        self.failed: Callable[[str, str], None] = lambda _rule, _text: None
        """Tells that an action of a rule failed."""
        self.status: Callable[[], dict[str, Any]] = dict
        """Returns what a report says of the present."""

    async def produce(self, file: str) -> bytes:
        """Return a file: "event-log", the last entries, the oldest first, one a line; or "report"."""
        entries = list(reversed(await self._log.recent(_MOST_ENTRIES)))
        if file == "event-log":
            return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode()
        report = {
            "Made": wall_usec(),
            "Host": socket.gethostname(),
            "Version": axiod.__version__,
            **self.status(),
            "Entries": entries,
        }
        return json.dumps(report, ensure_ascii=False, indent=1).encode()

    def sent(self, result: Result) -> None:
        """Something was sent, or not."""
        rule = result.origin.get("rule", "")
        what = f"message {result.number} to recipient {result.recipient}"
        if result.outcome == "done":
            self._log.action(rule, f"{what} sent", "done")
        elif result.outcome == "dropped":
            self._log.action(rule, f"{what} dropped: {result.reason}", "dropped")
        else:
            self.failed(rule, f"{what} failed: {result.reason}")
