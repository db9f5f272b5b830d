# SPDX-License-Identifier: Apache-2.0
"""axioctl bus: the fieldbus ports, and the units on them."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import render
from axiod.cli.configure import add_call_options, call_options
from axiod.cli.objects import Kind, add_id, outcome
from axiod.cli.render import Column, Result, said
from axiod.errors import HardwareFailure, InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from axiod.bus.interface import Value
    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

SERVICE = "org.axiod.fieldbus1"
PORTS, MONITOR = f"{SERVICE}.Ports", f"{SERVICE}.Monitor"
LIST = f"/{SERVICE.replace('.', '/')}/ports"
KIND = Kind(
    word="bus",
    interface=f"{SERVICE}.Port",
    example="rs485",
    columns=(
        (Column("ID"), ""),
        (Column("NAME", shrink=True), "Name"),
        (Column("KIND"), "Kind"),
        (Column("DEVICE", shrink=True, spare=True), "Device"),
        (Column("STATE", word=True), "State"),
        (Column("LOAD %", right=True), "LoadPercent"),
        (Column("SENT", right=True), "Transactions"),
        (Column("SILENT", right=True), "Timeouts"),
        (Column("GARBLED", right=True), "CrcErrors"),
        (Column("OWNER", only_filled=True, shrink=True), "Owner"),
        (Column("REASON", only_filled=True, shrink=True), "Reason"),
    ),
    setting="--baud-rate 19200 --parity even",
)
_READ = {"coils": 1, "discrete": 2, "holding": 3, "input": 4}
_BITS = ("coils", "discrete")
_UNITS = (
    (Column("UNIT", right=True), "Unit"),
    (Column("SENT", right=True), "Transactions"),
    (Column("ANSWERED", right=True), "Answers"),
    (Column("FAILED IN A ROW", right=True), "Failures"),
    (Column("LATENCY ms", right=True), "LatencyMs"),
    (Column("TIME-OUT ms", right=True), "TimeoutMs"),
    (Column("LAST ANSWER", right=True), "LastAnswerUsec"),
)
_WAIT_MS = 2000


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group)
    name, kind, host, options = contract.load(PORTS).methods["AddPort"].inputs
    add = group.verb(
        "add", "add a TCP port", run=_add, examples=["axioctl bus add Boiler modbus-tcp 192.0.2.7 --id boiler"]
    )
    add.add_argument("name", metavar=name.name.upper(), help="what people call it")
    add.add_argument("kind", metavar="KIND", choices=kind.values, help=f"one of {', '.join(kind.values)}")
    add.complete["kind"] = " ".join(kind.values)
    add.add_argument("host", metavar=host.name.upper(), help="the name or address of the device")
    add_call_options(add, options.options or {})
    _explain(add, PORTS, "AddPort")

    transact = _on_bus(group, "transact", "send a request and show the answer", _transact, "65 '03 00c8 0004'")
    transact.add_argument("unit", metavar="UNIT", help="the address, 1 to 247; 0 for all of them")
    transact.add_argument("pdu", metavar="PDU", help="the request in hexadecimal, function code first")
    add_call_options(transact, _options())
    _explain(transact, KIND.interface, "Transact")

    read = _on_bus(group, "read", "read registers, coils or inputs of a unit", _read, "65 input 400 6")
    read.add_argument("unit", metavar="UNIT", help="the address, 1 to 247")
    read.add_argument("table", metavar="TABLE", choices=_READ, help=f"one of {', '.join(_READ)}")
    read.complete["table"] = " ".join(_READ)
    read.add_argument("first", metavar="FIRST", help="the first address, from 0, as it goes over the line")
    read.add_argument("count", metavar="COUNT", nargs="?", default="1", help="how many; 1 without it")
    add_call_options(read, _options())
    read.manual[""] = "Reads with the functions 1 to 4, and shows a line for each address."

    write = _on_bus(group, "write", "write holding registers of a unit", _write, "65 207 4")
    write.add_argument("unit", metavar="UNIT", help="the address, 1 to 247; 0 for all of them")
    write.add_argument("first", metavar="FIRST", help="the first address, from 0, as it goes over the line")
    write.add_argument("values", metavar="VALUES", help="numbers from 0 to 65535, separated by commas")
    add_call_options(write, _options())
    write.manual[""] = "Writes one register with function 6, several with function 16."

    units = _on_bus(group, "units", "show the units that were asked, and how they answer", _units, "")
    _explain(units, KIND.interface, "ListUnits")
    monitor = _on_bus(group, "monitor", "show what goes over the line, frame by frame", _monitor, "")
    monitor.add_argument("--errors", action="store_true", help="only what is wrong")
    monitor.manual[""] = (
        "Prints a line for each frame: local time, > for what was sent and < for what was received, unit, bytes, and "
        "what they mean. Frames that came faster than they could be read are counted. It ends with Ctrl-C, or when "
        "nobody reads it any more. With --json each line is an object, as Read of org.axiod.fieldbus1.Monitor has it."
    )
    release = _on_bus(group, "release", "end the exclusive use of a port by a client", _release, "")
    _explain(release, KIND.interface, "Release")
    reset = _on_bus(group, "reset-counters", "set all counts of a port to 0", _reset, "")
    reset.manual[""] = comments.read(KIND.interface)["ResetCounters"].text


def _on_bus(group: Parser, name: str, about: str, run: Any, example: str) -> Parser:
    verb = group.verb(name, about, run=run, examples=[f"axioctl bus {name} rs485 {example}".rstrip()])
    add_id(verb, "bus", "the port: its id, its name, or what is printed beside its terminal")
    return verb


def _explain(verb: Parser, interface: str, method: str) -> None:
    comment = comments.read(interface)[method]
    verb.manual[""] = comment.text + (f" Errors: {comment.errors}" if comment.errors else "")


def _options() -> Mapping[str, Value]:
    known = KIND.members.methods["Transact"].inputs[2].options or {}
    return {name: value for name, value in known.items() if name != "DeadlineUsec"}


def _number(name: str, text: str, low: int, high: int) -> int:
    value = contract.Value(name, "u", low=low, high=high)
    return int(from_text(value, text))


async def _add(args: Namespace, remote: Remote) -> Result:
    name, _, host, options = contract.load(PORTS).methods["AddPort"].inputs
    chosen = call_options(args, options.options or {})
    id_ = await remote.call(
        LIST, PORTS, "AddPort", from_text(name, args.name), args.kind, from_text(host, args.host), chosen
    )
    return said({"Id": id_, "Name": args.name, "Kind": args.kind} | chosen, f"port {id_} is added")


async def _ask(args: Namespace, remote: Remote, pdu: bytes, *, lowest: int = 0) -> tuple[dict[str, Any], bytes, int]:
    unit = _number("UNIT", args.unit, lowest, 255)
    chosen = call_options(args, _options())
    thing = await KIND.named(remote, args)
    answer, latency = await remote.call(thing.path, KIND.interface, "Transact", unit, pdu, chosen)
    data = outcome(thing, Unit=unit, Request=pdu.hex(" "), Response=bytes(answer).hex(" "), LatencyUsec=latency)
    return data, bytes(answer), latency


async def _transact(args: Namespace, remote: Remote) -> Result:
    try:
        pdu = bytes.fromhex(args.pdu)
    except ValueError:
        raise InvalidArgument(f"PDU is {args.pdu[:40]!r}; it must be hexadecimal, for example '03 00c8 0004'") from None
    data, answer, latency = await _ask(args, remote, pdu)
    if not answer:
        return said(data, "sent to all units")
    return said(data, f"{answer.hex(' ')}  after {latency / 1000:.1f} ms")


async def _read(args: Namespace, remote: Remote) -> Result:
    first = _number("FIRST", args.first, 0, 65535)
    count = _number("COUNT", args.count, 1, 2000 if args.table in _BITS else 125)
    request = bytes((_READ[args.table],)) + first.to_bytes(2, "big") + count.to_bytes(2, "big")
    data, answer, _ = await _ask(args, remote, request, lowest=1)
    _check(answer)
    values = _bits(answer[2:], count) if args.table in _BITS else _words(answer[2:])
    rows = [[str(first + place), str(value), f"{value:#06x}"] for place, value in enumerate(values)]
    columns = [Column("ADDRESS", right=True), Column("VALUE", right=True), Column("HEX")]
    return Result(data | {"First": first, "Values": values}, lambda screen: render.table(columns, rows, screen))


async def _write(args: Namespace, remote: Remote) -> Result:
    first = _number("FIRST", args.first, 0, 65535)
    values = [_number("VALUES", text, 0, 65535) for text in args.values.split(",")]
    data = b"".join(value.to_bytes(2, "big") for value in values)
    if len(values) == 1:
        request = b"\x06" + first.to_bytes(2, "big") + data
    elif len(values) <= 123:
        request = b"\x10" + first.to_bytes(2, "big") + len(values).to_bytes(2, "big") + bytes((len(data),)) + data
    else:
        raise InvalidArgument(f"there are {len(values)} VALUES; at most 123 can be written at once")
    found, answer, _ = await _ask(args, remote, request)
    if answer:
        _check(answer)
    where = f"unit {args.unit}" if answer else "all units"
    return said(found, f"{render.counted(len(values), 'register')} of {where} written, from {first}")


def _check(answer: bytes) -> None:
    if answer[0] & 0x80:
        raise HardwareFailure(f"the unit refused it with the exception {answer[1]}")


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2)]


def _bits(data: bytes, count: int) -> list[int]:
    return [data[place // 8] >> place % 8 & 1 for place in range(count)]


async def _units(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    found = await remote.call(thing.path, KIND.interface, "ListUnits")

    def lines(screen: Screen) -> list[str]:
        if not found:
            return ["no unit was asked yet"]
        rows = [[_cell(row, name, screen) for _, name in _UNITS] for row in found]
        return render.table([column for column, _ in _UNITS], rows, screen)

    return Result(found, lines)


def _cell(row: Mapping[str, Any], name: str, screen: Screen) -> str:
    given = row.get(name)
    return render.age(given, screen.now_usec) if name.endswith("Usec") and given else render.value(given)


async def _monitor(args: Namespace, remote: Remote) -> Result | None:
    thing = await KIND.named(remote, args)
    read = partial(remote.call, thing.path, MONITOR, "Read")
    last = max((frame["Id"] for frame in await read(0, {})), default=0)
    while True:
        for frame in await read(last, {"WaitMs": _WAIT_MS}):
            if last and frame["Id"] > last + 1 and not args.json:
                sys.stdout.write(f"... {frame['Id'] - last - 1} frames were missed\n")
            last = frame["Id"]
            if args.errors and not frame.get("Error"):
                continue
            sys.stdout.write((json.dumps(frame, ensure_ascii=False) if args.json else _line(frame)) + "\n")
        sys.stdout.flush()


def _line(frame: Mapping[str, Any]) -> str:
    """Return a frame as a person reads it."""
    seconds, usec = divmod(frame["When"], 1_000_000)
    when = f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{usec // 1000:03d}"
    unit = f"{frame['Unit']:3d}" if "Unit" in frame else "  -"
    latency = f" ({frame['LatencyMs']:.1f} ms)" if "LatencyMs" in frame else ""
    words = [frame.get("Hex", ""), frame.get("Error", "").upper(), frame.get("Text", "") + latency]
    sign = ">" if frame["Direction"] == "sent" else "<"
    return f"{when} {sign} {unit}  " + "  ".join(render.clean(word) for word in words if word)


async def _release(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    await remote.call(thing.path, KIND.interface, "Release")
    return said(outcome(thing, Released=True), f"{thing.id} is free for all")


async def _reset(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    await remote.call(thing.path, KIND.interface, "ResetCounters")
    return said(outcome(thing, Reset=True), f"all counts of {thing.id} are 0")
