# SPDX-License-Identifier: Apache-2.0
"""Addresses that are shut out for a time, as elements of sets of our table that go by themselves. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument
from axiod.network.firewall.words import FAMILY, NAME, add_rule, equal, own, prefix, source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.network.firewall.rule import Network
    from axiod.network.firewall.words import Command, Statement

CHAIN = "blocked"
_SETS = {4: "blocked4", 6: "blocked6"}
_HOST_BITS = {4: 32, 6: 64}
"""So much of an address stands for its owner: whoever has one address of IPv6 has the /64 that it is in."""


@dataclass(frozen=True, slots=True)
class Block:
    """An address that is shut out for a time."""

    network: Network
    """One address of IPv4, or the /64 of one of IPv6."""
    seconds: int
    """So long from now; at least 1."""


def owner(address: str) -> Network:
    """Return what of an address is shut out; raises InvalidArgument for what is none. A /64 is taken as it is."""
    text = address.removesuffix("/64") if ":" in address else address
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        raise InvalidArgument(f"address is {address[:45]!r}; it must be an IP address") from None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return ipaddress.ip_network(f"{found}/{_HOST_BITS[found.version]}", strict=False)


def shut_out(block: Block) -> dict[str, Any]:
    """Return what shuts out an address, or lets it wait so long from now on where it is shut out already."""
    # An element that is there keeps the time that it has.
    renewed = [element("add", block.network, 1), element("delete", block.network)]
    return {"nftables": [*sets_and_chain(), *renewed, element("add", block.network, block.seconds)]}


def let_in(network: Network) -> dict[str, Any]:
    """Return what lets an address in again, shut out or not."""
    return {"nftables": [*sets_and_chain(), element("add", network, 1), element("delete", network)]}


def found(listing: Mapping[str, Any]) -> list[Block]:
    """Return who is shut out, by what `nft -j list table inet axiod` says."""
    blocks = []
    for item in listing.get("nftables", ()):
        named = item.get("set", {})
        if named.get("name") not in _SETS.values():
            continue
        for item_of_set in named.get("elem", ()):
            value = item_of_set.get("elem", {})
            network, left = value.get("val"), value.get("expires")
            if isinstance(network, dict):
                network = f"{network['prefix']['addr']}/{network['prefix']['len']}"
            if isinstance(network, str) and isinstance(left, int) and left > 0:
                blocks.append(Block(ipaddress.ip_network(network), left))
    return blocks


def sets_and_chain() -> list[Command]:
    """Return what makes the sets and their chain; where they are there, nothing changes."""
    sets: list[Command] = [
        {"add": {"set": own(name) | {"type": f"ipv{version}_addr", "flags": ["interval", "timeout"]}}}
        for version, name in _SETS.items()
    ]
    # Before the rules, and before what others have.
    chain = own(CHAIN) | {"type": "filter", "hook": "input", "prio": -10, "policy": "accept"}
    drops: list[list[Statement]] = [
        [_not_loopback(), _begun_elsewhere(), equal(source(version), f"@{name}"), {"drop": None}]
        for version, name in _SETS.items()
    ]
    return [
        {"add": {"table": {"family": FAMILY, "name": NAME}}},
        *sets,
        {"add": {"chain": chain}},
        {"flush": {"chain": own(CHAIN)}},
        *(add_rule(CHAIN, statements) for statements in drops),
    ]


def element(verb: str, network: Network, seconds: int | None = None) -> Command:
    """Return what adds an element for so many seconds, or with another verb what is done to it."""
    value: Any = str(network.network_address)
    if network.num_addresses > 1:
        value = prefix(network)
    if seconds is not None:
        value = {"elem": {"val": value, "timeout": seconds}}
    return {verb: {"element": own(_SETS[network.version]) | {"elem": [value]}}}


def _not_loopback() -> Statement:
    return {"match": {"op": "!=", "left": {"meta": {"key": "iif"}}, "right": "lo"}}


def _begun_elsewhere() -> Statement:
    return {"match": {"op": "!=", "left": {"ct": {"key": "direction"}}, "right": "reply"}}
