# SPDX-License-Identifier: Apache-2.0
"""The global proxies of axiod-network as it runs: what is kept where, and who is told what. Needs root."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.network.world import World

SECRET = "hunter2hunter2"


def ask(world: World, scheme: str, host: str) -> str:
    return world.run(
        "busctl", f"--address={world.bus}", "call", "org.axiod.network1", "/org/axiod/network1/proxy",
        "org.axiod.network1.Proxy", "ProxyFor", "ss", scheme, host,
    )  # fmt: skip


def test_the_password_is_for_those_who_send_alone(world: World) -> None:
    axiod = world.start_axiod()
    url = f"http://joe:{SECRET}@192.0.2.1:3128"
    world.axioctl("proxy", "configure", "--http-proxy", url, "--no-proxy", "example.org,192.0.2.0/24")
    shown = world.axioctl("proxy", "show")
    assert (shown["HttpProxy"], shown["NoProxy"]) == (
        "http://joe:*****@192.0.2.1:3128",
        ["example.org", "192.0.2.0/24"],
    )
    assert SECRET not in str(shown)
    assert ask(world, "http", "example.com").strip() == f's "{url}"'
    assert ask(world, "http", "gate.example.org").strip() == 's ""'
    assert ask(world, "https", "example.com").strip() == 's ""'
    file = world.folder / "state" / "proxy.yaml"
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(subprocess.CalledProcessError) as refused:
        world.axioctl("proxy", "configure", "--http-proxy", "ftp://proxy")
    assert "HttpProxy must be the URL of a proxy" in refused.value.stderr
    world.end(axiod)
    axiod = world.start_axiod()
    assert world.axioctl("proxy", "show")["HttpProxy"] == shown["HttpProxy"]
    assert ask(world, "http", "example.com").strip() == f's "{url}"'
    assert SECRET not in world.said()
    world.end(axiod)
