# SPDX-License-Identifier: Apache-2.0
"""What was seen last of the network is kept, whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from axiod.network.events import NetworkEvents
from axiod.network.links import Address, Link

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.bus.service import EventSource


class Told:
    """Hears what is told."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def happened(self, _topic: str, _source: Any, data: dict[str, str], _timestamp_usec: int) -> None:
        self.addresses.append(data["address"])


def eth0(address: str) -> dict[str, Link]:
    """An interface that has an address."""
    found = Address(address, 24, "static", "global", "")
    return {"eth0": Link(2, "eth0", "02:00:00:00:00:01", up=True, carrier=True, mtu=1500, addresses=(found,))}


async def test_each_address_is_told_once_whichever_process_saw_it(tmp_path: Path) -> None:
    told = Told()
    for _ in range(2):
        events = NetworkEvents(cast("EventSource", told), tmp_path / "state" / "seen.json")
        await events.addresses(eth0("192.0.2.7"))
        assert told.addresses == ["192.0.2.7/24"]


async def test_what_was_seen_before_is_whole_until_the_new_is(tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    events = NetworkEvents(cast("EventSource", Told()), path)
    await events.addresses(eth0("192.0.2.7"))
    before = path.read_text()
    with path.open() as file:
        await events.addresses(eth0("192.0.2.8"))
        # Who had begun to read reads the former to its end, and so does a boot after a power cut.
        assert file.read() == before
    assert list(json.loads(path.read_text())["seen"]["eth0"]) == ["192.0.2.8/24"]
