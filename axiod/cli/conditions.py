# SPDX-License-Identifier: Apache-2.0
"""Conditions of rules in words that a person types and reads:

    IO/Port port=io1 state=1
    not Recurring/Interval id=office_hours
    MQTT/Stateful subscription=shed/temperature payload>30 for 5min

An event may be named by the end of its topic, without namespaces, as long as no other topic ends so.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.bus.topics import TOPICS, Kind, Topic
from axiod.cli.times import duration, milliseconds
from axiod.errors import AxiodError, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.cli.rule_names import Names

EXAMPLE = "IO/Port port=io1 state=1"
FORM = "[not] EVENT [ITEM=VALUE ...] [ITEM>NUMBER] [ITEM<NUMBER] [for TIME]"
_TERM = re.compile(r"([A-Za-z_][\w.-]*)(=|>|<)(.*)", re.DOTALL)
_BOOLEANS = {
    **dict.fromkeys(("1", "true", "yes", "on", "active"), "1"),
    **dict.fromkeys(("0", "false", "no", "off", "inactive"), "0"),
}


def read(text: str, names: Names) -> dict[str, Any]:
    """Return the condition that a text means, as the contract has it.

    Raises InvalidArgument or NotFound, whose text says what would be right.
    """
    try:
        return _read(split(text), names)
    except AxiodError as error:
        raise type(error)(f"condition {text[:80]!r}: {error}") from None


def write(condition: Mapping[str, Any], names: Names) -> str:
    """Return the text for a condition."""
    topic = str(condition.get("Topic", ""))
    source = {item: names.word(topic, item, value) for item, value in condition.get("Source", {}).items()}
    words = ["not"] if condition.get("Inverted") else []
    words.append(short(topic))
    words += [f"{item}={quoted(value)}" for item, value in source.items()]
    item = condition.get("Item", "")
    if "Equals" in condition:
        words.append(f"{item}={quoted(condition['Equals'])}")
    for name, sign in (("Above", ">"), ("Below", "<")):
        if name in condition:
            words.append(f"{item}{sign}{condition[name]:.12g}")
    if condition.get("ForMs"):
        words.append(f"for {duration(condition['ForMs'])}")
    return " ".join(words)


def short(topic: str) -> str:
    """Return the shortest end of a topic that means it alone, of two names at least."""
    parts = _bare(topic)
    for count in range(2, len(parts) + 1):
        if [known.name for known in TOPICS if _ends_with(known, parts[-count:])] == [topics.same(topic)]:
            return "/".join(parts[-count:])
    return topic


def find(text: str) -> str:
    """Return the topic that a person means; raises InvalidArgument."""
    if ":" in text:
        return topics.canonical(text)
    found = [known for known in TOPICS if _ends_with(known, _bare(text))]
    if len(found) == 1:
        return found[0].name
    if found:
        raise InvalidArgument(f"{text!r} is more than one event: {', '.join(short(known.name) for known in found)}")
    import difflib  # only a typing mistake pays for it

    all_ = {short(known.name): known for known in TOPICS}
    ends = {name.lower(): name for name in all_} | {name.rpartition("/")[2].lower(): name for name in all_}
    near = list(dict.fromkeys(ends[end] for end in difflib.get_close_matches(text.lower(), ends, n=3)))
    hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(all_)}"
    raise InvalidArgument(f"there is no event {text[:80]!r}; {hint}")


def split(text: str) -> list[str]:
    """Return the words of a text; quotes keep words together. Raises InvalidArgument."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InvalidArgument(f"{str(error).lower()}; a quote that begins must end") from None
    if not words:
        raise InvalidArgument("it is empty")
    return words


def quoted(text: str, *, always: bool = False) -> str:
    """Return a text so that split() leaves it whole; `always` in quotes, even where none are needed."""
    if not always and text and not re.search(r"[\s'\"\\]", text):
        return text
    if '"' in text and "'" not in text:
        return f"'{text}'"
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _read(words: list[str], names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if words[0].lower() == "not":
        found["Inverted"] = True
        words = words[1:]
    if len(words) > 2 and words[-2].lower() == "for":
        found["ForMs"] = milliseconds(words[-1])
        words = words[:-2]
    if not words:
        raise InvalidArgument(f"it names no event; a condition is {FORM}, for example {EXAMPLE}")
    name = find(words[0])
    declared = topics.declared(name)
    found["Topic"], source = name, {}
    for word in words[1:]:
        term = _TERM.fullmatch(word)
        if term is None:
            raise InvalidArgument(f"{word[:40]!r} is no ITEM=VALUE; a condition is {FORM}, for example {EXAMPLE}")
        item, sign, value = term.groups()
        if sign == "=" and (declared is None or declared.source_item(item)) and not _is_data(declared, item):
            source[item] = names.value(name, item, value)
        else:
            _of_data(found, declared, item, sign, value)
    if source:
        found["Source"] = source
    if "Item" not in found and declared is not None and declared.state is not None:
        if declared.state.kind is not Kind.BOOLEAN:
            raise InvalidArgument(
                f"it does not say which {declared.state.name}; add {declared.state.name}=VALUE, which is "
                f"{declared.state.range}"
            )
        found |= {"Item": declared.state.name, "Equals": "1"}
    return found


def _is_data(declared: Topic | None, item: str) -> bool:
    return declared is not None and declared.item(item) is not None and declared.source_item(item) is None


def _of_data(found: dict[str, Any], declared: Topic | None, item: str, sign: str, value: str) -> None:
    known = None if declared is None else declared.item(item)
    if declared is not None and known is None:
        items = ", ".join(each.name for each in (*declared.source, *declared.data)) or "nothing"
        raise InvalidArgument(f"{short(declared.name)} has no {item!r}; it has {items}")
    if found.get("Item", item) != item:
        raise InvalidArgument(f"it looks at {found['Item']} and at {item}; make it two conditions")
    key = {"=": "Equals", ">": "Above", "<": "Below"}[sign]
    if key in found or ("Equals" in found) or (key == "Equals" and "Item" in found):
        raise InvalidArgument(f"it says twice what {item} must be")
    found["Item"] = item
    if sign == "=":
        boolean = known is not None and known.kind is Kind.BOOLEAN
        found[key] = _BOOLEANS.get(value.lower(), value) if boolean else value
        return
    number = topics.number(value)
    if number is None:
        raise InvalidArgument(f"{item}{sign}{value[:40]} compares with no number; write it like {item}{sign}20.5")
    found[key] = number


def _bare(topic: str) -> list[str]:
    return [part.rpartition(":")[2] for part in topic.strip("/").split("/")]


def _ends_with(known: Topic, parts: list[str]) -> bool:
    return [part.lower() for part in _bare(known.name)[-len(parts) :]] == [part.lower() for part in parts]
