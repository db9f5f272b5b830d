# SPDX-License-Identifier: Apache-2.0
"""What the service tells of the network, also of what changed while it did not run.

What was seen last is kept in a file, so that each address that came or went is told once, whichever process saw it.
Source: VAPIX event topics Device/Network.
"""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from axiod import durable
from axiod.bus.topics import ADDRESS_ADDED, ADDRESS_REMOVED, NETWORK_LOST
from axiod.clock import wall_usec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.service import EventSource
    from axiod.network.links import Link

_log = logging.getLogger(__name__)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class NetworkEvents:
    """Tells what changed."""

    def __init__(self, events: EventSource, path: Path) -> None:
        self._events = events
        self._path = path
        self._boot_id = _BOOT_ID.read_text().strip()
        self._seen = self._load()
        """The addresses that were told, with their origin, by interface."""

    def states(self, links: Mapping[str, Link], gone: set[str]) -> None:
        """Tell the state of each interface: lost, or not. `gone`: interfaces that are no more."""
        now = wall_usec()
        for name in gone:
            self._events.forget(NETWORK_LOST, {"interface": name})
        for name, link in links.items():
            lost = not (link.up and link.carrier)
            self._events.state(NETWORK_LOST, {"interface": name}, {"lost": str(int(lost))}, now)

    async def addresses(self, links: Mapping[str, Link]) -> None:
        """Tell the addresses that came and went since they were told last. Only once somebody hears it."""
        present = {name: {found.text: found.origin for found in link.addresses} for name, link in links.items()}
        if present == self._seen:
            return
        now = wall_usec()
        for name in sorted(present.keys() | self._seen.keys()):
            before, after = self._seen.get(name, {}), present.get(name, {})
            for address in sorted(before.keys() - after.keys()):
                data = {"address": address, "origin": before[address]}
                self._events.happened(ADDRESS_REMOVED, {"interface": name}, data, now)
            for address in sorted(after.keys() - before.keys()):
                data = {"address": address, "origin": after[address]}
                self._events.happened(ADDRESS_ADDED, {"interface": name}, data, now)
        self._seen = present
        try:
            said = json.dumps({"boot_id": self._boot_id, "seen": present})
            await asyncio.to_thread(durable.write, self._path, said)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error.strerror)

    def _load(self) -> dict[str, dict[str, str]]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return dict(found["seen"]) if found["boot_id"] == self._boot_id else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}
