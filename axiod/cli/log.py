# SPDX-License-Identifier: Apache-2.0
"""axioctl log: what the journal of this machine says of axiod, and what the event log has."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING, Any

from axiod.cli import event_log, render
from axiod.cli.render import Result
from axiod.errors import InvalidArgument, NotAuthorized, Unavailable

if TYPE_CHECKING:
    from argparse import Namespace
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

AUDIT = "a2f1c3f09f3d4f0f8b6f5d0c7e1a9b42"
"""MESSAGE_ID of the entries; that of axiod.gateway.audit, whose package may not be installed."""
GATEWAY = "axiod-gateway.service"
"""Only what this unit wrote counts: anybody may write to the journal, but the unit is what the journal itself saw."""
_NOT_HERE = f"there is no {GATEWAY} on this machine; in a checkout the audit log is in the output of make run"
_FIELDS = ("User", "Address", "How", "Object", "Method", "Arguments", "Result", "Reason")
_LONGEST_LINE = 1 << 20


def fill(group: Parser) -> None:
    """Add the verbs."""
    event_log.fill(group)
    audit = group.verb(
        "audit",
        "show who changed what over the network, from where, with the result",
        run=_audit,
        examples=["axioctl log audit --since today", "axioctl log audit --follow --json"],
    )
    audit.add_argument("--since", metavar="WHEN", help='from then on, as journalctl takes it: today, -1h, "2026-11-22"')
    audit.add_argument("--follow", action="store_true", help="go on with what happens, until Ctrl-C")
    audit.manual[""] = (
        "Reads the journal with journalctl, which lets only root and the groups adm and systemd-journal see what "
        "services wrote. A line has the time, the account (or token), its address and how it logged in, the method "
        "with its object and arguments, and the result; secrets stand there as ***. What is done on the machine "
        "itself, with axioctl or busctl, is not in it. With --json each entry is an object, with --follow one on each "
        "line. Of a gateway that systemd does not run, as that of make run in a checkout, the audit log is in its "
        "output and not in the journal."
    )


async def _audit(args: Namespace, _remote: Remote) -> Result | None:
    # Without --system it would show somebody who may not read that one only his own, and say nothing.
    words = ["--system", "--output=json", "--no-pager", f"MESSAGE_ID={AUDIT}", f"_SYSTEMD_UNIT={GATEWAY}"]
    if args.since is not None:
        words.append(f"--since={args.since}")
    if args.follow:
        words += ["--follow", "--no-tail"] if args.since is not None else ["--follow"]
        if not await _is_here():
            raise Unavailable(_NOT_HERE)
    entries: list[dict[str, Any]] = []
    try:
        async with contextlib.aclosing(_read(words)) as found:
            async for entry in found:
                if not args.follow:
                    entries.append(entry)
                elif args.json:
                    print(json.dumps(entry, ensure_ascii=False), flush=True)
                else:
                    print(_line(entry, render.Screen.of(sys.stdout)), flush=True)
    except (NotAuthorized, Unavailable) as error:
        if await _is_here():
            raise
        raise Unavailable(f"{_NOT_HERE} ({error})") from error
    if args.follow:
        return None
    if not entries and not await _is_here():
        raise Unavailable(_NOT_HERE)  # nothing here would look as if nobody had changed anything
    since = "" if args.since is None else f" since {args.since}"
    nothing = f"no entries{since} in the journal of {GATEWAY.removesuffix('.service')}"
    return Result(entries, lambda screen: [_line(entry, screen) for entry in entries] or [nothing])


async def _is_here() -> bool:
    """Return whether this machine has the unit of the gateway; systemd need not run."""
    try:
        process = await asyncio.create_subprocess_exec(
            *("systemctl", "--root=/", "list-unit-files", "--no-legend", "--no-pager", GATEWAY),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
        )
    except OSError:
        return False
    output, _ = await process.communicate()
    return GATEWAY.encode() in output


async def _read(words: list[str]) -> AsyncGenerator[dict[str, Any], None]:
    try:
        process = await asyncio.create_subprocess_exec(
            "journalctl", *words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, limit=_LONGEST_LINE
        )
    except OSError as error:
        raise Unavailable(f"there is no journal on this machine: journalctl: {error.strerror}") from error
    output, errors = process.stdout, process.stderr
    if output is None or errors is None:
        raise TypeError("a pipe was asked for")
    complaint = asyncio.ensure_future(errors.read())
    try:
        async for line in output:
            if line.startswith(b"{"):  # and not "-- No entries --"
                yield _entry(json.loads(line))
        _check(await process.wait(), (await complaint).decode(errors="replace"))
    finally:
        await _end(process)
        await complaint


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _check(code: int, complaint: str) -> None:
    text = " ".join(complaint.split())
    if "permission" in text or "not seeing messages" in text:
        raise NotAuthorized("only root and the groups adm and systemd-journal may read the journal; try sudo")
    if "parse" in text:
        raise InvalidArgument(f"journalctl: {text}")
    if code:
        raise Unavailable(f"the journal of this machine cannot be read: {text or f'journalctl ended with {code}'}")


def _entry(fields: dict[str, Any]) -> dict[str, Any]:
    usec = int(fields["__REALTIME_TIMESTAMP"])
    entry: dict[str, Any] = {"Time": render.iso(usec), "TimestampUsec": usec}
    entry |= {name: _text(fields.get(f"AXIOD_{name.upper()}", "")) for name in _FIELDS}
    try:
        entry["Arguments"] = json.loads(entry["Arguments"])
    except ValueError:
        entry["Arguments"] = {}
    return entry


def _text(given: Any) -> str:
    """Return a field; journalctl writes one that is not printable as a list of its bytes."""
    if isinstance(given, list) and all(isinstance(byte, int) for byte in given):
        return bytes(given).decode(errors="replace")
    return str(given)


def _line(entry: dict[str, Any], screen: Screen) -> str:
    who = f"{entry['User'] or 'somebody'} from {entry['Address']}" + (f" ({entry['How']})" if entry["How"] else "")
    what = f"{entry['Method'].removeprefix('org.axiod.')} of {entry['Object'].rpartition('/')[2]}"
    arguments = json.dumps(entry["Arguments"], ensure_ascii=False) if entry["Arguments"] else ""
    result = entry["Result"] + (f": {entry['Reason']}" if entry["Reason"] else "")
    text = render.clean("  ".join(filter(None, (who, f"{what} {arguments}".strip()))))
    result = screen.paint(render.clean(result), "" if entry["Result"] == "ok" else "33")
    return f"{render.moment(entry['TimestampUsec'], screen)}  {text}  {result}"
