# SPDX-License-Identifier: Apache-2.0
"""Options of `configure`: one for each property that the contract marks Configurable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.arguments import expectation
from axiod.bus.client import from_text
from axiod.cli.tree import escape
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from axiod.bus.interface import Value
    from axiod.cli.tree import Parser

_RANGES = "a(suu)"


def option(value: Value) -> str:
    """Return the option that sets a property: --debounce-ms for DebounceMs."""
    return "--" + value.python_name.replace("_", "-")


def add_options(verb: Parser, interface: str) -> None:
    """Add an option for each configurable property of an interface; its text is read when the command runs."""
    texts = comments.read(interface)
    settings = verb.add_argument_group("settings")
    for name, value in contract.load(interface).configurable.items():
        text = f"{texts[name].brief}; {_form(value)}" if not value.values else texts[name].brief
        settings.add_argument(
            option(value), dest=_dest(name), metavar=_metavar(value), help=escape(text[:1].lower() + text[1:])
        )
        verb.manual[_dest(name)] = f"{texts[name].text} The value is {_form(value)}."
        words = value.values or (("true", "false") if value.type == "b" else ())
        if words:
            verb.complete[_dest(name)] = " ".join(words)


def given(args: Namespace, known: Mapping[str, Value]) -> dict[str, Any]:
    """Return the settings on the command line; raises InvalidArgument, also when there are none."""
    changes = {}
    for name, value in known.items():
        text = getattr(args, _dest(name))
        if text is not None:
            changes[name] = from_text(value, text)
    if not changes:
        raise InvalidArgument("nothing to change; give at least one of " + ", ".join(map(option, known.values())))
    return changes


def _dest(name: str) -> str:
    return f"set_{name}"  # Id, Json and the like could be properties one day


def _form(value: Value) -> str:
    if value.type == _RANGES:
        return "STATE:LOW:HIGH for each state, separated by commas, or '' for the board's own"
    return expectation(value)


def _metavar(value: Value) -> str:
    if value.values:
        return "{" + ",".join(value.values) + "}"
    if value.type == _RANGES:
        return "RANGES"
    if value.type == "b":
        return "{true,false}"
    if value.type == "s":
        return "TEXT"
    return {"%": "PERCENT"}.get(value.unit, value.unit.upper()) or "N"
