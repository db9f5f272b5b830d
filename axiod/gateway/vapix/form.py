# SPDX-License-Identifier: Apache-2.0
"""A classic CGI: parameters from the query and the body, plain text back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from aiohttp import web

from axiod.bus.arguments import shown
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 512
"""More parameters are not taken."""
_LONGEST_BODY = 64 * 1024


async def form(request: web.Request) -> Mapping[str, str]:
    """Return the parameters of a request; raises InvalidArgument.

    The body is read as urlencoded whatever its Content-Type says, because clients send text/plain. The same parameter
    with two values is an error: nobody could say which one was meant.
    """
    texts = [request.raw_path.partition("#")[0].partition("?")[2]]
    if request.method == "POST":
        body = await request.read()
        if len(body) > _LONGEST_BODY:
            raise InvalidArgument(f"the body has {len(body)} bytes; it may have {_LONGEST_BODY}")
        try:
            texts.append(body.decode().strip())
        except UnicodeDecodeError:
            raise InvalidArgument("the body must be urlencoded UTF-8") from None
    found: dict[str, str] = {}
    for text in texts:
        for name, value in _pairs(text):
            if found.setdefault(name, value) != value:
                raise InvalidArgument(f"{shown(name)} is given twice; give it once")
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
        # What came unquoted beyond ASCII cannot be sent back.
        for name, value in pairs:
            (name + value).encode()
    except ValueError:
        raise InvalidArgument(f"the parameters must be urlencoded UTF-8, at most {_MOST} of them") from None
    return pairs


def text(content: str, content_type: str = "text/plain") -> web.Response:
    """Return an answer in UTF-8, and say so: some clients guess otherwise."""
    return web.Response(text=content, content_type=content_type, charset="utf-8")


def quoted(given: str) -> str:
    """Return what somebody sent as it may stand in one line of an answer."""
    clean = "".join(character if character.isprintable() else "?" for character in given[:200])
    return clean if len(given) <= 200 else clean + "…"
