# SPDX-License-Identifier: Apache-2.0
"""The answer of param.cgi?action=listdefinitions: parameters with their types and levels, as XML."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from axiod.bus.caller import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from axiod.gateway.mirror import Thing
    from axiod.gateway.vapix.parameters import Parameter

_NAMESPACE = "http://www.axis.com/ParameterDefinitionsSchema"
_LEVEL = {None: 0, Role.VIEWER: 1, Role.OPERATOR: 4, Role.ADMINISTRATOR: 6}
_NOBODY = 7
"""root, as whom nobody calls."""


def document(names: Sequence[str], parameters: Mapping[str, Parameter], device: Thing) -> str:
    """Return the definitions of parameters, each within its groups."""
    top = ElementTree.Element("parameterDefinitions", {"xmlns": _NAMESPACE, "version": "1.0"})
    ElementTree.SubElement(top, "model").text = device["Model"]
    ElementTree.SubElement(top, "firmwareVersion").text = device["Version"]
    groups: dict[tuple[str, ...], ElementTree.Element] = {(): top}
    for name in names:
        *path, last = name.split(".")
        for depth in range(1, len(path) + 1):
            key = tuple(path[:depth])
            if key not in groups:
                groups[key] = ElementTree.SubElement(groups[key[:-1]], "group", {"name": key[-1]})
        _define(groups[tuple(path)], last, parameters[name])
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n"


def _define(group: ElementTree.Element, name: str, parameter: Parameter) -> None:
    write = _NOBODY if parameter.write is None else _LEVEL[parameter.write]
    level = f"{_NOBODY}{_NOBODY}{_LEVEL[parameter.read]}{write}"
    node = ElementTree.SubElement(
        group, "parameter", {"name": name, "value": parameter.value, "securityLevel": level, "niceName": name}
    )
    kind = ElementTree.SubElement(node, "type", {"readonly": "true"} if parameter.write is None else {})
    if parameter.kind == "bool":
        ElementTree.SubElement(kind, "bool", {"true": "yes", "false": "no"})
    elif parameter.choices:
        values = ElementTree.SubElement(kind, "enum")
        for choice in parameter.choices:
            ElementTree.SubElement(values, "entry", {"value": choice})
    else:
        ElementTree.SubElement(kind, parameter.kind)
