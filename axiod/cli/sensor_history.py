# SPDX-License-Identifier: Apache-2.0
"""axioctl sensor history: what a channel of a sensor measured."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.cli import render
from axiod.cli.objects import add_id, outcome
from axiod.cli.only import Only
from axiod.cli.render import Column, Result
from axiod.cli.times import moment
from axiod.clock import wall_usec
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Awaitable, Callable, Iterable

    from axiod.cli.find import Thing
    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

    Find = Callable[[Remote, Namespace], Awaitable[Thing]]

HISTORY = Only("history", "org.axiod.sensors1.History")
_COLUMNS = ("Time", "Lowest", "Mean", "Highest")
_MOST = 20_000


def fill(group: Parser, find: Find) -> None:
    """Add the verb; `find` returns the sensor that a person means."""

    async def run(args: Namespace, remote: Remote) -> Result:
        return await _history(args, remote, await find(remote, args))

    history = group.verb(
        "history",
        "show what a channel measured",
        run=run,
        examples=[
            "axioctl sensor history cellar humidity --since 6h",
            "axioctl sensor history cellar humidity --resolution hour --format csv",
        ],
    )
    add_id(history, "sensor", "the sensor: its id, its name")
    history.add_argument("channel", metavar="CHANNEL", help="for example humidity")
    when = "2026-11-22, '2026-11-22 08:00', today, yesterday or 2h (ago)"
    history.add_argument("--since", metavar="WHEN", help=f"from then on; a day without it: {when}")
    history.add_argument("--until", metavar="WHEN", help="up to then; now without it")
    resolution = contract.load(HISTORY.interface).methods["Query"].inputs[2].options or {}
    words = resolution["Resolution"].values
    history.add_argument(
        "--resolution", metavar="{" + ",".join(words) + "}", choices=words, default="auto",
        help="each value, minutes or hours; the finest that there is without it",
    )  # fmt: skip
    history.complete["resolution"] = " ".join(words)
    history.add_argument(
        "--format", metavar="{table,csv}", choices=("table", "csv"), default="table", help="table without it"
    )
    history.complete["format"] = "table csv"
    comment = comments.read(HISTORY.interface)["Query"]
    history.manual[""] = (
        comments.read(HISTORY.interface)[HISTORY.interface].text
        + " CSV has the time in UTC, and at most 20000 lines: the last ones."
        + f" Errors: {comment.errors}"
    )


async def _history(args: Namespace, remote: Remote, thing: Thing) -> Result:
    now = wall_usec()
    options: dict[str, Any] = {"Resolution": args.resolution}
    if args.since is not None:
        options["FromUsec"] = moment(args.since, now)
    if args.until is not None:
        options["ToUsec"] = moment(args.until, now)
    if options.get("FromUsec", 0) > options.get("ToUsec", now):
        raise InvalidArgument(f"--since {args.since} is later than --until {args.until or 'now'}")
    if args.format == "csv":
        options["Limit"] = _MOST
    resolution, *columns = await HISTORY.call(remote, "Query", thing.id, args.channel, options)
    rows = list(zip(*columns, strict=True))
    data = outcome(thing, Channel=args.channel, Resolution=resolution, Points=[list(row) for row in rows])
    if args.format == "csv":
        return Result(data, lambda _: _csv(rows))
    units = {row["Channel"]: row.get("Unit", "") for row in thing.get("Channels")}

    def lines(screen: Screen) -> Iterable[str]:
        if not rows:
            return ["nothing was measured then"]
        shown = rows if resolution != "raw" else [row[:2] for row in rows]
        titles = ("WHEN", "LOWEST", "MEAN", "HIGHEST") if resolution != "raw" else ("WHEN", "VALUE")
        unit = units.get(args.channel, "")
        head = [Column(titles[0]), *(Column(f"{title} {unit}".rstrip(), right=True) for title in titles[1:])]
        cells = [[render.iso(row[0] * 1000, zone=False), *(f"{value:.7g}" for value in row[1:])] for row in shown]
        return render.table(head, cells, screen)

    return Result(data, lines)


def _csv(rows: Iterable[tuple[Any, ...]]) -> Iterable[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for when, *values in rows:
        stamp = datetime.fromtimestamp(when / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        writer.writerow([stamp, *(f"{value:.12g}" for value in values)])
    return text.getvalue().splitlines()
