# SPDX-License-Identifier: Apache-2.0
"""One operation of an OpenAPI document: what it answers, and to whom. Pure."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from axiod.gateway import problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from axiod.bus.caller import Role

JSON = "application/json"
TAG = {"ETag": {"description": "Changes when the content does.", "schema": {"type": "string"}}}
_STATUS = {name: status for name, (status, _) in problem.names().items()}


def operation(
    name: str,
    summary: str,
    *,
    tag: str,
    role: Role | None,
    responses: Mapping[int, dict[str, Any]],
    errors: Iterable[str] = (),
    statuses: Iterable[int] = (),
    parameters: Iterable[dict[str, Any]] = (),
    body: dict[str, Any] | None = None,
    description: str = "",
) -> dict[str, Any]:
    """Return an operation.

    `errors`: names of axiod's errors that it may end with. `statuses`: of HTTP's own refusals.
    """
    refused = {_STATUS[error] for error in (*errors, "Internal", "InvalidArgument", "Unavailable")} | set(statuses)
    if role is not None:
        refused |= {401, 403}
    found: dict[str, Any] = {"operationId": name, "summary": summary, "tags": [tag]}
    who = "everybody" if role is None else f"the role {role.name.lower()}"
    found["description"] = f"{description}\n\nFor {who}.".strip()
    found["x-axiod-role"] = "none" if role is None else role.name.lower()
    if role is None:
        found["security"] = []
    if parameters := list(parameters):
        found["parameters"] = parameters
    if body is not None:
        found["requestBody"] = body
        refused |= {413, 415}
    answers = {status: {"description": HTTPStatus(status).phrase, **answer} for status, answer in responses.items()}
    answers |= {status: {"$ref": f"#/components/responses/{status}"} for status in refused}
    found["responses"] = {str(status): answers[status] for status in sorted(answers)}
    return found


def content(schema: Mapping[str, Any], kind: str = JSON, **more: Any) -> dict[str, Any]:
    """Return a content of one type."""
    return {"content": {kind: {"schema": schema, **more}}}


def body(schema: Mapping[str, Any], example: Any, *, required: bool) -> dict[str, Any]:
    """Return what a request brings."""
    return {"required": required, **content(schema, example=example)}


def ref(name: str) -> dict[str, str]:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def parameter(name: str, where: str, description: str, *, example: str = "") -> dict[str, Any]:
    """Return a parameter that is a string; what stands in the path is required."""
    found: dict[str, Any] = {"name": name, "in": where, "description": description, "schema": {"type": "string"}}
    if where == "path":
        found |= {"required": True, "schema": {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_]+$"}}
    return {**found, "example": example} if example else found


def refusals() -> dict[str, Any]:
    """Return the answer of each status that says no, by the status."""
    statuses = {*_STATUS.values(), 404, 405, 406, 412, 413, 415}
    return {str(status): _refusal(status) for status in sorted(statuses)}


def _refusal(status: int) -> dict[str, Any]:
    meant = [title for known, title in problem.names().values() if known == status]
    found: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}{': ' if meant else ''}{'; '.join(meant)}",
        **content(ref("Problem"), problem.CONTENT_TYPE),
    }
    headers = {401: ("WWW-Authenticate", "How to log in."), 503: ("Retry-After", "Seconds.")}.get(status)
    if headers:
        found["headers"] = {headers[0]: {"description": headers[1], "schema": {"type": "string"}}}
    return found
