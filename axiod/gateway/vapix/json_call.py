# SPDX-License-Identifier: Apache-2.0
"""A JSON CGI: {"apiVersion","context","method","params"} in, the same with "data" or "error" back.

What a client may not do is HTTP 401 or 403 and a service that is away is 503, because clients take an error with
status 200 for the end of everything; all other errors are 200 with a code of the CGI's family.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from aiohttp import web

from axiod.bus.arguments import shown
from axiod.errors import (
    AxiodError,
    Conflict,
    InvalidArgument,
    LimitReached,
    NotAuthorized,
    NotFound,
    NotSupported,
    Unavailable,
)
from axiod.gateway.person import person_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from axiod.bus.caller import Role
    from axiod.gateway.person import Person

    Handler = Callable[[Person, Any], Awaitable[Any]]
    """Gets who asks and "params" (None when there are none); returns "data"; raises Refused or an AxiodError."""

_log = logging.getLogger(__name__)

_LONGEST = 256 * 1024
_CLIENT_MISTAKES = (InvalidArgument, NotFound, NotSupported, Conflict, LimitReached)


@dataclass(frozen=True, slots=True)
class Codes:
    """The numbers that a family of CGIs has for the same mistakes."""

    internal: int
    version: int
    json: int
    method: int
    missing: int
    invalid: int
    too_large: int
    post: int | None = None
    """Anything but POST; None where HTTP says it (405)."""


NEW = Codes(internal=1100, version=2100, json=2101, method=2102, missing=2103, invalid=2104, too_large=2107)
OLD = Codes(internal=8000, version=2003, json=4000, method=2004, missing=4002, invalid=1000, too_large=4000, post=2002)
NETWORK = Codes(
    internal=1000, version=4001, json=3000, method=4000, missing=4003, invalid=4004, too_large=2001, post=2000
)


class Refused(Exception):
    """An error of the envelope; HTTP says 200."""

    def __init__(self, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, **more}


@dataclass(frozen=True, slots=True)
class Call:
    """One method of a JSON CGI."""

    handler: Handler
    role: Role | None
    """The least role; None for everybody."""


@dataclass(frozen=True, slots=True)
class JsonCgi:
    """One JSON CGI."""

    what: str
    """Its name in texts."""
    versions: tuple[str, ...]
    """The versions of its API that it speaks, the oldest first; it takes every older one of the same major number."""
    codes: Codes
    calls: Mapping[str, Call] = field(repr=False)
    told_versions: str = "apiVersions"
    """What getSupportedVersions calls its answer."""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request; raises NotAuthorized and Unavailable."""
        reply: dict[str, Any] = {"apiVersion": self.versions[-1]}
        try:
            if request.method != "POST" and self.codes.post is not None:
                raise Refused(self.codes.post, "only POST is supported")
            body = await request.read()
            if not body:
                self._invite(person_of(request))
            asked = self._read(body)
            if (context := asked.get("context")) is not None:
                if not isinstance(context, str):
                    self._wrong("context must be text")
                reply["context"] = context
            method = asked.get("method")
            if not isinstance(method, str):
                raise Refused(self.codes.missing, "method must be the name of a method")
            reply["method"] = method
            reply["data"] = await self._call(person_of(request), method, asked, reply)
        except Refused as refused:
            reply["error"] = refused.error
        except (NotAuthorized, Unavailable):
            raise
        except _CLIENT_MISTAKES as error:
            reply["error"] = {"code": self.codes.invalid, "message": str(error)}
        except AxiodError as error:
            _log.warning("%s: %s", self.what, error)
            reply["error"] = {"code": self.codes.internal, "message": str(error)}
        # ASCII, so that a lone surrogate in what is echoed cannot break the answer.
        return web.Response(body=json.dumps(reply).encode("ascii"), content_type="application/json", charset="utf-8")

    async def _call(self, person: Person, method: str, asked: Mapping[str, Any], reply: dict[str, Any]) -> Any:
        if method == "getSupportedVersions":
            return {self.told_versions: list(self.versions)}
        version = asked.get("apiVersion")
        if version is None:
            raise Refused(self.codes.missing, "apiVersion is missing")
        if not self._speaks(version):
            spoken = ", ".join(self.versions)
            raise Refused(self.codes.version, f"apiVersion is {shown(version)}; {self.what} has {spoken}")
        reply["apiVersion"] = version
        call = self.calls.get(method)
        if call is None:
            known = ", ".join(sorted([*self.calls, "getSupportedVersions"]))
            raise Refused(self.codes.method, f"there is no method {shown(method)}; there is {known}")
        if call.role is not None:
            person.require(call.role, f"{method} of {self.what}")
        return await call.handler(person, asked.get("params"))

    def _invite(self, person: Person) -> None:
        """Ask for a login: curl --digest sends nothing before it has seen the challenge."""
        roles = [call.role for call in self.calls.values() if call.role is not None]
        if roles and person.role is None:
            person.require(min(roles), self.what)

    def _read(self, body: bytes) -> Mapping[str, Any]:
        if len(body) > _LONGEST:
            raise Refused(self.codes.too_large, f"the request has {len(body)} bytes; it may have {_LONGEST}")
        try:
            asked = json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Refused(self.codes.json, "the request is not JSON") from None
        if not isinstance(asked, dict):
            raise Refused(self.codes.json, "the request must be a JSON object")
        return asked

    def _speaks(self, version: object) -> bool:
        if not isinstance(version, str):
            return False
        major, _, minor = version.partition(".")
        if not (major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit() and len(version) < 8):
            return False
        return any(
            int(major) == int(known.partition(".")[0]) and int(minor) <= int(known.partition(".")[2])
            for known in self.versions
        )

    def _wrong(self, message: str) -> NoReturn:
        raise Refused(self.codes.invalid, message)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")
