# SPDX-License-Identifier: Apache-2.0
"""Reading, changing, making and removing resources."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from aiohttp import web

from axiod.errors import NotFound, Unavailable
from axiod.gateway.acting import FIRST
from axiod.gateway.person import person_of
from axiod.gateway.rest.answer import answer, require_match, shown
from axiod.gateway.rest.body import checked, read
from axiod.gateway.rest.table import Resource, resources
from axiod.gateway.route import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from axiod.bus.caller import Role
    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.rest.table import Action
    from axiod.gateway.route import Handler


class Things:
    """Answers for every resource of the contract."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def routes(self) -> Iterator[Route]:
        """Yield what there is to ask for."""
        for resource in resources(self._mirror.services).values():
            yield from reading(resource.one, partial(self._show, resource), resource.role)
            if resource.several:
                yield from reading(resource.path, partial(self._list, resource), resource.role)
            if resource.create:
                handler = partial(self._create, resource, resource.create)
                # Acting sees to it that adding the first administrator is all that anybody may.
                setup = (resource.create.interface, resource.create.method.name) == FIRST
                yield Route("POST", resource.path, handler, resource.create.role, setup)
            if resource.configure:
                handler = partial(self._configure, resource, resource.configure)
                yield Route("PATCH", resource.one, handler, resource.configure.role)
            if resource.remove:
                handler = partial(self._remove, resource, resource.remove)
                yield Route("DELETE", resource.one, handler, resource.remove.role)
            for action in resource.actions:
                handler = partial(self._act, resource, action)
                yield Route("POST", f"{resource.one}/{action.name}", handler, action.role)

    # --- reading ---

    async def _list(self, resource: Resource, request: web.Request) -> web.Response:
        things = self._mirror.things(resource.interface.name)
        return answer({"Items": [shown(thing) for thing in things]}, request=request)

    async def _show(self, resource: Resource, request: web.Request) -> web.Response:
        return answer(shown(self._thing(resource, request)), request=request)

    def _thing(self, resource: Resource, request: web.Request) -> Thing:
        if not resource.several:
            return self._mirror.thing(resource.interface.name)
        id_ = request.match_info["id"]
        try:
            return self._mirror.thing(resource.interface.name, id_)
        except NotFound:
            raise NotFound(f"there is no {id_[:64]!r} in {resource.kind}") from None

    # --- changing ---

    async def _configure(self, resource: Resource, action: Action, request: web.Request) -> web.Response:
        changes = checked(await read(request), action.fields, what="setting")
        async with self._turn(self._thing(resource, request)):
            thing = self._thing(resource, request)
            require_match(request, shown(thing))
            await self._acting.act(person_of(request), thing, "Configure", changes)
            return answer(shown(self._thing(resource, request)))

    async def _remove(self, resource: Resource, _: Action, request: web.Request) -> web.Response:
        await read(request)
        async with self._turn(self._thing(resource, request)):
            thing = self._thing(resource, request)
            require_match(request, shown(thing))
            await self._acting.act(person_of(request), thing, "Remove")
        return web.Response(status=204)

    async def _act(self, resource: Resource, action: Action, request: web.Request) -> web.Response:
        thing = self._thing(resource, request)
        given = checked(await read(request), action.fields, action.required)
        result = await self._call(request, thing, action, given)
        return answer(result) if action.results else web.Response(status=204)

    async def _create(self, resource: Resource, action: Action, request: web.Request) -> web.Response:
        given = checked(await read(request), action.fields, action.required)
        result = await self._call(request, self._mirror.thing(action.interface), action, given)
        id_ = str(result.get("Id") or given[action.required[0]])
        made = {"Id": id_}
        # Somebody has removed it already, or the service went; it was made all the same, and a token is told only now.
        with contextlib.suppress(NotFound, Unavailable):
            made = shown(self._mirror.thing(resource.interface.name, id_))
        location = {"Location": resource.one.replace("{id}", id_)}
        return answer({**made, **result}, status=201, headers={**location, "Cache-Control": "no-store"})

    async def _call(self, request: web.Request, thing: Thing, action: Action, given: dict[str, Any]) -> dict[str, Any]:
        arguments = action.arguments(given)
        return action.answer(await self._acting.act(person_of(request), thing, action.method.name, *arguments))

    def _turn(self, thing: Thing) -> asyncio.Lock:
        """Return what keeps another change of a thing from coming between a look at it (If-Match) and the change."""
        return self._turns.setdefault(thing.path, asyncio.Lock())


def reading(path: str, handler: Handler, role: Role | None) -> Iterator[Route]:
    """Yield the routes for reading something."""
    yield Route("GET", path, handler, role)
    yield Route("HEAD", path, handler, role)
