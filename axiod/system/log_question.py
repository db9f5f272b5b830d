# SPDX-License-Identifier: Apache-2.0
"""What is asked of a log, and what an entry of it is to those who ask. Pure.

An entry comes as the fields that `journalctl -o json` has (systemd.journal-fields(7)).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Self

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
"""In the order of their numbers, as syslog(3) has them."""
ACCESS = "5f0c8f1d7d0c4f0f9a6e2b3c1d4e5f60"
AUDIT = "a2f1c3f09f3d4f0f8b6f5d0c7e1a9b42"
"""MESSAGE_ID of the entries of the access log and of the audit log; those of axiod.gateway, which may not be there."""
GATEWAY = "axiod-gateway.service"
"""Only what this unit wrote counts for those two: anybody may write to the journal, but the unit is what the journal
itself saw."""
KERNEL = "kernel"
ANY = "*"
_MESSAGE_IDS = {"access": ACCESS, "audit": AUDIT}
_MOST = 100
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@*-]+")
_SUFFIX = re.compile(
    r"\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$|\*$", re.IGNORECASE
)
_CURSOR = re.compile(r"[A-Za-z0-9=;:_.@\\-]*")
_TOO_LONG = "(too long to be shown here; journalctl --all shows it)"


@dataclass(frozen=True, slots=True)
class Question:
    """The options of Query."""

    log: str = "system"
    severity: str = "debug"
    unit: str = ""
    """With its suffix; "*" stands for anything. Empty: any."""
    text: str = ""
    from_usec: int = 0
    to_usec: int | None = None
    before: str | None = None
    after: str | None = None
    limit: int = _MOST

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Read the options, whose types and ranges are right; raises InvalidArgument."""
        found = cls(
            options.get("Log", "system"),
            options.get("Severity", "debug"),
            _unit(options.get("Unit", "")),
            options.get("Text", ""),
            options.get("FromUsec", 0),
            options.get("ToUsec"),
            options.get("Before"),
            options.get("After"),
            options.get("Limit", _MOST),
        )
        if found.unit and found.log != "system":
            raise InvalidArgument(f"Unit is for the system log; the {found.log} log is written by {GATEWAY} alone")
        if found.before is not None and found.after is not None:
            raise InvalidArgument("Before and After are given; only one of them can be")
        if found.to_usec is not None and found.to_usec < found.from_usec:
            raise InvalidArgument("FromUsec is later than ToUsec")
        for name, cursor in (("Before", found.before), ("After", found.after)):
            if not _CURSOR.fullmatch(cursor or ""):
                raise no_cursor(name)
        return found

    @property
    def newest_first(self) -> bool:
        """In which order entries come."""
        return self.after is None

    @property
    def priority(self) -> int:
        """The highest number of PRIORITY that is wanted; 7 is anything."""
        return SEVERITIES.index(self.severity)

    @property
    def message_id(self) -> str:
        """What MESSAGE_ID must be; empty where it is no matter."""
        return _MESSAGE_IDS.get(self.log, "")

    def takes(self, fields: Mapping[str, Any]) -> bool:
        """Whether an entry is what is asked for, wherever it stands."""
        severity = fields.get("PRIORITY")
        usec = time_of(fields)
        return (
            (self.priority == len(SEVERITIES) - 1 or (severity is not None and int(severity) <= self.priority))
            and (not self.message_id or self._is_of_the_gateway(fields))
            and (not self.unit or fnmatchcase(unit_of(fields), self.unit))
            and self.text.casefold() in _text(fields.get("MESSAGE", "")).casefold()
            and self.from_usec <= usec <= (usec if self.to_usec is None else self.to_usec)
        )

    def _is_of_the_gateway(self, fields: Mapping[str, Any]) -> bool:
        return (fields.get("MESSAGE_ID"), fields.get("_SYSTEMD_UNIT")) == (self.message_id, GATEWAY)


def no_cursor(name: str) -> InvalidArgument:
    """Return the error of a cursor that is none."""
    return InvalidArgument(f"{name} is no cursor of this log; it must be the Cursor of an entry")


def _unit(given: str) -> str:
    if not given or given == KERNEL:
        return given
    if not _UNIT.fullmatch(given):
        raise InvalidArgument(
            f"Unit is {given[:64]!r}; it must be the name of a unit, as ssh.service, with * for anything, or kernel"
        )
    return given if _SUFFIX.search(given) else f"{given}.service"


def time_of(fields: Mapping[str, Any]) -> int:
    """Return when an entry was made, microseconds since 1970."""
    return int(fields["__REALTIME_TIMESTAMP"])


def unit_of(fields: Mapping[str, Any]) -> str:
    """Return the unit that an entry is of; empty where there is none."""
    # What systemd itself says of a unit names it. From anybody else that would be a mere claim.
    named = fields.get("UNIT") if fields.get("_PID") == "1" else None
    return _text(named or fields.get("_SYSTEMD_UNIT") or "")


def entry_of(fields: Mapping[str, Any], cursor: str) -> dict[str, Any]:
    """Return an entry as Query does."""
    message = fields.get("MESSAGE", "")
    found: dict[str, Any] = {"Cursor": cursor, "When": time_of(fields)}
    # What stands in the fields of the gateway is true only where the gateway wrote it.
    known = _FIELDS if fields.get("_SYSTEMD_UNIT") == GATEWAY else _OF_ALL
    for name, (field, read) in known.items():
        if fields.get(field) not in (None, ""):
            try:
                found[name] = read(fields[field])
            except (ValueError, IndexError, TypeError):
                continue  # anybody may write what he wants there, also twice
    if unit := unit_of(fields):
        found["Unit"] = unit
    # journalctl says null of what is very long.
    found["Text"] = _TOO_LONG if message is None else _text(message)
    return found


def _text(given: Any) -> str:
    """Return a field; one that is not printable comes as a list of its bytes, one that is there twice as a list."""
    if isinstance(given, list):
        whole = all(isinstance(byte, int) for byte in given)
        given = bytes(given).decode(errors="replace") if whole else " ".join(map(_text, given))
    # NUL cannot stand in a string of D-Bus.
    return str(given).replace("\0", "\N{REPLACEMENT CHARACTER}")


def _severity(given: Any) -> str:
    number = int(given)
    if number < 0:
        raise ValueError(given)
    return SEVERITIES[number]


def _number(given: Any) -> int:
    number = int(given)
    if not 0 <= number < 1 << 32:
        raise ValueError(given)
    return number


def _duration(given: Any) -> float:
    number = float(given)
    if not math.isfinite(number):
        raise ValueError(given)
    return number


_OF_ALL: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "Severity": ("PRIORITY", _severity),
    "Program": ("SYSLOG_IDENTIFIER", _text),
    "Pid": ("_PID", _number),
}
_FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    **_OF_ALL,
    "User": ("AXIOD_USER", _text),
    "Address": ("AXIOD_ADDRESS", _text),
    "How": ("AXIOD_HOW", _text),
    "Request": ("AXIOD_REQUEST", _text),
    "Status": ("AXIOD_STATUS", _number),
    "DurationMs": ("AXIOD_DURATION_MS", _duration),
    "Object": ("AXIOD_OBJECT", _text),
    "Method": ("AXIOD_METHOD", _text),
    "Arguments": ("AXIOD_ARGUMENTS", _text),
    "Result": ("AXIOD_RESULT", _text),
    "Reason": ("AXIOD_REASON", _text),
}
FIELDS = ("MESSAGE", "MESSAGE_ID", "UNIT", "_SYSTEMD_UNIT", *(field for field, _ in _FIELDS.values()))
"""The fields of the journal that are looked at."""
