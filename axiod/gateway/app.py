# SPDX-License-Identifier: Apache-2.0
"""The application: the routes of all parts behind one door, and an answer to everything that goes wrong."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from axiod.clock import monotonic_usec
from axiod.errors import AxiodError, Internal
from axiod.gateway import problem
from axiod.gateway.access_log import AccessLog
from axiod.gateway.acting import arrived, came_to
from axiod.gateway.door import Blocked, Door, address_of, challenge
from axiod.gateway.incoming import Incoming
from axiod.gateway.kept import key
from axiod.gateway.limits import Limits, check_head, read_body
from axiod.gateway.login import WrongCredentials
from axiod.gateway.names import WEB
from axiod.gateway.origin import SAFE_METHODS
from axiod.gateway.person import PERSON, NotLoggedIn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person
    from axiod.gateway.route import Route

_log = logging.getLogger(__name__)

ROUTES: web.AppKey[dict[web.AbstractRoute, Route]] = web.AppKey("routes", dict)
"""The table: for tests that walk all of it."""
_BEGUN = key("begun", web.StreamResponse)
"""Set in a request whose answer has begun, so that another one is too late."""
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_CONFUSED = (400, 408, 411, 413, 415, 431)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": _CSP,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000"


def build(gateway: Gateway, routes: Iterable[Route], door: Door, limits: Limits | None = None) -> web.Application:
    """Return an application that answers these routes, each to those who may ask."""
    limits = limits or Limits()
    table: dict[web.AbstractRoute, Route] = {}
    application = web.Application(
        client_max_size=limits.body_bytes, middlewares=[_middleware(gateway, door, table, limits)]
    )
    for route in routes:
        table[application.router.add_route(route.method, route.path, route.handler)] = route
    application[ROUTES] = table
    application.on_response_prepare.append(_headers(gateway))
    return application


def _middleware(
    gateway: Gateway, door: Door, table: dict[web.AbstractRoute, Route], limits: Limits
) -> Callable[..., Awaitable[web.StreamResponse]]:
    log = AccessLog()

    @web.middleware
    async def answer(request: web.Request, handler: Callable[..., Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        begun = time.monotonic()
        arrived.set(monotonic_usec())
        came_to.set(_port_of(request))
        protocol = request.protocol
        if isinstance(protocol, Incoming):
            protocol.begin(request)
        within_limits = False
        try:
            check_head(request, limits)
            route = table.get(request.match_info.route)
            if route is not None:  # otherwise the handler says 404 or 405
                await door.enter(request, route)
                if isinstance(protocol, Incoming):
                    protocol.client.user = request[PERSON].name
                await read_body(request, limits, trusted=request[PERSON].role is not None)
                gateway.accounts.check(request[PERSON])  # the body may have been long in coming
            within_limits = True
            response = await handler(request)
        except AxiodError as error:
            _tell_audit(gateway, request, error, acting=within_limits)
            response = _refused(gateway, request, error)
        except web.HTTPException as error:
            response = problem.refusal(error, request.path) if _is_rest(request) else _plain(error, request)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:  # noqa: BLE001 # nobody gets a traceback; the log does
            _log.exception("%s %s failed", request.method, request.path)
            response = _refused(gateway, request, Internal("a fault of axiod; its log says more"))
        finally:
            if isinstance(protocol, Incoming):
                protocol.end()
        if response.status in _CONFUSED and not within_limits:
            # What follows may not be what it seems to be: nothing more is read from this client.
            response.force_close()
        gateway.answers[response.status] += 1
        log.write(request, address_of(request), response.status, time.monotonic() - begun)
        return _only_one(request, response)

    return answer


def _tell_audit(gateway: Gateway, request: web.Request, error: AxiodError, *, acting: bool) -> None:
    """Tell the audit log of a person who wanted to change something and may not; what Acting refuses, it tells."""
    person: Person | None = request.get(PERSON)
    if not acting and person is not None and person.name and request.method not in SAFE_METHODS:
        gateway.acting.refuse(person, f"{request.method} {request.path!a}", error)


def _port_of(request: web.Request) -> int | None:
    """Return the port of the device that a request came to."""
    name = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return int(name[1]) if isinstance(name, tuple) else None


def _is_rest(request: web.Request) -> bool:
    return request.path.startswith("/api/")


def _plain(error: web.HTTPException, request: web.Request) -> web.Response:
    kept = {
        name: error.headers[name] for name in (hdrs.ALLOW, hdrs.LOCATION, hdrs.RETRY_AFTER) if name in error.headers
    }
    return web.Response(status=error.status, text=f"{problem.sentence(error, request.path)}\n", headers=kept)


def _refused(gateway: Gateway, request: web.Request, error: AxiodError) -> web.Response:
    if _is_rest(request):
        response = problem.problem(error, request.path)
    else:
        response = web.Response(status=problem.status_of(error), text=f"{error}\n".encode(errors="replace").decode())
        if response.status == 503:
            response.headers[hdrs.RETRY_AFTER] = "2"
    if isinstance(error, Blocked):
        response.headers[hdrs.RETRY_AFTER] = str(math.ceil(error.seconds))
    if isinstance(error, NotLoggedIn):
        stale = isinstance(error, WrongCredentials) and error.stale
        for name, values in challenge(gateway, request, stale=stale).items():
            for value in values:
                response.headers.add(name, value)
    return response


def _headers(gateway: Gateway) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        request[_BEGUN] = response
        protocol = request.protocol
        if response.status == 101 and isinstance(protocol, Incoming):
            protocol.upgraded = True
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.popall(hdrs.SERVER, None)
        if request.secure and _https_only(gateway):
            response.headers.setdefault("Strict-Transport-Security", _HSTS)

    return prepare


def _https_only(gateway: Gateway) -> bool:
    try:
        return bool(gateway.mirror.thing(WEB)["Protocols"] == "https")
    except AxiodError:
        return False


def _only_one(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Return the answer, unless another one has begun: then nothing can be said but that it ends here."""
    begun: web.StreamResponse | None = request.get(_BEGUN)
    if begun is None or begun is response:
        return response
    if request.transport is not None:
        request.transport.abort()
    return begun
