# SPDX-License-Identifier: Apache-2.0
"""axioctl dynamic-dns: the name that the device registers with the DNS server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.bus import comments
from axiod.bus.client import from_text
from axiod.cli import secret
from axiod.cli.only import Only
from axiod.cli.render import Result, said

if TYPE_CHECKING:
    from argparse import Namespace

    from axiod.cli.remote import Remote
    from axiod.cli.tree import Parser

ONLY = Only(
    "dynamic-dns",
    "org.axiod.network1.DynamicDns",
    "the name that is registered with the DNS server, and what became of it",
    setting="--enabled true --name gate-7.example.org",
    place="dynamic_dns",
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    ONLY.fill(group)
    change = group.verb(
        "set-secret",
        "set the secret of the TSIG key",
        run=_set,
        examples=["axioctl dynamic-dns set-secret", "axioctl dynamic-dns set-secret --password-stdin"],
    )
    secret.add_option(change)
    change.manual[""] = _text("SetSecrets")
    now = group.verb("register", "register the name now", run=_register, examples=["axioctl dynamic-dns register"])
    now.manual[""] = _text("Register")


def _text(method: str) -> str:
    comment = comments.read(ONLY.interface)[method]
    return f"{comment.text} Errors: {comment.errors}"


async def _set(args: Namespace, remote: Remote) -> Result:
    known = ONLY.members.methods["SetSecrets"].inputs[0].options or {}
    value = from_text(known["Key"], secret.read(args, "secret of the TSIG key"))
    await ONLY.call(remote, "SetSecrets", {"Key": value})
    return said({"Path": ONLY.path, "Set": ["Key"]}, "the secret of the TSIG key is set")


async def _register(_args: Namespace, remote: Remote) -> Result:
    await ONLY.call(remote, "Register")
    return said({"Path": ONLY.path}, "the name is being registered; how it goes: axioctl dynamic-dns show")
