# SPDX-License-Identifier: Apache-2.0
"""All network interfaces: which there are, who manages each, and how they are configured."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from axiod.errors import AxiodError, Conflict, NotFound, NotSupported, Unavailable
from axiod.network import adoption, detect, kernel, networkd, networkmanager
from axiod.network.adoption import Adoption
from axiod.network.backend import Managed
from axiod.network.events import NetworkEvents
from axiod.network.fallback import Fallback
from axiod.network.interface import INTERFACE, InterfaceHandler
from axiod.network.links import explained
from axiod.network.model import Addressing, escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from axiod.network.backend import Backend
    from axiod.network.links import Link
    from axiod.network.trial_handler import TrialHandler
    from axiod.runtime.app import Context

_log = logging.getLogger(__name__)

_TOLD = ("dhcp", "router-advertisement")
"""The origins of addresses that the network gave."""


class Interfaces:
    """The objects of all interfaces. It is an area of settings that can be tried, see axiod.network.trial."""

    name = "addresses"

    def __init__(self, context: Context, changing: asyncio.Lock, look_soon: Callable[[], None]) -> None:
        """`changing`: held while settings change. `look_soon` has look() called. Raises HardwareFailure."""
        self._context = context
        self.trial: TrialHandler | None = None
        self._changing = changing
        self._look_soon = look_soon
        # What was looked at first must not be told last.
        self._looking = asyncio.Lock()
        # The first one that manages an interface is asked.
        self._backends: dict[str, Backend] = {
            networkmanager.BACKEND: networkmanager.NetworkManager(context.connection),
            networkd.BACKEND: networkd.Networkd(context.connection),
        }
        self._adoption = Adoption(context.connection, context.state_dir)
        self._handlers: dict[str, InterfaceHandler] = {}
        self._links: dict[str, Link] = {}
        self._last_managed_by: dict[str, str] = {}
        self._fallback = Fallback(context.state_dir, context.needed, look_soon)
        self._events = NetworkEvents(context.events, context.state_dir / "seen.json")

    async def look(self) -> None:
        """Look what there is, and tell what differs."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        try:
            links = await kernel.read_links()
        except AxiodError as error:
            self._context.root.problem("kernel", str(error))
            return
        self._context.root.problem("kernel", None)
        managed = {name: await self._read(name) for name in links}
        links = {name: _explained(link, managed[name].addressing) for name, link in links.items()}
        gone = self._handlers.keys() - links.keys()
        for name in gone:
            del self._handlers[name]
            self._context.server.unexport(self._path(name))
        for name, link in links.items():
            self._put(link, managed[name])
            if managed[name].backend != "none":
                self._last_managed_by[name] = managed[name].backend
        self._links = links
        self._events.states(links, gone)
        if self._context.on_the_bus.is_set():
            await self._events.addresses(links)
        dhcp = {name for name, what in managed.items() if what.addressing and what.addressing.ipv4_method == "dhcp"}
        await self._fallback.look(links, {name for name in dhcp if managed[name].capabilities})
        self._say()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._links)

    @property
    def links(self) -> tuple[Link, ...]:
        """All of them, as the kernel has them."""
        return tuple(self._links.values())

    def search_domains(self, names: Iterable[str]) -> list[str]:
        """Return the search domains in force on these interfaces, the first one first."""
        found = [domain for name in names for domain in self._handlers[name].managed.search_domains]
        return list(dict.fromkeys(found))

    async def heard(self) -> None:
        """Somebody hears from now on."""
        async with self._looking:
            await self._events.addresses(self._links)

    def close(self) -> None:
        """Wait for nothing any more."""
        self._fallback.close()

    # --- Area ---

    async def capture(self) -> Any:
        """See Area."""
        names = list(self._links)
        backends = {key: await backend.capture(names) for key, backend in self._backends.items()}
        for name in names:
            key = self._last_managed_by.get(name)
            if key in backends and backends[key] is None:
                raise Unavailable(f"{key}, which manages {name}, does not run now; try again when it does")
        return {"backends": backends, "fallback": self._fallback.stored, "adopted": self._adoption.captured}

    async def restore(self, former: Any) -> None:
        """See Area."""
        await self._fallback.put_back(former["fallback"])
        for key, captured in former["backends"].items():
            await self._backends[key].restore(captured)
        await self._adoption.take_back(former.get("adopted", {}))
        self._last_managed_by.clear()  # nobody may manage again what nobody managed before
        self._look_soon()

    # --- one interface ---

    def _path(self, name: str) -> str:
        return f"{self._context.path}/interface/{escaped(name)}"

    def _put(self, link: Link, managed: Managed) -> None:
        handler = self._handlers.get(link.name)
        if handler is None:
            handler = self._handlers[link.name] = InterfaceHandler(link, managed, self._configure, self._adopt)
            self._context.server.export(self._path(link.name), INTERFACE, handler)
            return
        handler.link, handler.managed = link, managed
        self._context.server.changed(self._path(link.name), INTERFACE)

    async def _read(self, name: str) -> Managed:
        for key, backend in self._backends.items():
            try:
                found = await backend.read(name)
            except AxiodError as error:
                return Managed(key, (), f"{key} does not say how it is configured: {error}")
            if found is not None:
                break
        else:
            return detect.unmanaged(name)
        if found.addressing is None:
            return found
        return replace(found, addressing=self._fallback.added_to(name, found.addressing))

    async def _configure(self, name: str, changes: dict[str, Any]) -> None:
        async with self._changing:
            managed = await self._read(name)
            backend = self._backends.get(managed.backend)
            if backend is None or managed.read_only_because is not None:
                raise NotSupported(f"{name} cannot be configured here: {managed.read_only_because}")
            former = managed.addressing or Addressing()
            amended = former.amended(changes)
            if amended == former:
                return
            if amended.off and not former.off:
                self._check_another_way(name, "Ipv4Method" if "ipv4_method" in changes else "Ipv6Method")
            await self._fallback.save(name, amended)
            try:
                await backend.apply(name, amended)
            except AxiodError:
                await self._fallback.save(name, former)
                raise
        await self.look()

    def _check_another_way(self, name: str, setting: str) -> None:
        """Check that the device can be reached without an interface, whose setting would turn it off."""
        others = [link for link in self._links.values() if link.name != name and link.carrier]
        if not any(address.scope == "global" for link in others for address in link.addresses):
            other = "Ipv6Method" if setting == "Ipv4Method" else "Ipv4Method"
            raise Conflict(
                f"{setting} of {name} cannot be disabled as {other} is: no other interface that is connected has an "
                "address, so nobody could reach the device"
            )

    async def _adopt(self, name: str) -> None:
        async with self._changing:
            managed = await self._read(name)
            adoption.check(name, managed.backend, pending=bool(self.trial and self.trial.pending))
            if (link := self._links.get(name)) is None:
                raise NotFound(f"there is no interface {name} any more")
            await self._adoption.adopt(link)
        await self.look()

    def ask_again(self, name: str) -> None:
        """Have an interface that gets its addresses from the network ask for them now: it has been let in there.

        What asked before has had no answer, and waits longer each time.
        """
        self._context.tasks.create_task(self._ask_again(name))

    async def _ask_again(self, name: str) -> None:
        async with self._changing:
            managed = await self._read(name)
            backend = self._backends.get(managed.backend)
            await self.look()
            link = self._links.get(name)
            if backend is None or link is None or managed.addressing is None or not managed.capabilities:
                return
            four = managed.addressing.ipv4_method
            if four == "static" or (four != "dhcp" and managed.addressing.ipv6_method != "automatic"):
                return
            leased = any(
                (":" in found.address) == (four != "dhcp") and found.origin in _TOLD for found in link.addresses
            )
            try:
                await backend.ask_again(name, leased=leased)
            except AxiodError as error:
                _log.warning("%s was let in, and %s does not ask for addresses: %s", name, managed.backend, error)
            else:
                _log.info("%s was let in, so %s asks for addresses now", name, managed.backend)

    def _say(self) -> None:
        addressed = [name for name, link in self._links.items() if link.addresses]
        self._context.root.say(
            ", ".join(f"{name} {self._links[name].addresses[0].address}" for name in addressed) or "no address"
        )


def _explained(link: Link, addressing: Addressing | None) -> Link:
    if addressing is None:
        return link
    return explained(
        link,
        leased=addressing.ipv4_method == "dhcp",
        advertised=addressing.ipv6_method == "automatic",
        by_hand=(*addressing.ipv4_addresses, *addressing.ipv6_addresses),
    )
