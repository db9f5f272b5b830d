# SPDX-License-Identifier: Apache-2.0
"""The types of the contract as JSON Schema 2020-12. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus.signature import integer_bounds, is_integer, split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.interface import Value
    from axiod.gateway.rest.table import Action, Resource

_EXAMPLES: Mapping[str, Any] = {
    "Active": True,
    "AlternativeNames": ["relay.example.org"],
    "Actions": [{"Kind": "pulse", "Output": "relay1", "DurationMs": 2000}],
    "CommonName": "relay.example.org",
    "Comment": "the caretaker",
    "Conditions": [
        {"Topic": "tns1:Device/tnsaxis:IO/Port", "Source": {"port": "1"}, "Item": "state", "Equals": "1"},
    ],
    "Data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==",
    "DurationMs": 500,
    "Host": "broker.example.org",
    "Icalendar": "DTSTART:20260101T080000 DTEND:20260101T170000 RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "Id": "office",
    "Address": "192.0.2.7",
    "Name": "anna",
    "Password": "correct horse battery",
    "Parameters": {"port": "0", "state": "high", "duration": "2"},
    "Steps": [[True, 200], [False, 200], [True, 0]],
    "Token": "com.axis.action.fixed.io.toggle",
}


def of_type(signature: str) -> dict[str, Any]:
    """Return the schema of one complete D-Bus type."""
    if signature == "b":
        return {"type": "boolean"}
    if is_integer(signature):
        low, high = integer_bounds(signature)
        return {"type": "integer", "minimum": low, "maximum": high}
    if signature == "d":
        return {"type": "number"}
    if signature in ("s", "o", "g"):
        return {"type": "string"}
    if signature == "ay":
        return {"type": "string", "contentEncoding": "base64"}
    if signature.startswith("a{"):
        _, item = split(signature[2:-1])
        return {"type": "object", "additionalProperties": of_type(item)}
    if signature.startswith("a"):
        return {"type": "array", "items": of_type(signature[1:])}
    members = split(signature[1:-1])
    # prefixItems would say which is which, but few tools that read OpenAPI can take it.
    kinds = [of_type(member) for member in dict.fromkeys(members)]
    count = len(members)
    return {"type": "array", "items": {"anyOf": kinds}, "minItems": count, "maxItems": count}


def of(value: Value, description: str = "") -> dict[str, Any]:
    """Return the schema of a value with its range, its only values and what it is."""
    if value.fields is not None:
        fields = {name: of(item) for name, item in value.fields.items()}
        record = {"type": "object", "properties": fields, "additionalProperties": False}
        return {"type": "array", "items": record, **({"description": description} if description else {})}
    schema = of_type(value.type)
    if value.values:
        schema["enum"] = list(value.values)
    elif value.low is not None and value.high is not None:
        names = ("minLength", "maxLength") if value.type == "s" else ("minimum", "maximum")
        bounds = (value.low, value.high)
        schema |= zip(names, bounds if value.type == "d" else map(int, bounds), strict=True)
    if value.secret:
        schema["format"] = "password"
    if description:
        schema["description"] = f"{description} Unit: {value.unit}." if value.unit else description
    return schema


def of_resource(resource: Resource) -> dict[str, Any]:
    """Return the schema of what is shown of a resource."""
    said = comments.read(resource.interface.name)
    properties = {name: of(value, said[name].text) for name, value in resource.properties.items()}
    required = [name for name, item in resource.interface.properties.items() if not item.optional]
    identity = {"type": "string", "description": "The last part of its path."}
    return {
        "type": "object",
        "description": said[resource.interface.name].text,
        "properties": {"Id": identity, **properties},
        "required": ["Id", *required],
    }


def of_body(action: Action) -> dict[str, Any]:
    """Return the schema of what a request brings."""
    said = comments.read(action.interface)
    own = said[action.method.name].arguments
    described = {name: own.get(value.name, "") for name, value in _given(action).items()}
    for name in action.fields.keys() - described.keys():
        # An option: a setting, which has a comment of its own, or what the comment of the options names.
        described[name] = said[name].text if name in said else own.get("options", "")
    schema = {
        "type": "object",
        "properties": {name: of(value, described[name]) for name, value in action.fields.items()},
        "additionalProperties": False,
    }
    return {**schema, "required": list(action.required)} if action.required else schema


def of_results(action: Action) -> dict[str, Any]:
    """Return the schema of what a call returns."""
    said = comments.read(action.interface)[action.method.name].arguments
    results = {name: of(value, said.get(value.name, "")) for name, value in action.results.items()}
    return {"type": "object", "properties": results, "required": list(results)}


def example(action: Action) -> dict[str, Any]:
    """Return a body that could be sent."""
    names = action.required or tuple(action.fields)[:1]
    return {name: _example(action.fields[name]) for name in names}


def _example(value: Value) -> Any:
    if value.values:
        return value.values[0]
    if value.name in _EXAMPLES:
        return _EXAMPLES[value.name]
    if value.type == "b":
        return True
    if is_integer(value.type):
        return int(value.low or 0)
    if value.type.startswith("a{"):
        return {}
    return [] if value.type.startswith("a") else "text"


def _given(action: Action) -> dict[str, Value]:
    arguments = [value for value in action.method.inputs if value.options is None]
    return dict(zip(action.required, arguments, strict=True))
