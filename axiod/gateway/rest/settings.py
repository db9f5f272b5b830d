# SPDX-License-Identifier: Apache-2.0
"""/api/v1/settings: every setting of the device in one answer, with what the contract says of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.errors import Unavailable
from axiod.gateway.person import person_of
from axiod.gateway.rest.answer import answer
from axiod.gateway.rest.schema import of
from axiod.gateway.rest.table import API, resources
from axiod.gateway.rest.things import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiohttp import web

    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Mirror
    from axiod.gateway.rest.table import Resource
    from axiod.gateway.route import Route

PATH = f"{API}/settings"


class Settings:
    """Shows whatever PATCH can change, as far as the person may read it."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror

    def routes(self) -> Iterator[Route]:
        """Yield what there is to ask for."""
        yield from reading(PATH, self._list, Role.VIEWER)

    async def _list(self, request: web.Request) -> web.Response:
        # The door has let nobody through who has no role.
        role = person_of(request).role or Role.VIEWER
        return answer(settings(self._mirror, role), request=request)


def settings(mirror: Mirror, role: Role) -> dict[str, Any]:
    """Return the settings that a role may read.

    `Descriptions`: what each setting is, by resource and property. `Items`: each setting of each thing with its value.
    `Away`: the resources whose service is not there; of them there are no items.
    """
    descriptions: dict[str, Any] = {}
    items: list[dict[str, Any]] = []
    away = []
    for kind, resource in resources().items():
        if resource.configure is None or resource.role > role:
            continue
        descriptions[kind] = _described(resource.interface.name)
        try:
            items += _items(resource, mirror)
        except Unavailable:
            away.append(kind)
    return {"Descriptions": descriptions, "Items": items, "Away": away}


def _items(resource: Resource, mirror: Mirror) -> Iterator[dict[str, Any]]:
    for thing in mirror.things(resource.interface.name):
        place = {"Resource": resource.kind, **({"Id": thing.id} if resource.several else {})}
        for name in resource.interface.configurable:
            yield {**place, "Property": name, **({"Value": thing[name]} if name in thing.properties else {})}


@cache
def _described(interface: str) -> Mapping[str, Any]:
    configure = contract.load(interface).methods["Configure"]
    said = comments.read(interface)
    return {
        name: {
            "Type": value.type,
            "Schema": of(value),
            "Unit": value.unit,
            "Description": said[name].text,
            "Role": configure.role,
        }
        for name, value in contract.load(interface).configurable.items()
    }
