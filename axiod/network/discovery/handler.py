# SPDX-License-Identifier: Apache-2.0
"""org.axiod.network1.Discovery: the switches of all discovery protocols, and what became of them."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from axiod.bus.connection import Subscription
from axiod.bus.interface import snake
from axiod.errors import AxiodError, NotSupported
from axiod.network.discovery import avahi, lldpd
from axiod.network.discovery.avahi import Avahi
from axiod.network.discovery.bonjour import service_file, types
from axiod.network.discovery.identity import System
from axiod.network.discovery.lldpd import Lldpd
from axiod.network.discovery.settings import Settings
from axiod.network.systemd import MANAGER, PATH, SYSTEMD, active_state, call
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from axiod.bus._lib import Message
    from axiod.network.discovery.identity import Identity
    from axiod.runtime.app import Context

_log = logging.getLogger(__name__)

DISCOVERY = "org.axiod.network1.Discovery"
_KIND = "discovery"
_ANSWERS = "axiod-discovery.service"
_NOBODY_KNOWS = "axiod-system does not answer, so nobody knows what to announce; see: systemctl status axiod-system"
_START_SECONDS = 5.0
_SETTLE_SECONDS = 0.2
"""What changes comes in bursts."""
_NOT_STARTED = f"{_ANSWERS} does not run; start it with: systemctl start axiod-discovery"


class DiscoveryHandler:
    """org.axiod.network1.Discovery."""

    unavailable: dict[str, str]

    def __init__(self, context: Context) -> None:
        """Raises HardwareFailure when the disk refuses to be read."""
        self._context = context
        self._path = f"{context.path}/discovery"
        # Nothing here cuts anybody off, so it is no part of a trial and waits for none.
        self._changing = asyncio.Lock()
        self._file = SettingsFile(context.state_dir / "discovery.yaml", {_KIND: DISCOVERY})
        self._settings = Settings(**self._file.get(_KIND, _KIND))
        self._due = asyncio.Event()
        self._system = System(context.connection, self._due.set)
        self._avahi = Avahi(context.connection, self._due.set, avahi.folder())
        self._lldpd = Lldpd(context.connection, context.state_dir)
        self._identity: Identity | None = None
        self._looking: asyncio.Task[None] | None = None
        self.unavailable = {}

    async def start(self) -> None:
        """Make avahi and lldpd do what is set, export it, and follow what becomes of it."""
        context = self._context
        await self._system.start()
        await self._avahi.start()
        await context.connection.subscribe(Subscription(SYSTEMD, MANAGER, "JobRemoved", PATH, self._on_job))
        with suppress(AxiodError):  # without systemd nobody tells
            await call(context.connection, "Subscribe", "")
        # Whoever hangs must not keep addresses from being configured.
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._look()
        except TimeoutError:
            self._due.set()
        context.server.export(self._path, DISCOVERY, self)
        self._looking = context.tasks.create_task(self._keep_looking())

    def close(self) -> None:
        """Follow nothing more; what is announced goes on."""
        if self._looking is not None:
            self._looking.cancel()

    # --- properties ---

    @property
    def bonjour(self) -> bool:
        return self._settings.bonjour

    @property
    def bonjour_name(self) -> str:
        return self._settings.bonjour_name or self._default_name

    @property
    def upnp(self) -> bool:
        return self._settings.upnp

    @property
    def upnp_name(self) -> str:
        return self._settings.upnp_name or self._default_name

    @property
    def ws_discovery(self) -> bool:
        return self._settings.ws_discovery

    @property
    def lldp(self) -> bool:
        return self._settings.lldp

    @property
    def cdp(self) -> bool:
        return self._settings.cdp

    @property
    def bonjour_host(self) -> str | None:
        return self._avahi.host

    @property
    def bonjour_announced(self) -> str | None:
        return self._avahi.announced

    @property
    def _default_name(self) -> str:
        return self._identity.default_name if self._identity is not None else socket.gethostname()

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            amended = self._settings.amended(
                {snake(name): value for name, value in changes.items()}, self._default_name
            )
            if changes.get("Bonjour") and not self._avahi.installed:
                raise NotSupported(f"Bonjour cannot be turned on: {self._avahi.why_not}")
            for name in ("Lldp", "Cdp"):
                if changes.get(name) and not self._lldpd.installed:
                    raise NotSupported(f"{name} cannot be turned on: {lldpd.NOT_INSTALLED}")
            former = self._settings
            if amended == former:
                return
            await self._file.save(_KIND, _KIND, amended.beyond_default)
            self._settings = amended
            try:
                await self._drive()
            except AxiodError:
                self._settings = former
                await self._file.save(_KIND, _KIND, former.beyond_default)
                with suppress(AxiodError):
                    await self._drive()
                raise
            await self._look()
            self._context.server.changed(self._path, DISCOVERY)

    async def neighbours(self) -> list[dict[str, Any]]:
        return await self._lldpd.neighbours() if self.lldp or self.cdp else []

    # --- what becomes of it ---

    async def _drive(self) -> None:
        """Make avahi and lldpd do what is set, as far as they are there; raises AxiodError."""
        settings = self._settings
        await self._lldpd.speak(lldp=settings.lldp, cdp=settings.cdp)
        if not self._avahi.installed:
            return
        if not settings.bonjour:
            await self._avahi.tell(None)
        elif self._identity is not None:  # while it is not known, what was told before still is
            identity = self._identity
            await self._avahi.tell(service_file(self.bonjour_name, identity.serial_number, identity.web))

    async def _look(self) -> None:
        """Do what is set, and see whether it works."""
        self._identity = await self._system.identity() or self._identity
        settings, found = self._settings, {}
        on = {
            "bonjour": settings.bonjour,
            "upnp": settings.upnp,
            "ws-discovery": settings.ws_discovery,
            "lldp": settings.lldp,
            "cdp": settings.cdp,
        }
        try:
            await self._drive()
        except AxiodError as error:
            _log.error("%s", error)
            found = dict.fromkeys(("bonjour", "lldp", "cdp"), str(error))
        if (reason := await self._follow_bonjour()) is not None:
            found["bonjour"] = reason
        if (reason := await self._lldpd.why_not()) is not None:
            found |= {"lldp": reason, "cdp": reason}
        if await active_state(self._context.connection, _ANSWERS) not in ("active", "activating", "reloading", None):
            found |= {"upnp": _NOT_STARTED, "ws-discovery": _NOT_STARTED}
        if not self._avahi.allowed:
            found = dict.fromkeys(on, avahi.NOT_ALLOWED)
        self.unavailable = {name: found[name] for name in on if on[name] and name in found}

    async def _follow_bonjour(self) -> str | None:
        """See what avahi announces; returns why that is nothing."""
        if not self._avahi.installed:
            return self._avahi.why_not
        if not self._settings.bonjour:
            return await self._avahi.follow(None)
        if self._identity is None:
            return _NOBODY_KNOWS
        return await self._avahi.follow(types(self._identity.web)[0][0])

    async def _keep_looking(self) -> None:
        while True:
            await self._due.wait()
            await asyncio.sleep(_SETTLE_SECONDS)
            self._due.clear()
            async with self._changing:
                await self._look()
            self._context.server.changed(self._path, DISCOVERY)

    def _on_job(self, message: Message) -> None:
        if message.body[2] in (lldpd.UNIT, _ANSWERS):
            self._due.set()
