# SPDX-License-Identifier: Apache-2.0
"""A document that is asked for with a query, and sent as it is made, so that it costs no more memory than a part."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from axiod.bus.arguments import plain_options, unknown
from axiod.clock import wall_usec
from axiod.errors import AxiodError, InvalidArgument
from axiod.gateway.outbox import WRITE_SECONDS, narrow
from axiod.gateway.streaming import streaming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from axiod.bus.interface import Method


def asked(
    request: web.Request, formats: Sequence[str], query: Method, filters: Collection[str]
) -> tuple[str, dict[str, Any]]:
    """Return the format, the first one unless another is asked for, and what is asked for of a log, as far as now.

    `filters`: the options of `query` that there can be, numbers being microseconds since 1970. Raises InvalidArgument.
    """
    known = {name: value for name, value in (query.inputs[0].options or {}).items() if name in filters}
    given = dict(request.query)
    if len(given) != len(request.query):
        raise InvalidArgument("a parameter stands twice in the query")
    kind = given.pop("format", formats[0])
    if kind not in formats:
        raise InvalidArgument(f"format is {kind[:40]!r}; it must be {' or '.join(formats)}")
    values: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            raise InvalidArgument(unknown("parameter", name, ["format", *known]))
        number = known[name].type == "t"
        if number and not (text.isascii() and text.isdigit() and len(text) < 20):
            raise InvalidArgument(f"{name} is {text[:40]!r}; it must be microseconds since 1970")
        values[name] = int(text) if number else text
    return kind, {"ToUsec": wall_usec(), **plain_options(known, values, "parameter")}


async def items(pages: AsyncIterator[Sequence[Mapping[str, Any]]]) -> AsyncIterator[bytes]:
    """Yield the parts of a JSON document with all entries of pages."""
    before = b'{"Items":['
    async for page in pages:
        if page:
            yield before + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in page).encode("ascii")
            before = b",\n"
    yield (b"" if before == b",\n" else before) + b"]}\n"


async def send(
    request: web.Request, parts: AsyncIterator[bytes], *, what: str, name: str, content_type: str
) -> web.StreamResponse:
    """Answer with the parts, of which there is at least one, as a file to be saved; `what` it is, for the log.

    Raises AxiodError as long as nothing was sent. An answer that ends later does not look whole.
    """
    first = await anext(parts)  # what is wrong is said before the answer begins
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type = content_type
    response.charset = "utf-8"
    await response.prepare(request)
    narrow(request.transport)
    with streaming(request, what):
        try:
            await _write(response, first)
            async for part in parts:
                await _write(response, part)
            await response.write_eof()
        except (AxiodError, TimeoutError):
            # The status is out already. What ends here must not look whole.
            if request.transport is not None:
                request.transport.abort()
    return response


async def _write(response: web.StreamResponse, part: bytes) -> None:
    """Send a part; raises TimeoutError when the client does not take it."""
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(part)
