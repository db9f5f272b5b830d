# SPDX-License-Identifier: Apache-2.0
"""Options of `configure`: one for each property that the contract marks Configurable. And those of other methods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.arguments import expectation
from axiod.bus.client import from_text
from axiod.cli.render import phrase
from axiod.cli.tree import escape
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Mapping

    from axiod.bus.interface import Value
    from axiod.cli.tree import Parser

_RANGES = "a(suu)"


def option(value: Value) -> str:
    """Return the option that sets a property: --debounce-ms for DebounceMs."""
    return "--" + value.python_name.replace("_", "-")


def add_options(verb: Parser, interface: str, but: Collection[str] = ()) -> None:
    """Add an option for each configurable property of an interface, but for some; read when the command runs."""
    texts = comments.read(interface)
    known = {name: value for name, value in contract.load(interface).configurable.items() if name not in but}
    settings = verb.add_argument_group("settings")
    for name, value in known.items():
        brief = _in_options(texts[name].brief, known)
        text = f"{brief}; {_form(value)}" if not value.values else brief
        settings.add_argument(option(value), dest=_dest(name), metavar=_metavar(value), help=escape(_begun_small(text)))
        verb.manual[_dest(name)] = f"{_in_options(texts[name].text, known)} The value is {_form(value)}."
        words = value.values or (("true", "false") if value.type == "b" else ())
        if words:
            verb.complete[_dest(name)] = " ".join(words)


def given(args: Namespace, known: Mapping[str, Value]) -> dict[str, Any]:
    """Return the settings on the command line; raises InvalidArgument, also when there are none."""
    changes = {}
    for name, value in known.items():
        text = getattr(args, _dest(name), None)
        if text is not None:
            changes[name] = from_text(value, text)
    if not changes:
        offered = [option(value) for name, value in known.items() if hasattr(args, _dest(name))]
        raise InvalidArgument("nothing to change; give at least one of " + ", ".join(offered))
    return changes


def add_call_options(verb: Parser, known: Mapping[str, Value]) -> None:
    """Add an option for each that a method takes."""
    for name, value in known.items():
        form = "{" + ",".join(value.values) + "}" if value.values else "TEXT" if value.type == "s" else "N"
        text = phrase(name)
        if value.low is not None and value.type != "s":
            text += f", {value.low:.0f} to {value.high:.0f}"
        verb.add_argument(option(value), dest=_dest(name), metavar=form, help=text)
        if value.values:
            verb.complete[_dest(name)] = " ".join(value.values)


def call_options(args: Namespace, known: Mapping[str, Value]) -> dict[str, Any]:
    """Return those on the command line, for the method; raises InvalidArgument."""
    texts = {name: getattr(args, _dest(name)) for name in known}
    return {name: from_text(known[name], text) for name, text in texts.items() if text is not None}


def _in_options(text: str, known: Mapping[str, Value]) -> str:
    """Call the settings that a text of the contract speaks of what they are called here."""
    return re.sub(r"\w+", lambda word: option(known[word[0]]) if word[0] in known else word[0], text)


def _begun_small(text: str) -> str:
    """Begin a text with a small letter, unless it begins with something written in capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _dest(name: str) -> str:
    return f"set_{name}"  # Id, Json and the like could be properties one day


def _form(value: Value) -> str:
    if value.type == "as":
        return "a list, separated by commas, or '' for none"
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
    if value.type == "as":
        return "LIST"
    if value.fields is not None:
        return "JSON"
    return {"%": "PERCENT"}.get(value.unit, value.unit.upper()) or "N"
