# SPDX-License-Identifier: Apache-2.0
"""axioctl proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.fakes import FakeService

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import World

PROXY = "org.axiod.network1.Proxy"


@pytest.fixture
def network(world: World) -> FakeService:
    """org.axiod.network1, running."""
    service = FakeService("org.axiod.network1")
    service.add(PROXY, HttpProxy="http://joe:*****@proxy:3128", NoProxy=["example.org"])
    world.start(service)
    return service


def test_proxies_are_shown(axioctl: Axioctl, network: FakeService) -> None:
    shown = axioctl("proxy", "show").out
    assert "http://joe:*****@proxy:3128" in shown
    assert "example.org" in shown


def test_settings_are_changed_together(axioctl: Axioctl, network: FakeService) -> None:
    done = axioctl("proxy", "configure", "--http-proxy", "http://proxy:3128", "--no-proxy", "example.org,192.0.2.0/24")
    assert (done.code, done.err) == (0, "")
    ((_, method, (changes,)),) = network.calls
    assert method == "Configure"
    assert dict(changes) == {"HttpProxy": "http://proxy:3128", "NoProxy": ["example.org", "192.0.2.0/24"]}
    assert axioctl("proxy", "configure", "--no-proxy", "").code == 0
    assert dict(network.calls[-1][2][0]) == {"NoProxy": []}
