# SPDX-License-Identifier: Apache-2.0
"""Times that a person types: how long, and when."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from axiod.errors import InvalidArgument

_UNITS = {"d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1000, "ms": 1}
_MS = _UNITS | {"m": 60_000, "sec": 1000}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([a-z]+)", re.ASCII)
_AGO = re.compile(r"-?(\d.*[a-z])", re.ASCII)
_DAYS = {"today": 0, "yesterday": 1}


def milliseconds(text: str) -> int:
    """Read "2s", "500ms" or "1h30min"; raises InvalidArgument."""
    parts = _PART.findall(text.lower())
    if not parts or "".join(map("".join, parts)) != text.lower() or any(unit not in _MS for _, unit in parts):
        raise InvalidArgument(
            f"a time is {text[:40]!r}; it must be a number and its unit, as 500ms, 2s, 5min, 1h or 1d"
        )
    return round(sum(float(number) * _MS[unit] for number, unit in parts))


def duration(ms: int) -> str:
    """Return what milliseconds() reads."""
    words = []
    for unit, size in _UNITS.items():
        if ms >= size:
            words.append(f"{ms // size}{unit}")
            ms %= size
    return "".join(words) or "0s"


def moment(text: str, now_usec: int) -> int:
    """Read "2026-11-22", "2026-11-22 08:00", "today", "yesterday" or "2h" (ago); microseconds since 1970.

    Raises InvalidArgument.
    """
    ago = _AGO.fullmatch(text)
    if ago:
        return max(0, now_usec - milliseconds(ago[1]) * 1000)
    try:
        if text in _DAYS:
            today = datetime.fromtimestamp(now_usec / 1e6).astimezone().date() - timedelta(days=_DAYS[text])
            found = datetime.combine(today, datetime.min.time())
        else:
            found = datetime.fromisoformat(text)
        return max(0, round(found.timestamp() * 1e6))
    except (ValueError, OverflowError):
        raise InvalidArgument(
            f"{text[:40]!r} is no moment; it must be as 2026-11-22, '2026-11-22 08:00', today, yesterday or 2h"
        ) from None
