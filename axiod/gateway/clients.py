# SPDX-License-Identifier: Apache-2.0
"""Who is connected: every connection with its address, protocol and user, and what it streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.clock import wall_usec

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True, eq=False)
class ConnectedClient:
    """One connection. Whoever serves it keeps it up to date."""

    id: int
    address: str
    """The IP address."""
    port: int
    protocol: str
    """http, https or rtsp."""
    since_usec: int = field(default_factory=wall_usec)
    user: str = ""
    """Who asked last on it; empty for nobody in particular."""
    requests: int = 0
    streams: list[str] = field(default_factory=list)
    """What runs on it now, for example "rtsp" or "websocket /api/v1/events"."""


class Clients:
    """All connections that are open."""

    def __init__(self) -> None:
        self._connected: dict[int, ConnectedClient] = {}
        self._last = 0

    def __iter__(self) -> Iterator[ConnectedClient]:
        return iter(list(self._connected.values()))

    def __len__(self) -> int:
        return len(self._connected)

    def of(self, address: str) -> int:
        """Return how many connections an address has."""
        return sum(client.address == address for client in self._connected.values())

    def add(self, address: str, port: int, protocol: str) -> ConnectedClient:
        """Take note of a connection."""
        self._last += 1
        client = ConnectedClient(self._last, address, port, protocol)
        self._connected[client.id] = client
        return client

    def remove(self, client: ConnectedClient) -> None:
        """Forget one that has ended; nothing happens when it is forgotten already."""
        self._connected.pop(client.id, None)
