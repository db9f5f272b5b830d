# SPDX-License-Identifier: Apache-2.0
"""param.cgi: list, listdefinitions and update."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

from axiod.bus import interface as contract
from axiod.bus.arguments import shown
from axiod.bus.caller import Role
from axiod.bus.client import from_text
from axiod.errors import AxiodError, InvalidArgument, NotAuthorized, Unavailable
from axiod.gateway.names import DEVICE, PORT, RELAY
from axiod.gateway.person import person_of
from axiod.gateway.route import Route
from axiod.gateway.vapix import definitions
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.form import form, quoted, text
from axiod.gateway.vapix.intent import on_purpose
from axiod.gateway.vapix.parameters import matching

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.parameters import Parameter

_log = logging.getLogger(__name__)

API = Api("param-cgi", "1.0", "Legacy Parameter Handling")
_MOST_GROUPS = 64
_LONGEST_GROUP = 256


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    cgi = ParamCgi(gateway)
    return [Route(method, "/axis-cgi/param.cgi", cgi.answer, Role.VIEWER) for method in ("GET", "POST")]


class ParamCgi:
    """The CGI."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        given = await form(request)
        person = person_of(request)
        action = given.get("action", "")
        if action == "list":
            return text(self._list(person, given.get("group", "")))
        if action == "listdefinitions":
            if given.get("listformat", "xmlschema") != "xmlschema":
                raise InvalidArgument(f"listformat is {shown(given['listformat'])}; it must be xmlschema")
            return text(self._definitions(person, given.get("group", "")), "text/xml")
        if action == "update":
            on_purpose(request, "an update")
            return text(await self._update(person, {name: value for name, value in given.items() if "." in name}))
        raise InvalidArgument(f"action is {shown(action)}; it must be list, listdefinitions or update")

    # --- reading ---

    def _list(self, person: Person, groups: str) -> str:
        lines: dict[str, None] = {}
        for group in _groups(groups):
            found = self._readable(person, group)
            if found is None:
                lines[f"# Error: Error -1 getting param in group '{quoted('root.' + group)}'"] = None
            lines |= {f"root.{parameter.name}={parameter.value}": None for parameter in found or ()}
        return "".join(f"{line}\n" for line in lines)

    def _definitions(self, person: Person, groups: str) -> str:
        found = [parameter for group in _groups(groups) for parameter in self._readable(person, group) or ()]
        device = self._gateway.mirror.thing(DEVICE)
        return definitions.document(list(dict.fromkeys(p.name for p in found)), {p.name: p for p in found}, device)

    def _readable(self, person: Person, group: str) -> list[Parameter] | None:
        """Return what a person may read of a group; None when there is no such group."""
        known = matching(self._gateway.mirror, group)
        if not known:
            return None
        found = [parameter for parameter in known if _may_read(person, parameter)]
        if not found:
            person.require(min(p.read for p in known if p.read is not None), f"the group {quoted(group)}")
        return found

    # --- writing ---

    async def _update(self, person: Person, wanted: Mapping[str, str]) -> str:
        """Change all parameters or none."""
        if not wanted:
            raise InvalidArgument("update must name parameters, like root.IOPort.I0.Output.Name=Siren")
        known = {name: self._one(name) for name in wanted}
        for name, parameter in known.items():
            if parameter is not None:
                # Also for what nobody can write: what it is now is not for everybody either.
                person.require(parameter.write or Role.ADMINISTRATOR, f"setting {quoted(name)}")
        changes: dict[str, tuple[Thing, dict[str, Any]]] = {}
        first: dict[str, str] = {}
        faults = []
        for name, value in wanted.items():
            try:
                thing, setting, taken = _change(known[name], value)
            except _Unchanged:
                continue
            except InvalidArgument as error:
                _log.info("param.cgi: %s: %s", quoted(name), error)
                faults.append(_fault(name, value))
                continue
            key = f"{thing.path} {thing.interface}"
            planned = changes.setdefault(key, (thing, {}))[1]
            first.setdefault(key, name)
            if planned.setdefault(setting, taken) != taken:
                faults.append(_fault(name, value))
        if faults:
            return "".join(faults)
        return await self._apply(person, changes, {key: (name, wanted[name]) for key, name in first.items()})

    async def _apply(
        self,
        person: Person,
        changes: Mapping[str, tuple[Thing, dict[str, Any]]],
        first: Mapping[str, tuple[str, str]],
    ) -> str:
        done: list[tuple[Thing, dict[str, Any]]] = []
        # Ports last: what another object refuses must not have moved one.
        for key, (thing, planned) in sorted(changes.items(), key=lambda item: item[1][0].interface in (PORT, RELAY)):
            former = {name: thing[name] for name in planned}
            if former == planned:
                continue
            try:
                await self._gateway.acting.act(person, thing, "Configure", planned)
            except AxiodError as error:
                await self._put_back(person, done)
                if isinstance(error, NotAuthorized | Unavailable):
                    raise
                return _fault(*first[key])
            done.append((thing, former))
        return "OK\n"

    async def _put_back(self, person: Person, done: list[tuple[Thing, dict[str, Any]]]) -> None:
        for thing, former in reversed(done):
            try:
                await self._gateway.acting.act(person, thing, "Configure", former)
            except AxiodError as error:
                _log.warning("param.cgi: %s could not be put back: %s", thing.id, error)

    def _one(self, name: str) -> Parameter | None:
        plain = name.removeprefix("root.")
        found = matching(self._gateway.mirror, plain) if "*" not in plain and len(plain) <= _LONGEST_GROUP else []
        return found[0] if len(found) == 1 and found[0].name == plain else None


class _Unchanged(Exception):
    """It cannot be set, and need not."""


def _change(parameter: Parameter | None, value: str) -> tuple[Thing, str, Any]:
    """Return what is to be configured; raises InvalidArgument for what cannot be, _Unchanged for what is so already."""
    if parameter is None:
        raise InvalidArgument("there is no such parameter")
    if parameter.thing is None:
        if value == parameter.value:
            raise _Unchanged
        _refuse(parameter, value)
    if parameter.choices and value not in parameter.choices:
        _refuse(parameter, value)
    known = contract.load(parameter.thing.interface).configurable[parameter.setting]
    return parameter.thing, parameter.setting, from_text(known, parameter.words.get(value, value))


def _refuse(parameter: Parameter, value: str) -> NoReturn:
    only = parameter.choices or (parameter.value,)
    raise InvalidArgument(f"{parameter.name} is {shown(value)}; it can only be {' or '.join(only)}")


def _fault(name: str, value: str) -> str:
    return f"# Error: Error setting '{quoted('root.' + name.removeprefix('root.'))}' to '{quoted(value)}'!\n"


def _groups(given: str) -> list[str]:
    groups = [group.strip() for group in given.split(",")]
    if len(groups) > _MOST_GROUPS or any(len(group) > _LONGEST_GROUP for group in groups):
        raise InvalidArgument(f"group may have {_MOST_GROUPS} groups of {_LONGEST_GROUP} characters")
    return ["" if group == "root" else group.removeprefix("root.") for group in groups]


def _may_read(person: Person, parameter: Parameter) -> bool:
    return parameter.read is None or (person.role is not None and person.role >= parameter.read)
