# SPDX-License-Identifier: Apache-2.0
"""/metrics, read as Prometheus reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from axiod.gateway.rest.metrics import Family
from tests.gateway.rest.asking import send

if TYPE_CHECKING:
    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

LINE = re.compile(r'[a-z_]+(\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)*\})? [0-9.e+]+')


async def test_they_are_off_until_somebody_wants_them(web: WebDevice, client: Client) -> None:
    answer = await web.curl("/metrics", user="viewer")
    assert answer.status == 404
    assert "the setting Metrics of web" in answer.body
    await send(web, "PATCH", "web", {"Metrics": True})
    try:
        assert (await web.curl("/metrics")).status == 401
        await client.relay().configure(Name='the "gate" \\ north')
        await client.relay().call("Set", True, {})
        answer = await web.curl("/metrics", user="viewer")
    finally:
        await send(web, "PATCH", "web", {"Metrics": False})
    assert answer.status == 200
    assert answer.header("Content-Type").startswith("text/plain; version=0.0.4")
    lines = answer.body.splitlines()
    assert all(line.startswith("# ") or LINE.fullmatch(line) for line in lines)
    assert r'axiod_relay_active{id="relay1",name="the \"gate\" \\ north"} 1' in lines
    assert 'axiod_service_up{service="relays"} 1' in lines
    cycles = await client.relay().get("Cycles")
    assert any(line.startswith("axiod_relay_activations_total") and line.endswith(f" {cycles}") for line in lines)
    assert any(line.startswith('axiod_gateway_requests_total{status="401"}') for line in lines)
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


def test_labels_are_escaped() -> None:
    family = Family("x", "gauge", "Help.")
    family.add(1.5, name='a"b\\c\nd')
    assert family.text() == '# HELP x Help.\n# TYPE x gauge\nx{name="a\\"b\\\\c\\nd"} 1.5\n'
