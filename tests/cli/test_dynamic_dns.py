# SPDX-License-Identifier: Apache-2.0
"""axioctl dynamic-dns."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from axiod.errors import Conflict
from tests.cli.fakes import FakeService

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import World

DYNAMIC_DNS = "org.axiod.network1.DynamicDns"


@pytest.fixture
def network(world: World) -> FakeService:
    """org.axiod.network1, running."""
    service = FakeService("org.axiod.network1")
    service.add(DYNAMIC_DNS, Enabled=True, State="failed", Problem="the DNS server does not answer")
    world.start(service)
    return service


def test_what_went_wrong_is_shown(axioctl: Axioctl, network: FakeService) -> None:
    assert "the DNS server does not answer" in axioctl("dynamic-dns", "show").out
    assert json.loads(axioctl("dynamic-dns", "show", "--json").out)["State"] == "failed"


def test_settings_are_changed_together(axioctl: Axioctl, network: FakeService) -> None:
    done = axioctl("dynamic-dns", "configure", "--name", "gate-7.example.org", "--ttl-sec", "60")
    assert (done.code, done.err) == (0, "")
    ((_, method, (changes,)),) = network.calls
    assert (method, dict(changes)) == ("Configure", {"Name": "gate-7.example.org", "TtlSec": 60})


def test_the_secret_comes_from_the_standard_input(cli_bus: str, network: FakeService) -> None:
    command = [sys.executable, "-m", "axiod.cli", "--bus", cli_bus, "dynamic-dns", "set-secret", "--password-stdin"]
    done = subprocess.run(command, input=b"c2VjcmV0\n", capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"the secret of the TSIG key is set\n", b"")
    ((_, method, (options,)),) = network.calls
    assert (method, dict(options)) == ("SetSecrets", {"Key": "c2VjcmV0"})


def test_it_is_registered_now(axioctl: Axioctl, network: FakeService) -> None:
    assert "axioctl dynamic-dns show" in axioctl("dynamic-dns", "register").out
    network.errors["Register"] = Conflict("it is not enabled; set Enabled first")
    assert "it is not enabled" in axioctl("dynamic-dns", "register").err
