# SPDX-License-Identifier: Apache-2.0
"""What a client of the stream may wish for."""

from __future__ import annotations

import json

import pytest

from axiod.bus.caller import Role
from axiod.errors import InvalidArgument
from axiod.gateway.rest.record import Record, Wish

PORT = Record("changed", Role.VIEWER, "ports/input1", {"Id": "input1"}, "00ff-7")
EVENT = Record("event", Role.VIEWER, "tns1:Device/tnsaxis:IO/Port", {}, "00ff-8")
ACCOUNT = Record("changed", Role.ADMINISTRATOR, "accounts/anna", {}, "00ff-9")
SERVICE = Record("service", Role.VIEWER, "io", {}, "00ff-10")


@pytest.mark.parametrize(
    ("query", "taken"),
    [
        ({}, [PORT, EVENT, SERVICE]),
        ({"kinds": "event"}, [EVENT]),
        ({"kinds": "changed,service"}, [PORT, SERVICE]),
        ({"resources": "ports"}, [PORT, EVENT, SERVICE]),
        ({"resources": "ports/*"}, [PORT, EVENT, SERVICE]),
        ({"resources": "relays,ports/input1"}, [PORT, EVENT, SERVICE]),
        ({"resources": "port*"}, [PORT, EVENT, SERVICE]),
        ({"resources": "ports/input"}, [EVENT, SERVICE]),
        ({"topics": "tns1:Device/tnsaxis:IO/*"}, [PORT, EVENT, SERVICE]),
        ({"topics": "tns1:Device/Trigger"}, [PORT, SERVICE]),
        ({"topics": "tns1:Device", "kinds": "event"}, [EVENT]),
    ],
)
def test_a_viewer_is_told_what_it_asks_for(query: dict[str, str], taken: list[Record]) -> None:
    wish = Wish.read(Role.VIEWER, query, {"ports", "relays", "services", "accounts"})
    assert [record for record in (PORT, EVENT, ACCOUNT, SERVICE) if wish.takes(record)] == taken


def test_an_administrator_is_told_more() -> None:
    assert Wish(Role.ADMINISTRATOR).takes(ACCOUNT)
    assert not Wish(Role.OPERATOR).takes(ACCOUNT)


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "event"},
        {"kinds": "evnt"},
        {"kinds": ""},
        {"topics": ","},
        {"resources": "x," * 33},
        {"resources": "port"},
        {"resources": "relais/relay1"},
        {"resources": "x*"},
        {"topics": "x" * 300},
    ],
)
def test_what_makes_no_sense_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument):
        Wish.read(Role.VIEWER, query, {"ports", "relays", "services", "accounts"})


def test_a_record_says_where_it_is() -> None:
    assert json.loads(PORT.json) == {"Kind": "changed", "Epoch": "00ff", "Sequence": 7, "Id": "input1"}
    assert PORT.sse == b"id: 00ff-7\ndata: " + PORT.json + b"\n\n"
    assert PORT.json is PORT.json, "written once for all clients"
