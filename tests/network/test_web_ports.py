# SPDX-License-Identifier: Apache-2.0
"""What a trial keeps of how the device is reached over HTTP, with a stand-in for axiod-system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import Conflict
from axiod.network.web_ports import WebPorts
from tests.gateway.stand_in import System

if TYPE_CHECKING:
    from tests.conftest import Connect

FORMER = {"Protocols": "both", "HttpPort": 80, "HttpsPort": 443, "RtspPort": 554, "Certificate": "plant"}


async def stand_in(connection: Connect) -> System:
    """axiod-system, as it was when the trial began."""
    system = System(await connection())
    system.configure(protocols="both", http_port=80, https_port=443, rtsp_port=554, certificate="plant")
    await system.start()
    return system


def refuse_certificates(changes: dict[str, Any]) -> None:
    """As axiod-system does with one that is gone."""
    if "Certificate" in changes:
        raise Conflict(f"there is no certificate {changes['Certificate']!r}")


async def test_what_differs_comes_back_and_the_rest_is_left_alone(connection: Connect) -> None:
    system = await stand_in(connection)
    area = WebPorts(await connection())
    assert await area.capture() == FORMER
    system.configure(metrics=True)
    await area.restore(FORMER)
    assert system.web.calls == []
    system.configure(http_port=8080, certificate="device")
    await area.restore(FORMER)
    assert system.web.calls == [("Configure", ({"HttpPort": 80, "Certificate": "plant"},))]


@pytest.mark.parametrize("chosen", ["plant", "device"])
async def test_ports_come_back_also_where_the_certificate_is_gone_meanwhile(connection: Connect, chosen: str) -> None:
    """Whether another one was chosen first or not."""
    system = await stand_in(connection)
    system.web.answers["Configure"] = refuse_certificates
    system.configure(http_port=8080, certificate=chosen)
    await WebPorts(await connection()).restore(FORMER)
    assert system.web.calls[-1] == ("Configure", ({"HttpPort": 80},))


async def test_without_axiod_system_there_is_nothing_to_come_back_to(connection: Connect) -> None:
    assert await WebPorts(await connection()).capture() is None
