# SPDX-License-Identifier: Apache-2.0
"""From the text of a template to a Template, or to all its mistakes, each with line and key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from axiod.board.check import Table, shown, whole
from axiod.board.source import Node, Notes
from axiod.errors import InvalidArgument
from axiod.modbus.line import BAUD_RATES, Line
from axiod.sensors import json_source
from axiod.sensors.template import (
    MOST_CHANNELS,
    MOST_REGISTERS,
    Channel,
    Check,
    Derivation,
    Derived,
    SetUp,
    Source,
    Status,
    Template,
    Type,
    WordOrder,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

_E = TypeVar("_E", bound="StrEnum")

LARGEST = 65536
"""Characters of a template."""
SCHEMA = 1
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_QUANTITY = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PARITIES = ("none", "even", "odd")
_HIGHEST = 65535
_KEYS = {
    "template": (
        *("$schema", "schema", "id", "title", "vendor", "status", "note", "enabled", "serial", "identify", "read"),
        *("channels", "setup"),
    ),
    "serial": ("baud_rate", "parity", "stop_bits", "timeout_ms"),
    "check": ("function", "register", "equals"),
    "read": ("most_registers", "widest_hole", "forbidden"),
    "channel": (
        *("title", "quantity", "unit", "function", "register", "type", "word_order", "scale", "offset", "invalid"),
        *("lowest", "highest", "interval_ms", "derive"),
    ),
    "derive": ("function", "from"),
    "setup": ("register", "value"),
}
_OF_DEW_POINT = (("temperature", "°C"), ("humidity", "%"))
"""Quantity and unit of what it follows from."""
_OF_REGISTERS = ("function", "register", "type", "word_order", "scale", "offset", "invalid", "interval_ms")


def read(text: str, file: str = "template") -> Template:
    """Return the template; raises InvalidArgument with a line for each mistake, "FILE:LINE: KEY: TEXT"."""
    notes = Notes()
    if len(text) > LARGEST:
        raise InvalidArgument(f"{file}: the template has {len(text)} characters; there may be {LARGEST}")
    root = json_source.read(text, file, notes)
    template = None
    if root is not None and not isinstance(root.value, dict):
        notes.add(root, f"a template is an object, not {shown(root)}")
    elif root is not None:
        template = _Reader(root, notes).template()
    if template is None or notes.mistakes:
        raise InvalidArgument("\n".join(map(str, sorted(notes.mistakes, key=lambda mistake: mistake.line))))
    return template


class _Reader:
    """A mistaken value becomes a placeholder, so that the rest is read, too."""

    def __init__(self, root: Node, notes: Notes) -> None:
        self._notes = notes
        self._root = Table(root, _KEYS["template"], notes)

    def template(self) -> Template:
        root = self._root
        _integer(root, "schema", SCHEMA, SCHEMA)
        id_ = _text(root, "id", 32)
        if id_ and not _ID.fullmatch(id_):
            root.note("id", f'"{id_}" is no id; it has small letters, digits and _, a letter first, at most 32')
        enabled = root.flag("enabled", default=True)
        line, timeout_ms = self._serial()
        reading = root.table("read", _KEYS["read"]) or Table(Node("", 0, "", {}), (), self._notes)
        most = _integer(reading, "most_registers", 1, MOST_REGISTERS, 16)
        hole = _integer(reading, "widest_hole", 0, MOST_REGISTERS, 4)
        return Template(
            id=id_,
            title=_text(root, "title", 128),
            vendor=_text(root, "vendor", 128),
            status=_choice(root, "status", Status),
            channels=self._channels(enabled=enabled),
            note=_text(root, "note", 1024, ""),
            enabled=enabled,
            line=line,
            timeout_ms=timeout_ms,
            identify=tuple(
                Check(
                    _integer(table, "function", 3, 4),
                    _integer(table, "register", 0, _HIGHEST),
                    _integer(table, "equals", 0, _HIGHEST),
                )
                for table in self._tables(root, "identify", "check")
            ),
            most_registers=most,
            widest_hole=hole,
            forbidden=self._integers(reading, "forbidden", 0, _HIGHEST),
            setup=tuple(
                SetUp(_integer(table, "register", 0, _HIGHEST), _integer(table, "value", 0, _HIGHEST))
                for table in self._tables(root, "setup", "setup")
            ),
        )

    def _serial(self) -> tuple[Line | None, int | None]:
        table = self._root.table("serial", _KEYS["serial"])
        if table is None:
            return None, None
        timeout_ms = _integer(table, "timeout_ms", 10, 10000) if "timeout_ms" in table else None
        if "baud_rate" not in table:
            for key in ("parity", "stop_bits"):
                if key in table:
                    table.note("baud_rate", f"missing; {key} means nothing without it")
            return None, timeout_ms
        rate = _integer(table, "baud_rate", BAUD_RATES[0], BAUD_RATES[-1], BAUD_RATES[0])
        if rate not in BAUD_RATES:
            table.note("baud_rate", f"{rate} is no baud rate; there are {', '.join(map(str, BAUD_RATES))}")
        parity = table.text("parity", "none")
        if parity not in _PARITIES:
            table.note("parity", f'"{parity}" is no parity; there are {", ".join(_PARITIES)}')
        return Line(rate, parity, _integer(table, "stop_bits", 1, 2, 1)), timeout_ms

    def _channels(self, *, enabled: bool) -> tuple[Channel, ...]:
        if "channels" not in self._root:
            self._root.note("channels", "missing; what is measured, by its id")
        tables = dict(self._root.section("channels", _KEYS["channel"]))
        found = [self._channel(id_, table, enabled=enabled) for id_, table in tables.items()]
        if len(found) > MOST_CHANNELS:
            self._root.note("channels", f"there are {len(found)}; there may be {MOST_CHANNELS}")
        if enabled and "channels" in self._root and not found:
            self._root.note("channels", "there is none; give at least one")
        plain = {channel.id: channel for channel in found if not isinstance(channel.source, Derived)}
        for channel in found:
            if isinstance(channel.source, Derived):
                for name, (quantity, unit) in zip(channel.source.channels, _OF_DEW_POINT, strict=False):
                    of = plain.get(name)
                    if of is None:
                        tables[channel.id].note("derive", f'there is no channel "{name}" with registers')
                    elif (of.quantity, of.unit) != (quantity, unit):
                        tables[channel.id].note(
                            "derive", f'"{name}" is no {quantity} in {unit}, which has its place there'
                        )
        return tuple(found)

    def _channel(self, id_: str, table: Table, *, enabled: bool) -> Channel:
        if len(id_) > 32:
            self._notes.add(table.node, "an id has at most 32 characters")
        quantity = _text(table, "quantity", 32)
        if quantity and not _QUANTITY.fullmatch(quantity):
            table.note("quantity", f'"{quantity}" must be small letters, digits and _, for example temperature')
        lowest, highest = (_number(table, key) if key in table else None for key in ("lowest", "highest"))
        if lowest is not None and highest is not None and lowest >= highest:
            table.note("highest", f"{highest:g} is not above lowest, {lowest:g}")
        return Channel(
            id=id_,
            title=_text(table, "title", 64, quantity.replace("_", " ").capitalize()),
            quantity=quantity,
            unit=_text(table, "unit", 16, ""),
            source=self._source(table, enabled=enabled),
            lowest=lowest,
            highest=highest,
        )

    def _source(self, table: Table, *, enabled: bool) -> Source | Derived | None:
        if "derive" in table:
            for key in _OF_REGISTERS:
                if key in table:
                    table.note(key, "a channel that is derived has none; leave one of both out")
            return self._derived(table)
        if not enabled and "register" not in table:
            return None
        type_ = _choice(table, "type", Type, Type.U16)
        source = Source(
            function=_integer(table, "function", 3, 4, 3),
            register=_integer(table, "register", 0, _HIGHEST),
            type=type_,
            word_order=_choice(table, "word_order", WordOrder, WordOrder.HIGH_FIRST),
            scale=_number(table, "scale") if "scale" in table else 1.0,
            offset=_number(table, "offset") if "offset" in table else 0.0,
            invalid=self._integers(table, "invalid", 0, (1 << 16 * type_.registers) - 1),
            interval_ms=_integer(table, "interval_ms", 100, 86_400_000, 5000),
        )
        if source.scale == 0:
            table.note("scale", "0 would make every value the same")
        if source.type.registers == 1 and "word_order" in table:
            table.note("word_order", f"{source.type} is one register; leave it out")
        if source.register + source.type.registers - 1 > _HIGHEST:
            table.note("register", f"{source.type} has two registers, and there is none after {_HIGHEST}")
        return source

    def _derived(self, table: Table) -> Derived | None:
        derive = table.table("derive", _KEYS["derive"])
        if derive is None:
            return None
        names = [str(node.value) for node in self._list(derive, "from")]
        if len(names) != 2:
            derive.note("from", 'expected two channels, for example ["temperature", "humidity"]')
        return Derived(_choice(derive, "function", Derivation), tuple(names))

    def _tables(self, table: Table, key: str, kind: str) -> Iterator[Table]:
        for node in self._list(table, key):
            if isinstance(node.value, dict):
                yield Table(node, _KEYS[kind], self._notes)
            else:
                self._notes.add(node, f"expected an object, not {shown(node)}")

    def _integers(self, table: Table, key: str, lowest: int, highest: int) -> tuple[int, ...]:
        found = [whole(node, lowest, highest, self._notes) for node in self._list(table, key)]
        return tuple(number for number in found if number is not None)

    def _list(self, table: Table, key: str) -> list[Node]:
        if key not in table:
            return []
        node = table.at(key)
        if isinstance(node.value, list):
            return node.value
        self._notes.add(node, f"expected a list, not {shown(node)}")
        return []


def _text(table: Table, key: str, most: int, default: str | None = None) -> str:
    if key not in table:
        if default is None:
            table.note(key, "missing; a text")
        return default or ""
    if default is not None and table.at(key).value == "":
        return ""
    found = table.text(key)
    if len(found) > most or not found.isprintable():
        table.note(key, f"expected one line of at most {most} characters")
    return found


def _integer(table: Table, key: str, lowest: int, highest: int, default: int | None = None) -> int:
    if key not in table:
        if default is None:
            what = str(lowest) if lowest == highest else f"a whole number from {lowest} to {highest}"
            table.note(key, f"missing; {what}")
        return lowest if default is None else default
    found = table.integer(key, lowest, highest)
    return lowest if found is None else found


def _number(table: Table, key: str) -> float:
    node = table.at(key)
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        table.note(key, f"expected a number, not {shown(node)}")
        return 1.0
    return float(value)


def _choice(table: Table, key: str, values: type[_E], default: _E | None = None) -> _E:
    if key not in table and default is None:
        table.note(key, f"missing; one of {', '.join(values)}")
        return next(iter(values))
    return table.choice(key, values, default) or next(iter(values))
