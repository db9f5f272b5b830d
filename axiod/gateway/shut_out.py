# SPDX-License-Identifier: Apache-2.0
"""Tells the firewall who is shut out for guessing passwords, so that their packets go no further than the kernel.

The gateway refuses them in any case: where there is no firewall, or it does not answer, nothing else is different.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from axiod.clock import wall_usec
from axiod.errors import AxiodError
from axiod.gateway.names import BLOCKING, FIREWALL, NETWORK

if TYPE_CHECKING:
    from axiod.bus.client import Event
    from axiod.bus.connection import Connection
    from axiod.gateway.mirror import Thing

_log = logging.getLogger(__name__)

_LONGEST_SECONDS = 86400


class ShutOut:
    """A listener of the mirror. One call is under way at a time; of an address only the latest counts."""

    def __init__(self, connection: Connection) -> None:
        self._network = Service(connection, NETWORK)
        self._waiting: dict[str, float | None] = {}
        """Address -> when it is let in again (wall clock, us); None for now."""
        self._work = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tell."""
        self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def stop(self) -> None:
        """Tell nothing more; who is shut out stays so until his time is over."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    # --- the mirror tells ---

    def changed(self, thing: Thing, former: Thing | None) -> None:
        """See Listener of the mirror. What was there before the gateway is told as well: it may be news."""
        if thing.interface != BLOCKING:
            return
        now, before = _blocked(thing), _blocked(former)
        self._waiting |= {address: None for address in before if address not in now}
        self._waiting |= {address: until for address, until in now.items() if before.get(address) != until}
        if self._waiting:
            self._work.set()

    def removed(self, thing: Thing) -> None:
        """See Listener of the mirror."""

    def event(self, service: str, event: Event) -> None:
        """See Listener of the mirror."""

    def service(self, name: str, *, available: bool) -> None:
        """See Listener of the mirror."""

    # --- the firewall is told ---

    async def _tell(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting:
                address = next(iter(self._waiting))
                until = self._waiting.pop(address)
                try:
                    await self._call(address, until)
                except AxiodError as error:
                    _log.debug("the firewall was not told of %s: %s", address, error)

    async def _call(self, address: str, until: float | None) -> None:
        path = f"{self._network.root}/firewall"
        seconds = 0 if until is None else math.ceil((until - wall_usec()) / 1e6)
        if seconds <= 0:
            await self._network.call(path, FIREWALL, "Unblock", address)
        else:
            await self._network.call(path, FIREWALL, "Block", address, min(seconds, _LONGEST_SECONDS))


def _blocked(thing: Thing | None) -> dict[str, float]:
    rows: list[Any] = thing["Blocked"] if thing is not None else []
    return {address: until for address, _, until in rows}
