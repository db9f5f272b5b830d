# SPDX-License-Identifier: Apache-2.0
"""Interfaces that nothing which axiod can configure manages: who does, and what would help."""

from __future__ import annotations

import re
from pathlib import Path

from axiod.network.backend import Managed
from axiod.network.model import Addressing

_INTERFACES = Path("/etc/network/interfaces")
_RESOLVER = Path("/etc/resolv.conf")
_IFUPDOWN = (
    "/etc/network/interfaces configures it, which axiod does not change; install network-manager, take its lines out "
    "of that file, and restart NetworkManager"
)
_NOTHING = (
    "nothing on this system that axiod can configure manages it; install network-manager, or give systemd-networkd a "
    ".network file for it"
)


def unmanaged(name: str) -> Managed:
    """Return what there is to say of an interface that no backend manages."""
    servers, domains = _resolver()
    stanza = _stanza(name)
    if stanza is None:
        return Managed("none", (), _NOTHING, None, servers, domains)
    return Managed("ifupdown", (), _IFUPDOWN, stanza, servers, domains)


def _stanza(name: str) -> Addressing | None:
    """Return what the method of IPv4 and IPv6 in /etc/network/interfaces says; None where it has no such interface."""
    methods: dict[str, str] = {}
    for path in (_INTERFACES, *sorted(Path(f"{_INTERFACES}.d").glob("*"))):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for match in re.finditer(rf"^\s*iface\s+{re.escape(name)}\s+(inet6?)\s+(\w+)", text, re.MULTILINE):
            methods[match[1]] = match[2]
    if not methods:
        return None
    four, six = methods.get("inet", "manual"), methods.get("inet6", "manual")
    return Addressing(
        ipv4_method={"dhcp": "dhcp", "static": "static"}.get(four, "disabled"),
        ipv6_method={"auto": "automatic", "dhcp": "automatic", "static": "static"}.get(six, "disabled"),
    )


def _resolver() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the name servers and search domains of the C library's resolver."""
    servers: list[str] = []
    domains: list[str] = []
    try:
        lines = _RESOLVER.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        word, *values = line.split() or [""]
        if word == "nameserver":
            servers += values[:1]
        elif word in ("search", "domain"):
            domains = values
    return tuple(servers), tuple(domains)
