# SPDX-License-Identifier: Apache-2.0
"""From a profile's tree to a Board. docs/boards.md describes the format."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from axiod.board.check import Once, Table, whole
from axiod.board.keys import KEYS, SCHEMES, Colour, Direction
from axiod.board.mistakes import hint
from axiod.board.profile import (
    AdcRef,
    Alarm,
    AlarmKind,
    Bias,
    Board,
    Button,
    Chip,
    ContactForm,
    Drive,
    FrontEnd,
    Identity,
    Led,
    LineRef,
    LoopState,
    Port,
    Range,
    Relay,
    Scheme,
    Serial,
)
from axiod.board.ranges import computed, state_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.board.source import Node, Notes

_HIGHEST_NUMBER = 255  # portmanagement.cgi has at most 256 ports
_BY_NUMBER_CHIP = re.compile(r"(/dev/)?gpiochip\d+")
_BY_NUMBER_SERIAL = re.compile(r"/dev/tty(USB|ACM)\d+")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_IDENTITY = re.compile(r"[^\x00-\x1f\x7f]{1,100}")

_T = TypeVar("_T")


class Reader:
    """Reads one merged profile, once. A mistaken value becomes None or a placeholder, so the rest is read too."""

    def __init__(self, root: Node, notes: Notes) -> None:
        self._notes = notes
        self._once = Once(notes)
        self._root = Table(root, KEYS["board"], notes)
        self._simulated = self._root.flag("simulated", default=False)
        self._chips: dict[str, Chip] = {}
        self._front_ends: dict[str, FrontEnd | None] = {}
        self._leds: dict[str, Led] = {}

    def board(self) -> Board:
        """Return the board. It is not to be used when a mistake was noted."""
        root = self._root
        name = root.text("name")
        if name and not _NAME.fullmatch(name):
            root.note("name", f'"{name}" is no name; it has small letters, digits and -, for example my-board')
        # Chips, front ends and LEDs first: the others name them.
        self._chips = {id_: self._chip(id_, table) for id_, table in root.section("chips", KEYS["chip"])}
        self._front_ends = {
            id_: self._front_end(id_, table) for id_, table in root.section("front_ends", KEYS["front_end"])
        }
        self._leds = {id_: self._led(id_, table) for id_, table in self._named("leds", "led")}
        return Board(
            name=name,
            title=root.text("title"),
            identity=self._identity(name),
            chips=tuple(self._chips.values()),
            ports=tuple(self._port(id_, table) for id_, table in self._named("ports", "port")),
            relays=tuple(self._relay(id_, table) for id_, table in self._named("relays", "relay")),
            alarms=tuple(self._alarm(id_, table) for id_, table in self._named("alarms", "alarm")),
            serial=tuple(self._serial(id_, table) for id_, table in self._named("serial", "serial")),
            leds=tuple(self._leds.values()),
            buttons=tuple(
                Button(id_, table.text("terminal"), self._line(table, drives=False))
                for id_, table in self._named("buttons", "button")
            ),
        )

    def _identity(self, name: str) -> Identity:
        """Return what the profile says of the product, and our own words where it says nothing."""
        table = self._root.table("identity", KEYS["identity"])

        def say(key: str, default: str) -> str:
            if table is None or key not in table:
                return default
            said = table.text(key)
            if said and not _IDENTITY.fullmatch(said):
                table.note(key, "expected one line of at most 100 characters")
            return said

        default = Identity()
        brand, model = say("brand", default.brand), say("model", name.upper())
        kind = say("product_type", default.product_type)
        short = say("short_name", f"{brand} {model}")
        full = say("full_name", f"{short} {kind}")
        return Identity(brand, model, full, short, kind, say("variant", ""), say("web_url", ""))

    def _named(self, section: str, kind: str) -> list[tuple[str, Table]]:
        """Return the entries of a section whose ids are unique over all such sections."""
        entries = list(self._root.section(section, KEYS[kind]))
        for id_, table in entries:
            self._once.claim(("id", id_), table.node, f'id "{id_}"')
        return entries

    def _known(self, table: Table, key: str, things: Mapping[str, _T], what: str) -> _T | None:
        """Return what a key names; None, and a note, when there is no such thing."""
        id_ = table.text(key)
        if id_ and id_ not in things:
            table.note(key, f'unknown {what} "{id_}"{hint(id_, things)}')
        return things.get(id_)

    def _chip(self, id_: str, table: Table) -> Chip:
        given = [key for key in ("label", "path") if key in table]
        if len(given) != 1:
            table.note("label", "give either label, as gpiodetect prints it in brackets, or a path made by a udev rule")
        for key in given:
            value = table.text(key)
            if _BY_NUMBER_CHIP.fullmatch(value):
                table.note(key, f'"{value}" is a number that changes; use the label that gpiodetect prints in brackets')
            elif key == "path" and value and not value.startswith("/"):
                table.note(key, f'expected a path from the root, for example /dev/gpio/hat, not "{value}"')
            elif value:
                self._once.claim((key, value), table.at(key), f'{key} "{value}"')
        label, path = (table.text(key) if key in table else None for key in ("label", "path"))
        return Chip(id_, label, path, table.flag("simulated", default=self._simulated))

    def _line(self, owner: Table, *, drives: bool) -> LineRef:
        """Return the line of a mapping; `drives` says whether it can be an output."""
        table = owner.table("line", KEYS["line"])
        if table is None:
            if "line" not in owner:
                owner.missing("line")
            return LineRef(Chip(""))
        chip: Chip | None = None
        if "chip" in table:
            chip = self._known(table, "chip", self._chips, "chip")
        elif len(self._chips) == 1:
            (chip,) = self._chips.values()
        else:
            table.note("chip", "missing; it can be left out only on a board with one chip" + hint("", self._chips))
        name = table.text("name") or None if "name" in table else None
        offset = table.integer("offset", 0, 65535) if "offset" in table else None
        if ("name" in table) == ("offset" in table):
            table.note("name", "give either name, as gpioinfo prints it, or offset")
        drive = table.choice("drive", Drive, Drive.PUSH_PULL)
        if "drive" in table and not drives:
            table.note("drive", "an input drives nothing; leave it out")
        line = LineRef(
            chip=chip or Chip(""),
            name=name,
            offset=offset,
            active_low=table.flag("active_low", default=False),
            bias=table.choice("bias", Bias, Bias.AS_IS) or Bias.AS_IS,
            drive=drive or Drive.PUSH_PULL,
        )
        if chip and (name is None) != (offset is None):
            self._once.claim(("line", chip.id, name, offset), table.node, f"line {line}")
        return line

    def _front_end(self, id_: str, table: Table) -> FrontEnd | None:
        bits = table.integer("bits", 1, 24)
        highest = (1 << (bits or 24)) - 1
        short = table.integer("short_level", 0, highest)
        cut = table.integer("cut_level", 0, highest)
        ohms = table.positive("reference_ohms")
        if short is not None and short == cut:
            table.note("cut_level", "the same as short_level; the loop would not be seen")
        if bits is None or short is None or cut is None or short == cut or ohms is None:
            return None
        front_end = FrontEnd(id_, bits, short, cut, ohms, {})
        given = table.table("ranges", KEYS["ranges"])
        ranges: dict[Scheme, tuple[Range, ...]] = {}
        for scheme in SCHEMES:
            explicit = given.table(scheme, KEYS["scheme"]) if given else None
            ranges[scheme] = self._ranges(explicit, front_end) if explicit else computed(front_end, scheme)
            if not explicit and any(one.lower > one.upper for one in ranges[scheme]):
                table.note("ranges", f"the ADC is too coarse to tell the states of {scheme} apart; write its ranges")
        return replace(front_end, ranges=ranges)

    def _ranges(self, table: Table, front_end: FrontEnd) -> tuple[Range, ...]:
        """Return the ranges of one scheme as they are written; holes and overlaps are noted."""
        ranges: list[Range] = []
        for state in state_order(front_end):
            node = table.at(state)
            if state not in table:
                table.note(state, "missing; the lowest and the highest level that mean it, for example [0, 1302]")
            elif not isinstance(node.value, list) or len(node.value) != 2:
                table.note(state, "expected two levels, for example [0, 1302]")
            else:
                lower, upper = (whole(item, 0, front_end.highest, self._notes) for item in node.value)
                if lower is not None and upper is not None:
                    ranges.append(Range(state, lower, upper))
        if len(ranges) < len(LoopState):
            return ()
        after = 0
        for one in ranges:
            if one.lower != after:
                what = "overlap" if one.lower < after else "hole"
                table.note(one.state, f"{what}: must begin at {after}, not at {one.lower}")
            if one.upper < one.lower:
                table.note(one.state, f"ends at {one.upper}, before it begins at {one.lower}")
            after = one.upper + 1
        if after != front_end.highest + 1:
            last = ranges[-1]
            table.note(last.state, f"hole: must end at {front_end.highest}, not at {last.upper}")
        return tuple(ranges)

    def _adc(self, owner: Table) -> AdcRef | None:
        """Return the ADC channel of a mapping, and hold it against its `supervised`."""
        supervised = owner.flag("supervised", default="adc" in owner)
        if supervised and "adc" not in owner:
            owner.missing("adc")
        if "adc" in owner and not supervised:
            owner.note("supervised", "false, but there is an adc; leave one of them out")
        table = owner.table("adc", KEYS["adc"])
        if table is None:
            return None
        device = table.text("device")
        channel = table.integer("channel", 0, 255)
        front_end = self._known(table, "front_end", self._front_ends, "front end")
        simulated = table.flag("simulated", default=self._simulated)
        if device and channel is not None:
            self._once.claim(("adc", device, channel), table.node, f'channel {channel} of ADC "{device}"')
        if channel is None or front_end is None:
            return None
        return AdcRef(device, channel, front_end, simulated)

    def _number(self, table: Table) -> int:
        number = table.integer("number", 0, _HIGHEST_NUMBER)
        if number is not None:
            self._once.claim(("number", number), table.at("number"), f"number {number}")
        return number or 0

    def _port(self, id_: str, table: Table) -> Port:
        direction = table.choice("direction", Direction)
        if direction is Direction.OUTPUT and ("adc" in table or "supervised" in table):
            table.note("adc" if "adc" in table else "supervised", "an output cannot be supervised; leave it out")
        return Port(
            id=id_,
            number=self._number(table),
            terminal=table.text("terminal"),
            connector=table.text("connector"),
            line=self._line(table, drives=direction is not Direction.INPUT),
            input=direction is not Direction.OUTPUT,
            output=direction is not Direction.INPUT,
            adc=self._adc(table),
        )

    def _relay(self, id_: str, table: Table) -> Relay:
        led = self._known(table, "led", self._leds, "LED") if "led" in table else None
        return Relay(
            id=id_,
            number=self._number(table),
            terminal=table.text("terminal"),
            connector=table.text("connector"),
            line=self._line(table, drives=True),
            form=table.choice("form", ContactForm) or ContactForm.FORM_A,
            led=led.id if led else None,
        )

    def _alarm(self, id_: str, table: Table) -> Alarm:
        return Alarm(
            id=id_,
            kind=table.choice("kind", AlarmKind) or AlarmKind.TAMPER,
            terminal=table.text("terminal"),
            connector=table.text("connector", ""),
            line=self._line(table, drives=False),
            adc=self._adc(table),
            enabled=table.flag("enabled", default=True),
            source=table.text("source", ""),
        )

    def _serial(self, id_: str, table: Table) -> Serial:
        device = table.text("device")
        simulated = table.flag("simulated", default=self._simulated)
        if _BY_NUMBER_SERIAL.fullmatch(device):
            table.note("device", f'"{device}" is a number that changes; use the link in /dev/serial/by-id')
        elif device and not simulated and not device.startswith("/dev/"):
            table.note("device", f'expected a path such as /dev/serial/by-id/… or /dev/ttyAMA0, not "{device}"')
        elif device:
            self._once.claim(("serial", device), table.at("device"), f'device "{device}"')
        return Serial(id_, table.text("terminal"), table.text("connector"), device, simulated)

    def _led(self, id_: str, table: Table) -> Led:
        colours: list[str] = []
        for node in table.texts("colours"):
            if node.value not in tuple(Colour):
                self._notes.add(node, f'unknown colour "{node.value}"{hint(str(node.value), Colour)}')
            colours.append(str(node.value))
        if ("line" in table) == ("kernel_name" in table):
            table.note("line", "give either line, or kernel_name, its folder in /sys/class/leds")
        line = self._line(table, drives=True) if "line" in table else None
        if line and len(colours) > 1:
            table.note("colours", "an LED on a line has one colour; more need kernel_name")
        kernel_name = table.text("kernel_name") if "kernel_name" in table else None
        if kernel_name:
            self._once.claim(("led", kernel_name), table.at("kernel_name"), f'kernel LED "{kernel_name}"')
        simulated = self._simulated and kernel_name is not None
        return Led(id_, table.text("terminal"), tuple(colours), line, kernel_name, simulated)
