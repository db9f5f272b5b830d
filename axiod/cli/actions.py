# SPDX-License-Identifier: Apache-2.0
"""Actions of rules in words that a person types and reads:

    pulse relay1 2s
    set relay2 on while-active
    notify guard "Gate opened at %T" timeout=10s after 5s

First what is done, then with what, then options in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli.conditions import quoted, split
from axiod.cli.times import duration, milliseconds
from axiod.errors import AxiodError, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.cli.rule_names import Names

EXAMPLE = "pulse relay1 2s"


@dataclass(frozen=True, slots=True)
class _Form:
    """How one kind of action is written."""

    form: str
    words: tuple[str, ...]
    """The fields that stand in their order."""
    options: tuple[str, ...] = ()
    """The fields that stand as NAME=VALUE; what is a flag stands as its name alone."""


_FORMS = {
    "set": _Form("set OUTPUT on|off", ("Output", "Active")),
    "toggle": _Form("toggle OUTPUT", ("Output",)),
    "pulse": _Form("pulse OUTPUT TIME", ("Output", "DurationMs")),
    "virtual-input": _Form("virtual-input NUMBER on|off", ("Input", "Active")),
    "led": _Form(
        "led LED COLOUR [flash=TIME] [between=COLOUR] [duration=TIME]",
        ("Led", "Colour"),
        ("FlashMs", "Between", "DurationMs"),
    ),
    "notify": _Form(
        'notify RECIPIENT "MESSAGE" [subject=TEXT] [body=TEXT] [method=GET|POST|PUT] [content-type=TYPE] '
        "[header:NAME=VALUE] [parameter:NAME=VALUE] [every TIME]",
        ("Recipient", "Message"),
        ("Subject", "Body", "Method", "ContentType"),
    ),
    "send-file": _Form("send-file RECIPIENT event-log|report [file-name=NAME]", ("Recipient", "File"), ("FileName",)),
    "publish": _Form(
        'publish TOPIC "PAYLOAD" [qos=0|1|2] [retain] [use-device-prefix]',
        ("Topic", "Payload"),
        ("Qos", "Retain", "UseDevicePrefix"),
    ),
    "log": _Form('log "MESSAGE" [severity=info|warning|error]', ("Message",), ("Severity",)),
}
FORMS = tuple(form.form for form in _FORMS.values())
OF_ALL = "[after TIME] [while-active] [at-most-once] [timeout=TIME] [retries=N]"
_COMMON = ("WhileActive", "AtMostOnce", "TimeoutMs", "Retries")
_TIMES = ("DurationMs", "FlashMs", "TimeoutMs", "DelayMs", "PeriodMs")
_KINDS = {"Output": "output", "Led": "led", "Recipient": "recipient"}
_MAPS = {"header": "Headers", "parameter": "Parameters"}
_ON = {True: "on", False: "off"}


def _fields() -> Mapping[str, contract.Value]:
    return contract.load("org.axiod.events1.Rule").properties["Actions"].value.fields or {}


def read(text: str, names: Names) -> dict[str, Any]:
    """Return the action that a text means, as the contract has it.

    Raises InvalidArgument or NotFound, whose text says what would be right.
    """
    try:
        return _read(split(text), names)
    except AxiodError as error:
        raise type(error)(f"action {text[:80]!r}: {error}") from None


def write(action: Mapping[str, Any], names: Names) -> str:
    """Return the text for an action."""
    kind = str(action.get("Kind", ""))
    form = _FORMS.get(kind, _Form(kind, ()))
    words = [kind]
    for name in form.words:
        words.append(_word(name, action.get(name, ""), names))
    for name in (*form.options, *_COMMON):
        if name in action and action[name] is not False:
            words.append(
                _option(name) if action[name] is True else f"{_option(name)}={_word(name, action[name], names)}"
            )
    for prefix, name in _MAPS.items():
        words += [quoted(f"{prefix}:{key}={value}") for key, value in action.get(name, {}).items()]
    for name, word in (("PeriodMs", "every"), ("DelayMs", "after")):
        if action.get(name):
            words.append(f"{word} {duration(action[name])}")
    return " ".join(words)


def _read(words: list[str], names: Names) -> dict[str, Any]:
    kind, *rest = words
    kind = kind.lower()
    if kind in ("on", "off"):  # what people type for an output
        kind, rest = "set", [*rest[:1], kind, *rest[1:]]
    form = _FORMS.get(kind)
    if form is None:
        raise InvalidArgument(f"{kind[:40]!r} is nothing that can be done; it must be one of: {', '.join(_FORMS)}")
    if len(rest) < len(form.words):
        raise InvalidArgument(f"there is too little; it must be {form.form}")
    found: dict[str, Any] = {"Kind": kind}
    for name, word in zip(form.words, rest, strict=False):
        found[name] = _value(name, word, names)
    rest = rest[len(form.words) :]
    while rest:
        word = rest.pop(0)
        if word.lower() in ("after", "every"):
            if not rest:
                raise InvalidArgument(f"{word.lower()} needs a time, such as {word.lower()} 5s")
            name = "DelayMs" if word.lower() == "after" else "PeriodMs"
            found[name] = milliseconds(rest.pop(0))
            if name == "PeriodMs":
                found["WhileActive"] = True
            continue
        _take(found, kind, form, word, names)
    return found


def _take(found: dict[str, Any], kind: str, form: _Form, word: str, names: Names) -> None:
    """Take one option."""
    option, equals, value = word.partition("=")
    prefix, colon, key = option.partition(":")
    if colon and equals and kind == "notify" and prefix.lower() in _MAPS:
        found.setdefault(_MAPS[prefix.lower()], {})[key] = value
        return
    for name in (*form.options, *_COMMON):
        if option.lower() == _option(name):
            flag = _fields()[name].type == "b"
            if flag is not bool(equals):
                if name in found:
                    raise InvalidArgument(f"{option} is given twice")
                found[name] = flag or _value(name, value, names)
                return
            raise InvalidArgument(f"{option} must be {'alone' if flag else f'{option}=VALUE'}")
    raise InvalidArgument(f"{word[:40]!r} is no option of {kind}; it must be {form.form} {OF_ALL}")


def _value(name: str, text: str, names: Names) -> Any:
    if name in _KINDS:
        return names.id_of(_KINDS[name], text)
    if name in _TIMES:
        return milliseconds(text)
    if name == "Input" and not text.isdecimal():
        return int(names.find("virtual input", text).get("Number"))
    return from_text(_fields()[name], text)


def _word(name: str, value: Any, names: Names) -> str:
    if isinstance(value, bool):
        return _ON[value]
    if name in _TIMES:
        return duration(value)
    if name == "Recipient":
        return quoted(names.name_of("recipient", str(value)))
    return quoted(str(value), always=name in ("Message", "Payload"))


def _option(name: str) -> str:
    return contract.snake(name.removesuffix("Ms")).replace("_", "-")
