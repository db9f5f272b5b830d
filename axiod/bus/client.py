# SPDX-License-Identifier: Apache-2.0
"""Other services, seen from here: typed by the contract, with a time limit on everything."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus._lib import Variant
from axiod.bus.arguments import check, plain_options, unknown, wrong_value
from axiod.bus.connection import Connection, Subscription
from axiod.bus.service import EVENTS
from axiod.bus.signature import fits, from_wire
from axiod.bus.variant import plain, wire
from axiod.clock import monotonic_usec
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from axiod.bus._lib import Message

_PROPERTIES = "org.freedesktop.DBus.Properties"
_MANAGER = "org.freedesktop.DBus.ObjectManager"

Objects = dict[str, dict[str, dict[str, Any]]]
"""Path -> interface -> property -> value."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a service, as in org.axiod.EventSource1."""

    topic: str
    source: Mapping[str, str]
    data: Mapping[str, str]
    timestamp_usec: int
    sequence: int


class Service:
    """One service of axiod on a bus. It need not be there yet; each call says so with Unavailable."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.name = name
        self.root = "/" + name.replace(".", "/")
        self._connection = connection

    async def objects(self) -> Objects:
        """Return every object below the root with all its properties."""
        reply = await self._connection.call(self.name, self.root, _MANAGER, "GetManagedObjects")
        return {path: plain(interfaces) for path, interfaces in reply[0].items()}

    async def properties(self, path: str, interface: str) -> dict[str, Any]:
        """Return the properties of one interface of an object."""
        reply = await self._connection.call(self.name, path, _PROPERTIES, "GetAll", "s", [interface])
        return dict(plain(reply[0]))

    async def call(self, path: str, interface: str, member: str, *arguments: Any, timeout: float | None = None) -> Any:
        """Call a method of the contract and return its result: None, a value, or a tuple of values.

        A dict stands for a{sv}; its keys are held against the contract here, its values by the service. A method that
        moves something gets the moment at which this call times out as its deadline, so that it never happens later.
        """
        method = contract.load(interface).methods[member]
        seconds = timeout or max(self._connection.timeout, method.seconds or 0)
        body: list[Any] = []
        for value, given in zip(method.inputs, arguments, strict=True):
            if value.options is None:
                body.append(_wire(value, given))
                continue
            options = dict(given)
            if method.timely:
                options.setdefault("DeadlineUsec", monotonic_usec() + int(seconds * 1e6))
            body.append(variants(value.options, options))
        reply = await self._connection.call(
            self.name, path, interface, member, method.in_signature, body, timeout=seconds
        )
        results = [_received(value, item) for value, item in zip(method.outputs, reply, strict=True)]
        return tuple(results) if len(results) > 1 else results[0] if results else None

    async def snapshot(self) -> tuple[int, list[Event]]:
        """Return the last sequence and the present value of every stateful event."""
        sequence, events = await self.call(self.root, EVENTS, "Snapshot")
        return sequence, [Event(topic, source, data, stamp, sequence) for topic, source, data, stamp in events]

    async def on_event(self, callback: Callable[[Event], None]) -> Subscription:
        """Have a function called for each event."""

        def received(message: Message) -> None:
            callback(Event(*message.body))

        subscription = Subscription(self.name, EVENTS, "Event", self.root, received)
        await self._connection.subscribe(subscription)
        return subscription

    async def on_changed(self, callback: Callable[[str, str, dict[str, Any], list[str]], None]) -> Subscription:
        """Have a function called with path, interface, changed properties and names of those that are gone."""

        def received(message: Message) -> None:
            interface, changed, invalidated = message.body
            callback(message.path or "", interface, plain(changed), list(invalidated))

        subscription = Subscription(self.name, _PROPERTIES, "PropertiesChanged", self.root, received)
        await self._connection.subscribe(subscription)
        return subscription


def variants(known: Mapping[str, contract.Value], given: Mapping[str, Any]) -> dict[str, Variant]:
    """Give each option the type that the contract has for it; raises InvalidArgument for an unknown one."""
    result = {}
    for name, value in given.items():
        if name not in known:
            raise InvalidArgument(unknown("option", name, known))
        result[name] = Variant(known[name].type, _wire(known[name], value))
    return result


def _received(value: contract.Value, item: Any) -> Any:
    if value.fields is not None:
        return plain(item)
    convert = from_wire(value.type)
    return convert(item) if convert else item


def _wire(value: contract.Value, given: Any) -> Any:
    if value.fields is not None:
        return wire(value)(plain_options({value.name: value}, {value.name: given}, "argument")[value.name])
    try:
        if fits(value.type, given):
            return wire(value)(given)
    except ValueError:  # a NUL, for example, which no message can carry
        pass
    raise InvalidArgument(wrong_value(value, given))


_WORDS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)


def from_text(value: contract.Value, text: str) -> Any:
    """Read a value that a person typed; raises InvalidArgument that says what would be right."""
    try:
        given = _parse(value.type, text)
    except (ValueError, KeyError):
        raise InvalidArgument(wrong_value(value, text)) from None
    _wire(value, given)
    check(value, given)
    return given


def _parse(type_: str, text: str) -> Any:
    if type_ == "b":
        return _WORDS[text.lower()]
    if type_ == "s":
        return text
    if type_ == "d":
        return float(text)
    if type_.startswith(("aa{", "a{")):
        return json.loads(text)
    if type_ == "as":
        return [word for word in text.split(",") if word]
    if type_ == "a(suu)":
        rows = (row.split(":") for row in text.split(",") if row)
        return [(state, int(low), int(high)) for state, low, high in rows]
    return int(text)
