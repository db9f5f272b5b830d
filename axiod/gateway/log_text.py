# SPDX-License-Identifier: Apache-2.0
"""Entries of the system log, the access log and the audit log as plain text. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def line(entry: Mapping[str, Any]) -> str:
    """Return an entry as a line, with its end; what stands on more lines is indented, so that it is no entry."""
    when = datetime.fromtimestamp(entry["When"] / 1e6, UTC).isoformat(timespec="milliseconds")
    who = entry.get("Unit", "").removesuffix(".service") or entry.get("Program", "") or "-"
    pid = f"[{entry['Pid']}]" if "Pid" in entry else ""
    # A terminal on which it is shown may take control characters for commands.
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", f"{who}{pid}: {entry['Text']}").replace("\n", "\n    ")
    return f"{when.replace('+00:00', 'Z')} {entry.get('Severity', '-')} {text}\n"
