# SPDX-License-Identifier: Apache-2.0
"""virtualinput/activate.cgi and deactivate.cgi: virtual inputs; io/virtualinput.cgi: manual triggers.

VAPIX has io/virtualinput.cgi simulate inputs as well. Here nothing can make an input say what its terminal does not:
all its numbers are those of manual triggers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from axiod.bus.caller import Role
from axiod.errors import InvalidArgument, NotFound
from axiod.gateway.names import TRIGGER, VIRTUAL_INPUT
from axiod.gateway.person import person_of
from axiod.gateway.route import Route
from axiod.gateway.vapix import action
from axiod.gateway.vapix.form import form, text
from axiod.gateway.vapix.intent import on_purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from axiod.gateway.context import Gateway
    from axiod.gateway.route import Handler

_FOLDER = "/axis-cgi/virtualinput"
_NAMESPACE = "http://www.axis.com/vapix/http_cgi/virtualinput1"
_MAJOR, _MINOR = 1, 1
_MISSING, _NO_INPUT, _SCHEMA, _DURATION = 10, 20, 30, 50
_LONGEST_SECONDS = 86_400


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    inputs = VirtualInputs(gateway)
    found: dict[str, Handler] = {
        f"{_FOLDER}/activate.cgi": partial(inputs.switch, active=True),
        f"{_FOLDER}/deactivate.cgi": partial(inputs.switch, active=False),
        f"{_FOLDER}/getschemaversions.cgi": inputs.versions,
        "/axis-cgi/io/virtualinput.cgi": inputs.trigger,
    }
    return [
        Route(method, path, handler, Role.OPERATOR) for path, handler in found.items() for method in ("GET", "POST")
    ]


class _Wrong(Exception):
    """An error of the schema; HTTP says 200."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code


class VirtualInputs:
    """The CGIs."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting

    async def switch(self, request: web.Request, *, active: bool) -> web.Response:
        """Answer activate.cgi or deactivate.cgi."""
        given = await form(request)
        on_purpose(request, "switching a virtual input")
        try:
            _check_version(given)
            if "port" not in given:
                raise _Wrong(_MISSING, "port is missing")
            seconds = _seconds(given) if active else None
            try:
                thing = self._mirror.thing(VIRTUAL_INPUT, given["port"])
            except NotFound:
                count = len(self._mirror.things(VIRTUAL_INPUT))
                raise _Wrong(_NO_INPUT, f"there is no such virtual input; there are 1 to {count}") from None
        except _Wrong as wrong:
            return _error(wrong)
        call = ("Set", active) if not seconds else ("Pulse", seconds * 1000)
        changed = await self._acting.act(person_of(request), thing, *call, {})
        kind = "ActivateSuccess" if active else "DeactivateSuccess"
        return _success(f"<{kind}><StateChanged>{'true' if changed else 'false'}</StateChanged></{kind}>")

    async def versions(self, _request: web.Request) -> web.Response:
        """Answer getschemaversions.cgi."""
        return _success(
            f"<GetSchemaVersionsSuccess><SchemaVersion><MajorVersion>{_MAJOR}</MajorVersion>"
            f"<MinorVersion>{_MINOR}</MinorVersion><Deprecated>false</Deprecated></SchemaVersion>"
            "</GetSchemaVersionsSuccess>"
        )

    async def trigger(self, request: web.Request) -> web.Response:
        """Answer io/virtualinput.cgi."""
        given = await form(request)
        if "action" not in given:
            raise InvalidArgument("the request must have action, like action=1:/ or 1:/2000\\")
        on_purpose(request, "an action")
        wanted = action.parse(given["action"])
        if wanted.member not in ("Set", "Pulse"):
            raise InvalidArgument("a manual trigger is turned on, off, or pulsed, like 1:/ or 1:\\ or 1:/2000\\")
        number = 1 if wanted.number is None else wanted.number
        try:
            thing = self._mirror.thing(TRIGGER, str(number))
        except NotFound:
            count = len(self._mirror.things(TRIGGER))
            raise InvalidArgument(f"there is no manual trigger {number}; there are 1 to {count}") from None
        await self._acting.act(person_of(request), thing, wanted.member, wanted.argument, {})
        return text("")


def _check_version(given: Mapping[str, str]) -> None:
    if "schemaversion" not in given:
        raise _Wrong(_MISSING, "schemaversion is missing")
    if given["schemaversion"] not in (str(_MAJOR), f"{_MAJOR}.0", f"{_MAJOR}.{_MINOR}"):
        raise _Wrong(_SCHEMA, f"schemaversion must be {_MAJOR}")


def _seconds(given: Mapping[str, str]) -> int | None:
    """Return how long an input is to be active; None for until further notice."""
    duration = given.get("duration", "")
    if not duration:
        return None
    if not (duration.isascii() and duration.isdigit() and 1 <= int(duration[:9]) <= _LONGEST_SECONDS):
        raise _Wrong(_DURATION, f"duration must be whole seconds from 1 to {_LONGEST_SECONDS}")
    return int(duration)


def _success(content: str) -> web.Response:
    return _response(f"<Success>{content}</Success>")


def _error(wrong: _Wrong) -> web.Response:
    return _response(
        f"<Error><GeneralError><ErrorCode>{wrong.code}</ErrorCode><ErrorDescription>{wrong}</ErrorDescription>"
        "</GeneralError></Error>"
    )


def _response(content: str) -> web.Response:
    return text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<VirtualInputResponse xmlns="{_NAMESPACE}" SchemaVersion="{_MAJOR}.{_MINOR}">{content}'
        "</VirtualInputResponse>\n",
        "text/xml",
    )
