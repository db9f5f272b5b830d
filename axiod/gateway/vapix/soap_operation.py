# SPDX-License-Identifier: Apache-2.0
"""One operation of /vapix/services: who may ask for it, and what answers. Roles are those of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.bus import interface as contract
from axiod.bus.caller import Role

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from axiod.gateway.person import Person
    from axiod.gateway.vapix.soap import Element

    Handler = Callable[[Person, Element], Awaitable[str]]
    """Gets who asks and what for; returns the content of the answer. Raises Fault or an AxiodError."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation."""

    handler: Handler
    role: Role
    """The least role."""


def reading(handler: Handler, interface: str = "") -> Operation:
    """Return an operation that reads what an interface has; without one, what is no secret."""
    return Operation(handler, Role.named(contract.load(interface).role) if interface else Role.VIEWER)


def changing(handler: Handler, interface: str, member: str) -> Operation:
    """Return an operation that calls a method."""
    return Operation(handler, Role.named(contract.load(interface).methods[member].role))
