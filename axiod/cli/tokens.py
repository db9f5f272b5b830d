# SPDX-License-Identifier: Apache-2.0
"""axioctl token: with which programs enter over the network, without a name and a password."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli.access import ONLY as ACCESS
from axiod.cli.objects import Kind
from axiod.cli.render import Column, said

if TYPE_CHECKING:
    from argparse import Namespace

    from axiod.cli.remote import Remote
    from axiod.cli.render import Result
    from axiod.cli.tree import Parser

KIND = Kind(
    word="token",
    interface="org.axiod.system1.Token",
    example="a1b2c3",
    columns=(
        (Column("ID"), ""),
        (Column("NAME", shrink=True), "Name"),
        (Column("ROLE"), "Role"),
        (Column("MADE", right=True), "CreatedUsec"),
        (Column("ENDS", right=True, ahead=True), "ExpiresUsec"),
    ),
    setting="",
)
_DAYS = contract.Value("days", "u", low=1, high=36500)
_USEC_OF_A_DAY = 86_400_000_000


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group)
    _, role, _ = contract.load(ACCESS.interface).methods["AddToken"].inputs
    add = group.verb(
        "add",
        "make a token, and show it once",
        run=_add,
        examples=["axioctl token add 'Home Assistant' operator", "axioctl token add report viewer --days 30"],
    )
    add.add_argument("name", metavar="NAME", help="what it is for")
    add.add_argument("role", metavar="|".join(role.values), choices=role.values, help="what its bearer may do")
    add.complete["role"] = " ".join(role.values)
    add.add_argument("--days", metavar="N", help="it ends after so many days; never without that")
    comment = comments.read(ACCESS.interface)["AddToken"]
    add.manual[""] = f"{comment.text} Errors: {comment.errors}"


async def _add(args: Namespace, remote: Remote) -> Result:
    inputs = contract.load(ACCESS.interface).methods["AddToken"].inputs
    name = from_text(inputs[0], args.name)
    options: dict[str, Any] = {}
    if args.days is not None:
        options["ExpiresUsec"] = time.time_ns() // 1000 + from_text(_DAYS, args.days) * _USEC_OF_A_DAY
    id_, token = await ACCESS.call(remote, "AddToken", name, args.role, options)
    data = {"Id": id_, "Name": name, "Role": args.role, "Token": token} | options
    return said(data, f"token {id_} enters as {args.role}; it is shown only now:", token)
