# SPDX-License-Identifier: Apache-2.0
"""axioctl sim: the wires and LEDs of the simulated board, for tests and for trying things out without a board."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import render, sim_bus
from axiod.cli.configure import add_options, given
from axiod.cli.find import Thing, find, things
from axiod.cli.objects import add_id, configured, outcome
from axiod.cli.render import Column, Result, said
from axiod.errors import InvalidArgument, NotSupported

if TYPE_CHECKING:
    from argparse import Namespace

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

SERVICE = "org.axiod.sim1"
WIRE = f"{SERVICE}.Wire"
DRIVE = f"{SERVICE}.Drive"
LAMP = f"{SERVICE}.Lamp"

_COLUMNS = (
    (Column("ID"), None, ""),
    (Column("TERMINAL", spare=True), None, "Terminal"),
    (Column("WIRE", word=True), WIRE, "Condition"),
    (Column("OHMS", right=True), WIRE, "Ohms"),
    (Column("RESISTORS"), WIRE, "Resistors"),
    (Column("NOISE %", right=True), WIRE, "NoisePercent"),
    (Column("BOUNCE ms", right=True, spare=True), WIRE, "BounceMs"),
    (Column("WAVE Hz", right=True, only_filled=True), WIRE, "WaveHz"),
    (Column("DRIVE", word=True), DRIVE, "Active"),
    (Column("HELD", spare=True), DRIVE, "Held"),
    (Column("MOVED", right=True), DRIVE, "Transitions"),
    (Column("LIGHT", only_filled=True), LAMP, "Colour"),
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    methods = contract.load(WIRE).methods
    words = methods["Set"].inputs[0].values

    group.verb(
        "list",
        "list every terminal, its wire and what drives it, and every LED",
        run=_list,
        examples=["axioctl sim list"],
    )

    wire = _verb(group, "wire", "put the wire of a terminal into a state", _wire, "input1 closed", WIRE, "Set")
    wire.add_argument(
        "condition", metavar="|".join((*words, "OHMS")), help="the contact, the wire, or a fixed resistance to ground"
    )
    wire.complete["condition"] = " ".join(words)

    configure = _verb(
        group, "configure", "change how a wire behaves", _configure, "input1 --resistors serial-1k", WIRE, "Configure"
    )
    add_options(configure, WIRE)

    wave = _verb(group, "wave", "play a square wave on a contact", _wave, "input1 1000 5000", WIRE, "Wave")
    for value in methods["Wave"].inputs:
        about = comments.read(WIRE)["Wave"].arguments[value.name].rstrip(".")
        wave.add_argument(
            value.name, metavar=value.name.upper(), help=f"{about}; {value.low:.12g} to {value.high:.12g}"
        )

    group.verb("bus", "play the simulated two-wire bus", fill=sim_bus.fill)

    for name, about, broken in (
        ("break", "make a terminal fail with I/O errors", True),
        ("mend", "end what break began", False),
    ):
        _verb(group, name, about, partial(_break, broken=broken), "input1", WIRE, "SetBroken")


def _verb(group: Parser, name: str, about: str, run: Any, example: str, interface: str, method: str) -> Parser:
    verb = group.verb(name, about, run=run, examples=[f"axioctl sim {name} {example}"])
    add_id(verb, "terminal", "the terminal: its id, or what is printed beside it")
    verb.manual[""] = comments.read(interface)[method].text
    return verb


async def terminals(remote: Remote) -> list[Thing]:
    """Return all terminals and LEDs as they are now."""
    return things(await remote.objects(SERVICE), WIRE, DRIVE, LAMP)


async def _named(remote: Remote, text: str, interface: str | None = None) -> Thing:
    thing = find("terminal", await terminals(remote), text)
    if interface and interface not in thing.interfaces:
        what = "LED" if LAMP in thing.interfaces else "output"
        raise NotSupported(f"{thing.id} has no wire that can be played: it is only an {what}")
    return thing


async def _list(_args: Namespace, remote: Remote) -> Result:
    found = await terminals(remote)

    def cell(thing: Thing, interface: str | None, name: str) -> str:
        if not name:
            return thing.id
        if interface is None:
            return render.value(thing.get(name))
        given = thing.interfaces.get(interface, {}).get(name)
        if interface == DRIVE and isinstance(given, bool) and name == "Active":
            return "on" if given else "off"
        return render.value(given)

    def lines(screen: Screen) -> list[str]:
        rows = [[cell(thing, interface, name) for _, interface, name in _COLUMNS] for thing in found]
        return render.table([column for column, _, _ in _COLUMNS], rows, screen)

    # They share names, so each has its own object.
    data = [
        {"Id": thing.id, "Path": thing.path}
        | {interface.rpartition(".")[2]: values for interface, values in thing.interfaces.items()}
        for thing in found
    ]
    return Result(data, lines)


async def _wire(args: Namespace, remote: Remote) -> Result:
    methods = contract.load(WIRE).methods
    if args.condition in methods["Set"].inputs[0].values:
        thing = await _named(remote, args.id, WIRE)
        await remote.call(thing.path, WIRE, "Set", args.condition)
        return said(outcome(thing, Condition=args.condition), f"the wire of {thing.id} is {args.condition}")
    try:
        ohms = from_text(methods["SetOhms"].inputs[0], args.condition)
    except InvalidArgument as error:
        words = ", ".join(methods["Set"].inputs[0].values)
        raise InvalidArgument(f"{error}; or one of {words}") from None
    thing = await _named(remote, args.id, WIRE)
    await remote.call(thing.path, WIRE, "SetOhms", ohms)
    return said(outcome(thing, Condition="resistance", Ohms=ohms), f"the wire of {thing.id} has {ohms:.12g} ohm")


async def _configure(args: Namespace, remote: Remote) -> Result:
    known = contract.load(WIRE).configurable
    changes = given(args, known)
    thing = await _named(remote, args.id, WIRE)
    await remote.call(thing.path, WIRE, "Configure", changes)
    return configured(thing, changes, known)


async def _wave(args: Namespace, remote: Remote) -> Result:
    inputs = contract.load(WIRE).methods["Wave"].inputs
    hz, cycles = (from_text(value, getattr(args, value.name)) for value in inputs)
    thing = await _named(remote, args.id, WIRE)
    await remote.call(thing.path, WIRE, "Wave", hz, cycles)
    seconds = f"{cycles / hz:.3g} s"
    return said(
        outcome(thing, WaveHz=hz, Cycles=cycles),
        f"a square wave of {hz:.12g} Hz plays on {thing.id} for {render.counted(cycles, 'cycle')}, {seconds}",
    )


async def _break(args: Namespace, remote: Remote, *, broken: bool) -> Result:
    thing = await _named(remote, args.id)
    for interface in thing.interfaces:  # a terminal that can be both fails as both
        await remote.call(thing.path, interface, "SetBroken", broken)
    return said(outcome(thing, Broken=broken), f"{thing.id} {'is broken' if broken else 'works again'}")
