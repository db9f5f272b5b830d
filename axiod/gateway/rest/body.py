# SPDX-License-Identifier: Apache-2.0
"""What a request brings: JSON, read strictly, and held against the contract before anything is done with it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from axiod.bus.arguments import expectation, plain_options, unknown
from axiod.bus.signature import is_integer
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from axiod.bus.interface import Value

_JSON = ("application/json", "application/merge-patch+json")
_LONGEST = 256 * 1024
_DEEPEST = 16


async def read(request: web.Request) -> dict[str, Any]:
    """Return the JSON object that a request brings; empty when it brings nothing.

    Raises InvalidArgument, HTTPUnsupportedMediaType, HTTPRequestEntityTooLarge.
    """
    if request.content_length is not None and request.content_length > _LONGEST:
        raise web.HTTPRequestEntityTooLarge(_LONGEST, request.content_length)
    raw = await request.read()
    if len(raw) > _LONGEST:
        raise web.HTTPRequestEntityTooLarge(_LONGEST, len(raw))
    if not raw:
        return {}
    if request.content_type not in _JSON:
        raise web.HTTPUnsupportedMediaType(
            text=f"the body is {request.content_type[:60]}; send JSON, with Content-Type: application/json"
        )
    return parse(raw)


def parse(raw: bytes) -> dict[str, Any]:
    """Read a JSON object: UTF-8, no name twice, no NaN, not deeper than anything needs. Raises InvalidArgument."""
    try:
        given = json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise InvalidArgument("the body is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"the body is not UTF-8: byte {error.start} cannot be read") from None
    except json.JSONDecodeError as error:
        raise InvalidArgument(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise InvalidArgument(f"the body is not JSON that can be taken: {str(error)[:80]}") from None
    if not isinstance(given, dict):
        raise InvalidArgument("the body must be a JSON object, for example {}")
    if _depth(given) > _DEEPEST:
        raise InvalidArgument("the body is nested too deeply")
    return given


def checked(
    given: Mapping[str, Any], known: Mapping[str, Value], required: Iterable[str] = (), what: str = "field"
) -> dict[str, Any]:
    """Hold what was given against the contract; return it as the call takes it. Raises InvalidArgument."""
    for name in required:
        if name not in given:
            raise InvalidArgument(f"{name} is missing; it must be {expectation(known[name])}")
    for name in given:
        if name not in known:
            raise InvalidArgument(unknown(what, name, known))
    return plain_options(known, {name: _native(known[name], item) for name, item in given.items()}, what)


def _native(value: Value, given: Any) -> Any:
    """Return what JSON cannot say in its own words as Python has it."""
    if value.type == "ay":
        try:
            return base64.b64decode(given, validate=True)
        except (TypeError, ValueError):
            raise InvalidArgument(f"{value.name} must be bytes, written in base64") from None
    fields = value.fields
    if fields is not None and isinstance(given, list):
        return [
            {name: _native(fields[name], item) if name in fields else item for name, item in row.items()}
            if isinstance(row, dict)
            else row
            for row in given
        ]
    if is_integer(value.type) and isinstance(given, float) and given.is_integer():
        return int(given)  # to JSON 1.0 and 1e0 are the whole number 1
    return given


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in pairs:
        if name in found:
            raise InvalidArgument(f"{name[:40]!r} stands twice in one object")
        found[name] = item
    return found


def _no_number(name: str) -> Any:
    raise InvalidArgument(f"{name} is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise InvalidArgument(f"the number {text[:40]} is too large")
    return number


def _depth(given: Any) -> int:
    """Return how deep lists and objects are nested; stops one below the deepest that is allowed."""
    level = [given]
    depth = 0
    while level and depth <= _DEEPEST:
        depth += 1
        level = [
            item
            for parent in level
            for item in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(item, dict | list)
        ]
    return depth
