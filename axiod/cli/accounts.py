# SPDX-License-Identifier: Apache-2.0
"""axioctl account: who may enter over the network with a name and a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import secret
from axiod.cli.access import ONLY as ACCESS
from axiod.cli.objects import Kind, add_id, outcome
from axiod.cli.render import Column, said

if TYPE_CHECKING:
    from argparse import Namespace

    from axiod.cli.remote import Remote
    from axiod.cli.render import Result
    from axiod.cli.tree import Parser

KIND = Kind(
    word="account",
    interface="org.axiod.system1.Account",
    example="anna",
    columns=(
        (Column("NAME"), ""),
        (Column("ROLE"), "Role"),
        (Column("PASSWORD SET", right=True), "PasswordChangedUsec"),
        (Column("COMMENT", shrink=True), "Comment"),
    ),
    setting="--role operator",
    by_id=True,
)
_ASKED = (
    "The password is asked for on the terminal, or read from the standard input with --password-stdin; it is never "
    "taken from the command line, which every user of the machine can read."
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group)
    name, password, role, _ = contract.load(ACCESS.interface).methods["AddAccount"].inputs
    add = group.verb(
        "add",
        "add an account",
        run=_add,
        examples=["axioctl account add anna operator", "axioctl account add root administrator --password-stdin"],
    )
    add.add_argument("name", metavar=name.name.upper(), help="1 to 14 letters and digits")
    add.add_argument("role", metavar="|".join(role.values), choices=role.values, help="what the account may do")
    add.complete["role"] = " ".join(role.values)
    add.add_argument("--comment", metavar="TEXT", help="free text")
    secret.add_option(add)
    comment = comments.read(ACCESS.interface)["AddAccount"]
    add.manual[""] = (
        f"{comment.text} The password: {comment.arguments[password.name]} {_ASKED} Errors: {comment.errors}"
    )
    change = group.verb(
        "set-password", "set the password of an account", run=_set, examples=["axioctl account set-password anna"]
    )
    add_id(change, "account", "the account")
    secret.add_option(change)
    comment = comments.read(KIND.interface)["SetPassword"]
    change.manual[""] = f"{comment.text} {_ASKED} Errors: {comment.errors}"


async def _add(args: Namespace, remote: Remote) -> Result:
    inputs = contract.load(ACCESS.interface).methods["AddAccount"].inputs
    name = from_text(inputs[0], args.name)
    password = from_text(inputs[1], secret.read(args, f"password of {name}"))
    options = {} if args.comment is None else {"Comment": args.comment}
    await ACCESS.call(remote, "AddAccount", name, password, args.role, options)
    return said({"Id": name, "Role": args.role} | options, f"{name} may enter as {args.role}")


async def _set(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.exactly(remote, args.id)
    (value,) = KIND.members.methods["SetPassword"].inputs
    password = from_text(value, secret.read(args, f"new password of {thing.id}"))
    await remote.call(thing.path, KIND.interface, "SetPassword", password)
    return said(outcome(thing, PasswordChanged=True), f"the password of {thing.id} is changed")
