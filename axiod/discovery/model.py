# SPDX-License-Identifier: Apache-2.0
"""What is told about this device, made of what the services say. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address, IPv6Address

    Address = IPv4Address | IPv6Address

_NAMESPACE = uuid.UUID("6f1c8f0e-5d0b-5c53-9d7c-2f0f6a1d4b7e")
"""Of the UUIDs that are made of serial numbers; never changed, or every device would be another one."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Announced:
    """Everything that a searcher is told, and by which protocols."""

    upnp: bool
    ws_discovery: bool
    friendly_name: str
    """What people call it over UPnP."""
    name: str
    """What people call it over WS-Discovery."""
    brand: str
    model: str
    full_name: str
    serial_number: str
    version: str
    web_url: str
    """Where the maker tells of this model; empty where nobody said."""
    scheme: str
    """http or https."""
    port: int
    """Where its web page is."""

    @property
    def uuid(self) -> str:
        """The same as long as the serial number is."""
        return str(uuid.uuid5(_NAMESPACE, self.serial_number))

    def url(self, address: Address, path: str) -> str:
        """Return the URL of a path of the web server, at one of the device's addresses."""
        port = "" if _DEFAULT_PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host(address)}{port}{path}"


def host(address: Address) -> str:
    """Return an address as it stands in a URL; without a zone, which means something on this machine alone."""
    text = str(address).partition("%")[0]
    return f"[{text}]" if address.version == 6 else text


def announced(discovery: Mapping[str, Any], device: Mapping[str, Any], web: Mapping[str, Any]) -> Announced:
    """Make it of the properties of org.axiod.network1.Discovery, org.axiod.system1.Device and org.axiod.system1.Web."""
    scheme = "https" if web["Protocols"] == "https" else "http"
    return Announced(
        upnp=discovery["Upnp"],
        ws_discovery=discovery["WsDiscovery"],
        friendly_name=discovery["UpnpName"],
        name=discovery["BonjourName"],
        brand=device["Brand"],
        model=device["Model"],
        full_name=device["FullName"],
        serial_number=device["SerialNumber"],
        version=device["Version"],
        web_url=device["WebUrl"],
        scheme=scheme,
        port=web["HttpPort"] if scheme == "http" else web["HttpsPort"],
    )
