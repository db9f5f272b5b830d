# SPDX-License-Identifier: Apache-2.0
"""What clients may ask for at most: bytes, seconds, connections."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import HttpVersion10, HttpVersion11, hdrs, web


@dataclass(frozen=True, slots=True)
class Limits:
    """What the gateway takes. What is more is refused or, when nothing can be said any more, cut off."""

    head_seconds: float = 10.0
    """The header of a request must have arrived after so long; also the first one, and the handshake of TLS."""
    body_seconds: float = 30.0
    """A body must have arrived after so long."""
    idle_seconds: float = 75.0
    """A connection on which nothing is asked is closed after so long."""
    head_bytes: int = 8192
    """All header fields together."""
    line_bytes: int = 8190
    """The request line, and each header field."""
    body_bytes: int = 1 << 20
    strangers_body_bytes: int = 64 * 1024
    """The body of somebody who has no role."""
    ahead_bytes: int = 64 * 1024
    """What a client may send ahead while a request of its is being answered."""
    connections: int = 256
    connections_of_address: int = 64


class TooLarge(web.HTTPException):
    """431: the header is too long."""

    status_code = 431


_ONCE = (hdrs.HOST, hdrs.AUTHORIZATION, hdrs.CONTENT_TYPE, hdrs.ORIGIN)


def check_head(request: web.Request, limits: Limits) -> None:
    """Raise HTTPException for a header that is too long, or that others on the way could have read differently."""
    if sum(len(name) + len(value) + 4 for name, value in request.raw_headers) > limits.head_bytes:
        raise TooLarge(text=f"the header is longer than {limits.head_bytes} bytes")
    if request.version < HttpVersion10:
        raise web.HTTPBadRequest(text="speak HTTP/1.1")
    for name in _ONCE:
        if len(request.headers.getall(name, ())) > 1:
            raise web.HTTPBadRequest(text=f"{name} is there more than once")
    if hdrs.HOST not in request.headers and request.version >= HttpVersion11:
        raise web.HTTPBadRequest(text="there is no Host")
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(text="send the body without a Content-Encoding")


async def read_body(request: web.Request, limits: Limits, *, trusted: bool) -> None:
    """Read the body, which the handler then finds in memory; raises HTTPException for one that is not taken.

    `trusted`: who asks has a role, and may send as much as the application takes.
    """
    if not request.can_read_body:
        return
    length = request.content_length
    most = limits.body_bytes if trusted else limits.strangers_body_bytes
    if length is None and not trusted:
        raise web.HTTPLengthRequired(text="log in, or say the length of the body (Content-Length)")
    if length is not None and length > most:
        raise web.HTTPRequestEntityTooLarge(most, length, text=f"the body is longer than {most} bytes")
    try:
        async with asyncio.timeout(limits.body_seconds):
            await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=f"the body did not arrive within {limits.body_seconds:g} s") from None
    except web.RequestPayloadError:
        raise web.HTTPBadRequest(text="the body cannot be read") from None
