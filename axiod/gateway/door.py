# SPDX-License-Identifier: Apache-2.0
"""Who may enter: holds every request to the role of its route, before anything else looks at it."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from axiod.errors import NotAuthorized
from axiod.gateway.address import plain
from axiod.gateway.kept import key
from axiod.gateway.origin import SAFE_METHODS, follows_a_link, from_elsewhere, is_browser, is_own_name
from axiod.gateway.person import PERSON, NotLoggedIn
from axiod.gateway.sessions import Session, Sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person
    from axiod.gateway.route import Route

SESSION = key("session", Session)
"""Where a request that came with the cookie of a session keeps that."""
CSRF_HEADER = "X-CSRF-Token"
_VAPIX = ("/axis-cgi/", "/vapix/")


class Blocked(NotAuthorized):
    """The address is shut out for a time, because of too many failed logins."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many failed logins from this address; try again later")
        self.seconds = seconds


class Door:
    """Lets requests in."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.sessions = Sessions()
        gateway.accounts.on_change(lambda: self.sessions.keep(gateway.accounts.valid))

    async def enter(self, request: web.Request, route: Route) -> None:
        """Put who asks into a request.

        Raises NotLoggedIn, WrongCredentials, NotAuthorized, Blocked when they may not ask that, and Unavailable and
        Timeout when it cannot be said who they are.
        """
        seconds = self._gateway.login.blocked(address_of(request))
        if seconds:
            raise Blocked(seconds)
        self._same_site(request, route)
        request[PERSON] = person = await self._person(request)
        what = f"{request.method} {request.path}"
        accounts = self._gateway.accounts
        if accounts.needs_setup and route.role is not None:
            if not route.setup:
                raise NotLoggedIn(f"{what} is not possible yet: add an administrator first (POST /api/v1/accounts)")
            if is_browser(request.headers):
                self._setup_by_browser(request)
            return
        if route.role is not None:
            person.require(route.role, what)
        session: Session | None = request.get(SESSION)
        forged = session is not None and session.forged(request.headers.get(CSRF_HEADER))
        if forged and (request.method not in SAFE_METHODS or request.path.startswith(_VAPIX)):
            raise NotAuthorized(f"{what} needs the header {CSRF_HEADER}, as GET /api/v1/session tells it")

    def _setup_by_browser(self, request: web.Request) -> None:
        """Raise NotAuthorized if any page could have made a browser add the first administrator."""
        if not is_own_name(request.headers.get(hdrs.HOST, "")):
            raise NotAuthorized("open the device by its address to add the first administrator")
        if request.method in SAFE_METHODS:
            raise NotAuthorized("add the first administrator with POST; a browser may be led to any GET")

    def _same_site(self, request: web.Request, route: Route) -> None:
        safe = request.method in SAFE_METHODS
        if (safe and route.role is None) or not from_elsewhere(request.headers, secure=request.secure):
            return
        if safe and follows_a_link(request.headers) and not request.path.startswith(_VAPIX):
            return
        raise NotAuthorized("another site asked for this; the device answers only its own pages and programs")

    async def _person(self, request: web.Request) -> Person:
        address, secure = address_of(request), request.secure
        authorization = request.headers.get(hdrs.AUTHORIZATION)
        login = self._gateway.login
        if authorization is None:
            session = self.sessions.find(request.cookies.get(cookie_name(secure=secure), ""), _now(), secure=secure)
            if session is None:
                return login.anybody(address)
            request[SESSION] = session
            return dataclasses.replace(session.person, address=address)
        return await login.person(
            authorization, method=request.method, uri=request.raw_path, address=address, secure=secure
        )

    async def begin(self, request: web.Request, name: str, password: str) -> Session:
        """Begin a session with a name and a password; raises WrongCredentials, Unavailable, Timeout."""
        person = await self._gateway.login.password(
            name, password, address=address_of(request), page=request.path, how="session"
        )
        return self.sessions.begin(person, _now(), secure=request.secure)


def address_of(request: web.Request) -> str:
    """Return the IP address that a request came from."""
    return plain(request.remote or "")


def cookie_name(*, secure: bool) -> str:
    """Return the name of the cookie; browsers take __Host- over TLS only, and from this very host (RFC 6265bis)."""
    return "__Host-axiod" if secure else "axiod"


def challenge(gateway: Gateway, request: web.Request, *, stale: bool) -> Mapping[str, list[str]]:
    """Return the headers that say how to log in.

    None for a page's own script (X-Requested-With), which asks for the password itself: with them the browser would.
    """
    if "X-Requested-With" in request.headers:
        return {}
    return {hdrs.WWW_AUTHENTICATE: gateway.login.challenges(secure=request.secure, stale=stale)}


def _now() -> float:
    return time.monotonic()
