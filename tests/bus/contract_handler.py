# SPDX-License-Identifier: Apache-2.0
"""A handler for any interface of the contract, made from its XML: for tests of what talks to services.

Its properties have plausible values, its methods give plausible results and write down how they were called.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.signature import integer_bounds, is_integer, split
from axiod.clock import monotonic_usec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class ContractHandler:
    """Stands for one interface of one object.

    Set its attributes (NormalState is normal_state) and call server.changed() to have them told. To have a method do
    something, put a function into `answers` under the method's name on the bus; it may be a coroutine function.
    """

    def __init__(self, interface: str, absent: Iterable[str] = (), **values: Any) -> None:
        """Make one.

        Optional properties named in `absent` have no value; `values` are attributes that shall have another one.
        """
        self.interface = contract.load(interface)
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        """Method and arguments of every call, in order."""
        self.answers: dict[str, Callable[..., Any]] = {}
        for name, item in self.interface.properties.items():
            setattr(self, item.value.python_name, None if name in absent else plausible(item.value))
        for name, value in values.items():
            if not hasattr(self, name):
                raise AttributeError(f"{interface} has no property {name}")
            setattr(self, name, value)
        for method in self.interface.methods.values():
            setattr(self, contract.snake(method.name), self._method(method))

    def _method(self, method: contract.Method) -> Callable[..., Any]:
        results = tuple(plausible(value) for value in method.outputs)
        result = results if len(results) > 1 else results[0] if results else None

        def called(*arguments: Any) -> Any:
            self.calls.append((method.name, arguments))
            answer = self.answers.get(method.name)
            return answer(*arguments) if answer else result

        return called


def plausible(value: contract.Value) -> Any:
    """Return a value that the contract allows, as plain Python."""
    if value.values:
        return value.values[0]
    if value.low is not None and value.type == "s":
        return "x" * max(int(value.low), 1)
    if value.low is not None:
        return int(value.low) if is_integer(value.type) else value.low
    return _example(value.type)


def _example(signature: str) -> Any:
    if is_integer(signature):
        return 1
    simple = {"b": True, "d": 1.5, "s": "text", "o": "/", "g": "s", "ay": b"\x01"}
    if signature in simple:
        return simple[signature]
    if signature == "a{sv}":
        return {}
    if signature.startswith("a{"):
        key, item = split(signature[2:-1])
        return {_example(key): _example(item)}
    if signature.startswith("a"):
        return [_example(signature[1:])]
    return tuple(_example(part) for part in split(signature[1:-1]))


def objections(method: contract.Method, arguments: tuple[Any, ...]) -> list[str]:
    """Say what the contract does not allow in the arguments that a handler got.

    Written without the checks of the server, because it is them that it tests.
    """
    if len(arguments) != len(method.inputs):
        return [f"{len(arguments)} arguments instead of {len(method.inputs)}"]
    found = []
    for value, given in zip(method.inputs, arguments, strict=True):
        if value.options is None:
            found += _objections(value, given)
            continue
        if type(given) is not dict:
            found.append(f"{value.name} is {given!r}, not a dict")
            continue
        for key, item in given.items():
            known = value.options.get(key)
            found += _objections(known, item) if known else [f"{value.name} has the unknown key {key!r}"]
        if method.timely:
            deadline = given.get("DeadlineUsec")
            if not isinstance(deadline, int) or deadline < monotonic_usec() - 1_000_000:
                found.append(f"{value.name} has the deadline {deadline!r}")
    return found


def _objections(value: contract.Value, given: Any) -> list[str]:
    wrong = not _is(value.type, given)
    if not wrong and value.values:
        wrong = given not in value.values
    if not wrong and value.low is not None and value.high is not None:
        wrong = not value.low <= (len(given) if isinstance(given, str) else given) <= value.high
    if not wrong and isinstance(given, float):
        wrong = math.isnan(given) or math.isinf(given)
    return [f"{value.name} is {given!r}"] if wrong else []


def _is(signature: str, given: Any) -> bool:
    if is_integer(signature):
        low, high = integer_bounds(signature)
        return type(given) is int and low <= given <= high
    simple = {"b": bool, "d": float, "s": str, "o": str, "g": str, "ay": bytes}
    if signature in simple:
        return type(given) is simple[signature]
    if signature.startswith("a{"):
        key, item = split(signature[2:-1])
        return type(given) is dict and all(_is(key, k) and _is(item, v) for k, v in given.items())
    if signature.startswith("a"):
        return type(given) is list and all(_is(signature[1:], item) for item in given)
    parts = split(signature[1:-1])
    return (
        type(given) is tuple
        and len(given) == len(parts)
        and all(_is(part, item) for part, item in zip(parts, given, strict=True))
    )
