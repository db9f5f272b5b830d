# SPDX-License-Identifier: Apache-2.0
"""Several outputs and relays in one request: all of them, or none.

Each service does its part as a whole (SetAll). That both do is for the gateway to see to: everything is checked before
anything moves, and when the second service fails, what the first did is undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from axiod.bus.arguments import shown, unknown
from axiod.bus.caller import Role
from axiod.bus.signature import fits
from axiod.clock import monotonic_usec
from axiod.errors import AxiodError, Conflict, HardwareFailure, InvalidArgument, NotFound, Unavailable
from axiod.gateway.acting import arrived
from axiod.gateway.mirror import Thing
from axiod.gateway.names import PORT, RELAY
from axiod.gateway.person import person_of
from axiod.gateway.rest.answer import answer
from axiod.gateway.rest.body import read
from axiod.gateway.rest.table import API
from axiod.gateway.rest.things import reading
from axiod.gateway.route import Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiohttp import web

    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person

PATH = f"{API}/outputs"
_TOGETHER = {
    PORT: Thing("/org/axiod/io1", "org.axiod.io1.Outputs", {}),
    RELAY: Thing("/org/axiod/relays1", "org.axiod.relays1.Relays", {}),
}


class Outputs:
    """Every output port and every relay."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting

    def routes(self) -> Iterator[Route]:
        """Yield what there is to ask for."""
        yield from reading(PATH, self._show, Role.VIEWER)
        yield Route("POST", PATH, self._set, Role.OPERATOR)

    async def _show(self, request: web.Request) -> web.Response:
        things = [thing for kind in (PORT, RELAY) for thing in self._mirror.things(kind) if _switched(thing)]
        return answer({thing.id: thing["Active"] for thing in things if "Active" in thing.properties}, request=request)

    async def _set(self, request: web.Request) -> web.Response:
        states = await read(request)
        parts = self._parts(states)
        await self._carry_out(person_of(request), parts)
        return answer(states)

    def _parts(self, states: Mapping[str, Any]) -> dict[str, dict[str, bool]]:
        """Return what each kind is to do; raises when anything is wrong, before anything was done."""
        parts: dict[str, dict[str, bool]] = {}
        for id_, active in states.items():
            thing = self._find(id_)
            if not fits("b", active):
                raise InvalidArgument(f"{id_} is {shown(active)}; it must be true or false")
            if not _switched(thing):
                can = "output" in thing["Directions"]
                advice = "; set its Direction to output first" if can else " and cannot be an output"
                raise Conflict(f"{id_} is an input{advice}")
            parts.setdefault(thing.interface, {})[id_] = active
        return parts

    def _find(self, id_: str) -> Thing:
        known: list[str] = []
        away: Unavailable | None = None
        for kind in (PORT, RELAY):
            try:
                things = self._mirror.things(kind)
            except Unavailable as error:
                away = error
                continue
            for thing in things:
                if thing.id == id_:
                    return thing
                if _switched(thing):
                    known.append(thing.id)
        raise away or NotFound(unknown("output", id_, known))

    async def _carry_out(self, person: Person, parts: Mapping[str, dict[str, bool]]) -> None:
        # A service that is away is noticed here, before anything moves.
        former = {kind: {id_: _rests(self._mirror.thing(kind, id_)) for id_ in part} for kind, part in parts.items()}
        first: str | None = None
        for kind, part in parts.items():
            try:
                await self._acting.act(person, _TOGETHER[kind], "SetAll", part, {})
            except AxiodError as error:
                if first is None:
                    raise
                await self._undo(person, first, parts[first], former[first], error)
            first = kind

    async def _undo(
        self, person: Person, kind: str, done: dict[str, bool], former: dict[str, bool], reason: AxiodError
    ) -> NoReturn:
        """Put back what the first service did, and raise why, with what became of it.

        What has moved since then is left alone: somebody else wanted it so.
        """
        arrived.set(monotonic_usec())  # what is undone late is undone nevertheless
        text = str(reason)
        try:
            ours = {id_: former[id_] for id_ in done if self._mirror.thing(kind, id_).get("Active") is done[id_]}
            if ours:
                await self._acting.act(person, _TOGETHER[kind], "SetAll", ours, {})
                text += f"; put back: {', '.join(ours)}"
        except AxiodError as error:
            raise HardwareFailure(f"{reason}; and {', '.join(done)} could not be put back: {error}") from reason
        if others := done.keys() - ours.keys():
            text += f"; not put back, because it has moved since: {', '.join(sorted(others))}"
        raise type(reason)(text) from reason


def _rests(thing: Thing) -> bool:
    """Return whether an output is active when what runs on it is over; raises Unavailable while that is not known."""
    active: bool | None = thing.get("Active")
    if active is None:
        raise Unavailable(f"where {thing.id} stands is not known; try again when it is")
    return active and thing["Running"] != "pulse"  # a pulse ends inactive


def _switched(thing: Thing) -> bool:
    return thing.interface == RELAY or thing.get("Direction") == "output"
