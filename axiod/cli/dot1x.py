# SPDX-License-Identifier: Apache-2.0
"""axioctl dot1x: network access control (IEEE 802.1X) and encryption (MACsec) of wired interfaces."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from axiod.bus import comments
from axiod.bus.client import from_text
from axiod.cli import secret
from axiod.cli.network import add_settings, configure_one
from axiod.cli.objects import Kind, add_id, outcome
from axiod.cli.render import Column, Result, said

if TYPE_CHECKING:
    from argparse import Namespace

    from axiod.cli.remote import Remote
    from axiod.cli.tree import Parser

KIND = Kind(
    word="dot1x",
    interface="org.axiod.network1.Dot1x",
    example="eth0",
    columns=(
        (Column("ID"), ""),
        (Column("METHOD"), "Method"),
        (Column("STATE", word=True), "State"),
        (Column("SINCE", right=True), "SinceUsec"),
        (Column("REASON", shrink=True), "Reason"),
    ),
    setting="--method peap-mschapv2 --identity relay-7",
    by_id=True,
    noun="interface",
)
_SECRETS = {"password": ("Password", "password"), "cak": ("Cak", "connectivity association key")}


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group, but=("configure",))
    configure = group.verb(
        "configure",
        "change settings, all that are given or none",
        run=partial(configure_one, KIND),
        examples=[
            f"axioctl dot1x configure {KIND.example} {KIND.setting}",
            f"axioctl dot1x configure {KIND.example} --enabled true --confirm-within 120",
        ],
    )
    add_id(configure, "dot1x", "the interface")
    add_settings(configure, KIND.interface)

    change = group.verb(
        "set-secret",
        "set the password of peap-mschapv2, or the key of macsec",
        run=_set,
        examples=["axioctl dot1x set-secret eth0", "axioctl dot1x set-secret eth0 --of cak"],
    )
    add_id(change, "dot1x", "the interface")
    change.add_argument(
        "--of", metavar="{password,cak}", choices=tuple(_SECRETS), default="password",
        help="which one it is; the password without it",
    )  # fmt: skip
    change.complete["of"] = " ".join(_SECRETS)
    secret.add_option(change)
    change.manual[""] = _text("SetSecrets")

    again = group.verb(
        "authenticate",
        "begin anew, with the certificates as they are now",
        run=_authenticate,
        examples=["axioctl dot1x authenticate eth0"],
    )
    add_id(again, "dot1x", "the interface")
    again.manual[""] = _text("Authenticate")

    off = group.verb("off", "turn it off; what is set stays", run=_off, examples=["axioctl dot1x off eth0"])
    add_id(off, "dot1x", "the interface")
    off.manual[""] = "A port of a switch that wants IEEE 802.1X lets the device in no more after that."


def _text(method: str) -> str:
    comment = comments.read(KIND.interface)[method]
    return f"{comment.text} Errors: {comment.errors}"


async def _set(args: Namespace, remote: Remote) -> Result:
    name, about = _SECRETS[args.of]
    known = KIND.members.methods["SetSecrets"].inputs[0].options or {}
    thing = await KIND.named(remote, args)
    value = from_text(known[name], secret.read(args, f"{about} for {thing.id}"))
    await remote.call(thing.path, KIND.interface, "SetSecrets", {name: value})
    return said(outcome(thing, Set=[name]), f"the {about} for {thing.id} is set")


async def _authenticate(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    await remote.call(thing.path, KIND.interface, "Authenticate")
    return said(outcome(thing), f"{thing.id} begins anew; how it goes: axioctl dot1x show {thing.id}")


async def _off(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    await remote.call(thing.path, KIND.interface, "Configure", {"Enabled": False})
    return said(outcome(thing, Enabled=False), f"{thing.id}: it is off")
