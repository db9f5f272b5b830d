# SPDX-License-Identifier: Apache-2.0
"""The address that an interface takes while no DHCP server answers. Source: manual "Fallback to static IP address".

It has the scope of the link, as the manual says: it reaches what is connected to the same network, and nothing beyond,
and nothing prefers it to an address that was leased. Which one it is, is stored here, because no backend knows of such
an address; whether it is in force, only the kernel knows.

It is given to the interface with a prefix of 32, and its network as a route of its own: beside an address with the
scope of the link the kernel takes none of the same network with another scope, and a lease has another one.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_interface
from typing import TYPE_CHECKING, Any

from axiod.errors import Unavailable
from axiod.network.interface import INTERFACE
from axiod.network.kernel import run
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from axiod.network.links import Link
    from axiod.network.model import Addressing
    from axiod.runtime.idle import Needed

_log = logging.getLogger(__name__)

WAIT_SECONDS = 30.0
"""So long a connected interface waits for a lease."""
_ALONE = 32
"""The length of the prefix of IPv4 that is one address."""
_METRIC = "4096"
"""More than the route of a lease has, so that nothing goes by the fallback address while both are there."""
_KIND = "interfaces"


class Fallback:
    """The fallback addresses of all interfaces."""

    def __init__(self, folder: Path, needed: Needed, on_time: Callable[[], None]) -> None:
        """`on_time` is called when look() has something to do because time passed. Raises HardwareFailure."""
        self._file = SettingsFile(folder / "fallback.yaml", {_KIND: INTERFACE})
        self._needed = needed
        self._on_time = on_time
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._due: set[str] = set()

    def added_to(self, name: str, addressing: Addressing) -> Addressing:
        """Return what a backend says of an interface with what is stored here."""
        address = self._address(name)
        if address is None or addressing.ipv4_method != "dhcp":
            return addressing
        return replace(addressing, ipv4_fallback=True, ipv4_addresses=(address,))

    async def save(self, name: str, addressing: Addressing) -> None:
        """Store what of the settings of an interface is ours; raises HardwareFailure."""
        wanted = addressing.ipv4_addresses[0] if addressing.ipv4_fallback else None
        if wanted != self._address(name):
            await self._store(name, wanted)

    async def look(self, links: Mapping[str, Link], dhcp: set[str]) -> None:
        """Add addresses that are needed, and take away those that are no more. `dhcp`: interfaces that ask for a lease.

        An address that was added and has a fallback no more is taken away by whoever configures the interface anew.
        """
        for name, link in links.items():
            address = self._address(name)
            if address is None:
                continue
            bare = address.partition("/")[0]
            present = any(found.address == bare and found.scope == "link" for found in link.addresses)
            leased = any(found.origin == "dhcp" and ":" not in found.address for found in link.addresses)
            wanted = name in dhcp and link.carrier and not leased
            if not wanted or present:
                self._wait_no_more(name)
                if present and not wanted:
                    await _leave(name, address)
            elif name in self._due:
                self._wait_no_more(name)
                _log.warning("%s: no DHCP server answers, so it takes %s", name, address)
                await _take(name, address)
            elif name not in self._waiting:
                self._waiting[name] = asyncio.get_running_loop().call_later(WAIT_SECONDS, self._time, name)
        self._needed.while_("fallback", bool(self._waiting))

    def close(self) -> None:
        """Wait for nothing any more."""
        for timer in self._waiting.values():
            timer.cancel()

    # --- Area, see axiod.network.trial ---

    @property
    def stored(self) -> dict[str, str]:
        """Every address that is stored, by interface."""
        return {name: address for name in self._file.ids(_KIND) if (address := self._address(name)) is not None}

    async def put_back(self, former: Mapping[str, str]) -> None:
        """Make `stored` what it was; raises HardwareFailure."""
        for name in self.stored.keys() | former.keys():
            if self._address(name) != former.get(name):
                await self._store(name, former.get(name))

    def _address(self, name: str) -> str | None:
        found: dict[str, Any] = self._file.get(_KIND, name)
        addresses = found.get("ipv4_addresses") or [None]
        return addresses[0] if found.get("ipv4_fallback") else None

    async def _store(self, name: str, address: str | None) -> None:
        former = self._address(name)
        await self._file.save(_KIND, name, {"ipv4_fallback": True, "ipv4_addresses": [address]} if address else {})
        if former is not None:
            await _leave(name, former)

    def _time(self, name: str) -> None:
        self._due.add(name)
        self._on_time()

    def _wait_no_more(self, name: str) -> None:
        self._due.discard(name)
        if (timer := self._waiting.pop(name, None)) is not None:
            timer.cancel()


async def _take(name: str, address: str) -> None:
    found = ip_interface(address)
    bare, network = str(found.ip), str(found.network)
    try:
        await run("ip", "address", "add", f"{bare}/32", "dev", name, "scope", "link")
        if found.network.prefixlen < _ALONE:
            route = ("dev", name, "scope", "link", "src", bare, "metric", _METRIC)
            await run("ip", "route", "replace", network, *route)
    except Unavailable as error:
        _log.error("%s cannot take its fallback address %s: %s", name, address, error)


async def _leave(name: str, address: str) -> None:
    """Its route goes with it."""
    with suppress(Unavailable):  # what is to be taken away and is not there is as it should be
        await run("ip", "address", "del", f"{address.partition('/')[0]}/32", "dev", name)
