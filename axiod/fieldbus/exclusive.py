# SPDX-License-Identifier: Apache-2.0
"""Who has a port for itself. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exclusive:
    """The exclusive use of one port by one client."""

    client: str
    """The unique name of its connection."""
    who: str
    """What it is called, for people."""
    purpose: str
    until: float
    """When it ends, monotonic seconds."""
    until_usec: int
    """The same moment for people, microseconds since 1970."""

    def keeps_out(self, client: str) -> bool:
        """Whether a client may not use the port meanwhile."""
        return client != self.client

    def __str__(self) -> str:
        return f"{self.who}: {self.purpose}"
