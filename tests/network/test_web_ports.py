# SPDX-License-Identifier: Apache-2.0
"""What a trial keeps of how the device is reached over HTTP, with a stand-in for axiod-system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.errors import Conflict
from axiod.network.web_ports import WebPorts
from tests.gateway.stand_in import System

if TYPE_CHECKING:
    from tests.conftest import Connect

FORMER = {"Protocols": "both", "HttpPort": 80, "HttpsPort": 443, "RtspPort": 554}


def refuse_certificates(changes: dict[str, Any]) -> None:
    """As axiod-system does with one that is gone."""
    if "Certificate" in changes:
        raise Conflict(f"there is no certificate {changes['Certificate']!r}")


async def test_ports_come_back_also_where_the_certificate_is_gone_meanwhile(connection: Connect) -> None:
    system = System(await connection())
    system.configure(protocols="both", http_port=80, https_port=443, rtsp_port=554, certificate="plant")
    system.web.answers["Configure"] = refuse_certificates
    await system.start()
    area = WebPorts(await connection())
    former = await area.capture()
    assert former == FORMER
    system.configure(certificate="device")
    await area.restore(former)
    assert system.web.calls == []
    system.configure(http_port=8080)
    await area.restore(former)
    assert system.web.calls == [("Configure", (FORMER,))]


async def test_without_axiod_system_there_is_nothing_to_come_back_to(connection: Connect) -> None:
    assert await WebPorts(await connection()).capture() is None
