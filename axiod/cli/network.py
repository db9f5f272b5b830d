# SPDX-License-Identifier: Apache-2.0
"""axioctl network: interfaces with their addresses, the hostname, and changes that come back unless confirmed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import render
from axiod.cli.configure import add_options, given
from axiod.cli.find import Thing
from axiod.cli.objects import Kind, add_id, configured
from axiod.cli.only import Only
from axiod.cli.render import Column, Result, said
from axiod.errors import AxiodError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncIterator

    from axiod.cli.remote import Remote
    from axiod.cli.tree import Parser


def _addresses(given: Any) -> str:
    """Return addresses as they are written, each with what it is unless somebody set it."""
    ways = {"dhcp": " (DHCP)", "router-advertisement": " (router advertisement)"}
    return ", ".join(
        render.clean(f"{one['Address']}/{one['PrefixLength']}") + ways.get(one["Origin"], "") for one in given
    )


KIND = Kind(
    word="network",
    interface="org.axiod.network1.Interface",
    example="eth0",
    columns=(
        (Column("ID"), ""),
        (Column("CONNECTED"), "Carrier"),
        (Column("IPV4"), "Ipv4Method"),
        (Column("IPV6"), "Ipv6Method"),
        (Column("ADDRESSES", shrink=True), "Addresses"),
        (Column("BACKEND"), "Backend"),
    ),
    setting="--ipv4-method static --ipv4-addresses 192.0.2.10/24",
    by_id=True,
    noun="interface",
    texts={"Addresses": _addresses},
)
HOST = Only(
    "network host", "org.axiod.network1.Host", "what this host is called", setting="--hostname gate-7", place="host"
)
TRIAL = Only("network trial", "org.axiod.network1.Trial", "whether changes wait for confirmation", place="trial")
_ADOPT_SECONDS = "120"
_WITHIN = (
    "The former settings come back after so many seconds unless `axioctl network confirm` is called before, also when "
    "the machine is started again meanwhile. Use it for whatever can cut you off."
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group, but=("configure",))
    example = "eth0 --ipv4-method dhcp --confirm-within 60"
    configure = group.verb(
        "configure",
        "change settings of an interface, all that are given or none",
        run=partial(configure_one, KIND),
        examples=[f"axioctl network configure {example}"],
    )
    add_id(configure, "network", "the interface: its id, or its name")
    add_settings(configure, KIND.interface)
    adopt = group.verb(
        "adopt",
        "hand an interface over to something that can be configured, in a trial",
        run=_adopt,
        examples=["axioctl network adopt eth0"],
    )
    add_id(adopt, "network", "the interface: its id, or its name")
    adopt.add_argument("--confirm-within", metavar="S", help=f"the seconds of the trial; otherwise {_ADOPT_SECONDS}")
    adopt.manual["confirm_within"] = (
        "It counts where no trial is under way already; otherwise that one has this as well."
    )
    comment = comments.read(KIND.interface)["Adopt"]
    adopt.manual[""] = f"{comment.text} Errors: {comment.errors}"
    group.verb("host", "show and change what this host is called", fill=_fill_host)

    verbs = (
        ("trial", "show whether changes wait for confirmation", _show_trial, "", None),
        ("begin", "begin a trial: changes from now on come back unless they are confirmed", _begin, " 60", "Begin"),
        ("confirm", "keep what was changed since the trial began", _confirm, "", "Confirm"),
        ("roll-back", "make everything what it was when the trial began", _roll_back, "", "RollBack"),
    )
    for name, about, run, argument, method in verbs:
        verb = group.verb(name, about, run=run, examples=[f"axioctl network {name}{argument}"])
        if method == "Begin":
            verb.add_argument("seconds", metavar="S", help="how long it lasts, 5 to 3600 seconds")
        verb.manual[""] = _text(method or TRIAL.interface)


def _text(member: str) -> str:
    comment = comments.read(TRIAL.interface)[member]
    return comment.text + (f" Errors: {comment.errors}" if comment.errors else "")


def add_settings(verb: Parser, interface: str) -> None:
    """Add the settings of something that can cut a person off, and the option to try them."""
    verb.add_argument("--confirm-within", metavar="S", help="begin a trial of so many seconds first")
    verb.manual["confirm_within"] = _WITHIN
    add_options(verb, interface)
    comment = comments.read(interface)["Configure"]
    verb.manual[""] = f"{comment.text.replace(' in @changes', '')} Errors: {comment.errors}"


def _fill_host(group: Parser) -> None:
    HOST.fill_show(group)
    configure = group.verb(
        "configure",
        "change settings, all that are given or none",
        run=_configure_host,
        examples=[f"axioctl network host configure {HOST.setting}"],
    )
    add_settings(configure, HOST.interface)


async def configure_one(kind: Kind, args: Namespace, remote: Remote) -> Result:
    """Change settings of one object, in a trial where the command line wants one."""
    known = kind.members.configurable
    changes = given(args, known)
    thing = await kind.named(remote, args)
    async with tried(args, remote) as waits:
        await remote.call(thing.path, kind.interface, "Configure", changes)
    return followed_by(configured(thing, changes, known), waits)


async def _adopt(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    if args.confirm_within is None and not (await TRIAL.properties(remote))["Pending"]:
        args.confirm_within = _ADOPT_SECONDS
    async with tried(args, remote) as waits:
        await remote.call(thing.path, KIND.interface, "Adopt")
    backend = (await remote.properties(KIND.service, thing.path, KIND.interface))["Backend"]
    return followed_by(said({"Path": thing.path, "Backend": backend}, f"{backend} manages it now"), waits)


async def _configure_host(args: Namespace, remote: Remote) -> Result:
    known = contract.load(HOST.interface).configurable
    changes = given(args, known)
    async with tried(args, remote) as waits:
        await HOST.call(remote, "Configure", changes)
    return followed_by(configured(Thing(HOST.path, {}), changes, known), waits)


def followed_by(result: Result, waits: str) -> Result:
    """Return a result with what tried() said as its last line."""
    return Result(result.data, lambda screen: [*result.lines(screen), *([waits] if waits else [])])


@asynccontextmanager
async def tried(args: Namespace, remote: Remote) -> AsyncIterator[str]:
    """Begin a trial where the command line wants one; what is to be said of it. A change that is refused ends it."""
    if args.confirm_within is None:
        yield ""
        return
    seconds = _seconds(args.confirm_within, "--confirm-within")
    await TRIAL.call(remote, "Begin", seconds)
    try:
        yield _comes_back(seconds)
    except AxiodError:
        await TRIAL.call(remote, "RollBack")
        raise


def _seconds(text: str, name: str) -> int:
    value = contract.load(TRIAL.interface).methods["Begin"].inputs[0]
    return int(from_text(replace(value, name=name), text))


def _comes_back(seconds: int) -> str:
    return f"the former settings come back in {seconds} s; keep these with: axioctl network confirm"


async def _show_trial(_args: Namespace, remote: Remote) -> Result:
    values = await TRIAL.properties(remote)
    if not values["Pending"]:
        text = "no changes wait for confirmation"
        return said({"Path": TRIAL.path, **values}, f"{text}; the last trial: {values['Last']}")
    return Result(
        {"Path": TRIAL.path, **values},
        lambda screen: [
            f"what was changed comes back {render.distance(values['EndsUsec'], screen.now_usec)}; keep it with: "
            "axioctl network confirm"
        ],
    )


async def _begin(args: Namespace, remote: Remote) -> Result:
    seconds = _seconds(args.seconds, "S")
    await TRIAL.call(remote, "Begin", seconds)
    return said({"Path": TRIAL.path, "Seconds": seconds}, f"a trial began: {_comes_back(seconds)}")


async def _confirm(_args: Namespace, remote: Remote) -> Result:
    await TRIAL.call(remote, "Confirm")
    return said({"Path": TRIAL.path}, "what was changed is kept")


async def _roll_back(_args: Namespace, remote: Remote) -> Result:
    await TRIAL.call(remote, "RollBack")
    return said({"Path": TRIAL.path}, "everything is what it was when the trial began")
