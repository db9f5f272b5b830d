# SPDX-License-Identifier: Apache-2.0
"""io/portmanagement.cgi: ports are numbered from 0, in strings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.arguments import check, shown
from axiod.bus.caller import Role
from axiod.errors import (
    AxiodError,
    Busy,
    Conflict,
    InvalidArgument,
    NotAuthorized,
    NotFound,
    NotSupported,
    Unavailable,
)
from axiod.gateway.route import Route
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.json_call import NEW, Call, JsonCgi, Refused
from axiod.gateway.vapix.port import CLOSED, OPEN, OUTPUT, SETTING, UNDEFINED
from axiod.gateway.vapix.ports import all_ports, port_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Mirror
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.port import Port

API = Api("io-port-management", "1.0", "IO Port Management")
_PATH = "/axis-cgi/io/portmanagement.cgi"
_MOST_PORTS = 256
_MOST_STEPS = 256
_LONGEST_WAIT_MS = 65535
_SEQUENCE_RUNS = 2200
_ONLY_READ = {"port", "configurable", "readonly"}
"""In an item of getPorts; a client that sends back what it read changes nothing by them."""


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    ports = PortManagement(gateway)
    cgi = JsonCgi(
        "portmanagement.cgi",
        ("1.0",),
        NEW,
        {
            "getPorts": Call(ports.get_ports, Role.VIEWER),
            "setPorts": Call(ports.set_ports, Role.OPERATOR),
            "setStateSequence": Call(ports.set_state_sequence, Role.OPERATOR),
        },
    )
    return [Route("POST", _PATH, cgi.answer, Role.VIEWER)]


@dataclass(slots=True)
class _Plan:
    """What is to be done with one port."""

    port: Port
    changes: dict[str, str] = field(default_factory=dict)
    """For Configure."""
    state: str | None = None
    faults: list[Any] = field(default_factory=list)

    def fault(self, name: str, message: str, code: int = NEW.invalid) -> None:
        """Note that a property cannot be had."""
        details = {"port": str(self.port.number), "propertyName": name}
        self.faults.append({"code": code, "message": message, "details": details})


class PortManagement:
    """The methods."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def get_ports(self, _person: Person, _params: Any) -> dict[str, Any]:
        """List all ports, relays among them."""
        items = [_item(port) for port in all_ports(self._gateway.mirror)]
        return {"numberOfPorts": len(items)} | ({"items": items} if items else {})

    async def set_ports(self, person: Person, params: Any) -> dict[str, Any]:
        """Change ports.

        A request that cannot be understood changes nothing at all. One property that cannot be had leaves the others
        in force, as the API says; but no output moves whose direction or normal state could not be had.
        """
        plans = [_plan(port, item) for port, item in _asked(self._gateway.mirror, params)]
        for plan in plans:
            await self._carry_out(person, plan)
        faults = [fault for plan in plans for fault in plan.faults]
        if faults:
            refused = Refused(**faults[0])
            if faults[1:]:
                refused.error["errors"] = faults[1:]
            raise refused
        return {"ports": [str(plan.port.number) for plan in plans]}

    async def set_state_sequence(self, person: Person, params: Any) -> dict[str, Any]:
        """Take an output through steps; answers when the first is done."""
        if not isinstance(params, dict) or "port" not in params or "sequence" not in params:
            raise Refused(NEW.missing, "params must have port and sequence")
        port = port_at(self._gateway.mirror, _number(params["port"]))
        if not port.is_output:
            raise InvalidArgument(f"port {port.number} ({port.name}) is an input; only outputs can be set")
        steps = [(state != port.normal_state, time) for state, time in _steps(params["sequence"])]
        try:
            await self._gateway.acting.act(person, port.thing, "RunSequence", steps, {})
        except Busy as error:
            raise Refused(_SEQUENCE_RUNS, str(error)) from None
        return {"port": str(port.number)}

    async def _carry_out(self, person: Person, plan: _Plan) -> None:
        act = self._gateway.acting.act
        names = {ours: theirs for theirs, ours in SETTING.items()}
        if plan.changes:
            try:
                await act(person, plan.port.thing, "Configure", plan.changes)
            except (NotAuthorized, Unavailable):
                raise
            except AxiodError as error:
                for name in plan.changes:
                    plan.fault(names[name], str(error), _code(error))
                return
        if plan.state is not None:
            try:
                # What a state means now: the normal state may have changed since the plan was made.
                port = port_at(self._gateway.mirror, plan.port.number)
                await act(person, port.thing, "Set", plan.state != port.normal_state, {})
            except (NotAuthorized, Unavailable):
                raise
            except AxiodError as error:
                plan.fault("state", str(error), _code(error))


def _item(port: Port) -> dict[str, Any]:
    return {
        "port": str(port.number),
        "state": port.state or UNDEFINED,
        "configurable": port.configurable,
        "usage": port.usage,
        "direction": port.direction,
        "name": port.name,
        "normalState": port.normal_state,
    }


def _asked(mirror: Mirror, params: Any) -> Iterable[tuple[Port, dict[str, Any]]]:
    """Return each port with what is asked of it: "params" is a list in old clients, {"ports": [...]} in others."""
    items = params.get("ports") if isinstance(params, dict) else params
    if items is None:
        raise Refused(NEW.missing, "params must have ports")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidArgument("ports must be a list of objects")
    if not 1 <= len(items) <= _MOST_PORTS:
        raise InvalidArgument(f"ports has {len(items)} of them; it must have 1 to {_MOST_PORTS}")
    found = {}
    for item in items:
        if "port" not in item:
            raise Refused(NEW.missing, "each item of ports must have port")
        port = port_at(mirror, _number(item["port"]))
        if port.number in found:
            raise InvalidArgument(f"port {port.number} is there twice; give it once")
        found[port.number] = (port, item)
    return found.values()


def _plan(port: Port, item: dict[str, Any]) -> _Plan:
    """Hold what is asked of a port against what it can do."""
    plan = _Plan(port)
    for name, value in item.items():
        if name in SETTING:
            try:
                _take(plan, name, value)
            except InvalidArgument as error:
                plan.fault(name, str(error))
        elif name not in _ONLY_READ and name != "state":
            plan.fault(name, f"there is no property {shown(name)}; there is {', '.join(SETTING)} and state")
    if "state" in item:
        blocked = {fault["details"]["propertyName"] for fault in plan.faults} & {"direction", "normalState"}
        direction = plan.changes.get("Direction", port.direction)
        if item["state"] not in (OPEN, CLOSED):
            plan.fault("state", f"state is {shown(item['state'])}; it must be open or closed")
        elif blocked:
            plan.fault("state", f"state was left as it is, because of {' and '.join(sorted(blocked))}")
        elif direction != OUTPUT:
            plan.fault("state", f"port {port.number} ({port.name}) is an input; only outputs can be set")
        else:
            plan.state = item["state"]
    return plan


def _take(plan: _Plan, name: str, value: Any) -> None:
    port, setting = plan.port, SETTING[name]
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} is {shown(value)}; it must be text")
    choices = port.choices(setting)
    if choices is not None and value not in choices:
        only = " or ".join(map(repr, choices))
        raise InvalidArgument(f"{name} is {shown(value)}; of port {port.number} ({port.name}) it can only be {only}")
    if value == port.present(setting):
        return  # also what a relay has no setting for
    check(contract.load(port.thing.interface).configurable[setting], value)
    plan.changes[setting] = value


def _number(given: Any) -> int:
    text = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    if not isinstance(text, str) or not re.fullmatch("[0-9]{1,5}", text, re.ASCII):
        raise InvalidArgument(f'port is {shown(given)}; it must be a number in a string, like "0"')
    return int(text)


def _steps(given: Any) -> list[tuple[str, int]]:
    if not isinstance(given, list) or not 1 <= len(given) <= _MOST_STEPS:
        raise InvalidArgument(f"sequence must be a list of 1 to {_MOST_STEPS} steps")
    steps = []
    for step in given:
        if not isinstance(step, dict) or not {"state", "time"} <= step.keys():
            raise Refused(NEW.missing, "each step of sequence must have state and time")
        state, time = step["state"], step["time"]
        if state not in (OPEN, CLOSED):
            raise InvalidArgument(f"state is {shown(state)}; it must be open or closed")
        if not isinstance(time, int) or isinstance(time, bool) or not 0 <= time <= _LONGEST_WAIT_MS:
            raise InvalidArgument(f"time is {shown(time)}; it must be 0 to {_LONGEST_WAIT_MS} (ms)")
        steps.append((state, time))
    return steps


def _code(error: AxiodError) -> int:
    mistakes = (InvalidArgument, NotSupported, Conflict, NotFound)
    return NEW.invalid if isinstance(error, mistakes) else NEW.internal
