# SPDX-License-Identifier: Apache-2.0
"""axioctl led: the LEDs of the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.bus import comments
from axiod.bus.client import from_text
from axiod.cli.configure import add_call_options, call_options
from axiod.cli.objects import Kind, add_id, outcome
from axiod.cli.render import Column, Result, said

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from axiod.bus.interface import Value
    from axiod.cli.remote import Remote
    from axiod.cli.tree import Parser

KIND = Kind(
    word="led",
    interface="org.axiod.io1.Led",
    example="status",
    columns=(
        (Column("ID"), ""),
        (Column("TERMINAL", spare=True), "Terminal"),
        (Column("COLOURS", shrink=True), "Colours"),
        (Column("MODE", word=True), "Mode"),
        (Column("COLOUR"), "Colour"),
        (Column("BETWEEN", only_filled=True), "Between"),
        (Column("FLASH ms", right=True, only_filled=True), "FlashMs"),
        (Column("ENDS", right=True, only_filled=True, ahead=True), "EndsUsec"),
        (Column("TRIGGER", spare=True), "Trigger"),
        (Column("QUALITY", word=True), "Quality"),
    ),
    setting="",
    by_id=True,
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group)
    light = group.verb(
        "light",
        "have an LED show a colour, until it is given back or for a time",
        run=_light,
        examples=["axioctl led light status red --flash-ms 250 --duration-ms 10000"],
    )
    add_id(light, "led", "the led: its id, or what is printed beside it")
    colour = KIND.members.methods["Light"].inputs[0]
    light.add_argument("colour", metavar="COLOUR", help=f"one of {', '.join(colour.values)}, as far as it has them")
    light.complete["colour"] = " ".join(colour.values)
    add_call_options(light, _options("Light"))
    back = group.verb(
        "give-back",
        "have an LED show again what it shows by itself",
        run=_give_back,
        examples=["axioctl led give-back status"],
    )
    add_id(back, "led", "the led: its id, or what is printed beside it")
    for verb, method in ((light, "Light"), (back, "GiveBack")):
        comment = comments.read(KIND.interface)[method]
        verb.manual[""] = f"{comment.text} Errors: {comment.errors}"


def _options(method: str) -> Mapping[str, Value]:
    known = KIND.members.methods[method].inputs[-1].options or {}
    return {name: value for name, value in known.items() if name != "DeadlineUsec"}


async def _light(args: Namespace, remote: Remote) -> Result:
    colour = from_text(KIND.members.methods["Light"].inputs[0], args.colour)
    options = call_options(args, _options("Light"))
    thing = await KIND.named(remote, args)
    await remote.call(thing.path, KIND.interface, "Light", colour, options)
    how = " flashing" if "FlashMs" in options else ""
    end = f" for {options['DurationMs']} ms" if "DurationMs" in options else f" until: axioctl led give-back {thing.id}"
    shown = "dark" if colour == "none" and not how else f"{colour}{how}"
    return said(outcome(thing, Colour=colour, **options), f"{thing.id} is {shown}{end}")


async def _give_back(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    await remote.call(thing.path, KIND.interface, "GiveBack", {})
    return said(outcome(thing, Mode="own"), f"{thing.id} shows again what it shows by itself")
