# SPDX-License-Identifier: Apache-2.0
"""What a profile of NetworkManager says of addresses and names, in our words and back.

What we have no words for stays as it is: methods such as "shared", addresses beside those of DHCP, routes.
Sources: nm-settings-dbus(5), ipv4 and ipv6 setting; NetworkManager 1.42 and 1.52.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import asdict
from ipaddress import ip_interface
from typing import Any

from axiod.bus._lib import Variant
from axiod.bus.variant import plain
from axiod.network.model import Addressing

Section = dict[str, Variant]
Profile = dict[str, Section]

_NAMES = ("dns", "dns-data", "dns-search", "ignore-auto-dns")
_ADDRESSES = ("address-data", "gateway")
_OLDER = ("addresses", "routes")
"""Older forms of what is said elsewhere, which would count before it."""
_FOR_EVER = Variant("i", 2**31 - 1)
_IPV4_METHODS = {"auto": "dhcp", "manual": "static", "disabled": "disabled"}
_IPV6_METHODS = {"auto": "automatic", "dhcp": "automatic", "manual": "static", "disabled": "disabled"}
_METHODS = {"dhcp": "auto", "automatic": "auto", "static": "manual", "disabled": "disabled"}


def addressing(profile: Profile) -> Addressing:
    """Return what a profile says, as far as we have words for it."""
    four, six = plain(profile.get("ipv4", {})), plain(profile.get("ipv6", {}))
    ignored = bool(four.get("ignore-auto-dns") or six.get("ignore-auto-dns"))
    servers = [socket.inet_ntop(socket.AF_INET, struct.pack("=I", server)) for server in four.get("dns", [])]
    servers += [socket.inet_ntop(socket.AF_INET6, bytes(server)) for server in six.get("dns", [])]
    domains = dict.fromkeys([*four.get("dns-search", []), *six.get("dns-search", [])])
    return Addressing(
        ipv4_method=_IPV4_METHODS.get(four.get("method", "auto"), ""),
        ipv4_addresses=_static_addresses(four),
        ipv4_router=_static_router(four),
        ipv6_method=_IPV6_METHODS.get(six.get("method", "auto"), ""),
        ipv6_addresses=_static_addresses(six),
        ipv6_router=_static_router(six),
        dns_automatic=not ignored,
        dns_servers=tuple(servers),
        dns_search=tuple(domains),
    )


def amended(former: Profile, wanted: Addressing) -> Profile:
    """Return a profile that says what is wanted, and besides what it said before."""
    present = addressing(former) if former else None
    result = {kind: dict(section) for kind, section in former.items()}
    if present is None or _of(4, present) != _of(4, wanted):
        result["ipv4"] = _ipv4(former.get("ipv4", {}), wanted)
    if present is None or _of(6, present) != _of(6, wanted):
        result["ipv6"] = _ipv6(former.get("ipv6", {}), wanted)
    return result


def to_json(value: Any) -> Any:
    """Return a profile as JSON has it, with the types of its values; from_json() makes it a profile again."""
    if isinstance(value, Variant):
        return {"type": value.signature, "value": to_json(value.value)}
    if isinstance(value, dict):
        return {"dict": {key: to_json(item) for key, item in value.items() if key not in _OLDER}}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value


def from_json(value: Any) -> Any:
    """Return what to_json() was given; raises KeyError, TypeError or ValueError for anything else."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "dict" in value:
        return {key: from_json(item) for key, item in value["dict"].items()}
    if "bytes" in value:
        return bytes.fromhex(value["bytes"])
    return Variant(value["type"], from_json(value["value"]))


def _of(version: int, wanted: Addressing) -> dict[str, Any]:
    """Return the settings that stand in the section of IPv4 or IPv6."""
    other = "ipv6" if version == 4 else "ipv4"
    return {name: value for name, value in asdict(wanted).items() if not name.startswith(other)}


def _ipv4(former: Section, wanted: Addressing) -> Section:
    section = _with_method(former, wanted.ipv4_method)
    if section.get("dhcp-timeout") == _FOR_EVER:
        del section["dhcp-timeout"]
    if wanted.ipv4_fallback:
        # A failure would take the fallback address with it, again and again.
        section["dhcp-timeout"] = _FOR_EVER
    if wanted.ipv4_method == "static":
        section |= _static(wanted.ipv4_addresses, wanted.ipv4_router)
    if wanted.ipv4_method != "disabled":
        servers = [server for server in wanted.dns_servers if "." in server]
        packed = [struct.unpack("=I", socket.inet_pton(socket.AF_INET, server))[0] for server in servers]
        section |= _names(Variant("au", packed), wanted)
    return section


def _ipv6(former: Section, wanted: Addressing) -> Section:
    section = _with_method(former, wanted.ipv6_method)
    if wanted.ipv6_method == "static":
        section |= _static(wanted.ipv6_addresses, wanted.ipv6_router)
    if wanted.ipv6_method != "disabled":
        servers = [server for server in wanted.dns_servers if ":" in server]
        packed = [socket.inet_pton(socket.AF_INET6, server) for server in servers]
        section |= _names(Variant("aay", packed), wanted)
    return section


def _with_method(former: Section, method: str) -> Section:
    """Return a section with a method of ours, the former one for "", and of the rest what goes on holding."""
    section = {name: value for name, value in former.items() if name not in (*_NAMES, *_OLDER)}
    if not method:
        return section
    if plain(former.get("method")) != _METHODS[method] or method == "static":
        for name in _ADDRESSES:
            section.pop(name, None)
    section["method"] = Variant("s", _METHODS[method])
    return section


def _static(addresses: tuple[str, ...], router: str) -> Section:
    found = [ip_interface(text) for text in addresses]
    data = [{"address": Variant("s", str(a.ip)), "prefix": Variant("u", a.network.prefixlen)} for a in found]
    section = {"address-data": Variant("aa{sv}", data)}
    return section | ({"gateway": Variant("s", router)} if router else {})


def _names(servers: Variant, wanted: Addressing) -> Section:
    if wanted.dns_automatic:
        return {}
    return {
        "dns": servers,
        "dns-search": Variant("as", list(wanted.dns_search)),
        "ignore-auto-dns": Variant("b", True),  # noqa: FBT003 # a value of D-Bus
    }


def _static_addresses(section: dict[str, Any]) -> tuple[str, ...]:
    if section.get("method") != "manual":
        return ()
    return tuple(f"{entry['address']}/{entry['prefix']}" for entry in section.get("address-data", []))


def _static_router(section: dict[str, Any]) -> str:
    return str(section.get("gateway", "")) if section.get("method") == "manual" else ""
