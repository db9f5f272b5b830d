# SPDX-License-Identifier: Apache-2.0
"""What can be set of discovery, and the names. Pure. Source: manual "Network discovery protocols"."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_NAME_BYTES = 63
"""Of one label of the DNS, which the name of a Bonjour service is (RFC 6763, 4.1.1)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The fields are the Configurable properties of org.axiod.network1.Discovery; a name that nobody gave is empty."""

    bonjour: bool = True
    bonjour_name: str = ""
    upnp: bool = False
    upnp_name: str = ""
    ws_discovery: bool = True
    lldp: bool = True
    cdp: bool = False

    def amended(self, changes: Mapping[str, Any], default_name: str) -> Settings:
        """Return them with changes; the default name, which clients read, is as none. Raises InvalidArgument."""
        amended = replace(self, **changes)
        for title, name in (("BonjourName", amended.bonjour_name), ("UpnpName", amended.upnp_name)):
            size = len(name.encode())
            if size > LONGEST_NAME_BYTES:
                raise InvalidArgument(f"{title} has {size} bytes in UTF-8; it may have {LONGEST_NAME_BYTES}")
            if name != name.strip():
                raise InvalidArgument(f"{title} must not begin or end with a space")
        mine = {name: "" for name in ("bonjour_name", "upnp_name") if getattr(amended, name) == default_name}
        return replace(amended, **mine)  # type: ignore[arg-type] # both are texts

    @property
    def beyond_default(self) -> dict[str, Any]:
        """What differs from the default, by field."""
        mine = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in mine.items() if value != getattr(Settings(), name)}


def default_name(product: str, serial_number: str) -> str:
    """Return the name of a device that nobody gave one: it is another one on each device."""
    end = f" - {serial_number}"
    begin = product.encode()[: LONGEST_NAME_BYTES - len(end)].decode(errors="ignore").strip()
    return f"{begin}{end}" if begin else serial_number
