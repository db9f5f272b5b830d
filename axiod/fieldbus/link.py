# SPDX-License-Identifier: Apache-2.0
"""One transaction after the other over an open wire: what is common to RTU and Modbus TCP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from axiod.fieldbus.counts import Counts
from axiod.fieldbus.load import Load
from axiod.fieldbus.unit import Unit

if TYPE_CHECKING:
    from axiod.fieldbus.monitor import Monitor
    from axiod.fieldbus.turns import Turn


class Answer(NamedTuple):
    """What a unit answered."""

    pdu: bytes
    """Empty after a broadcast."""
    latency: float
    """Seconds from the end of the request to the first byte."""


@dataclass(slots=True)
class Books:
    """What is known of one port, however often its device is opened."""

    monitor: Monitor
    counts: Counts = field(default_factory=Counts)
    units: dict[int, Unit] = field(default_factory=dict)
    load: Load = field(default_factory=Load)
    echo: bool | None = None
    """The adapter hears what it sends; None as long as that is not known."""

    def unit(self, address: int) -> Unit:
        """Return what is known of a unit."""
        return self.units.setdefault(address, Unit())


class Link(Protocol):
    """What carries transactions out."""

    async def exchange(self, turn: Turn) -> Answer:
        """Send a request and return the answer.

        Raises Timeout (nobody answered), HardwareFailure (what came was no answer), Unavailable (the wire is lost).
        """

    def close(self) -> None:
        """Let go of everything but the wire."""
