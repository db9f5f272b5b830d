# SPDX-License-Identifier: Apache-2.0
"""/healthz: whether the device works, in one word, for whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from axiod.bus import interface as contract
from axiod.gateway.route import Route

if TYPE_CHECKING:
    from axiod.gateway.context import Gateway


def routes(gateway: Gateway) -> list[Route]:
    """Return the routes of this part."""

    async def healthz(_request: web.Request) -> web.Response:
        away = [contract.stem(name) for name in gateway.mirror.services if not gateway.mirror.available(name)]
        if away:
            return web.json_response({"status": "unavailable", "away": away}, status=503)
        return web.json_response({"status": "ok"})

    return [Route("GET", "/healthz", healthz, None)]
