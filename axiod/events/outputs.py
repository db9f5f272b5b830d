# SPDX-License-Identifier: Apache-2.0
"""What rules may move: relays, the ports that are outputs now, and LEDs, found at the services that have them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus.connection import Subscription
from axiod.errors import AxiodError, NotFound, Unavailable
from axiod.events.output import Output, OutputKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from axiod.bus._lib import Message
    from axiod.bus.client import Service
    from axiod.bus.connection import Connection
    from axiod.events.sources import Sources
    from axiod.runtime.state import State

_log = logging.getLogger(__name__)

IO, RELAYS = "org.axiod.io1", "org.axiod.relays1"
PORT, RELAY, LED = f"{IO}.Port", f"{RELAYS}.Relay", f"{IO}.Led"
_KIND = {PORT: OutputKind.PORT, RELAY: OutputKind.RELAY}
_MANAGER = "org.freedesktop.DBus.ObjectManager"
_STATE_KEY, _LED_KEY = "outputs", "leds"
_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an output or an LED is on the bus."""

    client: Service
    path: str
    interface: str


class Outputs:
    """What outputs there are, also while their services are away, and where."""

    def __init__(self, connection: Connection, state: State, on_change: Callable[[], None]) -> None:
        """`on_change` is called when there are others, after start()."""
        self._connection = connection
        self._state = state
        self._on_change = on_change
        self._sources: Sources | None = None
        self._known: dict[str, dict[str, Output]] = {RELAYS: {}, IO: {}}
        self.leds: dict[str, list[str]] = {}
        """The colours of each LED, by its id."""
        self._seen: set[str] = set()
        """The services that ever said what they have."""
        self._loaded: set[str] = set()
        """The services that said what they have since they came."""
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._names: dict[str, dict[int, str]] = {}
        self._restore(state.get(_STATE_KEY), state.get(_LED_KEY))

    @property
    def all(self) -> Mapping[str, Output]:
        """Return all outputs by their ids, as they were known last."""
        return {**self._known[IO], **self._known[RELAYS]}

    @property
    def names(self) -> Mapping[int, str]:
        """Return what ports and relays are called, by their numbers."""
        return {number: name for names in self._names.values() for number, name in names.items()}

    def may_be(self, id_: str) -> bool:
        """Whether there is an output, or it may be one of a service that was never seen."""
        return id_ in self.all or self._seen != self._known.keys()

    def may_be_led(self, id_: str) -> bool:
        """Whether there is an LED, or it may be one of a service that was never seen."""
        return id_ in self.leds or IO not in self._seen

    async def start(self, sources: Sources) -> None:
        """Begin to follow the services that have outputs."""
        self._sources = sources
        for name in self._known:
            client = sources.client(name)
            again = partial(self._on_objects, name)
            for member in ("InterfacesAdded", "InterfacesRemoved"):
                await self._connection.subscribe(Subscription(name, _MANAGER, member, client.root, again))
            await client.on_changed(partial(self._on_changed, name))

    async def stop(self) -> None:
        """Ask for nothing more."""
        tasks = list(self._loading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def owner(self, service: str, *, present: bool) -> None:
        """A service came, or went away."""
        if service not in self._known:
            return
        self._loaded.discard(service)
        if (task := self._loading.pop(service, None)) is not None:
            task.cancel()
        if present:
            self._load(service)

    def place(self, id_: str) -> Place:
        """Return where an output is.

        Raises NotFound when there is none, Unavailable while it may be one of a service that is away.
        """
        for service, known in self._known.items():
            if id_ in known and self._sources is not None:
                interface = RELAY if service == RELAYS else PORT
                kind = "relay" if service == RELAYS else "port"
                client = self._sources.client(service)
                return Place(client, f"{client.root}/{kind}/{id_}", interface)
        if self._loaded != self._known.keys():
            away = ", ".join(sorted(self._known.keys() - self._loaded))
            raise Unavailable(f"there is no output {id_} known, and {away} is away")
        raise NotFound(f"there is no output {id_}; there is {', '.join(sorted(self.all)) or 'none'}")

    def led_place(self, id_: str) -> Place:
        """Return where an LED is; raises NotFound, Unavailable as place() does."""
        if id_ in self.leds and self._sources is not None:
            client = self._sources.client(IO)
            return Place(client, f"{client.root}/led/{id_}", LED)
        if IO not in self._loaded:
            raise Unavailable(f"there is no LED {id_} known, and {IO} is away")
        raise NotFound(f"there is no LED {id_}; there is {', '.join(sorted(self.leds)) or 'none'}")

    # --- finding them ---

    def _on_objects(self, service: str, _message: Message) -> None:
        self._load(service)

    def _on_changed(self, service: str, _path: str, interface: str, changed: dict[str, Any], _gone: list[str]) -> None:
        if interface in _KIND and ("Direction" in changed or "Name" in changed):
            self._load(service)

    def _load(self, service: str) -> None:
        if (former := self._loading.get(service)) is not None:
            former.cancel()
        self._loading[service] = asyncio.get_running_loop().create_task(self._ask(service))

    async def _ask(self, service: str) -> None:
        if self._sources is None:
            return
        told = False
        while (found := await self._found(self._sources.client(service), told=told)) is None:
            told = True
            await asyncio.sleep(_AGAIN_SECONDS)
        del self._loading[service]
        outputs, leds = found
        if service == IO and leds != self.leds:
            self.leds = leds
            self._state.soon(_LED_KEY, leds)
        changed = outputs != self._known[service] or service not in self._seen
        self._known[service] = outputs
        self._loaded.add(service)
        self._seen.add(service)
        if changed:
            stored = {name: [[one.id, one.number] for one in self._known[name].values()] for name in self._seen}
            self._state.soon(_STATE_KEY, stored)
        self._on_change()

    async def _found(self, client: Service, *, told: bool) -> tuple[dict[str, Output], dict[str, list[str]]] | None:
        """Return the outputs of a service, and the colours of its LEDs.

        None when it does not say, which is logged unless it was told before.
        """
        try:
            objects = await client.objects()
            self._names[client.name] = dict(filter(None, map(_name, objects.values())))
            outputs = dict(filter(None, (_output(path, interfaces) for path, interfaces in objects.items())))
            return outputs, dict(filter(None, (_led(path, interfaces) for path, interfaces in objects.items())))
        except (AxiodError, KeyError, TypeError, ValueError) as error:
            if not told:
                _log.warning("%s does not tell what outputs it has: %s: %s", client.name, type(error).__name__, error)
        return None

    def _restore(self, stored: Any, leds: Any) -> None:
        for id_, colours in leds.items() if isinstance(leds, dict) else ():
            self.leds[id_] = list(map(str, colours)) if isinstance(colours, list) else []
        for service, outputs in stored.items() if isinstance(stored, dict) else ():
            if service not in self._known or not isinstance(outputs, list):
                continue
            self._seen.add(service)
            for entry in outputs:
                match entry:
                    case [str(id_), int(number)]:
                        kind = OutputKind.RELAY if service == RELAYS else OutputKind.PORT
                        self._known[service][id_] = Output(id_, number, kind)


def _name(interfaces: Mapping[str, Mapping[str, Any]]) -> tuple[int, str] | None:
    for properties in (interfaces[interface] for interface in _KIND if interface in interfaces):
        return int(properties["Number"]), str(properties["Name"])
    return None


def _output(path: str, interfaces: Mapping[str, Mapping[str, Any]]) -> tuple[str, Output] | None:
    for interface, kind in _KIND.items():
        properties = interfaces.get(interface)
        if properties is not None and (kind is OutputKind.RELAY or properties["Direction"] == "output"):
            id_ = path.rpartition("/")[2]
            return id_, Output(id_, int(properties["Number"]), kind)
    return None


def _led(path: str, interfaces: Mapping[str, Mapping[str, Any]]) -> tuple[str, list[str]] | None:
    properties = interfaces.get(LED)
    return None if properties is None else (path.rpartition("/")[2], list(properties["Colours"]))
