# SPDX-License-Identifier: Apache-2.0
"""Units of systemd that discovery needs, over D-Bus. Source: org.freedesktop.systemd1(5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus.variant import plain
from axiod.errors import AxiodError

if TYPE_CHECKING:
    from axiod.bus.connection import Connection

SYSTEMD, PATH = "org.freedesktop.systemd1", "/org/freedesktop/systemd1"
MANAGER = f"{SYSTEMD}.Manager"


async def call(connection: Connection, member: str, signature: str, *arguments: Any) -> list[Any]:
    """Call a method of the manager; raises AxiodError."""
    return await connection.call(SYSTEMD, PATH, MANAGER, member, signature, list(arguments))


async def state(connection: Connection, unit: str) -> str | None:
    """Return the ActiveState of a unit, such as "active"; None where there is no systemd that would know."""
    try:
        path = (await call(connection, "LoadUnit", "s", unit))[0]
        reply = await connection.call(
            SYSTEMD, path, "org.freedesktop.DBus.Properties", "Get", "ss", [f"{SYSTEMD}.Unit", "ActiveState"]
        )
    except AxiodError:
        return None
    return str(plain(reply[0]))
