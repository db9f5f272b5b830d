# SPDX-License-Identifier: Apache-2.0
"""Several relays in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from axiod.errors import HardwareFailure, NotFound
from tests.sim.device_process import Thing

if TYPE_CHECKING:
    from tests.sim.device_process import Client

RELAYS, ROOT = "org.axiod.relays1.Relays", "/org/axiod/relays1"


async def test_busctl_sets_them(client: Client) -> None:
    words = ("call", "org.axiod.relays1", ROOT, RELAYS, "SetAll", "a{sb}a{sv}", "1", "relay1", "true", "0")
    outcome = await client.busctl(*words)
    assert (outcome.code, outcome.err) == (0, "")
    assert (await client.drive("relay1").get("Active")) is True


async def test_a_wrong_id_moves_nothing(client: Client) -> None:
    with pytest.raises(NotFound, match="there is no relay 'relay9'; did you mean relay1"):
        await Thing(client.relays, ROOT, RELAYS).call("SetAll", {"relay1": True, "relay9": True}, {})
    assert (await client.drive("relay1").get("Active")) is False


async def test_one_that_fails_says_so(client: Client) -> None:
    await client.drive("relay1").call("SetBroken", True)
    with pytest.raises(HardwareFailure, match="relay1"):
        await Thing(client.relays, ROOT, RELAYS).call("SetAll", {"relay1": True}, {})
