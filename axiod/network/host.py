# SPDX-License-Identifier: Apache-2.0
"""org.axiod.network1.Host: the hostname, which systemd-hostnamed keeps and NetworkManager takes from the network.

Sources: org.freedesktop.hostname1(5); NetworkManager.conf(5), hostname-mode.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod import durable
from axiod.bus.variant import plain
from axiod.errors import AxiodError, Conflict, HardwareFailure, NotSupported, Timeout, Unavailable
from axiod.network import model

if TYPE_CHECKING:
    from axiod.runtime.app import Context

HOST = "org.axiod.network1.Host"
HOSTNAMED, PATH = "org.freedesktop.hostname1", "/org/freedesktop/hostname1"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_NM, _NM_PATH = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
_MODE = Path("/etc/NetworkManager/conf.d/50-axiod-hostname.conf")
_BY_HAND = "# Written by axiod-network: the hostname is set by hand.\n[main]\nhostname-mode=none\n"
_RELOAD_CONF = 0x1


class HostHandler:
    """org.axiod.network1.Host."""

    name = "hostname"
    hostname: str
    hostname_automatic: bool
    current_hostname: str

    def __init__(self, context: Context, changing: asyncio.Lock, mode: Path = _MODE) -> None:
        """`changing`: held while settings change. `mode`: the file by which NetworkManager leaves the name alone."""
        self._context = context
        self._path = f"{context.path}/host"
        self._changing = changing
        self._mode = mode
        self._has_networkmanager = False
        self.hostname = ""
        self.hostname_automatic = False
        self.current_hostname = socket.gethostname()

    async def start(self) -> None:
        """Export it."""
        await self._look()
        self._context.server.export(self._path, HOST, self)

    async def look(self) -> None:
        """Look what there is, and tell what differs."""
        await self._look()
        self._context.server.changed(self._path, HOST)

    async def _look(self) -> None:
        # Not what the kernel says: a sandbox with ProtectHostname= keeps the name that it had when it was made.
        try:
            reply = await self._context.connection.call(HOSTNAMED, PATH, _PROPERTIES, "GetAll", "s", [HOSTNAMED])
            said = plain(reply[0])
            self.hostname, self.current_hostname = str(said["StaticHostname"]), str(said["Hostname"])
        except AxiodError:
            self.hostname, self.current_hostname = _static_name(), socket.gethostname()
        self._has_networkmanager = await self._context.connection.has_owner(_NM)
        self.hostname_automatic = self._has_networkmanager and not self._mode.exists()

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            hostname = changes.get("Hostname", self.hostname)
            automatic = changes.get("HostnameAutomatic", self.hostname_automatic)
            if hostname and hostname != self.hostname:
                model.hostname(hostname)
            if automatic and not self._has_networkmanager:
                raise NotSupported("HostnameAutomatic needs NetworkManager, which takes the name from the network")
            if not automatic and not hostname:
                raise Conflict("Hostname is empty, and HostnameAutomatic is off; give the host a name, or turn that on")
            await self._apply(hostname, automatic=automatic)
        await self.look()

    # --- Area, see axiod.network.trial ---

    async def capture(self) -> Any:
        """See Area."""
        await self._look()
        return {"hostname": self.hostname, "automatic": self.hostname_automatic}

    async def restore(self, former: Any) -> None:
        """See Area."""
        await self._look()
        await self._apply(former["hostname"], automatic=former["automatic"])
        await self.look()

    async def _apply(self, hostname: str, *, automatic: bool) -> None:
        """Store both, and put them into force; raises HardwareFailure, Timeout or Unavailable: the former ones stay."""
        former, was_by_hand = self.hostname, self._mode.exists()
        try:
            if automatic != self.hostname_automatic:
                await self._set_mode(by_hand=not automatic)
            if hostname != former:
                await self._set_static(hostname)
        except AxiodError:
            if self._mode.exists() != was_by_hand:
                with suppress(AxiodError):
                    await self._set_mode(by_hand=was_by_hand)
            await self._look()
            if self.hostname != former:
                with suppress(AxiodError):
                    await self._set_static(former)
            await self.look()
            raise

    async def _set_mode(self, *, by_hand: bool) -> None:
        """Have NetworkManager take the name from the network, or not."""
        try:
            if by_hand:
                await asyncio.to_thread(durable.write, self._mode, _BY_HAND, mode=0o644)
            else:
                await asyncio.to_thread(durable.remove, self._mode)
        except OSError as error:
            raise HardwareFailure(f"{self._mode} cannot be written: {error.strerror}") from error
        try:
            await self._context.connection.call(_NM, _NM_PATH, _NM, "Reload", "u", [_RELOAD_CONF])
        except (Unavailable, Timeout):
            raise
        except AxiodError as error:
            raise HardwareFailure(f"NetworkManager does not read {self._mode} again: {error}") from error

    async def _set_static(self, hostname: str) -> None:
        call = self._context.connection.call
        for member in ("SetStaticHostname", "SetHostname"):
            try:
                await call(HOSTNAMED, PATH, HOSTNAMED, member, "sb", [hostname, False])
            except Timeout:
                raise
            except AxiodError as error:
                raise Unavailable(f"systemd-hostnamed did not take the name {hostname!r}: {error}") from error


def _static_name() -> str:
    try:
        return Path("/etc/hostname").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
