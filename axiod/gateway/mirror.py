# SPDX-License-Identifier: Apache-2.0
"""What the services say, kept beside them: their objects and the present value of every stateful event.

A service that is away has no objects here: asking for one raises Unavailable. When it is back, what it says now is told
like any other change. Nothing is ever older than the last signal of the service, and a call that returned is in it.

A service that exits when it is idle is there all the same: what it said last holds, and a call has the bus start it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from axiod.bus import interface as contract
from axiod.bus.client import Service
from axiod.bus.connection import Subscription
from axiod.bus.follow import Follower, Key, Verdict, key
from axiod.bus.service import SERVICE
from axiod.bus.topics import stateful
from axiod.bus.variant import plain
from axiod.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from axiod.bus._lib import Message
    from axiod.bus.client import Event, Objects
    from axiod.bus.connection import Connection

_log = logging.getLogger(__name__)

_BUS = "org.freedesktop.DBus"
_MANAGER = "org.freedesktop.DBus.ObjectManager"
_AT_ONCE = 30
"""So many calls of one service may be under way, so that one that hangs holds up no other: dbus-daemon refuses a
connection that waits for more than 128 answers in all."""
_AGAIN_SECONDS = 1.0
"""A service that does not answer is asked again after this."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One interface of one object."""

    path: str
    interface: str
    properties: Mapping[str, Any]
    """As the contract names them. Never changed: a change makes another Thing."""

    @property
    def id(self) -> str:
        """The last part of its path, for example relay1."""
        return self.path.rpartition("/")[2]

    def __getitem__(self, name: str) -> Any:
        return self.properties[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a property, or the default where it is absent."""
        return self.properties.get(name, default)


class Listener(Protocol):
    """Whoever wants to know what changes. Called in the order in which it happened; must not wait."""

    def changed(self, thing: Thing, former: Thing | None) -> None:
        """An object came (`former` is None) or some of its properties differ."""

    def removed(self, thing: Thing) -> None:
        """An object went, or its service."""

    def event(self, service: str, event: Event) -> None:
        """Something happened, or a state became known that differs from what was known last; of a service that comes
        back every state.
        """

    def service(self, name: str, *, available: bool) -> None:
        """A service is there with all its objects, or went away."""


class _Things:
    """The objects of one service, by interface and by the last part of their path."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Thing]] = {}

    def of(self, interface: str) -> Mapping[str, Thing]:
        """Return all with an interface in the order of their paths, by id."""
        return self._of.get(interface, {})

    def find(self, path: str, interface: str) -> Thing | None:
        """Return one, None where it is not there."""
        thing = self.of(interface).get(path.rpartition("/")[2])
        return thing if thing is not None and thing.path == path else None

    def put(self, thing: Thing) -> Thing | None:
        """Take one in, and return what it was before."""
        known = self._of.setdefault(thing.interface, {})
        former = known.get(thing.id)
        known[thing.id] = thing
        if former is None:
            self._of[thing.interface] = dict(sorted(known.items(), key=lambda item: item[1].path))
        return former

    def drop(self, thing: Thing) -> None:
        """Take one out."""
        del self._of[thing.interface][thing.id]

    def all(self) -> list[Thing]:
        """Return every one."""
        return [thing for known in self._of.values() for thing in known.values()]


@dataclass(slots=True)
class _Source:
    """One service."""

    client: Service
    on_demand: bool = False
    """The bus starts it when it is called."""
    owner: str | None = None
    told: bool = False
    """The bus has told of an owner: it need not be asked for, and an answer that is under way is old."""
    available: bool = False
    things: _Things = field(default_factory=_Things)
    states: dict[Key, Event] = field(default_factory=dict)
    follower: Follower = field(default_factory=Follower)
    waiting: list[Callable[[], None]] | None = None
    """What arrived while everything is asked for; None otherwise."""
    loading: asyncio.Task[None] | None = None
    under_way: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))


class Mirror:
    """All services that the network may see."""

    def __init__(self, connection: Connection, services: tuple[str, ...]) -> None:
        self._connection = connection
        self._sources = {
            name: _Source(Service(connection, name), on_demand=name in contract.ON_DEMAND) for name in services
        }
        self._listeners: list[Listener] = []

    # --- asking ---

    @property
    def services(self) -> tuple[str, ...]:
        """The bus names of all services, there or not."""
        return tuple(self._sources)

    def available(self, service: str) -> bool:
        """Whether a service is there and everything that it has is known."""
        return self._sources[service].available

    def about(self, service: str) -> Mapping[str, Any]:
        """Return the properties of org.axiod.Service1; empty while it is away."""
        source = self._sources[service]
        thing = source.things.find(source.client.root, SERVICE)
        return thing.properties if thing and source.available else {}

    def things(self, interface: str) -> list[Thing]:
        """Return all objects with an interface in the order of their paths; raises Unavailable."""
        return list(self._present(interface).things.of(interface).values())

    def thing(self, interface: str, id_: str | None = None) -> Thing:
        """Return an object by the last part of its path, or the only one; raises NotFound, Unavailable."""
        found = self._present(interface).things.of(interface)
        thing = next(iter(found.values()), None) if id_ is None else found.get(id_)
        if thing is not None:
            return thing
        kind = contract.load(interface).resource.partition("/")[0] or interface
        raise NotFound(f"there is nothing like {id_!r} in {kind}" if id_ else f"there is no {kind}")

    def states(self) -> Iterator[tuple[str, Event]]:
        """Yield the present value of every stateful event of every service that is there."""
        for name, source in self._sources.items():
            if source.available:
                for event in source.states.values():
                    yield name, event

    async def call(self, thing: Thing, member: str, *arguments: Any) -> Any:
        """Call a method of an object; see axiod.bus.client.Service.call. Raises AxiodError."""
        source = self._present(thing.interface)
        async with source.under_way:
            return await source.client.call(thing.path, thing.interface, member, *arguments)

    def _present(self, interface: str) -> _Source:
        service = interface.rpartition(".")[0]
        source = self._sources[service]
        if not source.available:
            raise Unavailable(f"axiod-{contract.stem(service)} is not running; try again when it is back")
        return source

    # --- following ---

    def listen(self, listener: Listener) -> None:
        """Tell somebody of everything from now on."""
        self._listeners.append(listener)

    def unlisten(self, listener: Listener) -> None:
        """Tell somebody nothing more."""
        self._listeners.remove(listener)

    async def start(self) -> None:
        """Begin to follow every service, and return when those that are there are known; raises AxiodError."""
        await self._connection.subscribe(
            Subscription(_BUS, _BUS, "NameOwnerChanged", "/org/freedesktop/DBus", self._on_owner)
        )
        for name, source in self._sources.items():
            await source.client.on_event(partial(self._arrived, name, self._on_event))
            await source.client.on_changed(partial(self._arrived, name, self._on_changed))
            for member, take in (("InterfacesAdded", self._on_added), ("InterfacesRemoved", self._on_gone)):
                callback = partial(_bodies, partial(self._arrived, name, take))
                await self._connection.subscribe(Subscription(name, _MANAGER, member, source.client.root, callback))
        for name, source in self._sources.items():
            owner = await self._owner(name)
            if not source.told:
                source.owner = owner
        idle = await self._idle()
        for name in idle:
            self._load(name)
        await asyncio.gather(*(self._load(name) for name, source in self._sources.items() if source.owner))

    async def stop(self) -> None:
        """Ask for nothing more."""
        tasks = [source.loading for source in self._sources.values() if source.loading]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _idle(self) -> list[str]:
        """Return the services that do not run now and would if they were called."""
        wanted = {name for name, source in self._sources.items() if source.on_demand and source.owner is None}
        if not wanted:
            return []
        reply = await self._connection.call(_BUS, "/org/freedesktop/DBus", _BUS, "ListActivatableNames")
        return sorted(wanted.intersection(reply[0]))

    async def _owner(self, name: str) -> str | None:
        try:
            reply = await self._connection.call(_BUS, "/org/freedesktop/DBus", _BUS, "GetNameOwner", "s", [name])
        except Unavailable:
            return None
        return str(reply[0])

    def _on_owner(self, message: Message) -> None:
        name, _, owner = message.body
        source = self._sources.get(name)
        if source is None:
            return
        source.told = True
        if (owner or None) == source.owner:
            return
        source.owner = owner or None
        if source.on_demand and source.available:
            source.follower.last = None
        else:
            self._lost(name, source)
        if source.owner is not None:
            self._load(name)

    def _lost(self, name: str, source: _Source) -> None:
        if source.loading:
            source.loading.cancel()
            source.loading = source.waiting = None
        source.follower.last = None
        if not source.available:
            return
        source.available = False
        gone, source.things = source.things, _Things()
        for thing in gone.all():
            self._tell("removed", thing)
        self._tell("service", name, available=False)

    def _load(self, name: str) -> asyncio.Task[None]:
        source = self._sources[name]
        if source.loading is None:
            source.waiting = []
            source.loading = asyncio.get_running_loop().create_task(self._ask(name, source))
        return source.loading

    async def _ask(self, name: str, source: _Source) -> None:
        """Ask for everything; what changes meanwhile waits, and is put on top."""
        first = True
        while (found := await self._everything(name, source.client, told=not first)) is None:
            first = False
            await asyncio.sleep(_AGAIN_SECONDS)
            # What came in vain is in the next answer.
            source.waiting = []
        objects, sequence, events = found
        waiting, source.waiting, source.loading = source.waiting or [], None, None
        self._take_objects(source, objects)
        came = not source.available
        news = source.follower.snapshot(sequence, events)
        # Of a service that was away everything is told again, for nobody could see whether it changed meanwhile.
        for event in events if came else news:
            self._take_event(name, source, event)
        present = {key(event): event for event in events}
        # What the snapshot does not have any more is no more.
        source.states = {what: source.states.get(what, event) for what, event in present.items()}
        source.available = True
        if came:
            self._tell("service", name, available=True)
        for step in waiting:
            step()

    async def _everything(self, name: str, client: Service, *, told: bool) -> tuple[Objects, int, list[Event]] | None:
        """Return what a service has; None when it does not say, which is logged unless it was told before."""
        try:
            objects = await client.objects()
            objects[client.root] = {SERVICE: await client.properties(client.root, SERVICE)}
            return objects, *await client.snapshot()
        except Exception as error:  # noqa: BLE001 # an answer that cannot be read must not end the asking
            if not told:
                _log.warning("%s does not tell what it has: %s: %s", name, type(error).__name__, error)
            return None

    def _take_objects(self, source: _Source, objects: Objects) -> None:
        former, source.things = source.things, _Things()
        for path, interfaces in objects.items():
            for interface, properties in interfaces.items():
                source.things.put(Thing(path, interface, properties))
        for thing in former.all():
            if source.things.find(thing.path, thing.interface) is None:
                self._tell("removed", thing)
        for thing in source.things.all():
            before = former.find(thing.path, thing.interface)
            if before is None or before.properties != thing.properties:
                self._tell("changed", thing, before)

    # --- what services tell ---

    def _arrived(self, name: str, take: Callable[..., None], *arguments: Any) -> None:
        source = self._sources[name]
        if source.waiting is not None:
            source.waiting.append(partial(take, name, source, *arguments))
        elif source.available:
            take(name, source, *arguments)

    def _on_event(self, name: str, source: _Source, event: Event) -> None:
        verdict = source.follower.take(event)
        if verdict is Verdict.OLD:
            return
        self._take_event(name, source, event)
        if verdict is Verdict.GAP:
            self._load(name)

    def _take_event(self, name: str, source: _Source, event: Event) -> None:
        if stateful(event.topic):
            source.states[key(event)] = event
        self._tell("event", name, event)

    def _on_changed(
        self, _name: str, source: _Source, path: str, interface: str, changed: dict[str, Any], gone: list[str]
    ) -> None:
        former = source.things.find(path, interface)
        if former is None:
            return
        properties = {name: item for name, item in former.properties.items() if name not in gone} | changed
        thing = Thing(path, interface, properties)
        source.things.put(thing)
        self._tell("changed", thing, former)

    def _on_added(self, _name: str, source: _Source, path: str, interfaces: dict[str, dict[str, Any]]) -> None:
        for interface, properties in interfaces.items():
            thing = Thing(path, interface, plain(properties))
            self._tell("changed", thing, source.things.put(thing))

    def _on_gone(self, _name: str, source: _Source, path: str, interfaces: list[str]) -> None:
        for interface in interfaces:
            thing = source.things.find(path, interface)
            if thing:
                source.things.drop(thing)
                self._tell("removed", thing)

    def _tell(self, what: str, *arguments: Any, **more: Any) -> None:
        for listener in tuple(self._listeners):
            try:
                getattr(listener, what)(*arguments, **more)
            except Exception:  # noqa: BLE001 # one listener must not keep it from the others
                _log.exception("%s could not be told", what)


def _bodies(callback: Callable[..., None], message: Message) -> None:
    callback(*message.body)
