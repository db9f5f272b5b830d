# SPDX-License-Identifier: Apache-2.0
"""axioctl sensor: the Modbus sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import render, sensor_history, sensor_scan
from axiod.cli.configure import add_options, option
from axiod.cli.objects import Kind, add_id, outcome, shown_properties
from axiod.cli.only import Only
from axiod.cli.render import Column, Result, said
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping

    from axiod.cli.find import Thing
    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

KIND = Kind(
    word="sensor",
    interface="org.axiod.sensors1.Sensor",
    example="cellar",
    columns=(
        (Column("ID"), ""),
        (Column("NAME", shrink=True), "Name"),
        (Column("PORT"), "Port"),
        (Column("UNIT", right=True), "Unit"),
        (Column("TEMPLATE", spare=True), "Template"),
        (Column("STATE", word=True), "State"),
        (Column("READINGS", shrink=True), "Readings"),
        (Column("REASON", only_filled=True, shrink=True), "Reason"),
    ),
    setting="--interval-ms 2000",
    elsewhere=("ChannelSettings", "Channels", "Readings"),
)
SENSORS = Only("sensors", "org.axiod.sensors1.Sensors")
_READINGS = (
    (Column("CHANNEL"), "Channel"),
    (Column("VALUE", right=True), "Value"),
    (Column("UNIT"), "Unit"),
    (Column("QUALITY", word=True), "Quality"),
    (Column("READ", right=True), "ReadUsec"),
    (Column("LEVEL", only_filled=True), "Level"),
    (Column("BELOW", right=True, only_filled=True), "Below"),
    (Column("ABOVE", right=True, only_filled=True), "Above"),
    (Column("HYSTERESIS", right=True, only_filled=True), "Hysteresis"),
    (Column("HOLD ms", right=True, only_filled=True), "HoldMs"),
    (Column("EVERY ms", right=True, only_filled=True), "IntervalMs"),
    (Column("REASON", only_filled=True, shrink=True), "Reason"),
)
_BUDGETS = (
    (Column("PORT"), "Port"),
    (Column("SENSORS", right=True), "Sensors"),
    (Column("LINE %", right=True), "Percent"),
    (Column("WARNING", only_filled=True), "Warning"),
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    group.verb("list", "list every sensor and what it measures", run=_list, examples=["axioctl sensor list"])
    show = group.verb("show", "show everything about one sensor", run=_show, examples=["axioctl sensor show cellar"])
    add_id(show, "sensor", "the sensor: its id, its name")
    KIND.fill(group, but=("list", "show"))
    add = group.verb(
        "add",
        "add a sensor",
        run=_add,
        examples=["axioctl sensor add Cellar rs485 65 tibbo_bp02 --id cellar --interval-ms 2000"],
    )
    add.add_argument("name", metavar="NAME", help="what people call it")
    add.add_argument("port", metavar="PORT", help="the id of its fieldbus port")
    add.complete["port"] = "ids bus"
    add.add_argument("unit", metavar="UNIT", help="its unit address, 1 to 247")
    add.add_argument("template", metavar="TEMPLATE", help="the id of the template that says how it is read")
    add.complete["template"] = "ids template"
    add.add_argument("--id", dest="set_Id", metavar="ID", help="small letters, digits and _; sensor1 and so on without")
    add_options(add, KIND.interface, but=("Name", "Port", "Unit", "Template", "ChannelSettings"))
    _explain(add, SENSORS.interface, "AddSensor")

    limit = group.verb(
        "limit",
        "set the limits of a channel, and how often it is read",
        run=_limit,
        examples=["axioctl sensor limit cellar humidity --above 80 --hysteresis 5 --hold-ms 10000"],
    )
    add_id(limit, "sensor", "the sensor: its id, its name")
    limit.add_argument("channel", metavar="CHANNEL", help="for example humidity")
    for name, value in _limits().items():
        limit.add_argument(option(value), dest=f"set_{name}", metavar="N", help=render.phrase(name))
    limit.manual[""] = (
        comments.read(KIND.interface)["ChannelSettings"].text
        + " What is not given is no more; without any option the channel has no settings of its own."
    )

    test = group.verb(
        "test", "ask a sensor now, and show what it says", run=_test, examples=["axioctl sensor test cellar"]
    )
    add_id(test, "sensor", "the sensor: its id, its name")
    _explain(test, KIND.interface, "TestRead")
    copy = group.verb(
        "copy", "add a sensor like another one", run=_copy, examples=["axioctl sensor copy cellar Attic 66"]
    )
    add_id(copy, "sensor", "the sensor: its id, its name")
    copy.add_argument("name", metavar="NAME", help="what people call the new one")
    copy.add_argument("unit", metavar="UNIT", help="its unit address, 1 to 247")
    _explain(copy, KIND.interface, "Copy")
    sensor_history.fill(group, KIND.named)
    sensor_scan.fill(group)
    budget = group.verb(
        "budget", "show what polling takes of the lines", run=_budget, examples=["axioctl sensor budget"]
    )
    budget.manual[""] = comments.read(SENSORS.interface)["Budgets"].text


def _explain(verb: Parser, interface: str, method: str) -> None:
    comment = comments.read(interface)[method]
    verb.manual[""] = f"{comment.text} Errors: {comment.errors}"


def _limits() -> Mapping[str, contract.Value]:
    fields = KIND.members.configurable["ChannelSettings"].fields or {}
    return {name: value for name, value in fields.items() if name != "Channel"}


async def _list(_args: Namespace, remote: Remote) -> Result:
    found = await KIND.all(remote)

    def lines(screen: Screen) -> list[str]:
        rows = [[_cell(thing, name) for _, name in KIND.columns] for thing in found]
        return render.table([column for column, _ in KIND.columns], rows, screen)

    return Result([KIND.data(thing) for thing in found], lines)


def _cell(thing: Thing, name: str) -> str:
    if not name:
        return thing.id
    if name != "Readings":
        return render.value(thing.get(name))
    return ", ".join(map(_brief, thing.get(name))) or render.ABSENT


def _brief(row: Mapping[str, Any]) -> str:
    """Return a reading as it stands in a list; what is not good says so."""
    value = f"{row['Value']:g} {row.get('Unit', '')}".rstrip() if "Value" in row else ""
    quality = row["Quality"] if row["Quality"] != "good" else ""
    return render.clean(" ".join(filter(None, (row["Channel"], value, quality))))


async def _show(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)

    def lines(screen: Screen) -> Iterable[str]:
        shown = shown_properties(KIND.members, thing.interfaces[KIND.interface], screen, KIND.elsewhere)
        yield from render.record({"Id": thing.id} | shown, screen)
        yield ""
        yield from _table(thing.get("Readings"), screen, thing.get("ChannelSettings"))

    return Result(KIND.data(thing), lines)


def _table(readings: list[dict[str, Any]], screen: Screen, settings: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    own = {row["Channel"]: row for row in settings}
    rows = []
    for reading in readings:
        row = {**own.get(reading["Channel"], {}), **reading}
        rows.append([_of_reading(row, name, screen) for _, name in _READINGS])
    return render.table([column for column, _ in _READINGS], rows, screen)


def _of_reading(row: Mapping[str, Any], name: str, screen: Screen) -> str:
    given = row.get(name)
    return render.distance(given, screen.now_usec) if name.endswith("Usec") and given else render.value(given)


async def _add(args: Namespace, remote: Remote) -> Result:
    inputs = {value.name: value for value in contract.load(SENSORS.interface).methods["AddSensor"].inputs}
    known = inputs["options"].options or {}
    texts = {name: getattr(args, f"set_{name}", None) for name in known}
    options = {name: from_text(known[name], text) for name, text in texts.items() if text is not None}
    given = [from_text(inputs[name], getattr(args, name)) for name in ("name", "port", "unit", "template")]
    id_ = await SENSORS.call(remote, "AddSensor", *given, options)
    warning = await _warning(remote, args.port)
    data = {"Id": id_, "Name": args.name, "Port": args.port, "Unit": given[2], "Template": args.template} | options
    return said(data, f"sensor {id_} is added", *([f"warning: {warning}"] if warning else []))


async def _warning(remote: Remote, port: str) -> str | None:
    budgets = (await SENSORS.properties(remote)).get("Budgets", [])
    return next((row.get("Warning") for row in budgets if row["Port"] == port), None)


async def _limit(args: Namespace, remote: Remote) -> Result:
    chosen = {
        name: from_text(value, text)
        for name, value in _limits().items()
        if (text := getattr(args, f"set_{name}")) is not None
    }
    thing = await KIND.named(remote, args)
    known = [row["Channel"] for row in thing.get("Channels")]
    if args.channel not in known:
        raise InvalidArgument(f"{thing.id} has no channel {args.channel[:40]!r}; it has {', '.join(known)}")
    others = [row for row in thing.get("ChannelSettings") if row["Channel"] != args.channel]
    rows = [*others, {"Channel": args.channel} | chosen] if chosen else others
    await remote.call(thing.path, KIND.interface, "Configure", {"ChannelSettings": rows})
    words = ", ".join(f"{render.phrase(name)} {value:g}" for name, value in chosen.items()) or "no settings of its own"
    return said(outcome(thing, Channel=args.channel, **chosen), f"{args.channel} of {thing.id}: {words}")


async def _test(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    readings, latency = await remote.call(thing.path, KIND.interface, "TestRead")

    def lines(screen: Screen) -> Iterable[str]:
        yield from _table(readings, screen)
        yield f"{thing.id} answered within {latency / 1000:.0f} ms"

    return Result(outcome(thing, Readings=readings, LatencyUsec=latency), lines)


async def _copy(args: Namespace, remote: Remote) -> Result:
    name, unit = KIND.members.methods["Copy"].inputs
    given = [from_text(name, args.name), from_text(unit, args.unit)]
    thing = await KIND.named(remote, args)
    id_ = await remote.call(thing.path, KIND.interface, "Copy", *given)
    return said({"Id": id_, "Name": args.name, "Unit": given[1]}, f"sensor {id_} is added, like {thing.id}")


async def _budget(_args: Namespace, remote: Remote) -> Result:
    found = (await SENSORS.properties(remote)).get("Budgets", [])

    def lines(screen: Screen) -> list[str]:
        rows = [[render.value(row.get(name)) for _, name in _BUDGETS] for row in found]
        return render.table([column for column, _ in _BUDGETS], rows, screen) if rows else ["no sensor is polled"]

    return Result(found, lines)
