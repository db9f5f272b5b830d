# SPDX-License-Identifier: Apache-2.0
"""axioctl discovery: how the device is found on its network, and what it is connected to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.cli import render
from axiod.cli.only import Only
from axiod.cli.render import Column, Result

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

_COLUMNS = (
    (Column("INTERFACE"), "Interface"),
    (Column("PROTOCOL"), "Protocol"),
    (Column("NAME", shrink=True), "Name"),
    (Column("PORT", shrink=True), "PortId"),
    (Column("ADDRESSES", shrink=True), "Addresses"),
    (Column("DESCRIPTION", shrink=True), "Description"),
)


def _why(values: Mapping[str, Any], _screen: Screen) -> list[str]:
    """Say what does not work, and why."""
    return [f"{name} does not work: {reason}" for name, reason in sorted(values.get("Unavailable", {}).items())]


ONLY = Only(
    "discovery",
    "org.axiod.network1.Discovery",
    "by which protocols the device is found, under which names",
    setting="--bonjour-name 'Gate 7' --upnp on",
    elsewhere=("Unavailable",),
    more=_why,
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    ONLY.fill(group)
    verb = group.verb("neighbours", "show the switches that the device is connected to", run=_neighbours)
    verb.examples = ["axioctl discovery neighbours"]
    comment = comments.read(ONLY.interface)["Neighbours"]
    verb.manual[""] = f"{comment.text} Errors: {comment.errors}"


async def _neighbours(_args: Namespace, remote: Remote) -> Result:
    found: list[dict[str, Any]] = await ONLY.call(remote, "Neighbours")
    rows = [[render.value(one.get(name)) for _, name in _COLUMNS] for one in found]

    def lines(screen: Screen) -> list[str]:
        if not rows:
            return ["no neighbour was heard; a switch tells who it is twice a minute if LLDP or CDP is on there"]
        return render.table([column for column, _ in _COLUMNS], rows, screen)

    return Result(found, lines)
