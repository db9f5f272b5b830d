# SPDX-License-Identifier: Apache-2.0
"""Several outputs in one call: all of them, or none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from axiod.clock import monotonic_usec
from axiod.errors import Conflict, HardwareFailure, NotAuthorized, NotFound, Timeout, from_dbus
from tests.sim.device_process import Thing

if TYPE_CHECKING:
    from tests.sim.device_process import Client

OUTPUTS, ROOT = "org.axiod.io1.Outputs", "/org/axiod/io1"
VIEWER = 65534


async def set_all(client: Client, states: dict[str, bool], **options: int) -> None:
    await Thing(client.io, ROOT, OUTPUTS).call("SetAll", states, options)


async def active(client: Client) -> list[Any]:
    """Return what a meter at the first two outputs says."""
    return [await client.drive(name).get("Active") for name in ("output1", "output2")]


async def test_busctl_sets_two_at_once(client: Client) -> None:
    words = ("call", "org.axiod.io1", ROOT, OUTPUTS, "SetAll", "a{sb}a{sv}")
    outcome = await client.busctl(*words, "2", "output1", "true", "output2", "true", "0")
    assert (outcome.code, outcome.err) == (0, "")
    assert await active(client) == [True, True]
    await set_all(client, {"output1": False, "output2": True})
    assert await active(client) == [False, True]
    await set_all(client, {})
    assert await active(client) == [False, True]


@pytest.mark.parametrize(
    ("states", "error", "text"),
    [
        ({"output1": True, "nothing": True}, NotFound, "there is no port 'nothing'"),
        ({"output1": True, "input1": True}, Conflict, "is an input"),
    ],
)
async def test_a_wrong_id_moves_nothing(
    client: Client, states: dict[str, bool], error: type[Exception], text: str
) -> None:
    before = await client.drive("output1").all()
    with pytest.raises(error, match=text):
        await set_all(client, states)
    assert await client.drive("output1").all() == before


async def test_a_late_command_moves_nothing(client: Client) -> None:
    before = await client.drive("output1").all()
    with pytest.raises(Timeout):
        await set_all(client, {"output1": True}, DeadlineUsec=monotonic_usec() - 1)
    assert await client.drive("output1").all() == before


async def test_a_line_that_fails_puts_the_others_back(client: Client) -> None:
    await client.drive("output2").call("SetBroken", True)
    with pytest.raises(HardwareFailure, match="output2"):
        await set_all(client, {"output1": True, "output2": True})
    assert (await client.drive("output1").get("Active")) is False
    assert (await client.port("output1").all())["Active"] is False


async def test_what_ran_on_an_output_that_is_put_back_goes_on(client: Client) -> None:
    port = client.port("output1")
    await port.call("Pulse", 3_600_000, {})
    await client.drive("output2").call("SetBroken", True)
    with pytest.raises(HardwareFailure, match="output2"):
        await set_all(client, {"output1": False, "output2": True})
    found = await port.all()
    assert (found["Active"], found["Running"]) == (True, "pulse")


async def test_commands_at_once_never_mix(client: Client) -> None:
    """Of calls that contradict each other one is last, and both outputs are where that one put them."""
    calls = [
        set_all(client, {"output1": turn, "output2": turn} if turn else {"output2": turn, "output1": turn})
        for turn in [True, False] * 8
    ]
    await asyncio.gather(*calls)
    assert await active(client) == [False, False]


async def test_a_viewer_may_not(client: Client) -> None:
    words = ("call", "org.axiod.io1", ROOT, OUTPUTS, "SetAll", "a{sb}a{sv}", "1", "output1", "true", "0")
    outcome = await client.busctl(*words, user=VIEWER)
    assert "needs the role operator" in outcome.err
    assert isinstance(from_dbus("org.axiod.Error.NotAuthorized", outcome.err), NotAuthorized)
    assert (await client.drive("output1").get("Active")) is False
