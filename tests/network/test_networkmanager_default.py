# SPDX-License-Identifier: Apache-2.0
"""axiod-network with the profile that NetworkManager makes up for an interface that has none."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.network.world import World

pytestmark = pytest.mark.timeout(180)

_LEASE = ["198.51.100.50/24 global"]


@pytest.fixture(scope="module")
def networkmanager(world: World) -> list[subprocess.Popen[bytes]]:
    """NetworkManager, the one that runs now, and a DHCP server."""
    world.at_peer("ip", "address", "add", "198.51.100.1/24", "dev", "peer0")
    world.start_at_peer(
        "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=peer0", "--bind-interfaces",
        f"--dhcp-leasefile={world.folder / 'leases'}", "--dhcp-range=198.51.100.50,198.51.100.50,1h", "--no-ping",
    )  # fmt: skip
    return [world.start_networkmanager("eth0", defaults=True)]


@pytest.fixture(autouse=True)
def tried(world: World, networkmanager: list[subprocess.Popen[bytes]]) -> None:
    """Each test begins while a static address is tried where there was a lease."""
    assert networkmanager
    if not world.has_axiod():
        world.start_axiod()
    world.until(lambda: world.addresses() == _LEASE, "the lease")
    world.axioctl(
        "network", "configure", "eth0", "--ipv4-method", "static", "--ipv4-addresses", "192.0.2.70/24",
        "--confirm-within", "3600",
    )  # fmt: skip
    world.until(lambda: world.addresses() == ["192.0.2.70/24 global"], "what is tried")


def profiles(world: World) -> list[str]:
    return world.run("nmcli", "-t", "-f", "NAME,DEVICE", "connection", "show").splitlines()


def test_it_is_in_force_again_after_a_roll_back(world: World) -> None:
    world.axioctl("network", "roll-back")
    world.until(lambda: world.addresses() == _LEASE, "the lease")
    assert profiles(world) == ["Wired connection 1:eth0"]


def test_it_is_in_force_again_after_a_power_cut(world: World, networkmanager: list[subprocess.Popen[bytes]]) -> None:
    """NetworkManager makes none after a boot, for there is the one that is tried."""
    world.end(world.programs[-1], signal.SIGKILL)
    world.end(networkmanager.pop(), signal.SIGKILL)
    world.run("sh", "-c", "rm -rf /run/NetworkManager/*")
    world.run("ip", "address", "flush", "dev", "eth0")
    record = world.folder / "state" / "trial.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"boot_id": "of another start"}))
    networkmanager.append(world.start_networkmanager("eth0", defaults=True))
    world.until(lambda: world.addresses() == ["192.0.2.70/24 global"], "what is tried")
    assert profiles(world) == ["axiod-eth0:eth0"]
    world.start_axiod()
    world.until(lambda: world.addresses() == _LEASE, "the lease")
    world.until(lambda: world.axioctl("network", "trial")["Last"] == "expired", "the end of the trial")
    assert profiles(world) == ["Wired connection 1:eth0"]
    assert not record.exists()
