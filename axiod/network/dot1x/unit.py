# SPDX-License-Identifier: Apache-2.0
"""axiod-dot1x@INTERFACE.service, in which wpa_supplicant runs, through systemd (org.freedesktop.systemd1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.errors import AxiodError, Unavailable
from axiod.network import systemd

if TYPE_CHECKING:
    from axiod.bus.connection import Connection

_NOT_IN_A_NAME = re.compile(rb"[^A-Za-z0-9:_.]|^\.")


def unit_name(interface: str) -> str:
    """Return the unit of an interface, escaped as systemd-escape does it."""
    escaped = _NOT_IN_A_NAME.sub(lambda match: b"\\x%02x" % match[0][0], interface.encode())
    return f"axiod-dot1x@{escaped.decode()}.service"


@dataclass(frozen=True, slots=True)
class UnitState:
    """How a unit is."""

    active: str
    """ActiveState of systemd: active, activating, inactive, failed, ..."""
    said: str
    """What its process says of itself (STATUS= of sd_notify)."""


class Units:
    """The units of all interfaces."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def restart(self, interface: str) -> None:
        """Start the unit of an interface, anew if it runs; raises Unavailable."""
        await self._manage("RestartUnit", "start", interface)

    async def stop(self, interface: str) -> None:
        """Stop the unit of an interface; raises Unavailable."""
        await self._manage("StopUnit", "stop", interface)

    async def state(self, interface: str) -> UnitState:
        """Return how the unit of an interface is; raises Unavailable."""
        name = unit_name(interface)
        try:
            found = await systemd.properties_of(self._connection, name, "Unit.ActiveState", "Service.StatusText")
        except AxiodError as error:
            raise Unavailable(f"systemd says nothing of {name}: {error}") from error
        return UnitState(*found)

    async def _manage(self, member: str, verb: str, interface: str) -> None:
        name = unit_name(interface)
        try:
            await systemd.call(self._connection, member, "ss", name, "replace")
        except AxiodError as error:
            raise Unavailable(f"systemd did not {verb} {name}: {error}") from error
