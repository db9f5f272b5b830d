# SPDX-License-Identifier: Apache-2.0
"""axioctl blocking: how guessing passwords is stopped, and which addresses are shut out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.cli import render
from axiod.cli.only import Only
from axiod.cli.render import Column, said

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from axiod.cli.remote import Remote
    from axiod.cli.render import Result, Screen
    from axiod.cli.tree import Parser


def _addresses(values: Mapping[str, Any], screen: Screen) -> list[str]:
    now = screen.now_usec
    rows = [
        [address, render.age(since, now), render.age(now, max(until, now))]
        for address, since, until in values["Blocked"]
    ]
    if not rows:
        return ["no address is blocked"]
    columns = (Column("BLOCKED"), Column("SINCE", right=True), Column("FOR", right=True))
    return ["", *render.table(columns, rows, screen)]


ONLY = Only(
    "blocking",
    "org.axiod.system1.Blocking",
    "how many failures are allowed, and which addresses are shut out",
    setting="--period-sec 60",
    elsewhere=("Blocked",),
    more=_addresses,
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    ONLY.fill(group)
    unblock = group.verb(
        "unblock", "let an address in again", run=_unblock, examples=["axioctl blocking unblock 192.0.2.7"]
    )
    unblock.add_argument("address", metavar="ADDRESS", help="a blocked address, as blocking show has it")
    comment = comments.read(ONLY.interface)["Unblock"]
    unblock.manual[""] = f"{comment.text} Errors: {comment.errors}"


async def _unblock(args: Namespace, remote: Remote) -> Result:
    await ONLY.call(remote, "Unblock", args.address)
    return said({"Address": args.address, "Blocked": False}, f"{args.address} may come in again")
