# SPDX-License-Identifier: Apache-2.0
"""/api/v1/clients: who is connected (manual "Connected clients")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus.caller import Role
from axiod.gateway.rest.answer import answer
from axiod.gateway.rest.table import API
from axiod.gateway.rest.things import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from axiod.gateway.clients import ConnectedClient
    from axiod.gateway.context import Gateway
    from axiod.gateway.route import Route

PATH = f"{API}/clients"


class Connected:
    """Shows the connections."""

    def __init__(self, gateway: Gateway) -> None:
        self._clients = gateway.clients

    def routes(self) -> Iterator[Route]:
        """Yield what there is to ask for."""
        yield from reading(PATH, self._list, Role.ADMINISTRATOR)

    async def _list(self, request: web.Request) -> web.Response:
        return answer({"Items": [_shown(client) for client in self._clients]}, request=request)


def _shown(client: ConnectedClient) -> dict[str, Any]:
    return {
        "Id": str(client.id),
        "Address": client.address,
        "Port": client.port,
        "Protocol": client.protocol,
        "SinceUsec": client.since_usec,
        "User": client.user,
        "Requests": client.requests,
        "Streams": client.streams,
    }
