# SPDX-License-Identifier: Apache-2.0
"""Whether a browser was sent here by another site. Programs that are no browsers say nothing of all this.

Browsers add the login that they remember to whatever any page asks them to fetch. So a request for which one needs a
role must not come from another site: by its Origin (RFC 6454), by Sec-Fetch-Site (Fetch Metadata), or by its Referer
where there is neither, as with a GET over HTTP.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def from_elsewhere(headers: Mapping[str, str], *, secure: bool) -> bool:
    """Whether another site made the browser ask. `secure`: the request came over TLS."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None and site.lower() not in ("none", "same-origin"):
        return True
    origin = headers.get("Origin")
    if origin is None and site is None:
        origin = headers.get("Referer")
    return origin is not None and not _same(origin, headers.get("Host", ""), "https" if secure else "http")


def is_browser(headers: Mapping[str, str]) -> bool:
    """Whether a browser asks, which may do so because of any page that it shows."""
    return any(name in headers for name in ("Origin", "Sec-Fetch-Site", "Referer")) or headers.get(
        "User-Agent", ""
    ).startswith("Mozilla/")


def follows_a_link(headers: Mapping[str, str]) -> bool:
    """Whether somebody followed a link, so that no script of another site sees the answer."""
    return headers.get("Sec-Fetch-Mode", "").lower() == "navigate" and "Origin" not in headers


def _same(origin: str, host: str, scheme: str) -> bool:
    default = {"http": 80, "https": 443}[scheme]
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"{scheme}://{host}")
        return (
            theirs.scheme == scheme
            and bool(ours.hostname)
            and (theirs.hostname, theirs.port or default) == (ours.hostname, ours.port or default)
        )
    except ValueError:
        return False


def is_own_name(host: str) -> bool:
    """Whether a Host header is a name that no stranger's name server can point here: an address, or a local name.

    Before there is an administrator anybody may make one; so a page elsewhere, whose name suddenly means this device
    (DNS rebinding), must not be able to.
    """
    try:
        name = urlsplit(f"http://{host}").hostname or ""
    except ValueError:
        return False
    try:
        ip_address(name)
    except ValueError:
        return bool(name) and ("." not in name.rstrip(".") or name.rstrip(".").endswith((".local", ".localhost")))
    return True
