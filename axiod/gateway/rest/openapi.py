# SPDX-License-Identifier: Apache-2.0
"""The description of the API: an OpenAPI 3.1 document, made from the contract and its comments."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import axiod
from axiod.bus import comments
from axiod.bus.interface import stem
from axiod.gateway import problem
from axiod.gateway.rest import described
from axiod.gateway.rest.answer import encode, tagged
from axiod.gateway.rest.operation import TAG, body, content, operation, parameter, ref, refusals
from axiod.gateway.rest.schema import example, of_body, of_resource, of_results
from axiod.gateway.rest.table import API, Action, Resource, resources
from axiod.gateway.rest.things import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from axiod.gateway.route import Route

PATH = f"{API}/openapi.json"
_IF_NONE_MATCH = parameter("If-None-Match", "header", "An ETag: the answer is 304 when it is still that.")
_IF_MATCH = parameter("If-Match", "header", "An ETag: the answer is 412 when it is another one by now.")
_EXAMPLE_IDS = {
    "ports": "output1",
    "relays": "relay1",
    "alarms": "casing",
    "accounts": "anna",
    "certificates": "device",
    "manual-triggers": "1",
    "schedules": "office_hours",
    "virtual-inputs": "1",
}
_CALLED = ("Timeout", "HardwareFailure")
"""What every call of a service may end with."""


def routes(services: tuple[str, ...]) -> Iterator[Route]:
    """Yield what there is to ask for, on a device with these services. What the API is, is no secret."""

    async def show(request: web.Request) -> web.Response:
        return tagged(_text(services), request=request)

    yield from reading(PATH, show, None)


@cache
def _text(services: tuple[str, ...]) -> bytes:
    return encode(document(services))


def document(services: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Return the document, of every resource of the contract or of these services alone."""
    paths: dict[str, dict[str, Any]] = {}
    schemas = {"Problem": _PROBLEM, **described.SCHEMAS}
    for resource in resources(services).values():
        schemas[schema_name(resource)] = _of_resource(resource)
        for path, method, found in _operations(resource):
            paths.setdefault(path, {})[method] = found
    for path, method, found in described.operations(PATH):
        paths.setdefault(path, {})[method] = found
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "axiod",
            "version": axiod.__version__,
            "summary": "An open network I/O relay module",
            "description": described.ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in described.SECURITY],
        "tags": [{"name": name} for name in (*resources(services), *described.TAGS)],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas, "responses": refusals(), "securitySchemes": described.SECURITY},
    }


_PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": f"{problem.TYPES}NAME, or about:blank."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for a person. It names the thing and what to do."},
        "instance": {"type": "string", "description": "The path that was asked for."},
    },
    "required": ["type", "title", "status", "detail", "instance"],
}


def schema_name(resource: Resource) -> str:
    """Return what its schema is called: Port of ports, and FieldbusPort where another service has a Port, too."""
    service, _, short = resource.interface.name.rpartition(".")
    alike = [other for other in resources().values() if other.interface.name.endswith(f".{short}")]
    if len(alike) > 1 and resource.kind != f"{short.lower()}s":
        return stem(service).capitalize() + short
    return short


def _of_resource(resource: Resource) -> dict[str, Any]:
    schema = of_resource(resource)
    if resource.kind not in ("ports", "relays"):
        return schema
    urls = {
        "type": "object",
        "description": "How VAPIX switches it (an output or a relay): a path for each of Activate and Deactivate.",
        "additionalProperties": {"type": "string"},
    }
    return {**schema, "properties": {**schema["properties"], "Urls": urls}}


def _operations(resource: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    one, kind = schema_name(resource), resource.kind
    id_ = parameter("id", "path", f"One of {kind}.", example=_EXAMPLE_IDS.get(kind, "")) if resource.several else None
    brief = comments.read(resource.interface.name)[resource.interface.name].brief
    yield (
        resource.one,
        "get",
        operation(
            f"show-{kind}",
            f"Read {brief}",
            tag=kind,
            role=resource.role,
            responses={200: {**content(ref(one)), "headers": TAG}, 304: {}},
            parameters=[item for item in (id_, _IF_NONE_MATCH) if item],
            errors=["NotFound"],
        ),
    )
    if resource.several:
        items = {"type": "object", "properties": {"Items": {"type": "array", "items": ref(one)}}, "required": ["Items"]}
        yield (
            resource.path,
            "get",
            operation(
                f"list-{kind}",
                f"Read all {kind}",
                tag=kind,
                role=resource.role,
                responses={200: {**content(items), "headers": TAG}, 304: {}},
                parameters=[_IF_NONE_MATCH],
            ),
        )
    if resource.create:
        made = {"allOf": [ref(one), of_results(resource.create)]} if resource.create.results else ref(one)
        headers = {"Location": {"description": "Its path.", "schema": {"type": "string"}}, **TAG}
        yield resource.path, "post", _call(resource, resource.create, 201, {**content(made), "headers": headers})
    if resource.configure:
        changed = {**content(ref(one)), "headers": TAG}
        yield resource.one, "patch", _call(resource, resource.configure, 200, changed, id_, _IF_MATCH)
    if resource.remove:
        yield resource.one, "delete", _call(resource, resource.remove, 204, {}, id_, _IF_MATCH)
    for action in resource.actions:
        status, answer = (200, content(of_results(action))) if action.results else (204, {})
        yield f"{resource.one}/{action.name}", "post", _call(resource, action, status, answer, id_)


def _call(
    resource: Resource, action: Action, status: int, answer: dict[str, Any], *parameters: dict[str, Any] | None
) -> dict[str, Any]:
    said = comments.read(action.interface)[action.method.name]
    given = body(of_body(action), example(action), required=bool(action.required)) if action.fields else None
    return operation(
        f"{resource.kind}-{action.name}",
        said.brief,
        tag=resource.kind,
        role=action.role,
        responses={status: answer},
        errors=[*action.method.errors, *_CALLED, "NotFound"],
        statuses=[412] if _IF_MATCH in parameters else [],
        parameters=[item for item in parameters if item],
        body=given,
        description=f"{said.text}\n\nErrors: {said.errors}" if said.errors else said.text,
    )
