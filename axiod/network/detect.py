# SPDX-License-Identifier: Apache-2.0
"""Interfaces that nothing which axiod can configure manages: who does, and what would help."""

from __future__ import annotations

import re
from pathlib import Path

from axiod.network import ifupdown
from axiod.network.backend import Managed

_INTERFACES = Path("/etc/network/interfaces")
_NAME = re.compile(r"[\w-]+", re.ASCII)
"""Of the files in a folder that are read."""
_RESOLVER = Path("/etc/resolv.conf")
_IFUPDOWN = (
    "/etc/network/interfaces configures it, which axiod does not change unless it is told to: adopt the interface, and "
    "NetworkManager or systemd-networkd takes it over"
)
_NOTHING = (
    "nothing on this system that axiod can configure manages it; adopt the interface, and systemd-networkd takes it "
    "over, or install network-manager"
)


def unmanaged(name: str) -> Managed:
    """Return what there is to say of an interface that no backend manages."""
    servers, domains = resolver()
    stanza = ifupdown.outline(read(), name)
    if stanza is None:
        return Managed("none", (), _NOTHING, None, servers, domains)
    return Managed("ifupdown", (), _IFUPDOWN, stanza, servers, domains)


def read() -> dict[str, str]:
    """Return what /etc/network/interfaces and the files that it has read say, by path, in their order."""
    found: dict[str, str] = {}
    left = [_INTERFACES]
    while left:
        path = left.pop(0)
        if str(path) in found:
            continue
        try:
            # A comment need not be UTF-8, and is to be as it was where the file is written again.
            found[str(path)] = text = path.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            continue
        for how, named in ifupdown.sources(text):
            where = Path("/etc/network") / named
            if how == "source":
                left += sorted(Path("/").glob(str(where).lstrip("/")))
            else:
                left += [each for each in sorted(where.glob("*")) if _NAME.fullmatch(each.name)]
    return found


def resolver() -> tuple[tuple[str, ...], tuple[str, ...]]:
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
