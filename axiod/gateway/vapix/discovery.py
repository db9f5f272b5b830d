# SPDX-License-Identifier: Apache-2.0
"""apidiscovery.cgi: which calls there are. Only what answers is listed: clients call what they find here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument
from axiod.gateway.route import Route
from axiod.gateway.vapix.json_call import OLD, Call, JsonCgi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.gateway.person import Person

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Api:
    """One API, as apidiscovery.cgi lists it."""

    id: str
    version: str
    """What clients then send as apiVersion."""
    name: str
    status: str = "official"
    docLink: str = "https://developer.axis.com/vapix/"  # noqa: N815 # as it stands in the answer


API = Api("api-discovery", "1.0", "API Discovery Service")


def routes(apis: Sequence[Api]) -> list[Route]:
    """Return what this part answers."""
    listed = [asdict(api) for api in sorted([*apis, API], key=lambda api: api.id)]

    async def get_api_list(_person: Person, params: Any) -> dict[str, Any]:
        return {"apiList": [api for api in listed if _wanted(api, params)]}

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
