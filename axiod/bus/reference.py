# SPDX-License-Identifier: Apache-2.0
"""The contract as Markdown: python -m axiod.bus.reference docs/dbus writes a page for each interface, and an index."""

from __future__ import annotations

import re
import shlex
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from axiod import errors
from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.generated import write
from axiod.bus.signature import is_integer, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from axiod.bus.comments import Comment
    from axiod.bus.interface import Interface, Method, Property, Signal, Value

_NOTE = "<!-- Written by `python -m axiod.bus.reference docs/dbus` from axiod/interfaces; do not edit. -->"
_TOLD = {
    "true": "with its new value",
    "invalidates": "by name only; ask for the value",
    "const": "never; it does not change",
}
_ROLES = {
    "viewer": "everybody on the bus",
    "operator": "members of the group `axiod-operator`, and administrators",
    "administrator": "members of the group `axiod-admin`, and root",
    "gateway": "the user `axiod-gateway`, and root: the secrets that it needs to know who people are",
}
_INDEX = """# D-Bus interfaces

Every service of axiod has a bus name and a root object of the same name: `org.axiod.io1` and `/org/axiod/io1`. The root
has the interfaces Service1 and EventSource1 and the standard ObjectManager, so one call shows all that there is:

```sh
busctl tree org.axiod.io1
busctl call org.axiod.io1 /org/axiod/io1 org.freedesktop.DBus.ObjectManager GetManagedObjects
busctl monitor org.axiod.io1
```

Properties are read-only. State is a property, doing is a method, and settings are changed all at once by Configure. A
property that has no value is absent: it is in no GetAll, and Get answers org.axiod.Error.NotFound.
"""


def pages() -> dict[str, str]:
    """Return the text of every page under its file name."""
    made = {f"{name}.md": page(contract.load(name)) for name in contract.names()}
    return {"README.md": index(), **made}


def index() -> str:
    """Return the page that leads to the others."""
    rows = []
    for name in contract.names():
        text = comments.read(name)[name].brief
        rows.append(f"| [{name}]({name}.md) | {text[0].upper()}{text[1:]} |")
    roles = [f"| {role} | {who} |" for role, who in _ROLES.items()]
    kinds = [
        error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, errors.AxiodError)
    ]
    refusals = [f"| `{error.dbus_name}` | {error.__doc__} |" for error in kinds if error is not errors.AxiodError]
    return "\n".join(
        [
            _NOTE,
            "",
            _INDEX,
            "## Interfaces",
            "",
            *_table(("Interface", "What it is"), rows),
            "## Roles",
            "",
            "Everybody may read properties and receive signals. Each method says which role it needs.",
            "",
            *_table(("Role", "Who has it"), roles),
            "## Errors",
            "",
            "The text of an error is one sentence for a person. What is unknown (an object, an interface, a member) is",
            "answered with the standard errors of `org.freedesktop.DBus.Error`.",
            "",
            *_table(("Name", "Meaning"), refusals),
        ]
    )


def page(interface: Interface) -> str:
    """Return the page of one interface."""
    said = comments.read(interface.name)
    words = _Words(interface)
    parts: list[Iterable[str]] = [[_NOTE, "", f"# {interface.name}", "", words.sentence(said[interface.name].text), ""]]
    if interface.resource:
        where = f"Over the network: `{interface.resource}`, which the role {interface.role} may read."
        parts.append([where, ""])
    if interface.properties:
        parts.append(_properties(interface.properties, said, words))
    if interface.methods:
        parts.append(["## Methods", ""])
        parts += [_method(interface, method, said[method.name], words) for method in interface.methods.values()]
    if interface.signals:
        parts.append(["## Signals", ""])
        parts += [_signal(signal, said[signal.name], words) for signal in interface.signals.values()]
    return "\n".join(chain.from_iterable(parts)).rstrip("\n") + "\n"


def example(interface: Interface, method: Method) -> list[str]:
    """Return the command that calls a method, as busctl takes it."""
    name, path = _object(interface)
    arguments = [method.in_signature] if method.inputs else []
    for value in method.inputs:
        arguments += _typed(value)
    return ["busctl", "call", name, path, interface.name, method.name, *arguments]


def _object(interface: Interface) -> tuple[str, str]:
    text = comments.read(interface.name)[interface.name].text
    found = re.search(r"/org/axiod/[\w/]+", text)
    path = found[0] if found else "/org/axiod/io1"
    if path.endswith("/ID"):
        example = re.search(r'"([A-Za-z0-9_]+)"', text)
        path = path.removesuffix("ID") + (example[1] if example else "ID")
    return ".".join(path.split("/")[1:4]), path


def _typed(value: Value) -> list[str]:
    """Return an argument as it is typed after busctl call: an array as its length and its items."""
    if value.options is not None:
        for option in value.options.values():
            if len(option.type) == 1 and option.name != "DeadlineUsec":
                return ["1", option.name, option.type, *_typed(option)]
        return ["0"]
    if value.fields is not None:
        name, field = next(iter(value.fields.items()))
        return ["1", "1", name, field.type, *_typed(field)]
    if value.values:
        return [value.values[0]]
    if value.low is not None and value.high is not None and value.type != "s":
        return [f"{min(max(500, value.low), value.high):.12g}"]
    return _words_of(value.type)


def _words_of(signature: str) -> list[str]:
    if is_integer(signature):
        return ["1" if signature == "y" else "500"]
    if signature == "ay":
        return ["1", "48"]
    if signature.startswith("a{"):
        return ["1", *(word for part in split(signature[2:-1]) for word in _words_of(part))]
    if signature.startswith("a"):
        return ["1", *_words_of(signature[1:])]
    if signature.startswith("("):
        return [word for part in split(signature[1:-1]) for word in _words_of(part)]
    return [{"b": "true", "d": "1.5", "s": "Gate"}[signature]]


class _Words:
    """Sets names in text as code."""

    def __init__(self, interface: Interface) -> None:
        refusals = {name for method in interface.methods.values() for name in method.errors}
        names = [*interface.properties, *interface.methods, *interface.signals, *sorted(refusals)]
        self._names = re.compile(
            rf"@(\w+)|\b((?:org\.axiod|org\.freedesktop)\.[\w.]*\w|{'|'.join(names)})\b|(/org/axiod/[\w/]+)"
        )

    def text(self, plain: str) -> str:
        """Return text in which members, arguments, interfaces and paths are code."""
        safe = plain.replace("&", "&amp;").replace("<", "&lt;").replace("*", "\\*")
        return self._names.sub(lambda found: f"`{found[1] or found[2] or found[3]}`", safe)

    def sentence(self, plain: str) -> str:
        """Return the same with a capital letter at its begin."""
        return self.text(plain[:1].upper() + plain[1:])


def _properties(properties: Mapping[str, Property], said: Mapping[str, Comment], words: _Words) -> Iterator[str]:
    rows = []
    for name, item in properties.items():
        value = item.value
        cells = [
            f"`{name}`",
            f"`{value.type}`",
            _allowed(value),
            value.unit,
            "yes" if item.configurable else "",
            "yes" if item.optional else "",
            item.emits,
        ]
        rows.append(f"| {' | '.join(cells)} |")
    yield from ["## Properties", ""]
    yield from _table(("Property", "Type", "Allowed", "Unit", "Configurable", "May be absent", "Emits"), rows)
    used = [emits for emits in _TOLD if any(item.emits == emits for item in properties.values())]
    for item in properties.values():
        if item.value.fields is not None:
            yield from [f"What a record of `{item.name}` may have: {_keys(item.value.fields)}.", ""]
    told = "; ".join(f"*{emits}*: {_TOLD[emits]}" for emits in used)
    yield from [f"How `PropertiesChanged` tells of a change: {told}.", ""]
    for name in properties:
        yield f"- `{name}`: {words.text(said[name].text)}"
    yield ""


def _method(interface: Interface, method: Method, said: Comment, words: _Words) -> Iterator[str]:
    yield from [f"### {method.name}", "", words.sentence(said.text), ""]
    adds = f" Over the network it adds one to `{method.creates}`." if method.creates else ""
    yield from [f"Role: {method.role}.{adds}", ""]
    yield from ["```sh", shlex.join(example(interface, method)), "```", ""]
    rows = [_argument(value, "in", said, words) for value in method.inputs]
    rows += [_argument(value, "out", said, words) for value in method.outputs]
    if rows:
        yield from _table(("Argument", "", "Type", "Allowed", "Meaning"), rows)
    for value in method.inputs:
        if value.options is not None and value.options is not interface.configurable:
            yield from [f"What `{value.name}` takes: {_keys(value.options)}.", ""]
        if value.fields is not None:
            yield from [f"What a record of `{value.name}` may have: {_keys(value.fields)}.", ""]
    if method.errors:
        yield from [f"Errors: {', '.join(f'`{name}`' for name in method.errors)}.", ""]
        if re.search(r"[ (]", said.errors):
            yield from [words.sentence(said.errors), ""]


def _keys(keys: Mapping[str, Value]) -> str:
    return ", ".join(f"`{key.name}` (`{key.type}`{_limits(key)})" for key in keys.values())


def _limits(key: Value) -> str:
    if key.values:
        return ": " + ", ".join(key.values)
    return "" if key.low is None or key.high is None else f", {key.low:.12g} to {key.high:.12g}"


def _signal(signal: Signal, said: Comment, words: _Words) -> Iterator[str]:
    yield from [f"### {signal.name}", "", words.sentence(said.text), ""]
    rows = [_argument(value, "", said, words) for value in signal.arguments]
    if rows:
        yield from _table(("Argument", "", "Type", "Allowed", "Meaning"), rows)


def _argument(value: Value, direction: str, said: Comment, words: _Words) -> str:
    allowed = ", ".join(filter(None, (_allowed(value), value.unit, "a secret" if value.secret else "")))
    meaning = words.sentence(said.arguments[value.name]).replace("|", "\\|")
    return f"| `{value.name}` | {direction} | `{value.type}` | {allowed} | {meaning} |"


def _allowed(value: Value) -> str:
    if value.values:
        return " ".join(f"`{item}`" for item in value.values)
    if value.low is None or value.high is None:
        return ""
    characters = " characters" if value.type == "s" else ""
    return f"{value.low:.12g} to {value.high:.12g}{characters}"


def _table(head: Iterable[str], rows: Iterable[str]) -> list[str]:
    cells = list(head)
    return [f"| {' | '.join(cells)} |", "| " + " | ".join("---" for _ in cells) + " |", *rows, ""]


if __name__ == "__main__":
    write(Path(sys.argv[1]), pages())
