# SPDX-License-Identifier: Apache-2.0
"""What a person sees: tables, records, times, colours. Nothing else in axioctl decides how something looks."""

from __future__ import annotations

import json
import os
import re
import time
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ABSENT = "-"

_STYLES = {
    "31": ("fault", "cut", "short", "tampered", "broken", "down", "lost", "refused", "unavailable"),
    "33": ("degraded", "stale", "never", "away", "gone", "pulse", "sequence"),
    "32": ("active", "on", "ok", "good", "running", "back", "secured"),
}
_STYLE_OF = {word: style for style, words in _STYLES.items() for word in words}
_BOLD = "1"


@dataclass(frozen=True, slots=True)
class Screen:
    """Where the text goes."""

    width: int | None = None
    """Columns of a terminal; None when it goes to a file or a pipe, where nothing is cut."""
    colour: bool = False
    now_usec: int = field(default_factory=lambda: time.time_ns() // 1000)

    @classmethod
    def of(cls, stream: IO[str]) -> Screen:
        """Return what a stream is: colours only on a terminal, and not where NO_COLOR is set."""
        if not stream.isatty():
            return cls()
        try:
            width = int(os.environ.get("COLUMNS", "")) or None
        except ValueError:
            width = os.get_terminal_size(stream.fileno()).columns or None
        return cls(width, not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")

    def paint(self, text: str, style: str) -> str:
        """Return a text in a style, where there are styles."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and style else text

    def word(self, text: str) -> str:
        """Return a word of the contract in the colour of its meaning."""
        return self.paint(text, _STYLE_OF.get(text.strip(), ""))


@dataclass(frozen=True, slots=True)
class Result:
    """What a command came to."""

    data: Any
    """For --json."""
    lines: Callable[[Screen], Iterable[str]]
    """For people."""
    code: int = 0
    """The exit code."""


def said(data: Any, *lines: str) -> Result:
    """Return a result that is a line or more."""
    return Result(data, lambda _screen: lines)


def as_json(data: Any) -> str:
    """Return JSON on one line for each object of a list, so that both people and line tools can read it."""
    if isinstance(data, list) and data:
        return "[\n" + ",\n".join(f" {json.dumps(item, ensure_ascii=False)}" for item in data) + "\n]"
    return json.dumps(data, ensure_ascii=False)


# --- values ---

_A_SECOND = 1_000_000


def age(usec: int, now_usec: int) -> str:
    """Return how long ago something was, in its largest unit."""
    seconds = (now_usec - usec) / 1e6
    if seconds < -1:
        return "in future"  # the clock was set back
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(max(seconds, 0))} s"


def distance(usec: int, now_usec: int) -> str:
    """Return how far a moment is from now, on either side: "3 d ago", "in 30 d"."""
    return f"in {age(now_usec, usec)}" if usec > now_usec + _A_SECOND else f"{age(usec, now_usec)} ago"


def iso(usec: int, *, zone: bool = True) -> str:
    """Return a moment in local time, to the millisecond."""
    moment = datetime.fromtimestamp(usec / 1e6).astimezone()
    return (moment if zone else moment.replace(tzinfo=None)).isoformat(timespec="milliseconds")


def value(given: Any, unit: str = "", now_usec: int | None = None) -> str:
    """Return a value as it is shown; with a unit of "us" it is a moment."""
    if given is None or given in ("", []):
        return ABSENT
    if unit == "us" and now_usec is not None:
        return f"{iso(given)} ({distance(given, now_usec)})"
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, list | tuple):
        parts = (":".join(map(str, item)) if isinstance(item, list | tuple) else str(item) for item in given)
        return clean(",".join(parts))
    text = f"{given:.12g}" if isinstance(given, float) else clean(str(given))
    return f"{text} {unit}" if unit and unit != "us" else text


_SPELLED = {
    "Http": "HTTP", "Https": "HTTPS", "Rtsp": "RTSP", "Soc": "SoC", "Url": "URL", "Basic": "Basic", "Alpn": "ALPN",
    "Ca": "CA", "Icalendar": "iCalendar", "Md5": "MD5", "Pop": "POP", "Qos": "QoS", "Sha256": "SHA-256",
}  # fmt: skip
"""Words of names that have a spelling of their own."""


def label(name: str, unit: str = "") -> str:
    """Return the name of a property in words; the unit that stands beside its value is not said again."""
    words = phrase(name, unit)
    return words[:1].upper() + words[1:]


def phrase(name: str, unit: str = "") -> str:
    """Return the name of a property as it stands within a sentence."""
    bare = re.sub(r"(?<=.)(Ms|Usec|Sec|Seconds|Hz|Percent)$", "", name) if unit else name
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare).split()
    return " ".join(_SPELLED.get(word, word.lower()) for word in words)


def clean(text: str) -> str:
    """Keep what a name contains from moving the cursor."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


# --- tables ---


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    right: bool = False
    word: bool = False
    """Its cells are words of the contract, which have colours."""
    shrink: bool = False
    """Its cells may be cut where the screen is too narrow."""
    spare: bool = False
    """It may be left out where the screen is too narrow."""
    only_filled: bool = False
    """It is left out when no row has anything in it."""
    ahead: bool = False
    """Its cells are moments that may be to come, such as an expiry."""


_SMALLEST = 8
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+")


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], screen: Screen) -> list[str]:
    """Return aligned lines, a title first; on a screen that is too narrow with less in them."""
    shown = [
        index
        for index, column in enumerate(columns)
        if not (column.only_filled and all(row[index] == ABSENT for row in rows))
    ]
    widths = [
        max(_width(cell) for cell in (column.title, *(row[i] for row in rows))) for i, column in enumerate(columns)
    ]
    if screen.width is not None:
        for index in [i for i in shown if columns[i].spare]:
            if _total(widths, shown) > screen.width:
                shown.remove(index)
        for index in [i for i in shown if columns[i].shrink]:
            over = max(0, _total(widths, shown) - screen.width)
            widths[index] = min(widths[index], max(_SMALLEST, widths[index] - over))
    lines = [
        _line(columns, [column.title for column in columns], widths, shown, lambda text, _: screen.paint(text, _BOLD))
    ]
    lines += [
        _line(columns, row, widths, shown, lambda text, column: screen.word(text) if column.word else text)
        for row in rows
    ]
    return lines


def _total(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[index] for index in shown) + 2 * (len(shown) - 1)


def _line(
    columns: Sequence[Column],
    cells: Sequence[str],
    widths: Sequence[int],
    shown: Sequence[int],
    style: Callable[[str, Column], str],
) -> str:
    parts = []
    for index in shown:
        text = _cut(cells[index], widths[index])
        space = " " * (widths[index] - _width(text))
        painted = style(text, columns[index])
        parts.append(space + painted if columns[index].right else painted + (space if index != shown[-1] else ""))
    return "  ".join(parts)


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    while _width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def record(pairs: Mapping[str, str], screen: Screen) -> list[str]:
    """Return a line for each name and value."""
    width = max(map(_width, pairs))
    lines = []
    for name, text in pairs.items():
        first, *rest = _pieces(text, screen.width - width - 2) if screen.width else [text]
        lines.append(f"{name + ':':<{width + 2}}{screen.word(first)}")
        lines += [" " * (width + 2) + more for more in rest]
    return lines


def _pieces(text: str, width: int) -> list[str]:
    """Break a fingerprint between its bytes, so that it fits; any other text is for the terminal to break."""
    if len(text) <= width or not _FINGERPRINT.fullmatch(text):
        return [text]
    size = max(width // 3, 1) * 3
    return [text[start : start + size] for start in range(0, len(text), size)]


def paragraph(text: str, screen: Screen) -> list[str]:
    """Return a sentence below something, on as many lines as the screen needs."""
    if screen.width is None:
        return ["  " + clean(text)]
    import textwrap

    return textwrap.wrap(clean(text), max(screen.width, 20), initial_indent="  ", subsequent_indent="    ")


def pairs(of: Mapping[str, str]) -> str:
    """Return names and values on one line."""
    return clean(" ".join(f"{name}={text}" for name, text in of.items()))


def counted(number: int, word: str) -> str:
    """Return a number of things: "1 port", "8 ports"."""
    if number == 1:
        return f"{number} {word}"
    return f"{number} {word}{'es' if word.endswith('s') else 's'}"


def moment(usec: int, screen: Screen) -> str:
    """Return a local time for the beginning of a line: short on a terminal, complete in a file."""
    text = iso(usec, zone=screen.width is None)
    if screen.width is None:
        return text
    today = iso(screen.now_usec)[:10]
    return f"{text[11:] if text.startswith(today) else text[:16].replace('T', ' '):<16}"
