# SPDX-License-Identifier: Apache-2.0
"""axioctl recipient: who can be told, and where files go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import render, secret
from axiod.cli.configure import add_options
from axiod.cli.objects import Kind, add_id, outcome
from axiod.cli.only import Only
from axiod.cli.render import Column, Result, said

if TYPE_CHECKING:
    from argparse import Namespace

    from axiod.cli.remote import Remote
    from axiod.cli.tree import Parser

KIND = Kind(
    word="recipient",
    interface="org.axiod.events1.Recipient",
    example="1",
    columns=(
        (Column("ID", right=True), ""),
        (Column("NAME", shrink=True), "Name"),
        (Column("TYPE"), "Type"),
        (Column("HOST", only_filled=True, shrink=True), "Host"),
        (Column("URL", only_filled=True, shrink=True), "Url"),
        (Column("TO", only_filled=True, shrink=True), "To"),
        (Column("LAST RESULT", only_filled=True, shrink=True, spare=True), "LastResult"),
    ),
    setting="--port 2121",
)
RECIPIENTS = Only("recipients", "org.axiod.events1.Recipients")
_SECRETS = {"Password": "", "ProxyPassword": "of the proxy", "PopPassword": "of the POP server"}


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group)
    name, type_, _ = contract.load(RECIPIENTS.interface).methods["AddRecipient"].inputs
    add = group.verb(
        "add",
        "add a recipient",
        run=_add,
        examples=[
            "axioctl recipient add guard https --url https://guard.example/notify",
            "axioctl recipient add files sftp --host 192.0.2.9 --folder in --username me",
        ],
    )
    add.add_argument("name", metavar=name.name.upper(), help="what people call it")
    add.add_argument("type", metavar="TYPE", choices=type_.values, help=f"one of {', '.join(type_.values)}")
    add.complete["type"] = " ".join(type_.values)
    add_options(add, KIND.interface, but=("Name", "Type"))
    _explain(add, RECIPIENTS.interface, "AddRecipient")

    change = group.verb(
        "set-password",
        "set a password of a recipient",
        run=_set,
        examples=["axioctl recipient set-password 1", "axioctl recipient set-password 1 --of proxy"],
    )
    add_id(change, "recipient", "the recipient: its id or its name")
    change.add_argument(
        "--of", metavar="{server,proxy,pop}", choices=("server", "proxy", "pop"), default="server",
        help="whose password it is; that of the server without it",
    )  # fmt: skip
    change.complete["of"] = "server proxy pop"
    secret.add_option(change)
    _explain(change, KIND.interface, "SetSecrets")

    test = group.verb("test", "try a recipient", run=_test, examples=["axioctl recipient test guard"])
    add_id(test, "recipient", "the recipient: its id or its name")
    _explain(test, KIND.interface, "Test")
    test.manual[""] += " The exit code is 1 where it did not work."

    copy = group.verb(
        "copy", "add a recipient like another one", run=_copy, examples=["axioctl recipient copy guard 'guard 2'"]
    )
    add_id(copy, "recipient", "the recipient: its id or its name")
    copy.add_argument("name", metavar="NAME", help="what people call the new one")
    _explain(copy, KIND.interface, "Copy")


def _explain(verb: Parser, interface: str, method: str) -> None:
    comment = comments.read(interface)[method]
    verb.manual[""] = f"{comment.text} Errors: {comment.errors}"


async def _add(args: Namespace, remote: Remote) -> Result:
    inputs = contract.load(RECIPIENTS.interface).methods["AddRecipient"].inputs
    name = from_text(inputs[0], args.name)
    options: dict[str, Any] = {}
    for field, value in (inputs[2].options or {}).items():
        text = getattr(args, f"set_{field}", None)
        if text is not None:
            options[field] = from_text(value, text)
    id_ = await RECIPIENTS.call(remote, "AddRecipient", name, args.type, options)
    hint = f"; its password, if it needs one: axioctl recipient set-password {id_}" if "Username" in options else ""
    return said({"Id": id_, "Name": name, "Type": args.type} | options, f"recipient {id_} is added{hint}")


async def _set(args: Namespace, remote: Remote) -> Result:
    known = KIND.members.methods["SetSecrets"].inputs[0].options or {}
    name = {"server": "Password", "proxy": "ProxyPassword", "pop": "PopPassword"}[args.of]
    thing = await KIND.named(remote, args)
    about = " ".join(filter(None, ("password", _SECRETS[name])))
    password = from_text(known[name], secret.read(args, f"{about} for {thing.get('Name')}"))
    await remote.call(thing.path, KIND.interface, "SetSecrets", {name: password})
    return said(outcome(thing, Set=[name]), f"the {about} of recipient {thing.id} is set")


async def _test(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    reached, text = await remote.call(thing.path, KIND.interface, "Test")
    return Result(
        outcome(thing, Reached=reached, Text=text),
        lambda screen: [screen.word("ok" if reached else "fault") + f": {render.clean(text)}"],
        code=0 if reached else 1,
    )


async def _copy(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    name = from_text(KIND.members.methods["Copy"].inputs[0], args.name)
    id_ = await remote.call(thing.path, KIND.interface, "Copy", name)
    return said(outcome(thing, Copy=id_), f"recipient {id_} is a copy of {thing.id}, with its passwords")
