# SPDX-License-Identifier: Apache-2.0
"""axioctl log events: what happened, and what the rules did."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import conditions, render
from axiod.cli.only import Only
from axiod.cli.render import Result
from axiod.cli.times import moment
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncIterator, Iterable, Iterator

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

LOG = Only("log", "org.axiod.events1.EventLog")
_PAGE = 1000
_SHOWN = 100
_FOLLOW_SECONDS = 1.0
_COLUMNS = ("Id", "Time", "When", "Kind", "Topic", "Source", "Data", "Rule", "Text", "Result")
"""The same as over REST."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins with one of these, a spreadsheet may calculate."""
_LIMIT = contract.Value("--limit", "u", low=1, high=10_000_000)


def fill(group: Parser) -> None:
    """Add the verb."""
    verb = group.verb(
        "events",
        "show what happened, and what the rules did",
        run=_events,
        examples=[
            "axioctl log events --since today --topic IO/Port",
            "axioctl log events --since 2026-11-01 --format csv",
            "axioctl log events --kind action --text failed",
        ],
    )
    when = "2026-11-22, '2026-11-22 08:00', today, yesterday, or 2h for two hours ago"
    verb.add_argument("--since", metavar="WHEN", help=f"from then on: {when}")
    verb.add_argument("--until", metavar="WHEN", help="until then, written likewise")
    kinds = _query_options()["Kind"].values
    verb.add_argument("--kind", metavar="{" + ",".join(kinds) + "}", choices=kinds, help="only entries of this kind")
    verb.add_argument(
        "--topic", metavar="EVENT", help="only this event, as IO/Port, or topics that begin so, as tns1:Device"
    )
    verb.add_argument("--text", metavar="TEXT", help="only entries in which this stands somewhere")
    verb.add_argument(
        "--limit", metavar="N", help="only the last N; without it 100 in a table, and all where it is clear"
    )
    verb.add_argument(
        "--format", metavar="{table,csv,json}", choices=("table", "csv", "json"), default="table",
        help="a table, comma-separated values, or a JSON object on each line",
    )  # fmt: skip
    verb.add_argument("--follow", action="store_true", help="go on with what happens, until Ctrl-C")
    verb.complete["kind"], verb.complete["format"] = " ".join(kinds), "table csv json"
    comment = comments.read(LOG.interface)["Query"]
    verb.manual[""] = (
        "Prints the entries in the order in which they were made. With --since, with --format csv and with --format "
        "json all are printed, otherwise the last 100. What --format json prints is what axioctl rule replay reads. "
        f"An entry has {comment.arguments['entries'].rstrip('.')}."
    )


def _query_options() -> Any:
    return contract.load(LOG.interface).methods["Query"].inputs[0].options or {}


async def _events(args: Namespace, remote: Remote) -> Result | None:
    options = _options(args)
    everything = args.limit is None and (args.since is not None or args.format != "table")
    limit = None if everything else from_text(_LIMIT, args.limit or str(_SHOWN))
    if not args.follow and (args.json or args.format == "table"):
        entries = [entry async for page in _pages(remote, options, limit) for entry in page]
        return Result(entries, lambda screen: _table(entries, screen))
    last = 0
    if args.format == "csv" and not args.json:
        print(_csv([_COLUMNS]))
    async for page in _pages(remote, options, limit):
        _print(page, args)
        last = page[-1]["Id"]
    while args.follow:
        if not last:
            newest = await LOG.call(remote, "Query", {"Limit": 1})
            last = newest[0]["Id"] if newest else 0
        await asyncio.sleep(_FOLLOW_SECONDS)
        page = await LOG.call(remote, "Query", options | {"AfterId": last, "Limit": _PAGE})
        if page:
            _print(page, args)
            last = page[-1]["Id"]
    return None


def _options(args: Namespace) -> dict[str, Any]:
    """Return what is asked for, as Query takes it."""
    now = time.time_ns() // 1000
    options: dict[str, Any] = {}
    if args.since is not None:
        options["FromUsec"] = moment(args.since, now)
    if args.until is not None:
        options["ToUsec"] = moment(args.until, now)
    if options.get("FromUsec", 0) > options.get("ToUsec", now + 1):
        raise InvalidArgument(f"--since {args.since} is later than --until {args.until or 'now'}")
    if args.kind is not None:
        options["Kind"] = args.kind
    if args.topic is not None:
        options["Topic"] = args.topic if ":" in args.topic else conditions.find(args.topic)
    if args.text is not None:
        options["Text"] = from_text(_query_options()["Text"], args.text)
    return options


async def _pages(remote: Remote, options: dict[str, Any], limit: int | None) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield entries in their order, some at a time: all of them, or the last so many."""
    if limit is None:
        last = 0
        while page := await LOG.call(remote, "Query", options | {"AfterId": last, "Limit": _PAGE}):
            yield page
            last = page[-1]["Id"]
        return
    found: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    while len(found) < limit:
        page = await LOG.call(remote, "Query", options | before | {"Limit": min(_PAGE, limit - len(found))})
        if not page:
            break
        found += page
        before = {"BeforeId": page[-1]["Id"]}
    if found:
        yield found[::-1]


def _print(entries: Iterable[dict[str, Any]], args: Namespace) -> None:
    if args.json or args.format == "json":
        for entry in entries:
            print(json.dumps(entry, ensure_ascii=False))
    elif args.format == "csv":
        print(_csv(_row(entry) for entry in entries))
    else:
        screen = render.Screen.of(sys.stdout)
        for entry in entries:
            print(_line(entry, screen))
    sys.stdout.flush()


def _row(entry: dict[str, Any]) -> Iterator[str]:
    for name in _COLUMNS:
        value = render.iso(entry["When"]) if name == "Time" else entry.get(name, "")
        if isinstance(value, dict):
            value = " ".join(f"{item}={text}" for item, text in value.items())
        # Anybody may have sent it.
        yield f"'{value}" if str(value).startswith(_FORMULA) else str(value)


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().rstrip("\n")


def _table(entries: list[dict[str, Any]], screen: Screen) -> list[str]:
    return [_line(entry, screen) for entry in entries] or ["no entries"]


def _line(entry: dict[str, Any], screen: Screen) -> str:
    when, kind = render.moment(entry["When"], screen), str(entry["Kind"])
    if kind == "event":
        parts = [conditions.short(str(entry.get("Topic"))), render.pairs(entry.get("Source", {}))]
        return f"{when}  {'event':<6}  {'  '.join(filter(None, parts))}  {render.pairs(entry.get('Data', {}))}".rstrip()
    text, rule = render.clean(str(entry.get("Text", ""))), f"rule {entry.get('Rule')}"
    if entry.get("Rule") and not text.startswith(rule):
        text = f"{rule}  {text}"
    result = str(entry.get("Result") or "")
    shown = screen.paint(result, "" if result == "done" else "33")
    return f"{when}  {kind:<6}  {text}" + (f"  {shown}" if result else "")
