# SPDX-License-Identifier: Apache-2.0
"""axioctl watch: what happens, while it happens. It outlives the services that it watches."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus.connection import Subscription
from axiod.bus.follow import Follower, Verdict
from axiod.bus.interface import ON_DEMAND, services, stem
from axiod.cli import render
from axiod.cli.remote import how_to_start
from axiod.errors import AxiodError, Unavailable

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from axiod.bus._lib import Message
    from axiod.bus.client import Event, Service
    from axiod.cli.remote import Remote
    from axiod.cli.tree import Parser

_BUS = "org.freedesktop.DBus"


def fill(parser: Parser) -> None:
    """Make it a command."""
    parser.set_defaults(run=_watch)
    stems = [stem(service) for service in services()]
    parser.add_argument(
        "--service", metavar="|".join(stems), choices=stems, help="watch this service alone; all of them without it"
    )
    parser.add_argument("--properties", action="store_true", help="also show every property that changes")
    parser.add_argument("--no-snapshot", action="store_true", help="do not begin with the present state")
    parser.complete["service"] = " ".join(stems)
    parser.examples = ["axioctl watch", "axioctl watch --service relays --json"]
    parser.manual[""] = (
        'Prints a line for each present state (marked "="), then one for each event: local time, service, topic, '
        "source and data. When events were lost, something is not there any more, or a service came back, it says so "
        "and shows the present states again; with --no-snapshot only those that are news. It ends with Ctrl-C, or when "
        "nobody reads it any more. "
        "With --json each line is an object; its Kind is state, event, properties, lost, away, gone, back or silent."
    )


async def _watch(args: Namespace, remote: Remote) -> None:
    names = [name for name in services() if args.service in (None, stem(name))]
    printer = _Printer(as_json=args.json)
    watcher = _Watcher(remote, printer, names, snapshots=not args.no_snapshot)
    await watcher.run(properties=args.properties)


class _Watcher:
    """Puts what comes from the bus into a row, so that nothing overtakes a snapshot that is being taken."""

    def __init__(self, remote: Remote, printer: _Printer, names: list[str], *, snapshots: bool) -> None:
        self._remote = remote
        self._printer = printer
        self._snapshots = snapshots
        self._followers = {name: Follower() for name in names}
        self._owners: dict[str, str | None] = {}
        self._services: dict[str, Service] = {}
        self._row: asyncio.Queue[Callable[[], Any]] = asyncio.Queue()

    async def run(self, *, properties: bool) -> None:
        """Watch until something ends it, which is raised."""
        connection = await self._remote.connection()
        bus = Subscription(_BUS, _BUS, "NameOwnerChanged", "/org/freedesktop/DBus", self._on_owner)
        await connection.subscribe(bus)
        for name in self._followers:
            self._services[name] = service = await self._remote.service(name)
            await service.on_event(partial(self._put, self._event, name))
            if properties:
                await service.on_changed(partial(self._put, self._printer.properties, name))
        for name in self._followers:
            await self._owner(name, await self._remote.owner(name), first=True)
        connection.closed.add_done_callback(lambda _: self._put(_raise, Unavailable("the bus went away")))
        with _told_when_nobody_reads(lambda: self._put(_raise, BrokenPipeError())):
            while True:
                step = (await self._row.get())()
                if step is not None:
                    await step

    def _put(self, step: Callable[..., Any], *arguments: Any) -> None:
        self._row.put_nowait(lambda: step(*arguments))

    def _on_owner(self, message: Message) -> None:
        name, _, owner = message.body
        if name in self._followers:
            self._put(self._owner, name, owner or None)

    async def _owner(self, name: str, owner: str | None, *, first: bool = False) -> None:
        """A service came or went."""
        former = self._owners.get(name)
        if not first and owner == former:
            return  # it is known already from asking
        self._owners[name] = owner
        self._followers[name].last = None
        if owner is None:
            if name in ON_DEMAND and await self._remote.activatable(name):
                return  # it is idle, and what happens starts it
            if first:
                self._printer.notice("away", name, f"is not running; start it with: {how_to_start(name)}")
            else:
                self._printer.notice("gone", name, "went away")
            return
        if not first and not (name in ON_DEMAND and former is None):
            self._printer.notice("back", name, "is back")
        await self._snapshot(name, shown=self._snapshots, news=not first)

    async def _event(self, name: str, event: Event) -> None:
        follower = self._followers[name]
        last = follower.last
        verdict = follower.take(event)
        if verdict is Verdict.OLD:
            return
        if verdict is Verdict.GAP and last is not None:
            lost = event.sequence - last - 1
            text = f"skipped {render.counted(lost, 'event')}: missed, or of what is not there any more"
            self._printer.notice("lost", name, text, lost)
        self._printer.event("event", name, event)
        if verdict is Verdict.GAP:
            await self._snapshot(name, shown=self._snapshots, news=True)

    async def _snapshot(self, name: str, *, shown: bool, news: bool) -> None:
        """Take a snapshot, and show all of it or only what is news."""
        try:
            sequence, events = await self._services[name].snapshot()
        except AxiodError as error:
            if (await self._remote.connection()).closed.done():
                raise Unavailable("the bus went away") from error
            # It went again, which the bus will tell; or it hangs, and its next event asks once more.
            self._printer.notice("silent", name, f"does not tell its state: {error}")
            return
        fresh = self._followers[name].snapshot(sequence, events)
        for event in events if shown else fresh if news else []:
            self._printer.event("state", name, event, sequence)


def _raise(error: Exception) -> None:
    raise error


@contextlib.contextmanager
def _told_when_nobody_reads(callback: Callable[[], None]) -> Any:
    """Have a function called when the other end of a pipe on stdout was closed, even if there is nothing to write."""
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(output)
        callback()

    try:
        output = sys.stdout.fileno()
        piped = stat.S_ISFIFO(os.fstat(output).st_mode)
    except OSError:  # stdout is no file at all
        piped, output = False, -1
    if piped:
        # A pipe that is written to is never readable; the loop tells only of its end.
        loop.add_reader(output, ended)
    try:
        yield
    finally:
        if piped:
            loop.remove_reader(output)


@dataclass(slots=True)
class _Printer:
    """A line for each thing that happens."""

    as_json: bool

    def event(self, kind: str, name: str, event: Event, sequence: int | None = None) -> None:
        """Print a state or an event."""
        self._print(
            f"{'=' if kind == 'state' else ' '} {event.topic:<27}  {render.pairs(event.source)}  ",
            render.pairs(event.data),
            kind,
            name,
            event.timestamp_usec,
            Topic=event.topic,
            Source=event.source,
            Data=event.data,
            Sequence=event.sequence if sequence is None else sequence,
        )

    def properties(self, name: str, path: str, interface: str, changed: dict[str, Any], gone: list[str]) -> None:
        """Print properties that changed."""
        told = {
            key: render.iso(item, zone=False)[11:] if key.endswith("Usec") else render.value(item)
            for key, item in changed.items()
        } | dict.fromkeys(gone, render.ABSENT)
        where = path.removeprefix("/" + name.replace(".", "/")) or "/"
        self._print(
            f". {where} {interface.rpartition('.')[2]}  ",
            render.pairs(told),
            "properties",
            name,
            time.time_ns() // 1000,
            Path=path,
            Interface=interface,
            Changed=changed,
            Gone=gone,
        )

    def notice(self, kind: str, name: str, text: str, lost: int | None = None) -> None:
        """Print what happened to a service."""
        more = {} if lost is None else {"Lost": lost}
        self._print("! ", f"{name} {text}", kind, name, time.time_ns() // 1000, **more)

    def _print(self, start: str, main: str, kind: str, name: str, usec: int, **data: Any) -> None:
        if self.as_json:
            told = {"Kind": kind, "Service": name, "Time": render.iso(usec), "TimestampUsec": usec} | data
            print(json.dumps(told, ensure_ascii=False), flush=True)
            return
        screen = render.Screen.of(sys.stdout)
        styles = {"state": "2", "event": "1", "properties": ""}
        text = screen.paint(main, styles.get(kind, "33"))
        print(f"{render.moment(usec, screen)}  {stem(name):<6}  {start}{text}", flush=True)
