# SPDX-License-Identifier: Apache-2.0
"""How an interface gets its addresses: the rules. Pure: no bus, no files, no kernel.

Sources: manual "Network", IPv4, IPv6, Hostname, DNS servers; RFC 1123 section 2.1 for names of hosts; RFC 4291.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address, ip_interface
from typing import TYPE_CHECKING, Any

from axiod.errors import Conflict, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MOST_ADDRESSES = 16
MOST_NAME_SERVERS = 3
"""As many as the resolver of the C library asks (resolv.conf(5), MAXNS)."""
MOST_SEARCH_DOMAINS = 6
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LONGEST_DOMAIN = 253


@dataclass(frozen=True, slots=True)
class Addressing:
    """How one interface gets its addresses and asks for names.

    Raises InvalidArgument for a value that cannot be taken, Conflict for values that do not go together.
    """

    ipv4_method: str = "dhcp"
    """dhcp, static or disabled; "": something else, which we have no word for and leave alone."""
    ipv4_addresses: tuple[str, ...] = ()
    """ADDRESS/PREFIX, the first one is the one that the device uses. Of dhcp: the fallback."""
    ipv4_router: str = ""
    ipv4_fallback: bool = False
    """With dhcp: the first address is taken, with the scope of the link, while no server answers."""
    ipv6_method: str = "automatic"
    """automatic (router advertisements and DHCPv6), static or disabled; "": something else."""
    ipv6_addresses: tuple[str, ...] = ()
    ipv6_router: str = ""
    dns_automatic: bool = True
    """Name servers and search domains are those that the network tells."""
    dns_servers: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()

    @property
    def off(self) -> bool:
        """Whether it has no address at all, so that nobody reaches the device by this interface."""
        return self.ipv4_method == self.ipv6_method == "disabled"

    def amended(self, changes: Mapping[str, Any]) -> Addressing:
        """Return it with changes: names of fields, lists for tuples. What was not changed is not checked again."""
        known = {item.name for item in fields(self)}
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
        for name, value in given.items():
            if name in _CHECKS:
                given[name] = _CHECKS[name](value)
        wanted: dict[str, Any] = {name: value for name, value in given.items() if name in known}
        amended = replace(self, **wanted)
        amended._check_whole()
        return amended

    def _check_whole(self) -> None:
        if self.ipv4_method == "static" and not self.ipv4_addresses:
            raise Conflict("Ipv4Method is static, so Ipv4Addresses must name an address, such as 192.0.2.10/24")
        if self.ipv4_fallback and not self.ipv4_addresses:
            raise Conflict("Ipv4Fallback is on, so Ipv4Addresses must name the address to fall back to")
        if self.ipv4_fallback and self.ipv4_method != "dhcp":
            raise Conflict("Ipv4Fallback is for Ipv4Method dhcp: a static address needs none; turn one of them off")
        if self.ipv6_method == "static" and not self.ipv6_addresses:
            raise Conflict("Ipv6Method is static, so Ipv6Addresses must name an address, such as 2001:db8::10/64")
        if not self.dns_automatic and not self.dns_servers and self.dns_search:
            raise Conflict("DnsSearch names domains, but DnsServers names no server to ask; name one")
        for version, method, sign in ((4, self.ipv4_method, "."), (6, self.ipv6_method, ":")):
            unreachable = [server for server in self.dns_servers if sign in server]
            if method == "disabled" and unreachable and not self.dns_automatic:
                raise Conflict(f"DnsServers has {unreachable[0]}, but Ipv{version}Method is disabled; name another one")
        _check_router("Ipv4Router", self.ipv4_router, self.ipv4_addresses, self.ipv4_method)
        _check_router("Ipv6Router", self.ipv6_router, self.ipv6_addresses, self.ipv6_method)


def _check_router(name: str, router: str, addresses: Iterable[str], method: str) -> None:
    """A router that cannot be reached cuts the device off from everything beyond its own network."""
    if not router or method != "static":
        return
    found = ip_address(router)
    own = [ip_interface(address) for address in addresses]
    if any(found == address.ip for address in own):
        raise Conflict(f"{name} {router} is an address of this interface; name the router, or '' for none")
    for address in own:
        if isinstance(found, IPv4Address) and address.network.prefixlen < 31 and found in _not_hosts(address):
            raise Conflict(f"{name} {router} is no host of {address.network}; choose an address between its ends")
    if found.is_link_local or any(found in address.network for address in own):
        return
    raise Conflict(f"{name} {router} is in none of the networks of {', '.join(addresses)}; the router must be")


def _addresses_of(name: str, version: int, example: str, given: Iterable[str]) -> tuple[str, ...]:
    checked = tuple(_interface_address(name, version, example, text) for text in given)
    if len(checked) > MOST_ADDRESSES:
        raise InvalidArgument(f"{name} has {len(checked)} addresses; there can be {MOST_ADDRESSES}")
    bare = [text.partition("/")[0] for text in checked]
    if len(set(bare)) != len(bare):
        raise InvalidArgument(f"{name} has an address twice: {', '.join(checked)}")
    return checked


def _interface_address(name: str, version: int, example: str, text: str) -> str:
    right = f"it must be an IPv{version} address with the length of its prefix, such as {example}"
    _, slash, length = text.partition("/")
    try:
        found = ip_interface(text) if slash and length.isdecimal() else None
    except ValueError:
        found = None
    if not isinstance(found, IPv4Interface if version == 4 else IPv6Interface):
        raise InvalidArgument(f"{name} has {text[:60]!r}; {right}")
    network, ip = found.network, found.ip
    if ip.is_unspecified or ip.is_multicast or ip.is_loopback or found.network.prefixlen == 0 or "%" in text:
        raise InvalidArgument(f"{name} has {text!r}, which no host can have; {right}")
    if isinstance(ip, IPv4Address) and (ip.is_reserved or (network.prefixlen < 31 and ip in _not_hosts(found))):
        raise InvalidArgument(f"{name} has {text!r}, which is no host of {network}; choose an address between its ends")
    return found.with_prefixlen


def _not_hosts(found: IPv4Interface | IPv6Interface) -> tuple[Any, Any]:
    return found.network.network_address, found.network.broadcast_address


def _router_of(name: str, version: int, text: str) -> str:
    return _address(name, version, text) if text else ""


def _address(name: str, version: int | None, text: str) -> str:
    kind = "an IP address" if version is None else f"an IPv{version} address"
    try:
        found = ip_address(text)
    except ValueError:
        raise InvalidArgument(f"{name} has {text[:60]!r}; it must be {kind}") from None
    if version is not None and found.version != version:
        raise InvalidArgument(f"{name} has {text!r}; it must be {kind}")
    if found.is_unspecified or found.is_multicast or (isinstance(found, IPv6Address) and found.scope_id):
        raise InvalidArgument(f"{name} has {text!r}, which is no address of a host; it must be {kind}")
    return str(found)


def _servers(given: Iterable[str]) -> tuple[str, ...]:
    checked = tuple(_address("DnsServers", None, text) for text in given)
    if len(checked) > MOST_NAME_SERVERS:
        raise InvalidArgument(f"DnsServers has {len(checked)} servers; at most {MOST_NAME_SERVERS} are asked")
    return checked


def _domains(given: Iterable[str]) -> tuple[str, ...]:
    checked = tuple(domain("DnsSearch", text) for text in given)
    if len(checked) > MOST_SEARCH_DOMAINS:
        raise InvalidArgument(f"DnsSearch has {len(checked)} domains; there can be {MOST_SEARCH_DOMAINS}")
    return checked


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "ipv4_addresses": lambda given: _addresses_of("Ipv4Addresses", 4, "192.0.2.10/24", given),
    "ipv6_addresses": lambda given: _addresses_of("Ipv6Addresses", 6, "2001:db8::10/64", given),
    "ipv4_router": lambda text: _router_of("Ipv4Router", 4, text),
    "ipv6_router": lambda text: _router_of("Ipv6Router", 6, text),
    "dns_servers": _servers,
    "dns_search": _domains,
}


def domain(name: str, text: str) -> str:
    """Return a domain name without its last dot; raises InvalidArgument, which names the setting."""
    bare = text.removesuffix(".")
    if not bare or len(bare) > _LONGEST_DOMAIN or not all(_LABEL.fullmatch(label) for label in bare.split(".")):
        raise InvalidArgument(
            f"{name} has {text[:60]!r}; it must be a domain such as example.org: names of letters A to Z, digits "
            'and "-" that are at most 63 long, with dots between them'
        )
    return bare


def hostname(text: str) -> str:
    """Return a name of this host; raises InvalidArgument. Source: manual "Hostname", RFC 1123 section 2.1."""
    if not _LABEL.fullmatch(text):
        raise InvalidArgument(
            f'Hostname is {text[:70]!r}; it must be 1 to 63 letters A to Z, digits and "-", with no "-" at its ends'
        )
    return text


def escaped(name: str) -> str:
    """Return the name of an interface as the last part of a D-Bus path: what is no letter or digit is _ and its code.

    Source: sd_bus_path_encode(3).
    """
    part = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"_{byte:02x}" for byte in name.encode())
    return f"_{ord(part[0]):02x}{part[1:]}" if part[:1].isdigit() else part
