# SPDX-License-Identifier: Apache-2.0
"""/api/v1/event-log/entries: the whole event log, or a part of it, as one JSON or CSV document.

It is asked for page by page and sent on as it comes, the oldest entry first, so that it costs no more memory than a
page. What happens after the request came is not in it.
"""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.gateway.names import EVENT_LOG
from axiod.gateway.person import person_of
from axiod.gateway.rest import document
from axiod.gateway.rest.table import API
from axiod.gateway.route import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from aiohttp import web

    from axiod.gateway.context import Gateway

PATH = f"{API}/event-log/entries"
QUERY = contract.load(EVENT_LOG).methods["Query"]
FILTERS = ("FromUsec", "ToUsec", "Kind", "Topic", "Text")
"""What can be asked for, as in the method Query."""
_FORMATS = {"json": "application/json", "csv": "text/csv"}
_PAGE = 200
"""Few, and asked for by one export after the other: the service that has the log moves outputs as well."""
_COLUMNS = ("Id", "Time", "When", "Kind", "Topic", "Source", "Data", "Rule", "Text", "Result")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins with one of these, a spreadsheet may calculate."""


class LogExport:
    """Sends the event log."""

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
            _rows(pages) if kind == "csv" else document.items(pages),
            what="event log",
            name=f"event-log.{kind}",
            content_type=_FORMATS[kind],
        )

    async def _pages(self, request: web.Request, options: dict[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield the entries, the oldest first."""
        after = 0
        while True:
            log = self._mirror.thing(EVENT_LOG)
            asked = {**options, "AfterId": after, "Limit": _PAGE}
            async with self._turn:
                page = await self._acting.act(person_of(request), log, "Query", asked)
            if not page:
                return
            after = page[-1]["Id"]
            yield page
            if len(page) < _PAGE:
                return


async def _rows(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    """Yield the parts of a CSV document of the pages."""
    before = ",".join(_COLUMNS).encode() + b"\r\n"
    async for page in pages:
        yield before + csv_page(page)
        before = b""
    yield before


def csv_page(page: Sequence[dict[str, Any]]) -> bytes:
    """Return entries as rows."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    for entry in page:
        writer.writerow([_CELLS.get(name, _plain)(entry, name) for name in _COLUMNS])
    return lines.getvalue().encode(errors="replace")


def _plain(entry: dict[str, Any], name: str) -> str:
    return _harmless(str(entry.get(name, "")))


def _items(entry: dict[str, Any], name: str) -> str:
    return _harmless(" ".join(f"{key}={value}" for key, value in entry.get(name, {}).items()))


def _time(entry: dict[str, Any], _name: str) -> str:
    return datetime.fromtimestamp(entry["When"] / 1e6, UTC).isoformat(timespec="milliseconds")


_CELLS: dict[str, Callable[[dict[str, Any], str], str]] = {"Source": _items, "Data": _items, "Time": _time}


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: payloads of MQTT come from anywhere."""
    return f"'{text}" if text.startswith(_FORMULA) else text
