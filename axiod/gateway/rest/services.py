# SPDX-License-Identifier: Apache-2.0
"""What else can be read: the services, and what the types of problems mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.errors import NotFound
from axiod.gateway import problem
from axiod.gateway.rest.answer import answer
from axiod.gateway.rest.table import API
from axiod.gateway.rest.things import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Mirror
    from axiod.gateway.route import Route

PATH = f"{API}/services"


class Services:
    """The services that the gateway stands before, there or away."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror

    def routes(self) -> Iterator[Route]:
        """Yield what there is to ask for."""
        yield from reading(PATH, self._list, Role.VIEWER)
        yield from reading(PATH + "/{id}", self._show, Role.VIEWER)
        yield from reading(problem.TYPES + "{name}", _problem, None)

    async def _list(self, request: web.Request) -> web.Response:
        return answer({"Items": [service(self._mirror, name) for name in self._mirror.services]}, request=request)

    async def _show(self, request: web.Request) -> web.Response:
        id_ = request.match_info["id"]
        for name in self._mirror.services:
            if contract.stem(name) == id_:
                return answer(service(self._mirror, name), request=request)
        raise NotFound(f"there is no {id_[:64]!r} in services")


def service(mirror: Mirror, name: str) -> dict[str, Any]:
    """Return what is known of a service: whether it is there, and then what it says of itself."""
    return {"Id": contract.stem(name), "Available": mirror.available(name), **mirror.about(name)}


async def _problem(request: web.Request) -> web.Response:
    """Say what a type of problem means."""
    name = request.match_info["name"]
    if name not in problem.names():
        raise NotFound(f"there is no type of problem {name[:64]!r}")
    status, title = problem.names()[name]
    return answer({"Id": name, "Status": status, "Title": title}, request=request)
