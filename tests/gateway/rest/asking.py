# SPDX-License-Identifier: Apache-2.0
"""Asking the API with curl, and holding what it says against its own description."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no type information

from axiod.gateway.rest.openapi import document

if TYPE_CHECKING:
    from tests.gateway.web_device import Answer, WebDevice

JSON = ("--header", "Content-Type: application/json")


async def send(
    web: WebDevice, method: str, path: str, content: Any = None, *words: str, user: str | None = "admin"
) -> Answer:
    """Ask with a JSON body, a text as it is, or without a body."""
    text = content if isinstance(content, str) else json.dumps(content)
    body = () if content is None else (*JSON, "--data-binary", text)
    return await web.curl(f"/api/v1/{path}", "--request", method, *body, *words, user=user)


def valid(name: str, content: Any) -> None:
    """Hold an answer against the schema that the API says it has."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": _whole()["components"]}
    Draft202012Validator(schema).validate(content)


@cache
def _whole() -> dict[str, Any]:
    return document()
