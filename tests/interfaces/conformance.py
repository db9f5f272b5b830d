# SPDX-License-Identifier: Apache-2.0
"""Whether a handler class is what its XML says, by its type hints."""

from __future__ import annotations

import ast
import collections.abc
import inspect
import sys
import types
from enum import StrEnum
from functools import cached_property
from typing import Any, Union, get_args, get_origin, get_type_hints

from axiod.bus.interface import Interface, Method, Property, Value, snake
from axiod.bus.signature import split
from axiod.bus.variant import python_type


def problems(interface: Interface, handler: type) -> list[str]:
    """Return one sentence for each place where a handler class differs from its interface."""
    names = _names(handler)
    found: list[str] = []
    for method in interface.methods.values():
        found += _method(method, handler, names)
    attributes = get_type_hints(handler, localns=names)
    for item in interface.properties.values():
        found += _property(item, handler, attributes, names)
    return found


def _names(handler: type) -> dict[str, Any]:
    """Return what the modules of a class import for type checking alone."""
    names: dict[str, Any] = {}
    for module in {sys.modules[base.__module__] for base in handler.__mro__ if base is not object}:
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                exec(compile(ast.Module(node.body, []), module.__name__, "exec"), names)
    return names


def _method(method: Method, handler: type, names: dict[str, Any]) -> list[str]:
    where = f"{handler.__name__}.{snake(method.name)}"
    function = getattr(handler, snake(method.name), None)
    if not inspect.isfunction(function):
        return [f"{where} is missing"]
    hints = get_type_hints(function, localns=names)
    found = []
    parameters = list(inspect.signature(function).parameters)[1:]
    expected = [value.python_name for value in method.inputs]
    if parameters != expected:
        found.append(f"{where} has the parameters {parameters}, not {expected}")
    for value in method.inputs:
        hint = hints.get(value.python_name, "nothing")
        wanted = dict[str, Any] if value.options is not None else python_type(value.type)
        if value.python_name in parameters and hint != wanted:
            found.append(f"{where}: {value.python_name} is {_text(hint)}, not {_text(wanted)}")
    result = hints.get("return", "nothing")
    if get_origin(result) in (collections.abc.Awaitable, collections.abc.Coroutine):
        result = get_args(result)[-1]
    if not _gives(method.outputs, result):
        found.append(f"{where} returns {_text(result)}, not what {method.out_signature or 'nothing'!r} needs")
    return found


def _gives(outputs: tuple[Value, ...], result: Any) -> bool:
    if not outputs:
        return result is type(None)
    if len(outputs) == 1:
        return _fits(outputs[0].type, result)
    parts = get_args(result)
    return (
        get_origin(result) is tuple
        and len(parts) == len(outputs)
        and all(_fits(value.type, part) for value, part in zip(outputs, parts, strict=True))
    )


def _property(item: Property, handler: type, attributes: dict[str, Any], names: dict[str, Any]) -> list[str]:
    name = item.value.python_name
    where = f"{handler.__name__}.{name}"
    member = inspect.getattr_static(handler, name, None)
    if isinstance(member, property | cached_property):
        function = member.fget if isinstance(member, property) else member.func
        hint = get_type_hints(function, localns=names).get("return", "nothing")
    elif name in attributes:
        hint = attributes[name]
    else:
        return [f"{where} is missing, or has no annotation"]
    parts = set(get_args(hint)) if get_origin(hint) in (types.UnionType, Union) else {hint}
    may_be_absent = type(None) in parts
    parts.discard(type(None))
    found = []
    if may_be_absent != item.optional:
        found.append(f"{where} is {_text(hint)}, but the property is {'' if item.optional else 'not '}optional")
    if not all(_fits(item.value.type, part) for part in parts):
        found.append(f"{where} is {_text(hint)}, not what {item.value.type!r} needs")
    return found


def _fits(signature: str, hint: Any) -> bool:
    """Whether what has this hint can be sent as this type: an enum of strings is a string, a tuple is an array too."""
    if signature in ("s", "o") and inspect.isclass(hint) and issubclass(hint, StrEnum):
        return True
    if signature == "aa{sv}":
        return bool(hint == python_type(signature))
    origin, parts = get_origin(hint), get_args(hint)
    if signature.startswith("a{"):
        key, item = split(signature[2:-1])
        return origin in (dict, collections.abc.Mapping) and _fits(key, parts[0]) and _fits(item, parts[1])
    if signature.startswith("a") and signature != "ay":
        if origin is tuple and parts[1:] == (...,):
            return _fits(signature[1:], parts[0])
        return origin in (list, collections.abc.Sequence) and _fits(signature[1:], parts[0])
    if signature.startswith("("):
        members = split(signature[1:-1])
        return origin is tuple and len(parts) == len(members) and all(map(_fits, members, parts))
    return bool(hint == python_type(signature))


def _text(hint: Any) -> str:
    return hint.__name__ if inspect.isclass(hint) and not get_args(hint) else str(hint)
