# SPDX-License-Identifier: Apache-2.0
"""/axis-cgi/systemlog.cgi and accesslog.cgi: the newest entries of the system log and the access log as text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus.caller import Role
from axiod.gateway import log_text
from axiod.gateway.names import LOGS
from axiod.gateway.person import person_of
from axiod.gateway.route import Route
from axiod.gateway.vapix.form import form, text

if TYPE_CHECKING:
    from aiohttp import web

    from axiod.gateway.context import Gateway

_CALLS = {"systemlog": "system", "accesslog": "access"}
_MOST = 1000


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers; clients know the calls with and without admin/."""
    return [
        Route(method, f"/axis-cgi/{folder}{name}.cgi", partial(_answer, gateway, log), Role.ADMINISTRATOR)
        for name, log in _CALLS.items()
        for folder in ("", "admin/")
        for method in ("GET", "POST")
    ]


async def _answer(gateway: Gateway, log: str, request: web.Request) -> web.Response:
    options: dict[str, Any] = {"Log": log, "Limit": _MOST}
    wanted = (await form(request)).get("text", "")
    if wanted:
        options["Text"] = wanted
    logs = gateway.mirror.thing(LOGS)
    entries, _ = await gateway.acting.act(person_of(request), logs, "Query", options)
    return text("".join(map(log_text.line, reversed(entries))))
