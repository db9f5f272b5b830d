# SPDX-License-Identifier: Apache-2.0
"""org.axiod.network1.Interface: one network interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus.interface import snake
from axiod.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from axiod.network.backend import Managed
    from axiod.network.links import Link

INTERFACE = "org.axiod.network1.Interface"
_NEEDS = {"Ipv4": "ipv4", "Ipv6": "ipv6", "Dns": "dns"}


class InterfaceHandler:
    """org.axiod.network1.Interface. What it says is what was looked at last."""

    def __init__(
        self,
        link: Link,
        managed: Managed,
        configure: Callable[[str, dict[str, Any]], Awaitable[None]],
        adopt: Callable[[str], Awaitable[None]],
    ) -> None:
        """`configure` changes settings of an interface, given by its name; `adopt` hands it over."""
        self.link = link
        self.managed = managed
        self._configure = configure
        self._adopt = adopt

    # --- properties ---

    @property
    def name(self) -> str:
        return self.link.name

    @property
    def mac_address(self) -> str:
        return self.link.mac_address

    @property
    def up(self) -> bool:
        return self.link.up

    @property
    def carrier(self) -> bool:
        return self.link.carrier

    @property
    def mtu(self) -> int:
        return self.link.mtu

    @property
    def addresses(self) -> list[dict[str, Any]]:
        return [
            {
                "Address": address.address,
                "PrefixLength": address.prefix_length,
                "Origin": address.origin,
                "Scope": address.scope,
                "Broadcast": address.broadcast,
            }
            for address in self.link.addresses
        ]

    @property
    def routers(self) -> list[str]:
        return list(self.link.routers)

    @property
    def name_servers(self) -> list[str]:
        return list(self.managed.name_servers)

    @property
    def search_domains(self) -> list[str]:
        return list(self.managed.search_domains)

    @property
    def backend(self) -> str:
        return self.managed.backend

    @property
    def capabilities(self) -> list[str]:
        return list(self.managed.capabilities)

    @property
    def read_only_because(self) -> str | None:
        return self.managed.read_only_because

    @property
    def ipv4_method(self) -> str | None:
        return (self.managed.addressing.ipv4_method or None) if self.managed.addressing else None

    @property
    def ipv4_addresses(self) -> list[str] | None:
        return list(self.managed.addressing.ipv4_addresses) if self.managed.addressing else None

    @property
    def ipv4_router(self) -> str | None:
        return self.managed.addressing.ipv4_router if self.managed.addressing else None

    @property
    def ipv4_fallback(self) -> bool | None:
        return self.managed.addressing.ipv4_fallback if self.managed.addressing else None

    @property
    def ipv6_method(self) -> str | None:
        return (self.managed.addressing.ipv6_method or None) if self.managed.addressing else None

    @property
    def ipv6_addresses(self) -> list[str] | None:
        return list(self.managed.addressing.ipv6_addresses) if self.managed.addressing else None

    @property
    def ipv6_router(self) -> str | None:
        return self.managed.addressing.ipv6_router if self.managed.addressing else None

    @property
    def dns_automatic(self) -> bool | None:
        return self.managed.addressing.dns_automatic if self.managed.addressing else None

    @property
    def dns_servers(self) -> list[str] | None:
        return list(self.managed.addressing.dns_servers) if self.managed.addressing else None

    @property
    def dns_search(self) -> list[str] | None:
        return list(self.managed.addressing.dns_search) if self.managed.addressing else None

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        if self.managed.read_only_because is not None:
            raise NotSupported(f"{self.name} cannot be configured here: {self.managed.read_only_because}")
        for name in changes:
            need = "fallback" if name == "Ipv4Fallback" else _NEEDS[name[:3] if name.startswith("Dns") else name[:4]]
            if need not in self.managed.capabilities:
                raise NotSupported(f"{name} cannot be set: {self.managed.backend} cannot do that")
        await self._configure(self.name, {snake(name): value for name, value in changes.items()})

    async def adopt(self) -> None:
        await self._adopt(self.name)
