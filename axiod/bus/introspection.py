# SPDX-License-Identifier: Apache-2.0
"""What Introspect answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = """<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
<node>
"""
_INTROSPECTABLE = """<interface name="org.freedesktop.DBus.Introspectable">
<method name="Introspect"><arg name="xml_data" type="s" direction="out"/></method>
</interface>
<interface name="org.freedesktop.DBus.Peer">
<method name="Ping"/>
<method name="GetMachineId"><arg name="machine_uuid" type="s" direction="out"/></method>
</interface>
"""
_PROPERTIES = """<interface name="org.freedesktop.DBus.Properties">
<method name="Get"><arg name="interface" type="s" direction="in"/><arg name="name" type="s" direction="in"/>\
<arg name="value" type="v" direction="out"/></method>
<method name="GetAll"><arg name="interface" type="s" direction="in"/>\
<arg name="values" type="a{sv}" direction="out"/></method>
<method name="Set"><arg name="interface" type="s" direction="in"/><arg name="name" type="s" direction="in"/>\
<arg name="value" type="v" direction="in"/></method>
<signal name="PropertiesChanged"><arg name="interface" type="s"/><arg name="changed" type="a{sv}"/>\
<arg name="invalidated" type="as"/></signal>
</interface>
"""
_MANAGER = """<interface name="org.freedesktop.DBus.ObjectManager">
<method name="GetManagedObjects"><arg name="objects" type="a{oa{sa{sv}}}" direction="out"/></method>
<signal name="InterfacesAdded"><arg name="object" type="o"/><arg name="interfaces" type="a{sa{sv}}"/></signal>
<signal name="InterfacesRemoved"><arg name="object" type="o"/><arg name="interfaces" type="as"/></signal>
</interface>
"""


def node(interfaces: Iterable[str], children: Iterable[str], *, properties: bool, manager: bool) -> str:
    """Describe an object: its own interfaces as XML, the standard ones it has, and the names of its children."""
    parts = [_HEAD, _INTROSPECTABLE]
    if properties:
        parts.append(_PROPERTIES)
    if manager:
        parts.append(_MANAGER)
    parts += [xml + "\n" for xml in interfaces]
    parts += [f'<node name="{name}"/>\n' for name in children]
    return "".join(parts) + "</node>\n"
