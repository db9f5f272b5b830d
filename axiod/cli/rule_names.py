# SPDX-License-Identifier: Apache-2.0
"""What people call the things in rules, beside the ids and numbers that rules have: ports, schedules, recipients."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from axiod.bus import topics
from axiod.bus.interface import stem
from axiod.cli.find import find, things
from axiod.errors import AxiodError, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection

    from axiod.bus.client import Objects
    from axiod.cli.find import Thing
    from axiod.cli.remote import Remote

_PORTS = ("org.axiod.io1", "org.axiod.io1.Port")
_RELAYS = ("org.axiod.relays1", "org.axiod.relays1.Relay")
_EVENTS = "org.axiod.events1"
_KINDS = {
    "port": (_PORTS,),
    "relay": (_RELAYS, _PORTS),
    "output": (_RELAYS, _PORTS),
    "led": (("org.axiod.io1", "org.axiod.io1.Led"),),
    "schedule": ((_EVENTS, f"{_EVENTS}.Schedule"),),
    "virtual input": ((_EVENTS, f"{_EVENTS}.VirtualInput"),),
    "manual trigger": ((_EVENTS, f"{_EVENTS}.Trigger"),),
    "recipient": ((_EVENTS, f"{_EVENTS}.Recipient"),),
}
_NUMBERED = {
    (topics.PORT, "port"): "port",
    (topics.SUPERVISED_PORT, "port"): "port",
    (topics.OUTPUT_PORT, "port"): "port",
    (topics.DIGITAL_INPUT, "InputToken"): "port",
    (topics.RELAY, "RelayToken"): "relay",
    (topics.VIRTUAL_INPUT, "port"): "virtual input",
    (topics.MANUAL_TRIGGER, "port"): "manual trigger",
}
"""Items of sources that are the number of something."""
_SCHEDULED = {(topics.INTERVAL, "id"), (topics.PULSE, "id")}
SCHEDULES = "com.axis.schedules."


class Names:
    """Everything that has a name, as it was when it was read."""

    def __init__(self, known: dict[str, list[Thing]], away: Collection[str] = ()) -> None:
        """`known`: what there is of each kind. `away`: the services that could not be asked."""
        self._known = known
        self._away = away

    @classmethod
    async def read(cls, remote: Remote) -> Names:
        """Ask the services that run; of one that is away, or may not be read, nothing has a name. None is started."""
        present: dict[str, Objects] = {}
        away: list[str] = []
        for service in dict.fromkeys(service for among in _KINDS.values() for service, _ in among):
            present[service] = {}
            if await remote.owner(service) is None:
                away.append(service)
                continue
            with suppress(AxiodError):
                present[service] = await remote.objects(service)
        return cls(
            {
                kind: [thing for service, interface in among for thing in things(present[service], interface)]
                for kind, among in _KINDS.items()
            },
            away,
        )

    def value(self, topic: str, item: str, text: str) -> str:
        """Return the value of a source's item that a person means; raises NotFound."""
        if (topic, item) in _SCHEDULED:
            return text if text.startswith(SCHEDULES) else str(self.find("schedule", text).get("EventId"))
        kind = _NUMBERED.get((topic, item))
        if kind is None or text.isdecimal():
            return text
        return str(self.find(kind, text).get("Number"))

    def word(self, topic: str, item: str, value: str) -> str:
        """Return the word for a value that value() takes, the value itself where there is none."""
        if (topic, item) in _SCHEDULED:
            id_ = next((thing.id for thing in self._known["schedule"] if thing.get("EventId") == value), value)
            return self.name_of("schedule", id_) if id_.isdecimal() else id_
        kind = _NUMBERED.get((topic, item))
        if kind not in ("port", "relay"):
            return value
        return next((thing.id for thing in self._known[kind] if str(thing.get("Number")) == value), value)

    def find(self, kind: str, text: str) -> Thing:
        """Return the one that a person means; raises NotFound."""
        try:
            return find(kind, self._known[kind], text)
        except NotFound as error:
            away = [stem(service) for service, _ in _KINDS[kind] if service in self._away]
            if not away:
                raise
            unknown = f"axiod-{' and axiod-'.join(away)} {'is' if len(away) == 1 else 'are'} not running"
            raise NotFound(f"{error}; {unknown}, so what is called so there is not known") from None

    def id_of(self, kind: str, text: str) -> str:
        """Return the id that a person means; what may not be read is taken for an id. Raises NotFound."""
        try:
            return self.find(kind, text).id
        except NotFound:
            if self._known[kind]:
                raise
            return text

    def name_of(self, kind: str, id_: str) -> str:
        """Return the name of the one with an id, if id_of() finds it by that; else the id."""
        name = next((thing.get("Name") for thing in self._known[kind] if thing.id == id_), None)
        with suppress(NotFound):
            if name and find(kind, self._known[kind], name).id == id_:
                return str(name)
        return id_
