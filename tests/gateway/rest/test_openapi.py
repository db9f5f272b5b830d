# SPDX-License-Identifier: Apache-2.0
"""The description of the API: it is valid, and there is neither more nor less than it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from openapi_spec_validator import validate

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.gateway.daemon import gateway_of
from axiod.gateway.door import Door
from axiod.gateway.mirror import Mirror
from axiod.gateway.parts import routes
from axiod.gateway.rest.openapi import document
from axiod.gateway.rest.schema import of, of_type
from axiod.gateway.rest.table import resources

if TYPE_CHECKING:
    from tests.conftest import Connect
    from tests.gateway.web_device import WebDevice

ELSEWHERE = ("/axis-cgi/", "/vapix/")


def test_it_is_a_valid_document() -> None:
    validate(document())


async def test_it_has_every_route_with_its_role(connection: Connect) -> None:
    gateway = gateway_of(Mirror(await connection(), contract.services()))
    table = routes(gateway, Door(gateway))
    served = {
        (route.method.lower(), route.path): "none" if route.role is None else route.role.name.lower()
        for route in table
        if route.method != "HEAD" and not route.path.startswith(ELSEWHERE)
    }
    described = {
        (method, path): operation["x-axiod-role"]
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
    }
    assert {
        key: role for key, role in served.items() if key[1].startswith(("/api/", "/metrics", "/healthz"))
    } == described


def test_every_operation_says_what_it_is() -> None:
    seen = set()
    for operations in document()["paths"].values():
        for operation in operations.values():
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            assert operation["summary"]
            assert {"500", "503"} <= set(operation["responses"])
            for name, item in operation.get("requestBody", {}).get("content", {}).items():
                assert name == "application/json"
                assert item["example"]


def test_what_is_for_the_gateway_alone_is_not_there() -> None:
    text = str(document()["paths"].keys())
    for name in ("credentials", "verify-password", "verify-token", "report", "/key"):
        assert name not in text
    for resource in resources().values():
        assert all(action.role <= Role.ADMINISTRATOR for action in resource.actions)


def test_names_do_not_meet() -> None:
    for resource in resources().values():
        assert not {"Id", "Urls"} & resource.properties.keys()
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z]+)*", resource.kind)


def test_types_are_what_json_has() -> None:
    row = of_type("a(bu)")["items"]
    assert (row["minItems"], row["maxItems"]) == (2, 2)
    assert row["items"]["anyOf"][1] == {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
    assert of_type("a{sb}") == {"type": "object", "additionalProperties": {"type": "boolean"}}
    assert of_type("ay")["contentEncoding"] == "base64"
    debounce = resources()["ports"].properties["DebounceMs"]
    assert of(debounce).items() >= {"type": "integer", "minimum": 0, "maximum": 10000}.items()


async def test_everybody_may_read_it(web: WebDevice) -> None:
    answer = await web.curl("/api/v1/openapi.json")
    found: dict[str, Any] = answer.json()
    assert (answer.status, found) == (200, document())
