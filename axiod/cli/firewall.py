# SPDX-License-Identifier: Apache-2.0
"""axioctl firewall: which packets the device takes. What would cut off who asks is not done unless he insists."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus.client import from_text
from axiod.cli import render
from axiod.cli.configure import add_call_options, add_options, call_options, given
from axiod.cli.network import TRIAL
from axiod.cli.only import Only
from axiod.cli.render import Column, Result, said
from axiod.errors import Conflict, InvalidArgument, NotFound

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from axiod.bus.interface import Value
    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

_SSH = "SSH_CONNECTION"
"""Where sshd says by which connection somebody came: client, its port, server, its port."""
_CUTS = ("cut", "may-cut")
_KINDS = {
    "accept": {"Kind": "filter", "Policy": "accept"},
    "drop": {"Kind": "filter", "Policy": "drop"},
    "limit": {"Kind": "limit"},
}


def _more(values: Mapping[str, Any], screen: Screen) -> list[str]:
    rows = [[str(number), words(rule)] for number, rule in enumerate(values["Rules"], 1)]
    lines = ["", *render.table((Column("RULE", right=True), Column("WHAT IT DOES", shrink=True)), rows, screen)]
    foreign = [chain for chain in values["ForeignChains"] if chain["Drops"]]
    drops = [f"{chain['Family']} {chain['Table']} (chain {chain['Chain']})" for chain in foreign]
    notes = [f"not of axiod, and drops packets as well: {', '.join(dict.fromkeys(drops))}"] if drops else []
    return (lines if rows else ["", "there are no rules"]) + [screen.paint(render.clean(note), "33") for note in notes]


ONLY = Only(
    "firewall",
    "org.axiod.network1.Firewall",
    "whether the firewall is on, and its rules",
    elsewhere=("Rules", "ForeignChains", "Revision"),
    more=_more,
)


def words(rule: Mapping[str, Any]) -> str:
    """Return a rule in words."""
    if rule["Kind"] == "limit":
        does = f"limit {rule['Amount']} {rule['Unit']} a {rule['Period']}, {rule['Burst']} at once"
    else:
        does = str(rule["Policy"])
    parts = [does]
    if "Protocol" in rule:
        parts.append({"both": "tcp and udp"}.get(rule["Protocol"], rule["Protocol"]))
    elif "Family" in rule:
        parts.append(rule["Family"])
    if "Port" in rule:
        parts.append(f"port {rule['Port']}")
    if "PortStart" in rule:
        parts.append(f"ports {rule['PortStart']} to {rule['PortEnd']}")
    if "Traffic" in rule:
        parts.append(rule["Traffic"])
    if "Address" in rule:
        parts.append(f"from {rule['Address']}")
    if "RangeStart" in rule:
        parts.append(f"from {rule['RangeStart']} to {rule['RangeEnd']}")
    if "Mac" in rule:
        parts.append(f"from {rule['Mac']}")
    return " ".join(parts)


def fill(group: Parser) -> None:
    """Add the verbs."""
    ONLY.fill_show(group)
    configure = group.verb(
        "configure",
        "turn the firewall on or off, or change its default policy",
        run=_configure,
        examples=["axioctl firewall configure --active true --confirm-within 60"],
    )
    _add_care(configure)
    add_options(configure, ONLY.interface, but=("Rules",))
    comment = comments.read(ONLY.interface)["Configure"]
    configure.manual[""] = f"{comment.text.replace(' in @changes', '')} Errors: {comment.errors}"

    add = group.verb(
        "add",
        "add a rule",
        run=_add,
        examples=[
            "axioctl firewall add accept --protocol tcp --port 443 --confirm-within 60",
            "axioctl firewall add limit --amount 9 --period minute --unit connections",
        ],
    )
    add.add_argument("kind", metavar="{accept,drop,limit}", choices=tuple(_KINDS), help="what the rule does")
    add.add_argument("--at", metavar="N", help="its place, from 1; behind all others without it")
    _add_care(add)
    add_call_options(add, _fields())
    add.manual[""] = comments.read(ONLY.interface)["Rules"].text

    remove = group.verb(
        "remove", "remove a rule", run=_remove, examples=["axioctl firewall remove 2 --confirm-within 60"]
    )
    remove.add_argument("rule", metavar="N", help="its place, as firewall show has it")
    _add_care(remove)

    check = group.verb("check", "say what the rules do to who asks, and what drops besides", run=_check)
    check.examples = ["axioctl firewall check"]
    check.manual[""] = comments.read(ONLY.interface)["Check"].text + " The exit code is 1 where who asks would be cut."
    for name, about, run, method in (
        ("confirm", "keep what was changed since the trial began", _confirm, "Confirm"),
        ("roll-back", "make everything what it was when the trial began", _roll_back, "RollBack"),
    ):
        verb = group.verb(name, about, run=run, examples=[f"axioctl firewall {name}"])
        verb.manual[""] = comments.read(TRIAL.interface)[method].text + f" Like axioctl network {name}."


def _add_care(verb: Parser) -> None:
    verb.add_argument("--confirm-within", metavar="S", help="try it: what there was comes back after so many seconds")
    verb.add_argument("--force", action="store_true", help="do it even if it cuts the connection that asks")
    verb.manual["confirm_within"] = (
        "Begins a trial of 5 to 3600 seconds. What there was comes back then unless axioctl firewall confirm is called "
        "before, also when the machine is started again meanwhile."
    )


def _fields() -> dict[str, Value]:
    fields = ONLY.members.configurable["Rules"].fields or {}
    return {name: value for name, value in fields.items() if name not in ("Kind", "Policy")}


async def _configure(args: Namespace, remote: Remote) -> Result:
    return await _change(args, remote, given(args, ONLY.members.configurable), "the firewall is changed")


async def _add(args: Namespace, remote: Remote) -> Result:
    seen = await ONLY.properties(remote)
    rules = list(seen["Rules"])
    rule = _KINDS[args.kind] | call_options(args, _fields())
    at = len(rules) + 1 if args.at is None else _place(args.at, len(rules) + 1)
    rules.insert(at - 1, rule)
    return await _change(args, remote, {"Rules": rules}, f"rule {at} is added", seen)


async def _remove(args: Namespace, remote: Remote) -> Result:
    seen = await ONLY.properties(remote)
    rules = list(seen["Rules"])
    if not rules:
        raise NotFound("there are no rules")
    gone = rules.pop(_place(args.rule, len(rules)) - 1)
    return await _change(args, remote, {"Rules": rules}, f"removed: {words(gone)}", seen)


def _place(text: str, last: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= last:
        raise InvalidArgument(f"{text!r} is no place of a rule; it must be a whole number from 1 to {last}")
    return int(text)


async def _change(
    args: Namespace, remote: Remote, changes: dict[str, Any], done: str, seen: Mapping[str, Any] | None = None
) -> Result:
    """Change settings, for a time where that is wanted. What would cut off who asks, the service refuses.

    `seen`: what was read of them, which must still hold.
    """
    asking = _connection() | ({"Revision": seen["Revision"]} if seen else {})
    findings = await ONLY.call(remote, "Check", changes, _connection())
    lines = [f"{finding['Kind']}: {finding['Text']}" for finding in findings]
    waits = ""
    if args.confirm_within is not None:
        inputs = ONLY.members.methods["Test"].inputs
        seconds = from_text(replace(inputs[1], name="--confirm-within"), args.confirm_within)
        await ONLY.call(remote, "Test", changes, seconds, asking)
        waits = f"; it comes back in {seconds} s unless you call: axioctl firewall confirm"
    else:
        insists = {"Force": True} if args.force else {}
        try:
            await ONLY.call(remote, "Configure", {**changes, **asking, **insists})
        except Conflict as error:
            if not any(finding["Kind"] in _CUTS for finding in findings):
                raise
            raise Conflict(f"{error}: --confirm-within 60, or --force") from None
    data = {"Path": ONLY.path, **changes, "Findings": findings}
    return Result(data, lambda screen: [done + waits, *(screen.paint(line, "33") for line in map(render.clean, lines))])


async def _check(_args: Namespace, remote: Remote) -> Result:
    findings: list[dict[str, Any]] = await ONLY.call(remote, "Check", {}, _connection())
    lines = [render.clean(f"{finding['Kind']}: {finding['Text']}") for finding in findings]
    cut = any(finding["Kind"] in _CUTS for finding in findings)
    return Result(findings, lambda _screen: lines or ["nothing is to be said of the rules"], code=int(cut))


async def _confirm(_args: Namespace, remote: Remote) -> Result:
    await TRIAL.call(remote, "Confirm")
    return said({"Path": TRIAL.path}, "what was changed is kept")


async def _roll_back(_args: Namespace, remote: Remote) -> Result:
    await TRIAL.call(remote, "RollBack")
    return said({"Path": TRIAL.path}, "everything is what it was when the trial began")


def _connection() -> dict[str, Any]:
    """Return the connection over which somebody types this, where it is one of SSH."""
    parts = (os.environ.get(_SSH) or _ssh_of_ancestors(os.getppid())).split()
    if len(parts) != 4 or not parts[3].isdecimal():
        return {}
    return {"ClientAddress": parts[0], "ServerPort": int(parts[3])}


def _ssh_of_ancestors(process: int) -> str:
    """Return what sshd said to the shell from which somebody became root: sudo and su do not hand it on."""
    while process > 1:
        try:
            environment = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
            status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        for item in environment:
            name, _, said = item.partition(b"=")
            if name == _SSH.encode():
                return said.decode(errors="replace")
        # The name of the program, in parentheses, may contain anything.
        process = int(status.rpartition(")")[2].split()[1])
    return ""
