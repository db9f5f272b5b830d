# SPDX-License-Identifier: Apache-2.0
"""org.axiod.network1.Dot1x: 802.1X and MACsec of one wired interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from axiod.clock import wall_usec
from axiod.network.dot1x.course import State
from axiod.network.dot1x.settings import Method

if TYPE_CHECKING:
    from axiod.network.dot1x.settings import Settings
    from axiod.network.dot1x.stored import Kept
    from axiod.network.dot1x.watch import Watch


class Interfaces(Protocol):
    """What an object needs of all of them."""

    macsec: bool
    """Whether the kernel is able to it."""

    def kept(self, interface: str) -> Kept:
        """Return what is kept of an interface."""

    def changed(self, interface: str) -> None:
        """Tell what changed of an interface."""

    def secured(self, interface: str) -> None:
        """Take note that an interface has been let in."""

    async def configure(self, interface: str, changes: dict[str, Any]) -> None:
        """Change settings, and begin anew with them."""

    async def set_secrets(self, interface: str, given: dict[str, str]) -> None:
        """Change secrets, and begin anew where the method needs one of them."""

    async def authenticate(self, interface: str) -> None:
        """Begin anew."""


class Dot1xHandler:
    """org.axiod.network1.Dot1x."""

    name: str

    def __init__(self, all_: Interfaces, interface: str) -> None:
        self._all = all_
        self.name = interface
        self._watch: Watch | None = None
        self._stood = State.OFF
        self._since_usec: int | None = None

    def watch(self, watch: Watch | None) -> None:
        """Show how it goes with another attempt; None: it is off."""
        if self._watch is not None:
            self._watch.stop()
        self._watch = watch
        self.look()

    def look(self) -> None:
        """Tell what changed."""
        if self.state != self._stood:
            self._stood = self.state
            self._since_usec = None if self._stood is State.OFF else wall_usec()
            if self._stood is State.SECURED:
                self._all.secured(self.name)
        self._all.changed(self.name)

    # --- what is set ---

    @property
    def enabled(self) -> bool:
        return self._settings.enabled

    @property
    def method(self) -> str:
        return self._settings.method

    @property
    def identity(self) -> str:
        return self._settings.identity

    @property
    def client_certificate(self) -> str:
        return self._settings.client_certificate

    @property
    def ca_certificates(self) -> list[str]:
        return list(self._settings.ca_certificates)

    @property
    def server_name(self) -> str:
        return self._settings.server_name

    @property
    def eapol_version(self) -> int:
        return self._settings.eapol_version

    @property
    def peap_version(self) -> int:
        return self._settings.peap_version

    @property
    def peap_label(self) -> int:
        return self._settings.peap_label

    @property
    def ckn(self) -> str:
        return self._settings.ckn

    @property
    def macsec_mode(self) -> str:
        return self._settings.macsec_mode

    @property
    def secrets(self) -> list[str]:
        return sorted(self._all.kept(self.name).secrets)

    # --- how it is ---

    @property
    def methods(self) -> list[str]:
        return [method.value for method in Method if method is not Method.MACSEC or self._all.macsec]

    @property
    def state(self) -> State:
        return State.OFF if self._watch is None else self._watch.state

    @property
    def reason(self) -> str | None:
        return (self._watch.reason or None) if self._watch is not None else None

    @property
    def since_usec(self) -> int | None:
        return self._since_usec

    @property
    def secured_interface(self) -> str | None:
        return self._watch.secured_interface if self._watch is not None else None

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        await self._all.configure(self.name, changes)

    async def set_secrets(self, options: dict[str, Any]) -> None:
        await self._all.set_secrets(self.name, options)

    async def authenticate(self) -> None:
        await self._all.authenticate(self.name)

    @property
    def _settings(self) -> Settings:
        return self._all.kept(self.name).settings
