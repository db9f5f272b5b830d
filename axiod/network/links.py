# SPDX-License-Identifier: Apache-2.0
"""What the kernel has: network interfaces with their addresses and routers, as `ip -json` tells it. Pure.

Source: ip-address(8), ip-route(8); rtnetlink(7).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_KINDS = ("ether", "infiniband")
_VIRTUAL = ("veth", "bridge", "bond", "vlan", "macvlan", "dummy", "macsec", "team")
"""Kinds that are shown although they are no hardware; what tunnels and containers make for themselves is not."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address of an interface."""

    address: str
    prefix_length: int
    origin: str
    """dhcp, router-advertisement, link-local or static."""
    scope: str
    """global, site, link or host."""
    broadcast: str = ""
    passing: bool = False
    """It is there for a while only (of IPv6: temporary, or deprecated), so nobody should remember it."""

    @property
    def text(self) -> str:
        """ADDRESS/PREFIX."""
        return f"{self.address}/{self.prefix_length}"


@dataclass(frozen=True, slots=True)
class Link:
    """One network interface."""

    index: int
    name: str
    mac_address: str
    up: bool
    """Somebody turned it on."""
    carrier: bool
    """It is connected: there is somebody at the other end of the cable."""
    mtu: int
    addresses: tuple[Address, ...] = ()
    routers: tuple[str, ...] = ()
    """Default routers, the preferred one first."""


def explained(link: Link, *, leased: bool, advertised: bool, by_hand: Collection[str]) -> Link:
    """Return an interface whose addresses say where they come from also where the kernel cannot know it.

    A lease, or an advertisement, that lasts for ever looks to the kernel like an address that somebody set. `leased`,
    `advertised`: the interface asks for them; `by_hand`: ADDRESS/PREFIX of those that are configured.
    """
    return replace(
        link,
        addresses=tuple(
            replace(found, origin=_asked_for(found, leased=leased, advertised=advertised))
            if found.origin == "static" and found.scope == "global" and found.text not in by_hand
            else found
            for found in link.addresses
        ),
    )


def _asked_for(found: Address, *, leased: bool, advertised: bool) -> str:
    if ":" not in found.address:
        return "dhcp" if leased else found.origin
    return ("dhcp" if found.prefix_length == 128 else "router-advertisement") if advertised else found.origin


def links(addresses: Iterable[Mapping[str, Any]], routes: Iterable[Mapping[str, Any]]) -> dict[str, Link]:
    """Return the interfaces that a person may want to configure, by name.

    `addresses`: what `ip -json -details address` says; `routes`: what `ip -json route show default` says for IPv4 and
    IPv6 together. Raises KeyError, TypeError or ValueError for what is no such answer.
    """
    routers: dict[str, list[tuple[int, str]]] = {}
    for route in routes:
        if route.get("dst") != "default":
            continue
        for hop in route.get("nexthops") or [route]:
            if "gateway" in hop and "dev" in hop:
                routers.setdefault(hop["dev"], []).append((int(route.get("metric", 0)), hop["gateway"]))
    return {
        link["ifname"]: _link(link, [router for _, router in sorted(routers.get(link["ifname"], []))])
        for link in addresses
        if link.get("ifname") and _shown(link)
    }


def _shown(link: Mapping[str, Any]) -> bool:
    kind = link.get("linkinfo", {}).get("info_kind", "")
    return link.get("link_type") in _KINDS and (not kind or kind in _VIRTUAL)


def _link(link: Mapping[str, Any], routers: list[str]) -> Link:
    flags = link["flags"]
    return Link(
        int(link["ifindex"]),
        link["ifname"],
        link.get("address", "").upper(),
        "UP" in flags,
        "LOWER_UP" in flags,
        int(link["mtu"]),
        tuple(_address(found) for found in link.get("addr_info", ()) if "local" in found and _lasts(found)),
        tuple(dict.fromkeys(routers)),
    )


def _lasts(found: Mapping[str, Any]) -> bool:
    """An address that is still looked for a second time, or was found with somebody else, is none yet."""
    return not found.get("tentative") and not found.get("dadfailed")


def _address(found: Mapping[str, Any]) -> Address:
    return Address(
        found["local"],
        int(found["prefixlen"]),
        _origin(found),
        found.get("scope", "global"),
        found.get("broadcast", ""),
        bool(found.get("temporary") or found.get("deprecated")),
    )


def _origin(found: Mapping[str, Any]) -> str:
    six = found["family"] == "inet6"
    if found.get("protocol") == "kernel_ra" or (six and found.get("mngtmpaddr")) or found.get("temporary"):
        return "router-advertisement"
    if (six and found.get("scope") == "link") or (not six and found["local"].startswith("169.254.")):
        return "link-local"
    if found.get("dynamic"):
        # What ends by itself was leased; of IPv6 with a prefix shorter than 128 it was made from an advertisement.
        return "router-advertisement" if six and found["prefixlen"] != 128 else "dhcp"
    return "static"
