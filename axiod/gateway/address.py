# SPDX-License-Identifier: Apache-2.0
"""IP addresses of clients, in one spelling. Pure."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address


@lru_cache(maxsize=1024)
def plain(address: str) -> str:
    """Return an address without its scope; IPv4 as such, also where the socket is one of IPv6."""
    address = address.partition("%")[0]
    try:
        mapped = getattr(ip_address(address), "ipv4_mapped", None)
    except ValueError:
        return address
    return str(mapped) if mapped else address


@lru_cache(maxsize=1024)
def network(address: str) -> str:
    """Return of IPv6 the network of 64 bits that an address is in, all of which one client may have; of IPv4 itself."""
    address = plain(address)
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)
