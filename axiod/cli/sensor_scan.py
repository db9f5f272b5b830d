# SPDX-License-Identifier: Apache-2.0
"""axioctl sensor scan: who is on a line?"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import render
from axiod.cli.configure import option
from axiod.cli.only import Only
from axiod.cli.render import Column, Result
from axiod.errors import HardwareFailure

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

SCAN = Only("scan", "org.axiod.sensors1.Scan")
_COLUMNS = (
    (Column("UNIT", right=True), "Unit"),
    (Column("LINE", only_filled=True), "Line"),
    (Column("TEMPLATE"), "Template"),
    (Column("TITLE", shrink=True), "Title"),
    (Column("SENSOR"), "Sensor"),
    (Column("REASON", only_filled=True, shrink=True), "Reason"),
)
_LOOK_SECONDS = 0.3


def fill(group: Parser) -> None:
    """Add the verb."""
    scan = group.verb(
        "scan",
        "look for units on a port",
        run=_scan,
        examples=["axioctl sensor scan rs485 --last 20", "axioctl sensor scan rs485 --lines '9600 8N1,38400 8N1'"],
    )
    scan.add_argument("port", metavar="PORT", help="the id of the port")
    scan.complete["port"] = "ids bus"
    for name, value in _options().items():
        form = "TEXT" if value.type == "s" else "N"
        scan.add_argument(option(value), dest=f"set_{name}", metavar=form, help=render.phrase(name))
    said = comments.read(SCAN.interface)
    scan.manual[""] = (
        f"{said[SCAN.interface].text} {said['Start'].arguments['options']} Shows how far it is on a terminal; Ctrl-C "
        f"cancels it. Errors: {said['Start'].errors}"
    )


def _options() -> Mapping[str, contract.Value]:
    return contract.load(SCAN.interface).methods["Start"].inputs[1].options or {}


async def _scan(args: Namespace, remote: Remote) -> Result:
    known = _options()
    texts = {name: getattr(args, f"set_{name}") for name in known}
    options = {name: from_text(known[name], text) for name, text in texts.items() if text is not None}
    await SCAN.call(remote, "Start", args.port, options)
    try:
        found = await _finished(remote)
    except (KeyboardInterrupt, asyncio.CancelledError):
        await SCAN.call(remote, "Cancel")
        raise
    if found["State"] == "failed":
        raise HardwareFailure(found.get("Reason", "it failed"))

    def lines(screen: Screen) -> Iterable[str]:
        if not found["Found"]:
            return ["nobody answered"]
        rows = [[render.value(row.get(name)) for _, name in _COLUMNS] for row in found["Found"]]
        return render.table([column for column, _ in _COLUMNS], rows, screen)

    return Result(found["Found"], lines)


async def _finished(remote: Remote) -> dict[str, Any]:
    shows = sys.stderr.isatty()
    while True:
        found = await SCAN.properties(remote)
        if shows:
            sys.stderr.write(f"\r{found['Asked']} of {found['Total']} asked, {len(found['Found'])} found ")
            sys.stderr.flush()
        if found["State"] != "running":
            if shows:
                sys.stderr.write("\r\x1b[K")
            return found
        await asyncio.sleep(_LOOK_SECONDS)
