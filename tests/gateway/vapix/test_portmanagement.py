# SPDX-License-Identifier: Apache-2.0
"""io/portmanagement.cgi beside its documented answers. relay1 is 0, input1 is 1, output1 is 3, io1 is 7."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.vapix.site import PORTS

if TYPE_CHECKING:
    from tests.gateway.vapix.site import Site


async def item(site: Site, port: str) -> dict[str, Any]:
    data = await site.call(PORTS, "getPorts", user="viewer")
    return next(item for item in data["items"] if item["port"] == port)


async def test_get_ports(site: Site) -> None:
    data = await site.call(PORTS, "getPorts", user="viewer")
    assert data["numberOfPorts"] == len(data["items"]) == 11
    assert [item["port"] for item in data["items"]] == [str(number) for number in range(11)]
    assert data["items"][0] == {
        "port": "0",
        "state": "open",
        "configurable": False,
        "usage": "",
        "direction": "output",
        "name": "Relay 1",
        "normalState": "open",
    }
    assert [item["port"] for item in data["items"] if item["configurable"]] == ["7", "8"]
    assert [item["port"] for item in data["items"] if item["direction"] == "output"] == ["0", "3", "4", "6"]


@pytest.mark.parametrize("bare", [True, False])
async def test_set_ports(site: Site, bare: bool) -> None:
    """Old clients send a list, others an object with it."""
    asked: Any = [{"port": "0", "state": "closed"}, {"port": "3", "name": "Siren", "usage": "Door", "state": "closed"}]
    answer = await site.call(PORTS, "setPorts", asked if bare else {"ports": asked}, user="oper")
    assert answer == {"ports": ["0", "3"]}
    stands = await site.stands()
    assert stands["relay1"]["Active"] is True
    assert (stands["output1"]["Name"], stands["output1"]["Usage"], stands["output1"]["Active"]) == (
        "Siren",
        "Door",
        True,
    )


async def test_a_relay_is_named_and_switched_like_a_port(site: Site) -> None:
    asked = [{"port": "0", "name": "Gate", "usage": "", "direction": "output", "normalState": "open", "state": "open"}]
    assert await site.call(PORTS, "setPorts", asked) == {"ports": ["0"]}
    assert (await item(site, "0"))["name"] == "Gate"
    for wrong in ({"normalState": "closed"}, {"usage": "Door"}, {"direction": "input"}):
        error = await site.call(PORTS, "setPorts", [{"port": "0", **wrong}])
        assert error["code"] == 2104
        assert error["details"] == {"port": "0", "propertyName": next(iter(wrong))}


async def test_what_was_read_can_be_sent_back(site: Site) -> None:
    before = await site.stands()
    for port in ("0", "3"):
        assert await site.call(PORTS, "setPorts", [await item(site, port)]) == {"ports": [port]}
    assert await site.stands() == before


NORMAL_STATES = [("open", "open"), ("open", "closed"), ("closed", "open"), ("closed", "closed")]


@pytest.mark.parametrize(("normal", "state"), NORMAL_STATES)
async def test_the_normal_state_of_an_output_takes_its_state_along(site: Site, normal: str, state: str) -> None:
    await site.call(PORTS, "setPorts", [{"port": "3", "normalState": normal}])
    await site.call(PORTS, "setPorts", [{"port": "3", "state": state}])
    assert await site.call(PORTS, "setPorts", [{"port": "3", "normalState": other(normal)}]) == {"ports": ["3"]}
    found = await item(site, "3")
    assert (found["normalState"], found["state"]) == (other(normal), other(state))


@pytest.mark.parametrize(("normal", "state"), NORMAL_STATES)
async def test_the_normal_state_comes_before_the_state(site: Site, normal: str, state: str) -> None:
    asked = [{"port": "3", "state": state, "normalState": normal}]
    assert await site.call(PORTS, "setPorts", asked) == {"ports": ["3"]}
    found = await item(site, "3")
    assert (found["normalState"], found["state"]) == (normal, state)


async def test_the_state_of_an_input_never_changes(site: Site) -> None:
    await site.call(PORTS, "setPorts", [{"port": "1", "normalState": "closed"}])
    found = await item(site, "1")
    assert (found["normalState"], found["state"]) == ("closed", "open")
    error = await site.call(PORTS, "setPorts", [{"port": "1", "state": "closed"}])
    assert error["details"] == {"port": "1", "propertyName": "state"}


async def test_a_configurable_port_becomes_an_output_and_is_set(site: Site) -> None:
    asked = [{"port": "7", "direction": "output", "state": "closed"}]
    assert await site.call(PORTS, "setPorts", asked) == {"ports": ["7"]}
    assert (await site.stands())["io1"]["Active"] is True


async def test_one_wrong_property_leaves_the_others_in_force(site: Site) -> None:
    asked = [
        {"port": "1", "direction": "output", "name": "Front door"},
        {"port": "3", "normalState": "ajar", "name": "", "state": "closed"},
        {"port": "4", "state": "closed"},
    ]
    error = await site.call(PORTS, "setPorts", {"ports": asked})
    assert error["code"] == 2104
    assert error["details"] == {"port": "1", "propertyName": "direction"}
    assert "Input 1" in error["message"]
    assert [fault["details"] for fault in error["errors"]] == [
        {"port": "3", "propertyName": "normalState"},
        {"port": "3", "propertyName": "name"},
        {"port": "3", "propertyName": "state"},
    ]
    stands = await site.stands()
    assert stands["input1"]["Name"] == "Front door"
    assert stands["output2"]["Active"] is True
    # What its state would mean depends on the normal state, so it stays.
    assert stands["output1"]["Active"] is False


NOTHING_HAPPENS: list[tuple[Any, int]] = [
    (None, 2103),
    ({}, 2103),
    ({"ports": [{"state": "closed"}]}, 2103),
    ([{"port": "0", "state": "closed"}, {"state": "closed"}], 2103),
    ([], 2104),
    ("0", 2104),
    ([["0"]], 2104),
    ([{"port": "0", "state": "closed"}, {"port": "99", "state": "closed"}], 2104),
    ([{"port": "0", "state": "closed"}, {"port": "0", "state": "open"}], 2104),
    ([{"port": "0", "state": "closed"}, {"port": 0, "name": "x"}], 2104),
    ([{"port": "00000", "state": "closed"}, {"port": "0"}], 2104),
    ([{"port": "-1", "state": "closed"}], 2104),
    ([{"port": True, "state": "closed"}], 2104),
    ([{"port": 0.0, "state": "closed"}], 2104),
    ([{"port": "0", "state": "CLOSED"}], 2104),
    ([{"port": "0", "state": True}], 2104),
    ([{"port": "0", "state": None}], 2104),
    ([{"port": "0", "stat": "closed"}], 2104),
    ([{"port": "0", "name": "a\nb"}], 2104),
    ([{"port": "0", "name": "x" * 129}], 2104),
    ([{"port": "0", "name": 7}], 2104),
    ([{"port": "0", "state": "closed"}] * 257, 2104),
]


@pytest.mark.parametrize(("params", "code"), NOTHING_HAPPENS)
async def test_what_cannot_be_understood_changes_nothing(site: Site, params: Any, code: int) -> None:
    before = await site.stands()
    error = await site.call(PORTS, "setPorts", params)
    assert error["code"] == code
    assert error["message"]
    assert await site.stands() == before


async def test_a_sequence(site: Site) -> None:
    story = await site.client.follow(site.client.relays)
    steps = [{"state": "closed", "time": 10}, {"state": "open", "time": 10}, {"state": "closed", "time": 0}]
    answer = await site.call(PORTS, "setStateSequence", {"port": "0", "sequence": steps}, user="oper")
    assert answer == {"port": "0"}
    await site.client.relay().eventually(Active=True, Running="idle")
    await site.client.flush(site.client.relays)
    assert [data["LogicalState"] for data in story.of("Trigger/Relay")] == ["active", "inactive", "active"]


async def test_states_of_a_sequence_are_those_of_the_circuit(site: Site) -> None:
    await site.client.port("output1").configure(NormalState="closed")
    while (await item(site, "3"))["normalState"] != "closed":
        pass
    steps = [{"state": "open", "time": 60000}, {"state": "closed", "time": 0}]
    assert await site.call(PORTS, "setStateSequence", {"port": "3", "sequence": steps}) == {"port": "3"}
    found = await site.client.port("output1").all()
    assert (found["State"], found["Active"]) == ("open", True)


async def test_a_second_sequence_is_refused(site: Site) -> None:
    steps = [{"state": "open", "time": 60000}, {"state": "open", "time": 0}]
    params = {"port": "0", "sequence": steps}
    assert await site.call(PORTS, "setStateSequence", params) == {"port": "0"}
    assert (await site.call(PORTS, "setStateSequence", params))["code"] == 2200


BAD_SEQUENCES: list[tuple[Any, int]] = [
    (None, 2103),
    ({"port": "0"}, 2103),
    ({"port": "0", "sequence": [{"state": "closed"}]}, 2103),
    ({"port": "0", "sequence": []}, 2104),
    ({"port": "0", "sequence": {}}, 2104),
    ({"port": "0", "sequence": [{"state": "closed", "time": -1}]}, 2104),
    ({"port": "0", "sequence": [{"state": "closed", "time": 65536}]}, 2104),
    ({"port": "0", "sequence": [{"state": "closed", "time": 1.5}]}, 2104),
    ({"port": "0", "sequence": [{"state": "closed", "time": True}]}, 2104),
    ({"port": "0", "sequence": [{"state": "on", "time": 1}]}, 2104),
    ({"port": "0", "sequence": [{"state": "closed", "time": 0}] * 257}, 2104),
    ({"port": "1", "sequence": [{"state": "closed", "time": 0}]}, 2104),
    ({"port": "99", "sequence": [{"state": "closed", "time": 0}]}, 2104),
]


@pytest.mark.parametrize(("params", "code"), BAD_SEQUENCES)
async def test_a_wrong_sequence_changes_nothing(site: Site, params: Any, code: int) -> None:
    before = await site.stands()
    assert (await site.call(PORTS, "setStateSequence", params))["code"] == code
    assert await site.stands() == before


@pytest.mark.parametrize("method", ["setPorts", "setStateSequence"])
@pytest.mark.parametrize(("user", "status"), [("viewer", 403), (None, 401)])
async def test_who_may_not(site: Site, method: str, user: str | None, status: int) -> None:
    ports = '{"ports":[{"port":"0","state":"closed"}],"port":"0","sequence":[{"state":"closed","time":0}]}'
    body = f'{{"apiVersion":"1.0","method":"{method}","params":{ports}}}'
    assert (await site.curl(PORTS, "--data-raw", body, user=user)).status == status
    assert (await site.stands())["relay1"]["Active"] is False


def other(state: str) -> str:
    return "closed" if state == "open" else "open"
