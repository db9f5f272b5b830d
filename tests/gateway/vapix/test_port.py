# SPDX-License-Identifier: Apache-2.0
"""Terminals and relays as ports."""

from __future__ import annotations

from typing import Any

import pytest

from axiod.errors import InvalidArgument, Unavailable
from axiod.gateway.mirror import Thing
from axiod.gateway.names import PORT, RELAY
from axiod.gateway.vapix.port import port_of
from axiod.gateway.vapix.ports import all_ports, port_at


def terminal(number: int, **properties: Any) -> Thing:
    given = {"Directions": ["input"], "Direction": "input", "NormalState": "open", "Name": "Door", "Usage": ""}
    return Thing(f"/org/axiod/io1/port/input{number}", PORT, {"Number": number, **given, **properties})


def relay(number: int, **properties: Any) -> Thing:
    return Thing(f"/org/axiod/relays1/relay/relay{number}", RELAY, {"Number": number, "Name": "Gate", **properties})


@pytest.mark.parametrize(
    ("normal_state", "active", "state"),
    [
        ("open", False, "open"),
        ("open", True, "closed"),
        ("closed", False, "closed"),
        ("closed", True, "open"),
    ],
)
def test_the_circuit_of_a_terminal(normal_state: str, active: bool, state: str) -> None:
    assert port_of(terminal(1, NormalState=normal_state, Active=active)).state == state


@pytest.mark.parametrize(("active", "state"), [(False, "open"), (True, "closed")])
def test_a_relay_is_closed_while_it_is_energised(active: bool, state: str) -> None:
    port = port_of(relay(0, Active=active))
    assert (port.state, port.normal_state, port.direction, port.configurable) == (state, "open", "output", False)


@pytest.mark.parametrize("thing", [terminal(1), relay(0)])
def test_what_was_never_read_has_no_state(thing: Thing) -> None:
    assert port_of(thing).active is None
    assert port_of(thing).state is None


class Services:
    """Stands for the mirror: what each service has, None while it is away."""

    def __init__(self, io: list[Thing] | None, relays: list[Thing] | None) -> None:
        self._things = {PORT: io, RELAY: relays}

    def things(self, interface: str) -> list[Thing]:
        found = self._things[interface]
        if found is None:
            raise Unavailable("away")
        return found


def test_ports_are_in_the_order_of_their_numbers() -> None:
    services: Any = Services([terminal(10), terminal(2)], [relay(3)])
    assert [port.number for port in all_ports(services)] == [2, 3, 10]
    assert port_at(services, 3).is_relay
    with pytest.raises(InvalidArgument, match="no port with the number 4"):
        port_at(services, 4)


@pytest.mark.parametrize("services", [Services([terminal(1)], None), Services(None, [relay(0)]), Services(None, None)])
def test_a_list_is_whole_or_not_there(services: Any) -> None:
    with pytest.raises(Unavailable):
        all_ports(services)


def test_who_is_there_answers_while_another_is_away() -> None:
    services: Any = Services([terminal(1)], None)
    assert port_at(services, 1).name == "Door"
    # It may well be there, and nobody can say now.
    with pytest.raises(Unavailable):
        port_at(services, 0)
