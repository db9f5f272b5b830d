# SPDX-License-Identifier: Apache-2.0
"""apidiscovery.cgi: which calls there are. Only what answers is listed: clients call what they find here."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument
from axiod.gateway.route import Route
from axiod.gateway.vapix.json_call import OLD, Call, JsonCgi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person

_LONGEST = 64
_DOCS = "https://developer.axis.com/vapix/"


@dataclass(frozen=True, slots=True)
class Api:
    """One API, as apidiscovery.cgi lists it."""

    id: str
    version: str
    """What clients then send as apiVersion."""
    name: str
    status: str = "official"
    needs: str = ""
    """The bus name of the service that it is for; it is listed while that is there. "": always."""

    def shown(self) -> dict[str, str]:
        """Return it as it stands in the answer."""
        return {"id": self.id, "version": self.version, "name": self.name, "docLink": _DOCS, "status": self.status}


API = Api("api-discovery", "1.0", "API Discovery Service")


def routes(gateway: Gateway, apis: Sequence[Api]) -> list[Route]:
    """Return what this part answers."""
    known = sorted([*apis, API], key=lambda api: api.id)

    async def get_api_list(_person: Person, params: Any) -> dict[str, Any]:
        there = [api.shown() for api in known if not api.needs or gateway.mirror.available(api.needs)]
        return {"apiList": [api for api in there if _wanted(api, params)]}

    cgi = JsonCgi("apidiscovery.cgi", ("1.0",), OLD, {"getApiList": Call(get_api_list, None)})
    path = "/axis-cgi/apidiscovery.cgi"
    return [Route(method, path, cgi.answer, None) for method in ("POST", "GET")]


def _wanted(api: dict[str, str], params: Any) -> bool:
    if params is None:
        return True
    if not isinstance(params, dict):
        raise InvalidArgument("params must be an object")
    return all(_matches(api[name], params[name]) for name in ("id", "version") if name in params)


def _matches(text: str, pattern: Any) -> bool:
    if not isinstance(pattern, str) or len(pattern) > _LONGEST:
        raise InvalidArgument(f"id and version must be patterns of at most {_LONGEST} characters")
    return fnmatchcase(text, pattern)
