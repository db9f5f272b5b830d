# SPDX-License-Identifier: Apache-2.0
"""io/port.cgi, and the older input.cgi and output.cgi, which count inputs and outputs alone. They count from 1."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from axiod.bus.arguments import shown
from axiod.bus.caller import Role
from axiod.errors import InvalidArgument, Unavailable
from axiod.gateway.names import RELAY
from axiod.gateway.person import person_of
from axiod.gateway.route import Route
from axiod.gateway.vapix import action, monitor
from axiod.gateway.vapix.form import form, text
from axiod.gateway.vapix.intent import on_purpose
from axiod.gateway.vapix.port import CLOSED, INPUT, OUTPUT
from axiod.gateway.vapix.ports import all_ports, port_at

if TYPE_CHECKING:
    from aiohttp import web

    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.vapix.port import Port

PATH = "/axis-cgi/io/port.cgi"
_VERBS = ("check", "checkactive", "checkdirection", "monitor", "action")
_NUMBERS = re.compile(r"[0-9]{1,5}(?:,[0-9]{1,5}){0,255}", re.ASCII)


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    found = []
    for cgi in (
        PortCgi(gateway, PATH, None),
        PortCgi(gateway, "/axis-cgi/io/input.cgi", INPUT),
        PortCgi(gateway, "/axis-cgi/io/output.cgi", OUTPUT),
    ):
        found += [Route(method, cgi.path, cgi.answer, Role.VIEWER) for method in ("GET", "POST")]
    return found


def toggle_urls(thing: Thing, base: str = "") -> dict[str, str]:
    """Return the URLs that activate and deactivate an output or a relay (manual "Toggle port URL"); none of an input.

    `base` goes before them, for example "http://192.168.0.90".
    """
    if thing.interface != RELAY and thing["Direction"] != OUTPUT:
        return {}
    port = thing["Number"] + 1
    return {
        name: f"{base}{PATH}?action={quote(f'{port}:{mark}', safe='')}"
        for name, mark in (("Activate", "/"), ("Deactivate", "\\"))
    }


class PortCgi:
    """One of the three CGIs."""

    def __init__(self, gateway: Gateway, path: str, direction: str | None) -> None:
        """`direction`: it counts these alone; None: it counts all ports."""
        self.path = path
        self._gateway = gateway
        self._direction = direction
        self._name = "port" if direction is None else direction

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        given = await form(request)
        verbs = [verb for verb in _VERBS if verb in given]
        if len(verbs) != 1:
            raise InvalidArgument(f"the request must have one of {', '.join(_VERBS)}")
        verb, value = verbs[0], given[verbs[0]]
        if verb == "action":
            return await self._act(request, value)
        ports = self._ports(value)
        if verb == "monitor":
            self._one_direction(ports)
            return await monitor.monitor(request, self._gateway, [port for _, port in ports])
        return text("".join(f"{self._name}{number}={_told(verb, port)}\n" for number, port in ports))

    async def _act(self, request: web.Request, value: str) -> web.Response:
        if self._direction == INPUT:
            raise InvalidArgument("an input cannot be set; use output.cgi or port.cgi")
        on_purpose(request, "an action")
        wanted = action.parse(value)
        port = self._first_output() if wanted.number is None else self._port(wanted.number)
        if not port.is_output:
            raise InvalidArgument(f"port {port.number + 1} ({port.name}) is an input; only outputs can be set")
        await self._gateway.acting.act(person_of(request), port.thing, wanted.member, wanted.argument, {})
        return text("")

    def _ports(self, value: str) -> list[tuple[int, Port]]:
        if not _NUMBERS.fullmatch(value):
            raise InvalidArgument(f"{shown(value)} must be port numbers from 1, like 1,2,3, at most 256")
        numbers = dict.fromkeys(map(int, value.split(",")))
        return [(number, self._port(number)) for number in numbers]

    def _port(self, number: int) -> Port:
        if self._direction is None:
            try:
                return port_at(self._gateway.mirror, number - 1)
            except InvalidArgument:
                raise InvalidArgument(f"there is no port {number}") from None
        ports = self._counted(self._direction)
        if not 1 <= number <= len(ports):
            raise InvalidArgument(f"there is no {self._direction} {number}; there are {len(ports)}")
        return ports[number - 1]

    def _first_output(self) -> Port:
        outputs = self._counted(OUTPUT)
        if not outputs:
            raise InvalidArgument("there is no output")
        return outputs[0]

    def _counted(self, direction: str) -> list[Port]:
        return [port for port in all_ports(self._gateway.mirror) if port.direction == direction]

    def _one_direction(self, ports: list[tuple[int, Port]]) -> None:
        if len({port.direction for _, port in ports}) > 1:
            raise InvalidArgument("inputs and outputs are monitored in separate requests")


def _told(verb: str, port: Port) -> str:
    if verb == "checkdirection":
        return port.direction
    if port.active is None:
        raise Unavailable(f"{port.name} has not been read yet: {port.thing.get('Problem', 'try again')}")
    if verb == "checkactive":
        return "active" if port.active else "inactive"
    return "1" if port.state == CLOSED else "0"
