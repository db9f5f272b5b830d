# SPDX-License-Identifier: Apache-2.0
"""One interface of one object: its methods ready to be called, its properties as they were told.

A handler is a plain object: a method RunSequence of the contract is its method run_sequence, a property DebounceMs its
attribute debounce_ms (None where it is absent).
"""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from axiod.bus import interface as contract
from axiod.bus._lib import Message, Variant
from axiod.bus.arguments import checker
from axiod.bus.caller import Role
from axiod.bus.freshness import check_deadline
from axiod.bus.signature import to_wire
from axiod.bus.variant import wire
from axiod.errors import InvalidArgument, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class BoundMethod:
    """One method of one handler, ready to be called."""

    __slots__ = (
        "call",
        "checks",
        "deadline_at",
        "in_signature",
        "name",
        "out_signature",
        "reply",
        "role",
        "takes",
        "users",
    )

    def __init__(self, handler: object, method: contract.Method) -> None:
        self.name = method.name
        self.call: Callable[..., Any] = getattr(handler, contract.snake(method.name))
        self.in_signature = method.in_signature
        self.out_signature = method.out_signature
        self.checks = [(index, check) for index, value in enumerate(method.inputs) if (check := checker(value))]
        self.role = Role.named(method.role)
        self.users = method.users
        self.takes = ", ".join(f"{value.name} ({value.type})" for value in method.inputs) or "no arguments"
        self.deadline_at = next((i for i, v in enumerate(method.inputs) if method.timely and v.options), None)
        wires = [wire(value) for value in method.outputs]
        self.reply: Callable[[Any], list[Any]]
        if not wires:
            self.reply = lambda _result: []
        elif len(wires) == 1:
            only = wires[0]
            self.reply = lambda result: [only(result)]
        else:
            self.reply = lambda result: [send(part) for send, part in zip(wires, result, strict=True)]

    def arguments(self, message: Message, limit: int | Timeout) -> list[Any]:
        """Return the checked arguments of a call; the limit is the deadline of one that names none."""
        if message.signature != self.in_signature:
            raise InvalidArgument(f"{self.name} takes {self.takes}; the call has the types {message.signature!r}")
        arguments = list(message.body)
        for index, check in self.checks:
            arguments[index] = check(arguments[index])
        if self.deadline_at is not None:
            deadline = arguments[self.deadline_at].setdefault("DeadlineUsec", limit)
            if isinstance(deadline, Timeout):
                raise deadline
            check_deadline(deadline)
        return arguments


class Call(NamedTuple):
    """A method call that was read."""

    message: Message
    method: BoundMethod
    limit: int | Timeout
    """Its deadline unless it names one, or why it is refused then."""


class Exported:
    """One interface of one object."""

    __slots__ = ("_attributes", "_broken", "handler", "interface", "methods", "signals", "told")

    def __init__(self, interface: contract.Interface, handler: object) -> None:
        self.interface = interface
        self.handler = handler
        self.methods = {name: BoundMethod(handler, method) for name, method in interface.methods.items()}
        self.signals = {
            name: (signal.signature, [to_wire(value.type) for value in signal.arguments])
            for name, signal in interface.signals.items()
        }
        """Of each signal its signature, and what makes its arguments fit for the library."""
        self._attributes = [
            (name, item.value.python_name, item.value.type, wire(item.value), item.emits)
            for name, item in interface.properties.items()
        ]
        for _name, attribute, *_rest in self._attributes:
            inspect.getattr_static(handler, attribute)
        self._broken: set[str] = set()
        self.told: dict[str, Variant] = {}
        self.refresh()

    def refresh(self) -> tuple[dict[str, Variant], list[str]]:
        """Read the attributes; return what changed and the names of those whose value is to be asked for again."""
        changed: dict[str, Variant] = {}
        invalidated: list[str] = []
        told = self.told
        for name, attribute, signature, send, emits in self._attributes:
            variant = former = told.get(name)
            try:
                value = getattr(self.handler, attribute)
                if value is None:
                    variant = None
                elif former is None or former.value != value:
                    # What is equal needs no look at its type; what differs may be the same in the form of the library.
                    value = send(value)
                    if former is None or former.value != value:
                        variant = Variant(signature, value)
            except Exception:  # noqa: BLE001 # whatever a handler raises
                # One broken property must not take the others with it.
                if name not in self._broken:
                    self._broken.add(name)
                    _log.exception("%s.%s cannot be read and is left out", self.interface.name, name)
                variant = None
            if variant is former:
                continue
            if variant is None:
                del told[name]
            else:
                told[name] = variant
            if variant is not None and emits == "true":
                changed[name] = variant
            else:
                invalidated.append(name)
        return changed, invalidated
