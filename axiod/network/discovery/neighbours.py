# SPDX-License-Identifier: Apache-2.0
"""How lldpd is told what to speak, and what it says of the neighbours. Pure. Sources: lldpd(8), lldpcli(8)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_AGE = re.compile(r"(\d+) days?, (\d+):(\d+):(\d+)")
_MOST = 256


def options(*, lldp: bool, cdp: bool) -> str:
    """Return the options of lldpd. By CDP it speaks (both versions) also where nobody spoke first, and so by LLDP."""
    words = ["-l -ccc" if lldp else "-ll -ccc"] if cdp else [] if lldp else ["-ll"]
    return " ".join(words)


def neighbours(text: str) -> list[dict[str, Any]]:
    """Read what `lldpcli -f json0 show neighbors details` says, as the contract has it; raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    interfaces = [item for part in _all(found, "lldp") for item in _all(part, "interface")]
    return [_neighbour(item) for item in interfaces[:_MOST]]


def _neighbour(item: dict[str, Any]) -> dict[str, Any]:
    chassis, port = _first(item, "chassis"), _first(item, "port")
    power = _first(port, "power")
    age = _AGE.fullmatch(_word(item.get("age")))
    via = _word(item.get("via"))
    protocol = "lldp" if via == "LLDP" else "cdp" if via.startswith("CDP") else "other"
    told: dict[str, Any] = {
        "Interface": _word(item.get("name")),
        "Protocol": protocol,
        "ChassisId": _value(chassis, "id"),
        "PortId": _value(port, "id"),
        "Name": _value(chassis, "name"),
        "Description": _value(chassis, "descr"),
        "PortDescription": _value(port, "descr"),
        "Addresses": [_word(one.get("value")) for one in _all(chassis, "mgmt-ip")],
    }
    if age is not None:
        days, hours, minutes, seconds = map(int, age.groups())
        told["AgeSec"] = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    for name, key in (("PowerRequestedMw", "requested"), ("PowerAllocatedMw", "allocated")):
        value = _value(power, key)
        if value.isascii() and value.isdecimal() and len(value) <= 9:
            told[name] = int(value)
    return {name: value for name, value in told.items() if value not in ("", [])}


def _all(part: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    items = part.get(key, [])
    return (item for item in (items if isinstance(items, list) else [items]) if isinstance(item, dict))


def _first(part: dict[str, Any], key: str) -> dict[str, Any]:
    return next(_all(part, key), {})


def _value(part: dict[str, Any], key: str) -> str:
    return _word(_first(part, key).get("value"))


def _word(value: Any) -> str:
    """Return a text that a stranger sent, in one line."""
    return "".join(one if one.isprintable() else " " for one in value).strip()[:512] if isinstance(value, str) else ""
