# SPDX-License-Identifier: Apache-2.0
"""Finding ports by their VAPIX numbers."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from axiod.errors import InvalidArgument, Unavailable
from axiod.gateway.names import PORT, RELAY
from axiod.gateway.vapix.port import port_of

if TYPE_CHECKING:
    from axiod.gateway.mirror import Mirror
    from axiod.gateway.vapix.port import Port


def all_ports(mirror: Mirror) -> list[Port]:
    """Return every port in the order of numbers.

    Raises Unavailable when a service that has some is away: a list without them would say that they are gone.
    """
    things = [*mirror.things(PORT), *mirror.things(RELAY)]
    return sorted(map(port_of, things), key=attrgetter("number"))


def port_at(mirror: Mirror, number: int) -> Port:
    """Return a port by its number from 0.

    Raises InvalidArgument when there is none, Unavailable when a service that may have it is away.
    """
    away: Unavailable | None = None
    count = 0
    for interface in (PORT, RELAY):
        try:
            for thing in mirror.things(interface):
                count += 1
                if thing["Number"] == number:
                    return port_of(thing)
        except Unavailable as error:
            away = error
    if away:
        raise away
    raise InvalidArgument(f"there is no port with the number {number}, counted from 0; there are {count}")
