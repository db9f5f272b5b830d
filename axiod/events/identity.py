# SPDX-License-Identifier: Apache-2.0
"""What this device is called: from axiod-system, remembered for when that is away, and from the network."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from typing import TYPE_CHECKING, Any

from axiod.errors import AxiodError
from axiod.events.text import Device

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from axiod.bus.client import Service
    from axiod.runtime.state import State

_log = logging.getLogger(__name__)

SYSTEM = "org.axiod.system1"
_DEVICE = "org.axiod.system1.Device"
_KEY = "identity"
_KEPT = ("SerialNumber", "Brand", "Model", "FullName", "Version", "WebUrl")
_SERIAL = re.compile(r"[0-9A-F]{12}")
_AGAIN_SECONDS = 2.0
_SOMEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses for documentation (RFC 5737, RFC 3849): nobody is there, but a route is chosen."""


class Identity:
    """Who this device is."""

    def __init__(self, client: Service, state: State) -> None:
        """`client`: of axiod-system."""
        self._client = client
        self._state = state
        self._known: dict[str, str] = _read(state.get(_KEY)) or {}
        self._asking: asyncio.Task[None] | None = None
        self.on_change: Callable[[], None] = lambda: None
        """Called when more is known, or something else."""

    @property
    def serial(self) -> str:
        """The serial number; empty as long as nobody said it."""
        return self._known.get("SerialNumber", "")

    @property
    def about(self) -> Mapping[str, str]:
        """Properties of org.axiod.system1.Device; empty as long as nobody said them."""
        return self._known

    def ask(self) -> None:
        """Ask axiod-system, until it answers."""
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def stop(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def device(self) -> Device:
        """Return what texts may say of the device."""
        mac = ":".join(self.serial[place : place + 2] for place in range(0, 12, 2)) if self.serial else ""
        return Device(_address(), mac, socket.gethostname())

    async def _ask(self) -> None:
        found = None
        told = False
        while found is None:
            try:
                found = _read(await self._client.properties(f"{self._client.root}/device", _DEVICE))
            except AxiodError as error:
                if not told:
                    _log.warning("it is not known yet who this device is: %s", error)
                    told = True
            if found is None:
                await asyncio.sleep(_AGAIN_SECONDS)
        self._asking = None
        if found != self._known:
            self._known = found
            self._state.soon(_KEY, found)
            self.on_change()


def _read(found: Any) -> dict[str, str] | None:
    """Return what is kept of the properties of a device; None for what is none."""
    if not isinstance(found, dict) or not _SERIAL.fullmatch(str(found.get("SerialNumber", ""))):
        return None
    return {name: str(found.get(name, "")) for name in _KEPT}


def _address() -> str:
    """Return the address that others see of this device; empty where there is no network. Sends nothing."""
    for family, far in _SOMEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))
                return str(probe.getsockname()[0])
        except OSError:
            continue
    return ""
