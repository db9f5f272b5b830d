# SPDX-License-Identifier: Apache-2.0
"""Wrong calls to the running service: refused in words, nothing changes, and the service lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from axiod.bus.connection import Connection
from tests.sim.device_process import Client
from tests.sim.fuzz import refused, still, wrong_calls

if TYPE_CHECKING:
    from tests.sim.device_process import DeviceProcess

_RELAY = "org.axiod.relays1.Relay"


@settings(max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_wrong_calls_are_refused_and_change_nothing(device: DeviceProcess, data: st.DataObject) -> None:
    calls = data.draw(st.lists(wrong_calls(_RELAY), min_size=8, max_size=12))
    connection = await Connection.open(device.address)
    client = Client(connection, device.address)
    try:
        before, pid = still(await client.relays.objects()), await client.pid(client.relays)
        for call in calls:
            await refused(client, "org.axiod.relays1", "/org/axiod/relays1/relay/relay1", _RELAY, call)
        assert still(await client.relays.objects()) == before
        assert await client.pid(client.relays) == pid
    finally:
        await connection.close()
