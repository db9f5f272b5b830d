# SPDX-License-Identifier: Apache-2.0
"""JSON answers, and what makes them conditional: entity tags (RFC 9110, sections 8.8.3 and 13)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from axiod.gateway.vapix.port_cgi import toggle_urls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.gateway.mirror import Thing

SWITCHED = ("org.axiod.io1.Port", "org.axiod.relays1.Relay")
"""What may be an output."""
_TAG = re.compile(r'(?:W/)?"[^"]*"')


def encode(content: Any) -> bytes:
    """Return JSON, in ASCII."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False, default=_plain).encode("ascii")


def shown(thing: Thing) -> dict[str, Any]:
    """Return a thing as the API shows it: its id, its properties, and how VAPIX switches an output or a relay."""
    urls = toggle_urls(thing) if thing.interface in SWITCHED else None
    return {"Id": thing.id, **thing.properties, **({"Urls": urls} if urls else {})}


def tag(body: bytes) -> str:
    """Return the strong entity tag of a content."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def answer(
    content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None, request: web.Request | None = None
) -> web.Response:
    """Return a JSON answer with its entity tag, or 304 when the `request` says that the client has it already."""
    return tagged(encode(content), status=status, headers=headers, request=request)


def tagged(
    body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, request: web.Request | None = None
) -> web.Response:
    """Return an answer of JSON that is written already; see answer()."""
    etag = tag(body)
    kept = {"ETag": etag, "Cache-Control": "no-cache", **(headers or {})}
    if request is not None and _lists(request, "If-None-Match", etag, weakly=True):
        return web.Response(status=304, headers=kept)
    return web.Response(status=status, body=body, content_type="application/json", headers=kept)


def require_match(request: web.Request, content: Any) -> None:
    """Raise HTTPPreconditionFailed when the client has seen something else (If-Match)."""
    if "If-Match" in request.headers and not _lists(request, "If-Match", tag(encode(content))):
        raise web.HTTPPreconditionFailed(text="it is not as you saw it (If-Match) any more; read it again")


def _lists(request: web.Request, header: str, etag: str, *, weakly: bool = False) -> bool:
    given = ",".join(request.headers.getall(header, ())).strip()
    if given == "*":
        return True
    tags = _TAG.findall(given)
    return etag in ([tag.removeprefix("W/") for tag in tags] if weakly else tags)


def _plain(item: Any) -> Any:
    if isinstance(item, bytes | bytearray):
        return base64.b64encode(item).decode("ascii")
    raise TypeError(f"{type(item).__name__} cannot be written as JSON")
