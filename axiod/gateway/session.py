# SPDX-License-Identifier: Apache-2.0
"""/api/v1/session: logging in and out on the web page. See sessions.py and door.py for what it means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web

from axiod.errors import InvalidArgument
from axiod.gateway.door import SESSION, cookie_name
from axiod.gateway.person import person_of
from axiod.gateway.route import Route
from axiod.gateway.sessions import MOST_SECONDS

if TYPE_CHECKING:
    from axiod.gateway.context import Gateway
    from axiod.gateway.door import Door
    from axiod.gateway.person import Person
    from axiod.gateway.sessions import Session

PATH = "/api/v1/session"


def routes(gateway: Gateway, door: Door) -> list[Route]:
    """Return the routes of this part."""
    part = _Part(gateway, door)
    return [
        Route("GET", PATH, part.who, None),
        Route("POST", PATH, part.log_in, None),
        Route("DELETE", PATH, part.log_out, None),
    ]


class _Part:
    def __init__(self, gateway: Gateway, door: Door) -> None:
        self._gateway = gateway
        self._door = door

    async def who(self, request: web.Request) -> web.Response:
        """Say who asks, what they may, and what the header X-CSRF-Token must say."""
        return web.json_response(self._about(person_of(request), request.get(SESSION)))

    async def log_in(self, request: web.Request) -> web.Response:
        """Take a name and a password, and give a cookie."""
        name, password = _credentials(request.content_type, await request.read())
        former: Session | None = request.get(SESSION)
        session = await self._door.begin(request, name, password)
        if former is not None:
            self._door.sessions.end(former)
        response = web.json_response(self._about(session.person, session), status=201)
        response.headers[hdrs.LOCATION] = PATH
        response.set_cookie(
            cookie_name(secure=request.secure),
            session.id,
            max_age=MOST_SECONDS,
            path="/",
            secure=request.secure,
            httponly=True,
            samesite="Strict",
        )
        return response

    async def log_out(self, request: web.Request) -> web.Response:
        """End the session."""
        session: Session | None = request.get(SESSION)
        if session is not None:
            self._door.sessions.end(session)
        response = web.Response(status=204)
        response.del_cookie(
            cookie_name(secure=request.secure), path="/", secure=request.secure, httponly=True, samesite="Strict"
        )
        return response

    def _about(self, person: Person, session: Session | None) -> dict[str, Any]:
        about: dict[str, Any] = {
            "Name": person.name,
            "Role": person.role.name.lower() if person.role is not None else None,
            "How": person.how,
            "NeedsSetup": self._gateway.accounts.needs_setup,
        }
        if session is not None:
            about["CsrfToken"] = session.csrf
        return about


def _credentials(content_type: str, body: bytes) -> tuple[str, str]:
    # A page elsewhere cannot send this type without asking first (CORS), and it is never allowed to.
    if content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    try:
        given = json.loads(body)
        name, password = given["Name"], given["Password"]
    except (ValueError, TypeError, KeyError, RecursionError):
        name = password = None
    if not isinstance(name, str) or not isinstance(password, str):
        raise InvalidArgument('send {"Name": ..., "Password": ...}')
    return name, password
