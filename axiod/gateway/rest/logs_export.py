# SPDX-License-Identifier: Apache-2.0
"""/api/v1/logs/entries: the system, access or audit log, or a part of it, as text or as one JSON document.

It is asked for page by page, the oldest entry first. What happens after the request came is not in it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.gateway import log_text
from axiod.gateway.names import LOGS
from axiod.gateway.person import person_of
from axiod.gateway.rest import document
from axiod.gateway.rest.table import API
from axiod.gateway.route import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp import web

    from axiod.gateway.context import Gateway

PATH = f"{API}/logs/entries"
QUERY = contract.load(LOGS).methods["Query"]
FILTERS = ("Log", "Severity", "Unit", "Text", "FromUsec", "ToUsec")
"""What can be asked for, as in the method Query."""
_FORMATS = {"text": "text/plain", "json": "application/json"}
_ENDINGS = {"text": "txt", "json": "json"}
_PAGE = 1000


class LogsExport:
    """Sends the logs."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting
        self._turn = asyncio.Lock()

    def routes(self) -> Iterator[Route]:
        """Yield what there is to ask for."""
        yield Route("GET", PATH, self._send, Role.named(QUERY.role))

    async def _send(self, request: web.Request) -> web.StreamResponse:
        kind, options = document.asked(request, tuple(_FORMATS), QUERY, FILTERS)
        pages = self._pages(request, options)
        return await document.send(
            request,
            _text(pages) if kind == "text" else document.items(pages),
            what=f"{options.get('Log', 'system')} log",
            name=f"{options.get('Log', 'system')}-log.{_ENDINGS[kind]}",
            content_type=_FORMATS[kind],
        )

    async def _pages(self, request: web.Request, options: dict[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield the entries, the oldest first; at least one page, which may be empty."""
        after, more = "", True
        while more:
            logs = self._mirror.thing(LOGS)
            asked = {**options, "After": after, "Limit": _PAGE}
            async with self._turn:
                page, more = await self._acting.act(person_of(request), logs, "Query", asked)
            if page:
                after = page[-1]["Cursor"]
            yield page


async def _text(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    async for page in pages:
        yield "".join(map(log_text.line, page)).encode(errors="replace")
