# SPDX-License-Identifier: Apache-2.0
"""Errors as HTTP answers: application/problem+json (RFC 9457).

An error of axiod has the type /api/v1/problems/NAME, which can be read there; what HTTP itself refuses (405, 413) has
the type about:blank and the title of its status. `detail` is the sentence for a person, `instance` the path.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from axiod import errors
from axiod.gateway.person import NotLoggedIn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.errors import AxiodError

TYPES = "/api/v1/problems/"
CONTENT_TYPE = "application/problem+json"

_STATUS: dict[type[AxiodError], int] = {
    errors.InvalidArgument: 400,
    NotLoggedIn: 401,
    errors.NotAuthorized: 403,
    errors.NotFound: 404,
    errors.Busy: 409,
    errors.Conflict: 409,
    errors.LimitReached: 409,
    errors.NotSupported: 422,
    errors.Internal: 500,
    errors.HardwareFailure: 502,
    errors.Unavailable: 503,
    errors.Timeout: 504,
}
# Not only a role can be missing: an address may be blocked, and another site may have sent the request.
_TITLES: dict[type[AxiodError], str] = {NotLoggedIn: "Log in first", errors.NotAuthorized: "Not allowed"}
_RETRY_SECONDS = {errors.Busy: 1, errors.Unavailable: 2}
_LONGEST = 1000
"""Longer texts, which quote something long, are cut."""


def names() -> dict[str, tuple[int, str]]:
    """Return status and title of each type of problem, by its name."""
    return {error.__name__: (status, _title(error)) for error, status in _STATUS.items()}


def status_of(error: AxiodError) -> int:
    """Return the HTTP status of an error."""
    return _STATUS[_known(type(error))]


def problem(error: AxiodError, path: str) -> web.Response:
    """Return the answer to a request that failed with an error of axiod; a 401 still needs its challenge."""
    kind = _known(type(error))
    headers = {"Retry-After": str(_RETRY_SECONDS[kind])} if kind in _RETRY_SECONDS else {}
    return _answer(_STATUS[kind], TYPES + kind.__name__, _title(kind), str(error), path, headers)


def refusal(error: web.HTTPException, path: str) -> web.Response:
    """Return the answer to a request that HTTP itself refuses, for example 405, with the headers that belong to it."""
    kept = {name: error.headers[name] for name in ("Allow", "Retry-After", "WWW-Authenticate") if name in error.headers}
    return plain(error.status, sentence(error, path), path, kept)


def sentence(error: web.HTTPException, path: str) -> str:
    """Return for a person why HTTP itself refuses a request, and what would be right."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{error.method[:20]} is not for this; use {' or '.join(sorted(error.allowed_methods))}"
    if error.text and error.text != f"{error.status}: {error.reason}":
        return error.text
    if error.status == HTTPStatus.NOT_FOUND:
        return f"there is nothing at {path[:200]}; /api/v1/openapi.json and /help/vapix say what there is"
    return error.reason


def plain(status: int, detail: str, path: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return an answer that says no more than its status and a sentence."""
    return _answer(status, "about:blank", HTTPStatus(status).phrase, detail, path, headers or {})


def _known(error: type[AxiodError]) -> type[AxiodError]:
    return next((kind for kind in error.__mro__ if kind in _STATUS), errors.Internal)


def _title(error: type[AxiodError]) -> str:
    return _TITLES.get(error) or (error.__doc__ or "").partition("\n")[0].partition(";")[0].partition(", and")[
        0
    ].rstrip(".")


def _answer(status: int, type_: str, title: str, detail: str, path: str, headers: Mapping[str, str]) -> web.Response:
    content = {"type": type_, "title": title, "status": status, "detail": detail[:_LONGEST], "instance": path}
    # ASCII, so that a lone surrogate in what is quoted cannot break the answer.
    return web.Response(
        status=status, body=json.dumps(content).encode("ascii"), content_type=CONTENT_TYPE, headers=dict(headers)
    )
