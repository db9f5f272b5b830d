# SPDX-License-Identifier: Apache-2.0
"""org.axiod.network1: everything that axiod-network has on the bus.

It runs while somebody asks it and exits when nobody does. Every setting is with the component of the system that it is
for; what is kept here besides is on disk.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from axiod.bus.connection import Subscription
from axiod.errors import Unavailable
from axiod.network import host, networkd
from axiod.network.discovery.handler import DiscoveryHandler
from axiod.network.dot1x.access import Dot1x
from axiod.network.dynamic_dns.handler import DynamicDnsHandler
from axiod.network.firewall.handler import FirewallHandler
from axiod.network.firewall.rehearsal import chosen
from axiod.network.firewall.stored import RulesFile
from axiod.network.interfaces import Interfaces
from axiod.network.kernel import Changes
from axiod.network.proxy.handler import ProxyHandler
from axiod.network.trial_handler import TrialHandler
from axiod.network.web_ports import WebPorts

if TYPE_CHECKING:
    from axiod.runtime.app import Context

_log = logging.getLogger(__name__)

_NM, _NM_PATH = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
_PAUSE_SECONDS = 0.2
_PROPERTIES = "org.freedesktop.DBus.Properties"


class NetworkService:
    """All objects of the service."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # One change after the other: what one checks must still be so when it is stored, and what is captured for a
        # trial must not change meanwhile.
        changing = asyncio.Lock()
        self._look = asyncio.Event()
        self._interfaces = Interfaces(context, changing, self._look.set)
        self._host = host.HostHandler(context, changing)
        self._firewall = FirewallHandler(context, RulesFile(context.state_dir), chosen(), changing)
        self._dot1x = Dot1x(context, changing, self._interfaces.ask_again)
        self._discovery = DiscoveryHandler(context)
        self._proxy = ProxyHandler(context)
        # What lets the device into the network, and who can reach it there, comes back first.
        areas = (self._dot1x, self._firewall, self._interfaces, self._host, WebPorts(context.connection))
        self._trial = TrialHandler(context, areas, changing, self._look.set)
        self._firewall.trial = self._interfaces.trial = self._trial
        self._dynamic_dns = DynamicDnsHandler(context, self._interfaces, self._host, self._trial)
        self._changes: Changes | None = None
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Export everything, and follow what changes."""
        context = self._context
        try:
            self._changes = Changes(context.fds, self._look.set)
        except Unavailable as error:
            context.root.problem("changes", str(error))
        for sender, interface, member, path in (
            (_NM, _PROPERTIES, "PropertiesChanged", _NM_PATH),
            (_NM, f"{_NM}.Settings.Connection", "Updated", _NM_PATH),
            (networkd.NETWORKD, _PROPERTIES, "PropertiesChanged", networkd.PATH),
            (host.HOSTNAMED, _PROPERTIES, "PropertiesChanged", host.PATH),
        ):
            await context.connection.subscribe(
                Subscription(sender, interface, member, path, lambda _message: self._look.set())
            )
        await self._interfaces.look()
        self._dot1x.look(self._interfaces.names)
        await self._host.start()
        await self._firewall.start()
        await self._trial.start()
        # A trial may have been confirmed just before this process ended, or be over because the machine was booted.
        await self._firewall.look()
        self._dynamic_dns.start()
        self._proxy.start()
        await self._discovery.start()
        self._looking = context.tasks.create_task(self._keep_looking())

    async def _keep_looking(self) -> None:
        await self._context.on_the_bus.wait()
        await self._interfaces.heard()
        while True:
            await self._look.wait()
            self._look.clear()
            await self._interfaces.look()
            self._dot1x.look(self._interfaces.names)
            await self._host.look()
            await self._firewall.look()
            self._dynamic_dns.look()
            # Somebody may tell of a change many times a second.
            await asyncio.sleep(_PAUSE_SECONDS)

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._discovery.close()
        self._dynamic_dns.close()
        self._trial.close()
        self._dot1x.close()
        self._interfaces.close()
        if self._changes is not None:
            self._changes.close()


async def start(context: Context) -> NetworkService:
    """Start the service."""
    service = NetworkService(context)
    await service.start()
    return service
