# SPDX-License-Identifier: Apache-2.0
"""axioctl log: the event log (event_log.py), and the system log, the access log and the audit log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import event_log, render
from axiod.cli.only import Only
from axiod.cli.render import Result
from axiod.cli.times import moment
from axiod.errors import InvalidArgument, Timeout, Unavailable

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncGenerator, Iterable

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

LOGS = Only("logs", "org.axiod.system1.Logs")
_ABOUT = {
    "system": "show what the services of this machine and its kernel wrote",
    "access": "show the requests over the network that were refused or failed",
    "audit": "show who changed what over the network, from where, with the result",
}
_EXAMPLES = {
    "system": ["axioctl log system --unit 'axiod-*' --severity warning", "axioctl log system --search relay1 --follow"],
    "access": ["axioctl log access --since today"],
    "audit": ["axioctl log audit --since today", "axioctl log audit --follow --json"],
}
_MANUAL = {
    "system": (
        "A line has the time, the severity, the unit with the process, and the text. Of a device that systemd does not "
        "run, as that of make run in a checkout, it is what the services of axiod wrote."
    ),
    "access": (
        "A line has the time, the account (or token), its address and how it logged in, the request, and the status of "
        "HTTP. With the log level debug of the gateway, every request is there."
    ),
    "audit": (
        "A line has the time, the account (or token), its address and how it logged in, the method with its object and "
        "arguments, and the result; secrets stand there as ***. What is done on the machine itself, with axioctl or "
        "busctl, is not in it."
    ),
}
_PAGE = 1000
_SHOWN = 100
_FOLLOW_SECONDS = 1.0
_LIMIT = contract.Value("--limit", "u", low=1, high=10_000_000)
_GRAVE = ("emergency", "alert", "critical", "error")
_NOTABLE = "warning"


def fill(group: Parser) -> None:
    """Add the verbs."""
    event_log.fill(group)
    known = _options_of_query()
    for name, about in _ABOUT.items():
        verb = group.verb(name, about, run=_show, examples=_EXAMPLES[name])
        verb.set_defaults(log=name)
        when = "2026-11-22, '2026-11-22 08:00', today, yesterday, or 2h for two hours ago"
        verb.add_argument("--since", metavar="WHEN", help=f"from then on: {when}")
        verb.add_argument("--until", metavar="WHEN", help="until then, written likewise")
        severities = known["Severity"].values
        verb.add_argument(
            "--severity",
            metavar="SEVERITY",
            choices=severities,
            help=f"only what is as severe: {', '.join(severities)}",
        )
        verb.complete["severity"] = " ".join(severities)
        if name == "system":
            verb.add_argument(
                "--unit", metavar="UNIT", help="only of this unit: axiod-io, ssh.service, 'axiod-*', or kernel"
            )
        verb.add_argument("--search", metavar="TEXT", help="only entries in whose text this stands")
        verb.add_argument("--limit", metavar="N", help="only the last N; without it and --since the last 100")
        verb.add_argument("--follow", action="store_true", help="go on with what happens, until Ctrl-C")
        verb.manual[""] = (
            f"Prints the entries in the order in which they were made. {_MANUAL[name]} With --json each entry is an "
            "object, with --follow one on each line."
        )
        comment = comments.read(LOGS.interface)["Query"].arguments["entries"].rstrip(".")
        verb.manual[""] += f" An entry has {comment}; and Time, which is When as ISO 8601." if name == "system" else ""


def _options_of_query() -> Any:
    return contract.load(LOGS.interface).methods["Query"].inputs[0].options or {}


async def _show(args: Namespace, remote: Remote) -> Result | None:
    if args.follow and args.until is not None:
        raise InvalidArgument("--follow goes on until Ctrl-C, so it has no --until; leave one of them out")
    options = _options(args)
    limit = None if args.limit is None and args.since is not None else from_text(_LIMIT, args.limit or str(_SHOWN))
    began = time.time_ns() // 1000
    entries: list[dict[str, Any]] = []
    last = None
    async with contextlib.aclosing(_pages(remote, options, limit)) as pages:
        async for page in pages:
            last = page[-1]["Cursor"]
            if args.follow:
                _print(page, args)
            else:
                entries += page
    if not args.follow:
        since = "" if args.since is None else f" since {args.since}"
        nothing = f"no entries{since} in the {args.log} log"
        return Result(
            [_shown(entry) for entry in entries],
            lambda screen: [_line(args.log, entry, screen) for entry in entries] or [nothing],
        )
    away = False
    while True:
        after = {"After": last} if last is not None else {"After": "", "FromUsec": began}
        try:
            page, more = await LOGS.call(remote, "Query", {**options, **after, "Limit": _PAGE})
        except (Unavailable, Timeout) as error:
            # It is started again, and what happens meanwhile is what people follow a log for.
            if (await remote.connection()).closed.done():
                raise
            if not away:
                sys.stderr.write(f"axioctl: the log cannot be read now, and goes on when it can: {error}\n")
            page, more, away = [], False, True
        else:
            away = False
        if page:
            _print(page, args)
            last = page[-1]["Cursor"]
        if not more:
            await asyncio.sleep(_FOLLOW_SECONDS)


def _options(args: Namespace) -> dict[str, Any]:
    """Return what is asked for, as Query takes it."""
    now = time.time_ns() // 1000
    options: dict[str, Any] = {"Log": args.log}
    if args.since is not None:
        options["FromUsec"] = moment(args.since, now)
    if args.until is not None:
        options["ToUsec"] = moment(args.until, now)
    if options.get("FromUsec", 0) > options.get("ToUsec", now + 1):
        raise InvalidArgument(f"--since {args.since} is later than --until {args.until or 'now'}")
    known = _options_of_query()
    for option, name in (("severity", "Severity"), ("unit", "Unit"), ("search", "Text")):
        given = getattr(args, option, None)
        if given is not None:
            options[name] = from_text(replace(known[name], name=f"--{option}"), given)
    return options


async def _pages(
    remote: Remote, options: dict[str, Any], limit: int | None
) -> AsyncGenerator[list[dict[str, Any]], None]:
    """Yield entries in their order, some at a time: all of them, or the last so many."""
    more = True
    if limit is None:
        last = ""
        while more:
            page, more = await LOGS.call(remote, "Query", {**options, "After": last, "Limit": _PAGE})
            if page:
                last = page[-1]["Cursor"]
                yield page
        return
    found: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    while more and len(found) < limit:
        asked = {**options, **before, "Limit": min(_PAGE, limit - len(found))}
        page, more = await LOGS.call(remote, "Query", asked)
        found += page
        if page:
            before = {"Before": page[-1]["Cursor"]}
    if found:
        yield found[::-1]


def _print(entries: Iterable[dict[str, Any]], args: Namespace) -> None:
    screen = render.Screen.of(sys.stdout)
    for entry in entries:
        print(json.dumps(_shown(entry), ensure_ascii=False) if args.json else _line(args.log, entry, screen))
    sys.stdout.flush()


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as --json has it."""
    found = {"Time": render.iso(entry["When"]), **entry}
    if "Arguments" in entry:
        # What was cut is no JSON any more.
        with contextlib.suppress(ValueError):
            found["Arguments"] = json.loads(entry["Arguments"])
    return found


def _line(log: str, entry: dict[str, Any], screen: Screen) -> str:
    parts = _PARTS[log](entry, screen)
    return "  ".join(filter(None, (render.moment(entry["When"], screen), *parts)))


def _system(entry: dict[str, Any], screen: Screen) -> list[str]:
    severity = entry.get("Severity", "")
    color = "31" if severity in _GRAVE else "33" if severity == _NOTABLE else ""
    who = render.clean(entry.get("Unit", "").removesuffix(".service") or entry.get("Program", "") or "?")
    pid = f"[{entry['Pid']}]" if "Pid" in entry else ""
    # What goes on in another line is indented, so that nobody writes a line that looks like an entry.
    first, *more = entry["Text"].splitlines() or [""]
    text = "\n".join([render.clean(first), *(f"    {render.clean(line)}" for line in more)])
    return [screen.paint(f"{severity:<9}", color), f"{who}{pid}", text]


def _access(entry: dict[str, Any], screen: Screen) -> list[str]:
    result = f"{entry.get('Status', '')} in {entry.get('DurationMs', 0):g} ms"
    return [_who(entry), render.clean(entry.get("Request", entry["Text"])), screen.paint(result, "33")]


def _audit(entry: dict[str, Any], screen: Screen) -> list[str]:
    what = entry.get("Method", "").removeprefix("org.axiod.")
    if "Object" in entry:
        what += f" of {entry['Object'].rpartition('/')[2]}"
    arguments = entry.get("Arguments", "")
    result = entry.get("Result", "") + (f": {entry['Reason']}" if "Reason" in entry else "")
    done = screen.paint(render.clean(result), "" if entry.get("Result") == "ok" else "33")
    return [_who(entry), render.clean(f"{what} {'' if arguments == '{}' else arguments}".strip()), done]


def _who(entry: dict[str, Any]) -> str:
    how = f" ({entry['How']})" if "How" in entry else ""
    return render.clean(f"{entry.get('User', 'somebody')} from {entry.get('Address', '?')}{how}")


_PARTS = {"system": _system, "access": _access, "audit": _audit}
