# SPDX-License-Identifier: Apache-2.0
"""Ports as VAPIX sees them: I/O terminals and relays in one list. Pure.

A relay is an output whose circuit is that between COM and NO: open is its normal state, closed is energised. Only its
name can be changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.gateway.names import RELAY

if TYPE_CHECKING:
    from axiod.gateway.mirror import Thing

OPEN, CLOSED, UNDEFINED = "open", "closed", "undefined"
INPUT, OUTPUT = "input", "output"

SETTING = {"name": "Name", "usage": "Usage", "direction": "Direction", "normalState": "NormalState"}
"""What can be configured: VAPIX property -> property of the contract."""


@dataclass(frozen=True, slots=True)
class Port:
    """One port."""

    thing: Thing
    number: int
    """From 0, as portmanagement.cgi, param.cgi and events count; port.cgi adds 1."""
    name: str
    usage: str
    """Empty for a relay, which has none."""
    direction: str
    directions: tuple[str, ...]
    """What direction can be."""
    normal_state: str
    active: bool | None
    """None as long as it is not known."""

    @property
    def state(self) -> str | None:
        """The circuit, open or closed; None as long as it is not known."""
        if self.active is None:
            return None
        return opposite(self.normal_state) if self.active else self.normal_state

    @property
    def configurable(self) -> bool:
        """Its direction can be changed."""
        return len(self.directions) > 1

    @property
    def is_relay(self) -> bool:
        """It is a relay."""
        return self.thing.interface == RELAY

    @property
    def is_output(self) -> bool:
        """It drives something."""
        return self.direction == OUTPUT

    def choices(self, name: str) -> tuple[str, ...] | None:
        """Return the only values that a setting of the contract can take here; None for any text."""
        if name == "Direction":
            return self.directions
        if name == "NormalState":
            return (OPEN,) if self.is_relay else (OPEN, CLOSED)
        if name == "Usage" and self.is_relay:
            return ("",)
        return None

    def present(self, name: str) -> str:
        """Return the value of a setting of the contract; what a relay has no setting for is as VAPIX sees it."""
        return {
            "Name": self.name,
            "Usage": self.usage,
            "Direction": self.direction,
            "NormalState": self.normal_state,
        }[name]


def port_of(thing: Thing) -> Port:
    """Return an I/O terminal or a relay as a port."""
    if thing.interface == RELAY:
        return Port(thing, thing["Number"], thing["Name"], "", OUTPUT, (OUTPUT,), OPEN, thing.get("Active"))
    return Port(
        thing,
        thing["Number"],
        thing["Name"],
        thing["Usage"],
        thing["Direction"],
        tuple(thing["Directions"]),
        thing["NormalState"],
        thing.get("Active"),
    )


def opposite(state: str) -> str:
    """Return the other state of a circuit."""
    return CLOSED if state == OPEN else OPEN
