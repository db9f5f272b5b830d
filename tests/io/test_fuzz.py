# SPDX-License-Identifier: Apache-2.0
"""Wrong calls to the running service: refused in words, nothing changes, and the service lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from axiod.bus.connection import Connection
from tests.sim.device_process import Client
from tests.sim.fuzz import refused, still, wrong_calls

if TYPE_CHECKING:
    from tests.sim.device_process import DeviceProcess

_OBJECTS = {
    "port/output1": "org.axiod.io1.Port",
    "port/io1": "org.axiod.io1.Port",
    "alarm/tamper": "org.axiod.io1.Alarm",
}


@pytest.mark.parametrize("path", _OBJECTS)
@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_wrong_calls_are_refused_and_change_nothing(
    device: DeviceProcess, path: str, data: st.DataObject
) -> None:
    interface = _OBJECTS[path]
    calls = data.draw(st.lists(wrong_calls(interface), min_size=8, max_size=12))
    connection = await Connection.open(device.address)
    client = Client(connection, device.address)
    try:
        before, pid = still(await client.io.objects()), await client.pid(client.io)
        for call in calls:
            await refused(client, "org.axiod.io1", f"/org/axiod/io1/{path}", interface, call)
        assert still(await client.io.objects()) == before
        assert await client.pid(client.io) == pid
    finally:
        await connection.close()
