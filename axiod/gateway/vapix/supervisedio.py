# SPDX-License-Identifier: Apache-2.0
"""supervisedio.cgi 2.0: supervised inputs. Ports are numbered from 0, as integers; "params" is a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus.arguments import shown
from axiod.bus.caller import Role
from axiod.errors import AxiodError, InvalidArgument, NotAuthorized, NotSupported, Unavailable
from axiod.gateway.names import PORT
from axiod.gateway.route import Route
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.json_call import NEW, Call, JsonCgi, Refused
from axiod.gateway.vapix.port import INPUT, UNDEFINED
from axiod.gateway.vapix.ports import all_ports, port_at

if TYPE_CHECKING:
    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.port import Port

API = Api("supervised-io", "2.0", "Supervised I/O")

_STATES = {"short": "short", "shorted": "short", "close": "closed", "closed": "closed", "open": "open", "cut": "cut"}
"""What they may be called -> what we call them; the documentation itself has both."""
_SUCCESS, _FAILURE = 1, 0
_MOST = 256
_HIGHEST = 0xFFFF
_UNSUPERVISED = "none"
_FIRST_SCHEME = "parallel-22k-4k7"
_DOCUMENTED = {
    "serial-1k": (1993, 3070),
    "serial-2k2": (1738, 2608),
    "serial-4k7": (1499, 2114),
    "serial-10k": (1319, 1704),
}
"""Scheme -> the upper limits of cut and open that are documented for it. A client says no other way which it means."""


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    ports = SupervisedIo(gateway)
    calls = {
        "getNumberOfPorts": ports.get_number_of_ports,
        "isSupervisable": ports.is_supervisable,
        "getSupportedStates": ports.get_supported_states,
        "setSupervised": ports.set_supervised,
        "getSupervised": ports.get_supervised,
        "getSupervisedRanges": ports.get_supervised_ranges,
    }
    table = {name: Call(handler, Role.OPERATOR) for name, handler in calls.items()}
    cgi = JsonCgi("supervisedio.cgi", ("2.0",), NEW, table)
    return [Route("POST", "/axis-cgi/supervisedio.cgi", cgi.answer, Role.OPERATOR)]


class SupervisedIo:
    """The methods."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def get_number_of_ports(self, _person: Person, _params: Any) -> dict[str, Any]:
        """Count the ports by what they are now."""
        ports = all_ports(self._gateway.mirror)
        inputs = sum(port.direction == INPUT for port in ports)
        return {"inputs": inputs, "outputs": len(ports) - inputs}

    async def is_supervisable(self, _person: Person, params: Any) -> dict[str, Any]:
        """Say which can be supervised: inputs with an ADC, never outputs."""
        return {"items": [{"port": p.number, "input": _supervisable(p), "output": False} for p in self._asked(params)]}

    async def get_supported_states(self, _person: Person, params: Any) -> dict[str, Any]:
        """Name the states of each port that can be supervised."""
        states = [{"name": name} for name in ("short", "closed", "open", "cut")]
        return {"items": [{"port": p.number, "states": states} for p in self._asked(params) if _supervisable(p)]}

    async def get_supervised(self, _person: Person, params: Any) -> dict[str, Any]:
        """Tell how each port is now."""
        return {"items": [_told(port) for port in self._asked(params)]}

    async def get_supervised_ranges(self, _person: Person, params: Any) -> dict[str, Any]:
        """Tell the ranges that are in force; a port that is not supervised has none."""
        return {
            "items": [
                {
                    "port": port.number,
                    "ranges": [
                        {"state": state, "lowerlimit": lower, "upperlimit": upper}
                        for state, lower, upper in port.thing["Ranges"]
                    ],
                }
                for port in self._asked(params)
                if _supervisable(port)
            ]
        }

    async def set_supervised(self, person: Person, params: Any) -> dict[str, Any]:
        """Turn supervision on and off; a list that cannot be understood changes nothing, and each port answers."""
        if not isinstance(params, list) or not params:
            raise Refused(NEW.missing, "params must be a list of ports")
        ports = self._asked(params)
        plans = [(port, _changes(port, item)) for port, item in zip(ports, params, strict=True)]
        items = []
        for port, changes in plans:
            code, message = _SUCCESS, ""
            try:
                if not _supervisable(port):
                    raise NotSupported(f"port {port.number} ({port.name}) cannot be supervised")
                await self._gateway.acting.act(person, port.thing, "Configure", changes)
            except (NotAuthorized, Unavailable):
                raise
            except AxiodError as error:
                code, message = _FAILURE, str(error)
            items.append({"port": port.number, "code": code, "message": message})
        return {"items": items}

    def _asked(self, params: Any) -> list[Port]:
        """Return the ports that a request is about: all of them when it names none."""
        mirror = self._gateway.mirror
        if params is None or params == [] or params == {}:
            return all_ports(mirror)
        items = params if isinstance(params, list) else [params]
        if len(items) > _MOST or not all(isinstance(item, dict) for item in items):
            raise InvalidArgument(f"params must be a list of at most {_MOST} objects")
        numbers = []
        for item in items:
            number = item.get("port")
            if number is None:
                raise Refused(NEW.missing, "each item of params must have port")
            if not isinstance(number, int) or isinstance(number, bool):
                raise InvalidArgument(f"port is {shown(number)}; it must be a number from 0")
            numbers.append(number)
        if len(set(numbers)) != len(numbers):
            raise InvalidArgument("a port is there twice; give it once")
        return [port_at(mirror, number) for number in numbers]


def _supervisable(port: Port) -> bool:
    return port.thing.interface == PORT and bool(port.thing["Supervisable"]) and port.direction == INPUT


def _told(port: Port) -> dict[str, Any]:
    supervisable = _supervisable(port)
    supervised = supervisable and port.thing["Supervision"] != _UNSUPERVISED
    told: dict[str, Any] = {"port": port.number, "supervised": supervised, "supervisable": supervisable}
    told["state"] = (port.thing.get("SupervisedState") if supervised else port.state) or UNDEFINED
    if supervised and "Level" in port.thing.properties:
        told["level"] = port.thing["Level"]
    return told


def _changes(port: Port, item: dict[str, Any]) -> dict[str, Any]:
    """Return what to configure; raises InvalidArgument."""
    supervised = item.get("supervised")
    if not isinstance(supervised, bool):
        raise InvalidArgument(f"supervised is {shown(supervised)}; it must be true or false")
    if not supervised:
        return {"Supervision": _UNSUPERVISED}
    rows = _rows(item.get("ranges", []))
    present = port.thing.get("Supervision", _UNSUPERVISED)
    scheme = _scheme(rows) or (_FIRST_SCHEME if present == _UNSUPERVISED else present)
    return {"Supervision": scheme} | ({"Ranges": rows} if rows else {})


def _rows(ranges: Any) -> list[tuple[str, int, int]]:
    if not isinstance(ranges, list) or len(ranges) > len(set(_STATES.values())):
        raise InvalidArgument("ranges must be a list with each state once")
    rows = []
    for item in ranges:
        if not isinstance(item, dict):
            raise InvalidArgument("each item of ranges must be an object")
        state = item.get("state")
        if not isinstance(state, str) or state not in _STATES:
            raise InvalidArgument(f"state is {shown(state)}; it must be short, closed, open or cut")
        rows.append((_STATES[state], _level(item, "lowerlimit"), _level(item, "upperlimit")))
    return rows


def _level(item: dict[str, Any], name: str) -> int:
    level = item.get(name)
    if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level <= _HIGHEST:
        raise InvalidArgument(f"{name} is {shown(level)}; it must be a number from 0 to {_HIGHEST}")
    return level


def _scheme(rows: list[tuple[str, int, int]]) -> str | None:
    """Return the scheme whose documented ranges these are."""
    limits = {state: upper for state, _, upper in rows}
    found = [scheme for scheme, bounds in _DOCUMENTED.items() if bounds == (limits.get("cut"), limits.get("open"))]
    return found[0] if found else None
