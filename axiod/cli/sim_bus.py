# SPDX-License-Identifier: Apache-2.0
"""axioctl sim bus: the simulated two-wire bus, its units and its faults."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import render
from axiod.cli.configure import add_options, given
from axiod.cli.find import Thing, things
from axiod.cli.objects import configured, outcome
from axiod.cli.render import Column, Result, said
from axiod.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from argparse import Namespace

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

SERVICE = "org.axiod.sim1"
BUS, UNIT = f"{SERVICE}.Bus", f"{SERVICE}.Unit"
_COLUMNS = (
    (Column("BUS"), ""),
    (Column("UNIT", right=True), "Address"),
    (Column("MODEL"), "Model"),
    (Column("SILENT"), "Silent"),
    (Column("FAILING"), "Failing"),
    (Column("DELAY ms", right=True), "DelayMs"),
    (Column("REQUESTS", right=True), "Requests"),
    (Column("VALUES", shrink=True), "Values"),
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    group.verb("list", "list the units of every bus", run=_list, examples=["axioctl sim bus list"])
    configure = _verb(group, "configure", "change how bad the line is", _configure, "--bit-error-percent 5")
    add_options(configure, BUS)
    configure.manual[""] = comments.read(BUS)["Configure"].text
    for name, about, plugged in (("unplug", "pull the adapter out", False), ("plug", "plug the adapter in", True)):
        verb = _verb(group, name, about, partial(_plug, plugged=plugged), "")
        verb.manual[""] = comments.read(BUS)["SetPlugged"].text
    model = contract.load(BUS).methods["AddUnit"].inputs[1]
    add = _verb(group, "add", "add a unit", _add, "7 xy-md02", unit=True)
    add.add_argument("model", metavar="MODEL", choices=model.values, help=f"one of {', '.join(model.values)}")
    add.complete["model"] = " ".join(model.values)
    unit = _verb(group, "unit", "change how a unit behaves", _unit, "65 --silent true", unit=True)
    add_options(unit, UNIT)
    value = _verb(group, "value", "set what a unit measures", _value, "65 humidity 81", unit=True)
    value.add_argument("name", metavar="NAME", help="for example temperature")
    value.add_argument("value", metavar="VALUE", help="in the unit of the sensor: °C, percent, lux; 0 or 1 of flood")
    value.manual[""] = comments.read(UNIT)["SetValue"].text
    _verb(group, "remove", "take a unit off the bus", _remove, "7", unit=True)


def _verb(group: Parser, name: str, about: str, run: Any, example: str, *, unit: bool = False) -> Parser:
    verb = group.verb(name, about, run=run, examples=[f"axioctl sim bus {name} {example}".rstrip()])
    if unit:
        verb.add_argument("unit", metavar="UNIT", help="its address, 1 to 247")
    verb.add_argument("--on", metavar="BUS", dest="id", help="which bus; the only one without it")
    return verb


async def _bus(args: Namespace, remote: Remote) -> Thing:
    buses = things(await remote.objects(SERVICE), BUS)
    for thing in buses:
        if args.id in (None, thing.id) and (args.id or len(buses) == 1):
            return thing
    known = ", ".join(thing.id for thing in buses) or "none"
    if args.id:
        raise NotFound(f"there is no simulated bus {args.id}; there is {known}")
    raise NotFound(f"say which bus with --on; there is {known}")


async def _named(args: Namespace, remote: Remote) -> Thing:
    bus, address = await _bus(args, remote), _address(args)
    for thing in things(await remote.objects(SERVICE), UNIT):
        if thing.path == f"{bus.path}/unit/{address}":
            return thing
    raise NotFound(f"there is no unit {address} on {bus.id}; axioctl sim bus list shows those that are")


def _address(args: Namespace) -> int:
    if not args.unit.isdecimal() or not 1 <= int(args.unit[:4]) <= 247:
        raise InvalidArgument(f"UNIT is {args.unit[:40]!r}; it must be from 1 to 247")
    return int(args.unit)


async def _list(_args: Namespace, remote: Remote) -> Result:
    objects = await remote.objects(SERVICE)
    buses, units = things(objects, BUS), things(objects, UNIT)
    units.sort(key=lambda thing: (thing.path.rpartition("/unit/")[0], thing.get("Address")))

    def cell(thing: Thing, name: str) -> str:
        if not name:
            return thing.path.split("/")[-3]
        found = thing.get(name)
        if name == "Values":
            return ", ".join(f"{key} {number:g}" for key, number in found.items())
        return render.value(found)

    def lines(screen: Screen) -> list[str]:
        rows = [[cell(thing, name) for _, name in _COLUMNS] for thing in units]
        return render.table([column for column, _ in _COLUMNS], rows, screen)

    def data(thing: Thing, interface: str) -> dict[str, Any]:
        return {"Id": thing.id, "Path": thing.path, **thing.interfaces[interface]}

    return Result(
        {"Buses": [data(thing, BUS) for thing in buses], "Units": [data(thing, UNIT) for thing in units]}, lines
    )


async def _configure(args: Namespace, remote: Remote) -> Result:
    known = contract.load(BUS).configurable
    changes = given(args, known)
    thing = await _bus(args, remote)
    await remote.call(thing.path, BUS, "Configure", changes)
    return configured(thing, changes, known)


async def _plug(args: Namespace, remote: Remote, *, plugged: bool) -> Result:
    thing = await _bus(args, remote)
    await remote.call(thing.path, BUS, "SetPlugged", plugged)
    return said(outcome(thing, Plugged=plugged), f"the adapter of {thing.id} is {'in' if plugged else 'out'}")


async def _add(args: Namespace, remote: Remote) -> Result:
    address = _address(args)
    thing = await _bus(args, remote)
    await remote.call(thing.path, BUS, "AddUnit", address, args.model)
    return said(outcome(thing, Unit=address, Model=args.model), f"unit {address} is a {args.model} on {thing.id}")


async def _unit(args: Namespace, remote: Remote) -> Result:
    known = contract.load(UNIT).configurable
    changes = given(args, known)
    thing = await _named(args, remote)
    await remote.call(thing.path, UNIT, "Configure", changes)
    return configured(thing, changes, known, f"unit {thing.id}")


async def _value(args: Namespace, remote: Remote) -> Result:
    name, value = contract.load(UNIT).methods["SetValue"].inputs
    number = from_text(value, args.value)
    thing = await _named(args, remote)
    await remote.call(thing.path, UNIT, "SetValue", from_text(name, args.name), number)
    return said(outcome(thing, Name=args.name, Value=number), f"the {args.name} of unit {thing.id} is {number:g}")


async def _remove(args: Namespace, remote: Remote) -> Result:
    thing = await _named(args, remote)
    await remote.call(thing.path, UNIT, "Remove")
    return said(outcome(thing, Removed=True), f"unit {thing.id} is off the bus")
