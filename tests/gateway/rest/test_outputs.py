# SPDX-License-Identifier: Apache-2.0
"""Several outputs in one request, over both services: all of them, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.rest.asking import send, valid

if TYPE_CHECKING:
    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

NAMES = ("output1", "output2", "relay1")


async def meter(client: Client) -> list[Any]:
    """Return what a meter at the terminals says."""
    return [await client.drive(name).get("Active") for name in NAMES]


async def test_ports_and_relays_move_together(web: WebDevice, client: Client) -> None:
    answer = await send(web, "POST", "outputs", {"output1": True, "relay1": True, "output2": False}, user="oper")
    assert (answer.status, answer.json()) == (200, {"output1": True, "relay1": True, "output2": False})
    assert await meter(client) == [True, False, True]
    shown = (await web.curl("/api/v1/outputs", user="viewer")).json()
    valid("Outputs", shown)
    assert shown.items() >= {"output1": True, "relay1": True, "output2": False}.items()
    assert "input1" not in shown
    assert (await send(web, "POST", "outputs", {}, user="oper")).json() == {}


@pytest.mark.parametrize(
    ("states", "status", "text"),
    [
        ({"output1": True, "relay9": True}, 404, "there is no output 'relay9'; did you mean relay1?"),
        ({"nothing": True}, 404, "there is no output 'nothing'; there is output1, output2, output3, relay1"),
        ({"output1": True, "input1": True}, 409, "input1 is an input"),
        ({"output1": True, "relay1": "on"}, 400, "relay1 is 'on'; it must be true or false"),
        ({"output1": True, "relay1": None}, 400, "relay1 is None"),
        ('{"output1": true, "output1": false}', 400, "'output1' stands twice"),
    ],
)
async def test_anything_wrong_moves_nothing(
    web: WebDevice, client: Client, states: Any, status: int, text: str
) -> None:
    before = await client.drive("output1").all()
    answer = await send(web, "POST", "outputs", states)
    assert answer.status == status
    assert text in answer.json()["detail"]
    assert await client.drive("output1").all() == before


@pytest.mark.parametrize("broken", NAMES)
async def test_one_that_fails_puts_the_others_back(web: WebDevice, client: Client, broken: str) -> None:
    await client.drive(broken).call("SetBroken", True)
    answer = await send(web, "POST", "outputs", dict.fromkeys(NAMES, True))
    assert answer.status == 502
    assert broken in answer.json()["detail"]
    assert await meter(client) == [False, False, False]
    if broken == "relay1":
        assert "put back: output1, output2" in answer.json()["detail"]


async def test_a_pulse_that_ended_is_not_made_to_last_for_ever(web: WebDevice, client: Client) -> None:
    """It cannot be put back as it was, and where it would have ended is inactive."""
    await client.drive("output1").call("SetBroken", True)
    await send(web, "POST", "relays/relay1/pulse", {"DurationMs": 3_600_000})
    answer = await send(web, "POST", "outputs", {"relay1": False, "output1": True})
    assert answer.status == 502
    assert "put back: relay1" in answer.json()["detail"]
    assert await meter(client) == [False, False, False]
    assert (await client.relay().get("Running")) == "idle"
