# SPDX-License-Identifier: Apache-2.0
"""axiod-network exits when nobody needs it, is started by whoever calls it, and nobody notices."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.network.world import World

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module", autouse=True)
def started_when_called(world: World) -> None:
    """The bus starts it."""
    world.have_axiod_started("--exit-when-idle", "1")


def test_it_exits_when_it_is_idle_and_comes_when_it_is_called(world: World) -> None:
    assert not world.has_axiod()
    (found,) = world.axioctl("network", "list")
    assert (found["Name"], found["Backend"], found["Capabilities"]) == ("eth0", "none", [])
    world.until(lambda: not world.has_axiod(), "its end")
    assert world.axioctl("network", "trial")["Pending"] is False


def test_status_says_that_it_is_idle_and_does_not_start_it(world: World) -> None:
    world.until(lambda: not world.has_axiod(), "its end")
    (network,) = [each for each in world.axioctl("status") if each["Service"] == "org.axiod.network1"]
    assert network["State"] == "idle"
    assert not world.has_axiod()


def test_it_stays_while_a_trial_waits_for_confirmation(world: World) -> None:
    world.axioctl("network", "begin", "5")
    world.until(lambda: not (world.folder / "state" / "trial.json").exists(), "the end of the trial")
    # It would have been idle long before.
    assert world.has_axiod()
    world.until(lambda: not world.has_axiod(), "its end")


def test_no_call_is_lost_while_it_exits(world: World) -> None:
    """Calls come about when it has been idle for long enough, so that some meet it on its way out."""
    script = "; ".join(f"sleep {1.0 + random.Random(n).uniform(-0.15, 0.25):.3f}; {_PING}" for n in range(15))
    said = world.run("bash", "-c", f"set -e; {script}")
    assert said.splitlines() == ['s "none"'] * 15


_PING = (
    'busctl --address="$DBUS_SYSTEM_BUS_ADDRESS" get-property org.axiod.network1 '
    "/org/axiod/network1/interface/eth0 org.axiod.network1.Interface Backend"
)


def test_what_cannot_be_configured_is_refused_with_the_reason(world: World) -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        world.axioctl("network", "configure", "eth0", "--ipv4-method", "dhcp")
    assert "eth0 cannot be configured here: nothing on this system that axiod can configure manages it" in str(
        raised.value.stderr
    )
