# SPDX-License-Identifier: Apache-2.0
"""The verbs that kinds of objects share. What there is of them follows from the methods in the contract."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import elsewhere, render
from axiod.cli.configure import add_options, given
from axiod.cli.find import Thing, find, things
from axiod.cli.render import Column, Result, said
from axiod.cli.times import milliseconds
from axiod.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object, and how a list of them looks."""

    word: str
    interface: str
    example: str
    """An id, for examples."""
    columns: tuple[tuple[Column, str], ...]
    """What a list shows: columns, and the property in each; "" is the id."""
    setting: str
    """An option and its value, for the example of configure."""
    booleans: tuple[str, str] = ("no", "yes")
    """What a list says for false and true."""
    counter: str = ""
    """The property that ResetCounter sets to 0."""
    by_id: bool = False
    """A list is in the order of ids, and not in that of numbers."""
    elsewhere: tuple[str, ...] = ()
    """Properties that another verb shows: people see them there, and --json here, too."""
    noun: str = ""
    """What one of them is called in a sentence, where it is not the word."""
    texts: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    """How properties are said that are more than a plain value."""

    @property
    def service(self) -> str:
        """The bus name of the service that has them."""
        return self.interface.rpartition(".")[0]

    @property
    def id_word(self) -> str:
        """What an id is called in the list: "its id", or "its name"."""
        return "its " + next(column.title for column, name in self.columns if not name).lower()

    @property
    def members(self) -> contract.Interface:
        """What the contract says of them."""
        return contract.load(self.interface)

    @property
    def verbs(self) -> list[str]:
        """The verbs that the interface has methods for."""
        return [name for name, method, *_ in _VERBS if not method or method in self.members.methods]

    def fill(self, group: Parser, but: Collection[str] = ()) -> None:
        """Add its verbs, but for some."""
        for name, method, about, add, run in _VERBS:
            if name not in self.verbs or name in but:
                continue
            example = f"axioctl {self.word} {name}" + add.example.format(id=self.example, setting=self.setting)
            verb = group.verb(
                name, about.format(word=self.noun or self.word), run=partial(run, self), examples=[example]
            )
            add.to(verb, self)
            if method:
                comment = comments.read(self.interface)[method]
                verb.manual[""] = comment.text.replace(" in @changes", "") + (
                    f" Errors: {comment.errors}" if comment.errors else ""
                )

    async def all(self, remote: Remote) -> list[Thing]:
        """Return all of them as they are now."""
        found = things(await remote.objects(self.service), self.interface)
        return sorted(found, key=lambda thing: thing.id) if self.by_id else found

    async def named(self, remote: Remote, args: Namespace) -> Thing:
        """Return the one that a person means; raises NotFound, which says so if it is one of another kind."""
        try:
            return find(self.noun or self.word, await self.all(remote), args.id)
        except NotFound:
            verb = args.parser.prog.rpartition(" ")[2]
            other = await elsewhere.kind_of(args.id, self, verb, remote)
            if other is None:
                raise
        kind = f"{'an' if other.word == 'alarm' else 'a'} {other.word}"
        raise NotFound(f"{args.id} is {kind}: axioctl {other.word} {verb} {args.id}")

    async def exactly(self, remote: Remote, id_: str, how: str = "give the id:") -> Thing:
        """Return the one with exactly this id; raises NotFound, which says with `how` what may have been meant."""
        among = await self.all(remote)
        for thing in among:
            if thing.id == id_:
                return thing
        near = find(self.word, among, id_)
        raise NotFound(f"{how} {near.id}")

    def data(self, thing: Thing) -> dict[str, Any]:
        """Return one as JSON has it: in the order of the contract."""
        values = thing.interfaces[self.interface]
        known = {name: values[name] for name in self.members.properties if name in values}
        return {"Id": thing.id, "Path": thing.path, **known, **values}


async def _list(kind: Kind, _args: Namespace, remote: Remote) -> Result:
    found = await kind.all(remote)
    return Result([kind.data(thing) for thing in found], lambda screen: _table(kind, found, screen))


def _table(kind: Kind, found: list[Thing], screen: Screen) -> list[str]:
    def cell(thing: Thing, column: Column, name: str) -> str:
        if not name:
            return thing.id
        given = thing.get(name)
        if isinstance(given, bool):
            return kind.booleans[given]
        if given is not None and name.endswith("Usec"):
            return (render.distance if column.ahead else render.age)(given, screen.now_usec)
        say = kind.texts.get(name)
        return say(given) if say and given else render.value(given)

    rows = [[cell(thing, *column) for column in kind.columns] for thing in found]
    return render.table([column for column, _ in kind.columns], rows, screen)


async def _show(kind: Kind, args: Namespace, remote: Remote) -> Result:
    thing = await kind.named(remote, args)

    def lines(screen: Screen) -> list[str]:
        values = thing.interfaces[kind.interface]
        shown = shown_properties(kind.members, values, screen, kind.elsewhere, kind.texts)
        return render.record({"Id": thing.id} | shown, screen)

    return Result(kind.data(thing), lines)


def shown_properties(
    members: contract.Interface,
    values: Mapping[str, Any],
    screen: Screen,
    elsewhere: Collection[str] = (),
    texts: Mapping[str, Callable[[Any], str]] | None = None,
) -> dict[str, str]:
    """Return what people see of the properties of an object, in the order of the contract, but for some.

    `texts`: how those are said that are more than a plain value.
    """
    shown = {}
    for name, item in members.properties.items():
        if name not in elsewhere:
            # The name says ohms already.
            unit = "" if name.endswith("Ohms") else item.value.unit
            label = render.label(name, unit)
            # What happened and when that was have the same name, but for the unit.
            label += " at" if label in shown else ""
            given, say = values.get(name), (texts or {}).get(name)
            shown[label] = say(given) if say and given else render.value(given, unit, screen.now_usec)
    return shown


async def _switch(kind: Kind, args: Namespace, remote: Remote, *, active: bool) -> Result:
    thing = await kind.named(remote, args)
    await remote.call(thing.path, kind.interface, "Set", active, {})
    return _is(kind, thing, active=active)


async def _toggle(kind: Kind, args: Namespace, remote: Remote) -> Result:
    thing = await kind.named(remote, args)
    return _is(kind, thing, active=await remote.call(thing.path, kind.interface, "Toggle", {}))


async def _pulse(kind: Kind, args: Namespace, remote: Remote) -> Result:
    text = args.ms
    with suppress(InvalidArgument):
        text = str(milliseconds(text))  # "2s", as in a rule
    duration = from_text(replace(kind.members.methods["Pulse"].inputs[0], name="MS"), text)
    thing = await kind.named(remote, args)
    await remote.call(thing.path, kind.interface, "Pulse", duration, {})
    return said(outcome(thing, Active=True, DurationMs=duration), f"{called(kind, thing)} is on for {duration} ms")


async def _sequence(kind: Kind, args: Namespace, remote: Remote) -> Result:
    steps = read_steps(args.steps)
    thing = await kind.named(remote, args)
    await remote.call(thing.path, kind.interface, "RunSequence", steps, {})
    return said(
        outcome(thing, Steps=steps),
        f"{thing.id} runs a sequence of {render.counted(len(steps), 'step')}, "
        f"{sum(wait for _, wait in steps)} ms in all",
    )


async def _cancel(kind: Kind, args: Namespace, remote: Remote) -> Result:
    thing = await kind.named(remote, args)
    await remote.call(thing.path, kind.interface, "Cancel")
    return said(outcome(thing, Running="idle"), f"no pulse or sequence runs on {thing.id}")


async def _reset_counter(kind: Kind, args: Namespace, remote: Remote) -> Result:
    thing = await kind.named(remote, args)
    count = await remote.call(thing.path, kind.interface, "ResetCounter")
    name = render.phrase(kind.counter)
    return said(outcome(thing, Count=count), f"{name} of {thing.id}: 0 now, {count} before")


async def _remove(kind: Kind, args: Namespace, remote: Remote) -> Result:
    thing = await kind.exactly(remote, args.id, f"give the id to remove it: {args.parser.prog}")
    await remote.call(thing.path, kind.interface, "Remove")
    return said(outcome(thing, Removed=True), f"{kind.word} {thing.id} is removed")


async def _configure(kind: Kind, args: Namespace, remote: Remote) -> Result:
    changes = given(args, kind.members.configurable)
    thing = await kind.named(remote, args)
    await remote.call(thing.path, kind.interface, "Configure", changes)
    return configured(thing, changes, kind.members.configurable, called(kind, thing))


def configured(thing: Thing, changes: dict[str, Any], known: Any, name: str = "") -> Result:
    """Say what was configured; `name`: what the sentence calls it, its id without it."""
    words = ", ".join(
        f"{render.phrase(item, known[item].unit)} {render.value(new, known[item].unit)}"
        for item, new in changes.items()
    )
    return said(outcome(thing, **changes), f"{name or thing.id} is configured: {words}")


def read_steps(text: str) -> list[tuple[bool, int]]:
    """Read "on:500,off:0": a state, and the milliseconds after it; raises InvalidArgument."""
    steps = []
    for step in text.split(","):
        state, _, wait = step.strip().partition(":")
        # More than nine digits would not fit into what the bus carries; the service knows the real limit.
        if state not in ("on", "off") or not wait.isdecimal() or len(wait) > 9:
            raise InvalidArgument(f"a step is {step!r}; it must be on:MS or off:MS, for example on:500,off:200,on:0")
        steps.append((state == "on", int(wait)))
    return steps


def _is(kind: Kind, thing: Thing, *, active: bool) -> Result:
    return said(outcome(thing, Active=active), f"{called(kind, thing)} is {'on' if active else 'off'}")


def called(kind: Kind, thing: Thing) -> str:
    """Return what a sentence calls it: its id, with the word for its kind where the id is a mere number."""
    return f"{kind.word} {thing.id}" if thing.id.isdecimal() else thing.id


def outcome(thing: Thing, **results: Any) -> dict[str, Any]:
    """Return what an action came to, as JSON has it."""
    return {"Id": thing.id, "Path": thing.path} | results


def add_id(verb: Parser, word: str, about: str) -> None:
    """Add the argument that names an object."""
    verb.add_argument("id", metavar="ID", help=about)
    verb.complete["id"] = f"ids {word}"


@dataclass(frozen=True, slots=True)
class _Arguments:
    """What a verb takes."""

    example: str = ""
    add: Callable[[Parser, Kind], None] | None = None
    id: bool = True
    any_name: bool = True
    """Any of its names will do, and not its id alone."""

    def to(self, verb: Parser, kind: Kind) -> None:
        if self.id:
            add_id(verb, kind.word, f"the {kind.noun or kind.word}: {_names(kind) if self.any_name else kind.id_word}")
        if self.add:
            self.add(verb, kind)


def _names(kind: Kind) -> str:
    """Say by what a person may name an object."""
    known = kind.members.properties
    names = {"Terminal": "what is printed beside its terminal", "Name": "its name", "Number": "its number"}
    return ", ".join(dict.fromkeys([kind.id_word, *(text for name, text in names.items() if name in known)]))


def _add_ms(verb: Parser, kind: Kind) -> None:
    value = kind.members.methods["Pulse"].inputs[0]
    verb.add_argument(
        "ms", metavar="MS", help=f"milliseconds, {value.low:.0f} to {value.high:.0f}; or a time such as 2s"
    )


def _add_steps(verb: Parser, kind: Kind) -> None:
    verb.add_argument(
        "steps", metavar="STEPS", help="on:MS or off:MS, separated by commas: a state and the time after it"
    )
    verb.manual["steps"] = (
        "A state and the time after it, for each step: "
        + comments.read(kind.interface)["RunSequence"].arguments["steps"]
        + " Written as on:MS or off:MS, separated by commas; the last time may be 0."
    )


def _add_settings(verb: Parser, kind: Kind) -> None:
    add_options(verb, kind.interface)


_ID = _Arguments(" {id}")
_VERBS: tuple[tuple[str, str, str, _Arguments, Callable[..., Awaitable[Result]]], ...] = (
    ("list", "", "list every {word} and its state", _Arguments(id=False), _list),
    ("show", "", "show everything about one {word}", _ID, _show),
    ("on", "Set", "switch a {word} on: make it active", _ID, partial(_switch, active=True)),
    ("off", "Set", "switch a {word} off: make it inactive", _ID, partial(_switch, active=False)),
    ("toggle", "Toggle", "switch a {word} on if it is off, and off if it is on", _ID, _toggle),
    ("pulse", "Pulse", "switch a {word} on for a time", _Arguments(" {id} 500", _add_ms), _pulse),
    (
        "sequence",
        "RunSequence",
        "take a {word} through a sequence of states",
        _Arguments(" {id} on:500,off:200,on:0", _add_steps),
        _sequence,
    ),
    ("cancel", "Cancel", "end a pulse or sequence that runs on a {word}", _ID, _cancel),
    (
        "configure",
        "Configure",
        "change settings of the {word}, all that are given or none",
        _Arguments(" {id} {setting}", _add_settings),
        _configure,
    ),
    ("remove", "Remove", "remove the {word}", _Arguments(" {id}", any_name=False), _remove),
    ("reset-counter", "ResetCounter", "set the counter of a {word} to 0, and say what it was", _ID, _reset_counter),
)
"""Name, method that must be there, help, arguments, what it does."""

__all__ = ["Kind", "add_id", "called", "configured", "outcome", "read_steps", "shown_properties"]
