# SPDX-License-Identifier: Apache-2.0
"""802.1X and MACsec on all interfaces: what is kept of each, and the unit that carries it out.

It is an area of settings that can be tried, see axiod.network.trial.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from axiod.bus.interface import snake
from axiod.errors import AxiodError, Conflict, NotSupported
from axiod.network.dot1x import supplicant
from axiod.network.dot1x.handler import Dot1xHandler
from axiod.network.dot1x.kernel import has_macsec
from axiod.network.dot1x.launch import NO_MACSEC, SYSTEM, certificate, wpa_supplicant
from axiod.network.dot1x.settings import Method, checked_secrets
from axiod.network.dot1x.stored import DOT1X, NOTHING, Dot1xFile, Kept, from_plain, to_plain
from axiod.network.dot1x.unit import Units
from axiod.network.dot1x.watch import Watch, identity, is_wired
from axiod.network.model import escaped

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from axiod.network.dot1x.settings import Settings
    from axiod.runtime.app import Context

_RUN = Path("/run/axiod-dot1x")
"""Where the units have their files."""


class Dot1x:
    """The objects of all interfaces."""

    name = "802.1X"

    def __init__(self, context: Context, changing: asyncio.Lock, on_secured: Callable[[str], None]) -> None:
        """`changing`: held while settings change. `on_secured` is called when an interface has been let in.

        Raises HardwareFailure when the disk refuses to be read.
        """
        self._context = context
        self.secured = on_secured
        self._changing = changing
        self._file = Dot1xFile(context.state_dir)
        self._units = Units(context.connection)
        self._store = Service(context.connection, SYSTEM)
        self._handlers: dict[str, Dot1xHandler] = {}
        self.macsec = has_macsec()
        context.root.problem("dot1x", self._file.problem)

    def look(self, interfaces: Iterable[str]) -> None:
        """Have an object for each interface that is there, or that something is kept of."""
        wanted = {name for name in interfaces if is_wired(name)} | set(self._file.interfaces)
        for name in self._handlers.keys() - wanted:
            self._handlers.pop(name).watch(None)
            self._context.server.unexport(self._path(name))
        for name in sorted(wanted - self._handlers.keys()):
            handler = self._handlers[name] = Dot1xHandler(self, name)
            self._context.server.export(self._path(name), DOT1X, handler)
            self._watch(name)

    def close(self) -> None:
        """Let go. What runs goes on."""
        for handler in self._handlers.values():
            handler.watch(None)

    # --- Area ---

    async def capture(self) -> Any:
        """See Area."""
        return to_plain({name: self._file.get(name) for name in self._file.interfaces})

    async def restore(self, former: Any) -> None:
        """See Area."""
        there = from_plain(former)
        for interface in sorted({*there, *self._file.interfaces}):
            kept, now = there.get(interface, NOTHING), self._file.get(interface)
            if kept != now:
                await self._change(interface, now, kept)

    # --- for the objects ---

    def kept(self, interface: str) -> Kept:
        """Return what is kept of an interface."""
        return self._file.get(interface)

    def changed(self, interface: str) -> None:
        """Tell what changed of an interface."""
        if interface in self._handlers:
            self._context.server.changed(self._path(interface), DOT1X)

    async def configure(self, interface: str, changes: dict[str, Any]) -> None:
        """Change settings, and begin anew with them."""
        async with self._changing:
            former = self._file.get(interface)
            settings = former.settings.amended({snake(name): value for name, value in changes.items()})
            if settings.enabled:
                await self._check(settings, former.secrets)
            if settings != former.settings:
                await self._change(interface, former, replace(former, settings=settings))

    async def set_secrets(self, interface: str, given: dict[str, str]) -> None:
        """Change secrets, and begin anew where the method needs one of them."""
        given = checked_secrets(given)
        async with self._changing:
            former = self._file.get(interface)
            secrets = {name: value for name, value in {**former.secrets, **given}.items() if value}
            if former.settings.enabled:
                former.settings.check_complete(secrets)
            if secrets != former.secrets:
                await self._change(interface, former, replace(former, secrets=secrets))

    async def authenticate(self, interface: str) -> None:
        """Begin anew."""
        async with self._changing:
            if not self._file.get(interface).settings.enabled:
                raise Conflict(f"it is not enabled on {interface}; set Enabled first")
            but = identity(self._control(interface))
            await self._units.restart(interface)
            self._watch(interface, but)

    async def _check(self, settings: Settings, secrets: dict[str, str]) -> None:
        settings.check_complete(secrets)
        if settings.method == Method.MACSEC and not self.macsec:
            raise NotSupported(NO_MACSEC)
        wpa_supplicant()
        for id_ in settings.certificates:
            own = settings.method == Method.EAP_TLS and id_ == settings.client_certificate
            await certificate(self._store, id_, own=own)

    async def _change(self, interface: str, former: Kept, kept: Kept) -> None:
        await self._file.keep(interface, kept)
        if _in_force(former) != _in_force(kept):
            but = identity(self._control(interface))
            try:
                await self._apply(interface, kept)
            except AxiodError:
                await self._file.keep(interface, former)
                raise
            self._watch(interface, but)
        self.changed(interface)

    async def _apply(self, interface: str, kept: Kept) -> None:
        if kept.settings.enabled:
            await self._units.restart(interface)
        else:
            await self._units.stop(interface)

    def _path(self, interface: str) -> str:
        return f"{self._context.path}/dot1x/{escaped(interface)}"

    def _control(self, interface: str) -> Path:
        return _RUN / interface / supplicant.CONTROL / interface

    def _watch(self, interface: str, but: tuple[int, int] | None = None) -> None:
        settings = self._file.get(interface).settings
        # Who is cut off later must be told of it: that is heard only while somebody listens.
        enabled = any(self._file.get(name).settings.enabled for name in self._file.interfaces)
        self._context.needed.while_("802.1X", enabled)
        handler = self._handlers.get(interface)
        if handler is None:
            return
        if not settings.enabled:
            handler.watch(None)
            return
        watch = Watch(interface, settings, self._control(interface), self._units, handler.look, but)
        handler.watch(watch)
        watch.start(self._context.tasks)


def _in_force(kept: Kept) -> tuple[Settings, str] | None:
    """Return what makes a difference to wpa_supplicant; None where it does not run."""
    settings = kept.settings
    return (settings, kept.secrets.get(settings.secret, "")) if settings.enabled else None
