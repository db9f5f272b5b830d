# SPDX-License-Identifier: Apache-2.0
"""axioctl status: which services run, and how they are. Asking does not start any."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from axiod.bus.interface import ON_DEMAND, services, stem
from axiod.bus.service import SERVICE
from axiod.cli import render
from axiod.cli.remote import how_to_start
from axiod.cli.render import Column, Result
from axiod.errors import Timeout, Unavailable

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

_COLUMNS = (
    Column("SERVICE"),
    Column("STATE", word=True),
    Column("HEALTH", word=True),
    Column("VERSION"),
    Column("UP", right=True),
    Column("HAS", shrink=True),
)
_GATEWAY = "axiod-gateway has no bus name; see systemctl status axiod-gateway (in a checkout: make run)"


def fill(parser: Parser) -> None:
    """Make it a command."""
    parser.set_defaults(run=_status)
    parser.examples = ["axioctl status"]
    parser.manual[""] = (
        "Shows for every service whether it runs, its health, version and how long it has been up, how many objects it "
        "has, its status line, and each of its problems. A service that is away is no error: the exit code is 0. One "
        "that is idle exited because nobody needed it; the bus starts it when it is called."
    )


async def _status(_args: Namespace, remote: Remote) -> Result:
    found = [await _look(remote, service) for service in services()]
    return Result(found, lambda screen: _lines(found, screen))


async def _look(remote: Remote, service: str) -> dict[str, Any]:
    """Return the properties of Service1, and State, Objects beside them."""
    seen: dict[str, Any] = {"Service": service, "State": "away"}
    if await remote.owner(service) is None:
        return seen | {"State": "idle"} if service in ON_DEMAND and await remote.activatable(service) else seen
    try:
        root = "/" + service.replace(".", "/")
        seen |= await remote.properties(service, root, SERVICE)
        # /org/axiod/io1/port/input1 is a port; what there is one of, such as /org/axiod/system1/web, is not counted.
        places = (path.removeprefix(root).split("/") for path in await remote.objects(service))
        kinds = Counter(place[-2] for place in places if len(place) > 2)
    except Timeout as error:
        return seen | {"State": "silent", "Problems": [str(error)]}
    except Unavailable:  # it went while it was asked
        if (await remote.connection()).closed.done():
            raise
        return {"Service": service, "State": "away"}
    return seen | {"State": "running", "Objects": dict(kinds)}


def _lines(found: list[dict[str, Any]], screen: Screen) -> list[str]:
    head, *rows = render.table(_COLUMNS, [_row(seen, screen) for seen in found], screen)
    lines = [head]
    for seen, row in zip(found, rows, strict=True):
        lines.append(row)
        if seen["State"] == "away":
            lines.append(f"  start it with: {how_to_start(seen['Service'])}")
        if seen.get("Status"):
            lines += render.paragraph(seen["Status"], screen)
        for text in seen.get("Problems", []):
            first, *rest = render.paragraph(f"problem: {text}", screen)
            lines += [first.replace("problem:", screen.paint("problem:", "31"), 1), *rest]
    return [*lines, "", *(line.strip() for line in render.paragraph(_GATEWAY, screen))]


def _row(seen: Mapping[str, Any], screen: Screen) -> list[str]:
    started = seen.get("StartedUsec")
    return [
        stem(seen["Service"]),
        seen["State"],
        render.value(seen.get("Health")),
        render.value(seen.get("Version")),
        render.age(started, screen.now_usec) if started else render.ABSENT,
        ", ".join(render.counted(number, kind) for kind, number in seen.get("Objects", {}).items()) or render.ABSENT,
    ]
