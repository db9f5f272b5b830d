# SPDX-License-Identifier: Apache-2.0
"""What can be set of dynamic DNS, and what is registered because of it. Pure. Source: manual "Register DNS name"."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, fields, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from axiod.errors import Conflict, InvalidArgument
from axiod.network.model import domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from axiod.network.links import Link


@dataclass(frozen=True, slots=True)
class Settings:
    """The fields are the Configurable properties of org.axiod.network1.DynamicDns."""

    enabled: bool = False
    name: str = ""
    ttl_sec: int = 30
    server: str = ""
    zone: str = ""
    key_name: str = ""
    key_algorithm: str = "hmac-sha256"

    def amended(self, changes: Mapping[str, Any]) -> Settings:
        """Return them with changes. Raises InvalidArgument."""
        checked = dict(changes)
        for field, title in (("name", "Name"), ("zone", "Zone"), ("key_name", "KeyName")):
            if checked.get(field):
                checked[field] = domain(title, checked[field])
        if checked.get("server"):
            checked["server"] = _server(checked["server"])
        return replace(self, **checked)

    def check_complete(self, key: str) -> None:
        """Raises Conflict where the key that signs has no secret."""
        if self.key_name and not key:
            raise Conflict(f"the secret of the key {self.key_name} is not set; set it first, or leave KeyName empty")

    @property
    def beyond_default(self) -> dict[str, Any]:
        """What differs from the default, by field."""
        mine = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in mine.items() if value != getattr(Settings(), name)}


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in the DNS."""

    name: str
    server: str
    zone: str
    ttl: int = 0
    addresses: tuple[str, ...] = ()

    def same_place(self, other: Entry | None) -> bool:
        """Whether the other one is the same name at the same server."""
        return other is not None and (self.name, self.server, self.zone) == (other.name, other.server, other.zone)


def checked_key(text: str) -> str:
    """Return the secret of a key; raises InvalidArgument, which does not say it."""
    try:
        base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise InvalidArgument("Key must be base64, as tsig-keygen writes it between the quotes") from None
    return text


def full_name(given: str, hostname: str, search: Iterable[str]) -> str | None:
    """Return the name that is registered; None where nobody knows its domain."""
    name = given or hostname
    if not name or "." in name:
        return name or None
    first = next(iter(search), None)
    return f"{name}.{first.removesuffix('.')}" if first else None


def reachable(links: Iterable[Link]) -> tuple[list[str], tuple[str, ...]]:
    """Return the interfaces through which others reach the device, and its addresses there.

    An address that is there for a while only (RFC 8981) is for nobody to remember.
    """
    found = [link for link in links if _global(link)]
    chosen = [link for link in found if link.routers] or found
    return [link.name for link in chosen], tuple(sorted({text for link in chosen for text in _global(link)}))


def _global(link: Link) -> list[str]:
    return [
        one.address
        for one in link.addresses
        if one.scope == "global" and one.origin != "link-local" and not one.passing
    ]


def _server(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        pass
    try:
        return domain("Server", text)
    except InvalidArgument:
        raise InvalidArgument(
            f"Server has {text[:60]!r}; it must be an IP address or a name such as ns1.example.org"
        ) from None
