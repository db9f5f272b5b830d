# SPDX-License-Identifier: Apache-2.0
"""axioctl rule replay: what the rules would do if recorded events happened."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.cli import render
from axiod.cli.render import Result
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from axiod.cli.only import Only
    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

MOST_EVENTS = 100_000
_LONGEST_LINE = 1 << 20
_Event = tuple[int, str, dict[str, str], dict[str, str]]


def fill(group: Parser, rules: Only) -> None:
    """Add the verb."""
    verb = group.verb(
        "replay",
        "say what the rules would do if recorded events happened",
        run=partial(_replay, rules),
        examples=["axioctl rule replay week.jsonl"],
    )
    verb.add_argument("file", metavar="FILE", help='events, one JSON object on each line; "-" is the standard input')
    verb.complete["file"] = "files"
    comment = comments.read(rules.interface)["Replay"]
    verb.manual[""] = (
        f"{comment.text} FILE is what axioctl log events --format json or axioctl watch --json wrote: of each line, "
        "TimestampUsec or When, Topic, Source and Data count, and lines without a Topic do not. Events are taken in "
        f"the order of their times. Errors: {comment.errors}"
    )


async def _replay(rules: Only, args: Namespace, remote: Remote) -> Result:
    events = _events(args.file)
    steps: list[dict[str, Any]] = await rules.call(remote, "Replay", events)

    def lines(screen: Screen) -> list[str]:
        shown = [
            f"{render.moment(step['When'], screen)}  rule {step['Rule']} {step['What']:<11}  "
            + render.clean(str(step["Text"]))
            for step in steps
        ]
        return [*shown, f"{render.counted(len(events), 'event')}, {render.counted(len(steps), 'step')}"]

    return Result(steps, lines)


def _events(name: str) -> list[_Event]:
    try:
        if name == "-":
            found = list(_read(sys.stdin.buffer, name))
        else:
            with Path(name).open("rb") as file:
                found = list(_read(file, name))
    except OSError as error:
        raise InvalidArgument(f"{name} cannot be read: {error.strerror}") from error
    return sorted(found, key=lambda event: event[0])


def _read(file: IO[bytes], name: str) -> Iterator[_Event]:
    count = number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if not line.strip():
            continue
        try:
            event = _event(json.loads(line))
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise InvalidArgument(
                f"{name}, line {number}: it is no event; axioctl log events --format json writes one on each line"
            ) from None
        if event is None:
            continue
        count += 1
        if count > MOST_EVENTS:
            raise InvalidArgument(f"{name} has more than {MOST_EVENTS} events; give a part of it")
        yield event


def _event(entry: Any) -> _Event | None:
    """Return the event of an entry; None for one that is of something else."""
    if not isinstance(entry, dict):
        raise TypeError("no object")
    topic = entry.get("Topic")
    if not topic:
        return None
    when = entry.get("TimestampUsec", entry.get("When"))
    if type(when) is not int or not 0 <= when < 1 << 63 or not isinstance(topic, str):
        raise ValueError("no time")
    source, data = (
        {str(key): _text(value) for key, value in entry.get(name, {}).items()} for name in ("Source", "Data")
    )
    return when, topic, source, data


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
