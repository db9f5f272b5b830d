# SPDX-License-Identifier: Apache-2.0
"""The contract as a readable listing that nobody changes by accident: python -m tests.interfaces.lock renews it.

What clients rely on stands in lock.txt. Adding to it is free; to change or remove what is there breaks them, and needs
a new version digit.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from axiod.bus import interface as contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from axiod.bus.interface import Interface, Value

LOCK = Path(__file__).with_name("lock.txt")


def listing() -> str:
    """Return every member of every interface, one a line."""
    return "\n".join("\n".join(_interface(contract.load(name))) + "\n" for name in contract.names())


def _interface(interface: Interface) -> Iterator[str]:
    network = [f"resource={interface.resource}", f"read-by={interface.role}"] if interface.resource else []
    yield " ".join([interface.name, *network])
    for item in interface.properties.values():
        words = [f"property {item.name} {item.value.type} emits={item.emits}", *_limits(item.value)]
        words += ["configurable"] * item.configurable + ["optional"] * item.optional
        yield "  " + " ".join(words)
    for method in interface.methods.values():
        words = [f"method {method.name} role={method.role}", *["timely"] * method.timely]
        if method.users:
            words.append(f"users={','.join(method.users)}")
        if method.creates:
            words.append(f"creates={method.creates}")
        if method.errors:
            words.append(f"errors={','.join(method.errors)}")
        yield "  " + " ".join(words)
        for value in method.inputs:
            yield "    " + " ".join([f"in {value.name} {value.type}", *_limits(value), *_options(interface, value)])
        for value in method.outputs:
            yield "    " + " ".join([f"out {value.name} {value.type}", *_limits(value)])
    for signal in interface.signals.values():
        yield f"  signal {signal.name}"
        for value in signal.arguments:
            yield "    " + " ".join([f"arg {value.name} {value.type}", *_limits(value)])


def _limits(value: Value) -> Iterator[str]:
    if value.values:
        yield f"values={','.join(value.values)}"
    if value.low is not None and value.high is not None:
        yield f"range={value.low:.12g}..{value.high:.12g}"
    if value.unit:
        yield f"unit={value.unit}"
    if value.lines:
        yield "lines"
    if value.fields is not None:
        yield f"fields={_keys(value.fields)}"


def _options(interface: Interface, value: Value) -> Iterator[str]:
    if value.options is None:
        return
    if value.options == interface.configurable:
        yield "options=Configurable"
    else:
        yield f"options={_keys(value.options)}"


def _keys(keys: Mapping[str, Value]) -> str:
    return ",".join(
        "".join([f"{key.name}:{key.type}", *(f"[{limit}]" for limit in _limits(key))]) for key in keys.values()
    )


if __name__ == "__main__":
    LOCK.write_text(listing(), encoding="utf-8")
