# SPDX-License-Identifier: Apache-2.0
"""What of the API does not come from the contract, as the OpenAPI document describes it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from axiod.bus.caller import Role
from axiod.gateway.rest import logs_export
from axiod.gateway.rest.log_export import FILTERS, QUERY
from axiod.gateway.rest.operation import JSON, TAG, body, content, operation, parameter, ref
from axiod.gateway.rest.schema import of, of_type
from axiod.gateway.rest.table import API

if TYPE_CHECKING:
    from collections.abc import Iterator

ABOUT = """Made from the same contract as the D-Bus interface: names, types, ranges, roles and errors are those of
org.axiod.*. Before the first administrator exists, nothing is possible but adding it: POST /api/v1/accounts.

Errors are problem details (RFC 9457). A service that is away answers 503 for everything that it has, with Retry-After.
What is read has an ETag; If-None-Match saves the transfer, If-Match keeps changes from crossing.
Where the device allows anonymous viewing, what is for viewers needs no login.
"""
SECURITY = {
    "digest": {"type": "http", "scheme": "digest", "description": "RFC 7616, MD5 and SHA-256."},
    "basic": {"type": "http", "scheme": "basic", "description": "Over HTTPS, unless the settings allow it over HTTP."},
    "token": {"type": "http", "scheme": "bearer", "description": "A token: POST /api/v1/tokens."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-axiod",
        "description": "POST /api/v1/session. Over HTTP its name is axiod. Whatever changes something also needs the "
        "header X-CSRF-Token.",
    },
}
TAGS = ("outputs", "settings", "services", "events", "session", "clients", "description", "monitoring")

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 0}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None, description: str = "") -> dict[str, Any]:
    found = {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}
    return {**found, "description": description} if description else found


_STATES = {"type": "object", "additionalProperties": {"type": "boolean"}}
_EVENT = _object(
    {
        "Service": _TEXT,
        "Topic": {**_TEXT, "description": "Of ONVIF or VAPIX, for example tns1:Device/tnsaxis:IO/Port."},
        "Source": of_type("a{ss}"),
        "Data": of_type("a{ss}"),
        "TimestampUsec": {**_NUMBER, "description": "Microseconds since 1970 (UTC)."},
    }
)
SCHEMAS: dict[str, Any] = {
    "Outputs": {**_STATES, "description": "Whether each output port and relay is active, by its id."},
    "Settings": _object(
        {
            "Descriptions": {
                "type": "object",
                "description": "By resource and property.",
                "additionalProperties": {"type": "object", "additionalProperties": ref("SettingDescription")},
            },
            "Items": {"type": "array", "items": ref("Setting")},
            "Away": {**of_type("as"), "description": "Resources whose service is not there; they have no items."},
        }
    ),
    "SettingDescription": _object(
        {
            "Type": {**_TEXT, "description": "The D-Bus signature."},
            "Schema": {"type": "object", "description": "JSON Schema: its type, range and values."},
            "Unit": _TEXT,
            "Description": _TEXT,
            "Role": {**_TEXT, "description": "Who may change it."},
        }
    ),
    "Setting": _object(
        {"Resource": _TEXT, "Property": _TEXT},
        {"Id": {**_TEXT, "description": "Absent where there is only one."}, "Value": {}},
    ),
    "Service": _object(
        {"Id": _TEXT, "Available": {"type": "boolean"}},
        {
            "Version": _TEXT,
            "StartedUsec": _NUMBER,
            "Health": _TEXT,
            "Problems": of_type("as"),
            "Status": _TEXT,
        },
        "A service, and what it says of itself while it is there.",
    ),
    "Client": _object(
        {
            "Id": _TEXT,
            "Address": _TEXT,
            "Port": _NUMBER,
            "Protocol": {"enum": ["http", "https", "rtsp"]},
            "SinceUsec": _NUMBER,
            "User": _TEXT,
            "Requests": _NUMBER,
            "Streams": of_type("as"),
        },
        description="A connection.",
    ),
    "Session": _object(
        {"Name": _TEXT, "Role": {"type": ["string", "null"]}, "How": _TEXT, "NeedsSetup": {"type": "boolean"}},
        {"CsrfToken": {**_TEXT, "description": "What the header X-CSRF-Token must say."}},
    ),
    "Record": {
        **_object(
            {
                "Kind": {"enum": ["snapshot", "event", "changed", "removed", "service", "heartbeat"]},
                "Epoch": _TEXT,
                "Sequence": _NUMBER,
            }
        ),
        "description": "One message of the stream. A snapshot has Resync, Services, Resources and Events; an event "
        "has what Event has; changed has Resource, Id, Changed and Gone (names of what is absent now); removed has "
        "Resource and Id; service has what Service has.",
    },
    "Event": _EVENT,
}


def _items(name: str) -> dict[str, Any]:
    return content(_object({"Items": {"type": "array", "items": ref(name)}}))


def operations(own_path: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and description of each operation that is not of the contract."""
    viewer = Role.VIEWER
    yield f"{API}/outputs", "get", operation(
        "show-outputs", "Read where all outputs and relays stand", tag="outputs", role=viewer,
        responses={200: {**content(ref("Outputs")), "headers": TAG}, 304: {}},
    )  # fmt: skip
    yield f"{API}/outputs", "post", operation(
        "set-outputs", "Set several outputs and relays: all of them, or none", tag="outputs", role=Role.OPERATOR,
        responses={200: content(ref("Outputs"))},
        errors=["NotFound", "Conflict", "Timeout", "HardwareFailure", "NotSupported"],
        body=body(_STATES, {"output1": True, "relay1": False}, required=False),
        description="Everything is checked before anything moves. When one cannot be driven, those before it are put "
        "back, and the error says so.",
    )  # fmt: skip
    yield f"{API}/settings", "get", operation(
        "list-settings", "Read every setting of the device", tag="settings", role=viewer,
        responses={200: {**content(ref("Settings")), "headers": TAG}, 304: {}},
        description="Only of what you may read. PATCH of the resource changes them.",
    )  # fmt: skip
    yield f"{API}/services", "get", operation(
        "list-services", "Read which services are there, and how they are", tag="services", role=viewer,
        responses={200: {**_items("Service"), "headers": TAG}, 304: {}},
    )  # fmt: skip
    yield f"{API}/services/{{id}}", "get", operation(
        "show-services", "Read how a service is", tag="services", role=viewer, errors=["NotFound"],
        responses={200: {**content(ref("Service")), "headers": TAG}, 304: {}},
        parameters=[parameter("id", "path", "One of services.", example="relays")],
    )  # fmt: skip
    yield f"{API}/clients", "get", operation(
        "list-clients", "Read who is connected", tag="clients", role=Role.ADMINISTRATOR,
        responses={200: {**_items("Client"), "headers": TAG}, 304: {}},
    )  # fmt: skip
    yield f"{API}/events", "get", operation(
        "follow-events", "Follow what happens, over a WebSocket or as server-sent events", tag="events", role=viewer,
        responses={
            101: {"description": "A WebSocket; each message is a Record."},
            200: content(_TEXT, "text/event-stream"),
        },
        statuses=[406],
        parameters=[
            parameter("kinds", "query", "Of event, changed, removed, service: only these, with commas between them."),
            parameter("topics", "query", "Only events of these topics; * stands for any end."),
            parameter("resources", "query", "Only what changed of these, for example relays,ports/input1; as topics."),
            parameter("since", "query", "EPOCH-SEQUENCE: goes on after that record."),
            parameter("Last-Event-ID", "header", "As since."),
        ],
        description="First a snapshot, then what happens, each record with the number that it has in the sequence of "
        "this epoch. With since a client that was away is told what it missed; where that is not known any more it "
        "gets a snapshot with Resync. A client that is too slow is told so and dropped.",
    )  # fmt: skip
    yield f"{API}/event-log/entries", "get", operation(
        "export-event-log", "Read the event log as one document, the oldest entry first", tag="event-log", role=viewer,
        responses={200: {"content": {
            JSON: {"schema": _object({"Items": of(QUERY.outputs[0])})},
            "text/csv": {"schema": _TEXT},
        }}},
        errors=["Timeout", "HardwareFailure", "NotFound"],
        parameters=[
            parameter("format", "query", "json (without it) or csv."),
            *(parameter(name, "query", f"As in POST {API}/event-log/query.") for name in FILTERS),
        ],
        description="Up to the moment of the request. In CSV, what a spreadsheet might take for a formula has a ' "
        "before it.",
    )  # fmt: skip
    yield logs_export.PATH, "get", operation(
        "export-logs", "Read the system, access or audit log as one document, the oldest entry first", tag="logs",
        role=Role.ADMINISTRATOR,
        responses={200: {"content": {
            "text/plain": {"schema": _TEXT},
            JSON: {"schema": _object({"Items": of(logs_export.QUERY.outputs[0])})},
        }}},
        errors=logs_export.QUERY.errors,
        parameters=[
            parameter("format", "query", "text (without it) or json."),
            *(parameter(name, "query", f"As in POST {API}/logs/query.") for name in logs_export.FILTERS),
        ],
        description="Up to the moment of the request.",
    )  # fmt: skip
    yield own_path, "get", operation(
        "show-openapi", "Read this document", tag="description", role=None,
        responses={200: {**content({"type": "object"}), "headers": TAG}, 304: {}},
    )  # fmt: skip
    yield f"{API}/problems/{{name}}", "get", operation(
        "show-problem", "Read what a type of problem means", tag="description", role=None, errors=["NotFound"],
        responses={
            200: {**content(_object({"Id": _TEXT, "Status": _NUMBER, "Title": _TEXT})), "headers": TAG},
            304: {},
        },
        parameters=[parameter("name", "path", "The end of the type.", example="NotFound")],
    )  # fmt: skip
    yield from _session()
    yield "/healthz", "get", _health()
    yield "/metrics", "get", _metrics()


def _session() -> Iterator[tuple[str, str, dict[str, Any]]]:
    path = f"{API}/session"
    yield path, "get", operation(
        "show-session", "Read who you are", tag="session", role=None, statuses=[401, 403],
        responses={200: content(ref("Session"))},
    )  # fmt: skip
    given = _object({"Name": _TEXT, "Password": {**_TEXT, "format": "password"}})
    yield path, "post", operation(
        "begin-session", "Log in with a cookie", tag="session", role=None, statuses=[401, 403, 409, 504],
        responses={
            201: {
                **content(ref("Session")),
                "headers": {name: {"description": name, "schema": _TEXT} for name in ("Location", "Set-Cookie")},
            }
        },
        body=body(given, {"Name": "anna", "Password": "correct horse battery"}, required=True),
    )  # fmt: skip
    yield path, "delete", operation(
        "end-session", "Log out", tag="session", role=None, statuses=[401, 403], responses={204: {}},
    )  # fmt: skip


def _health() -> dict[str, Any]:
    found = operation("show-health", "Whether all services are there", tag="monitoring", role=None, responses={
        200: content(_object({"status": {"const": "ok"}})),
    })  # fmt: skip
    away = _object({"status": {"const": "unavailable"}, "away": of_type("as")})
    found["responses"]["503"] = {"description": "A service is away.", "content": {JSON: {"schema": away}}}
    return found


def _metrics() -> dict[str, Any]:
    found = operation(
        "show-metrics", "Read figures for Prometheus", tag="monitoring", role=Role.VIEWER, responses={}, statuses=[404],
        description="404 unless the setting Metrics is on: PATCH /api/v1/web.",
    )  # fmt: skip
    # No part of the API: what is refused is said in plain text.
    text = content(_TEXT, "text/plain")
    refused = {status: {"description": HTTPStatus(int(status)).phrase, **text} for status in found["responses"]}
    return {**found, "responses": {"200": {"description": "The figures.", **text}, **refused}}
