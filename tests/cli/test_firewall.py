# SPDX-License-Identifier: Apache-2.0
"""The firewall from the command line: rules in words, and care for the connection that asks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import Conflict
from tests.cli.fakes import FakeService

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import World

FIREWALL, TRIAL = "org.axiod.network1.Firewall", "org.axiod.network1.Trial"
WEB = {"Kind": "filter", "Policy": "accept", "Protocol": "tcp", "Port": 443}
LIMIT = {"Kind": "limit", "Unit": "connections", "Period": "minute", "Amount": 10, "Burst": 5, "Family": "ipv6"}
DROPS = "rule 1 drops the connection from 192.0.2.7 to port 22 that asks for this"
ASKING = {"ClientAddress": "192.0.2.7", "ServerPort": 22}
SEEN = {**ASKING, "Revision": "8f2e"}
CUT = {"Kind": "cut", "Rule": 1, "Text": DROPS}


@pytest.fixture
def network(world: World, monkeypatch: pytest.MonkeyPatch) -> FakeService:
    """org.axiod.network1 with two rules and somebody else's table, running; asked over SSH."""
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22")
    service = FakeService("org.axiod.network1")
    service.add(
        FIREWALL,
        Supported=True,
        Active=True,
        DefaultPolicy="drop",
        Rules=[WEB, LIMIT],
        Revision="8f2e",
        ForeignChains=[
            {
                "Family": "inet",
                "Table": "ufw",
                "Chain": "in",
                "Hook": "input",
                "Priority": 0,
                "Policy": "drop",
                "Drops": True,
            }
        ],
    )
    service.add(TRIAL)
    service.answers["Check"] = []
    world.start(service)
    return service


def calls(service: FakeService) -> list[tuple[str, tuple[Any, ...]]]:
    return [(method, arguments) for _, method, arguments in service.calls if method != "Check"]


def test_show(axioctl: Axioctl, network: FakeService) -> None:
    lines = axioctl("firewall", "show").out.splitlines()
    assert [line.split() for line in lines[-3:-1]] == [
        ["1", "accept", "tcp", "port", "443"],
        ["2", "limit", "10", "connections", "a", "minute,", "5", "at", "once", "ipv6"],
    ]
    assert lines[-1] == "not of axiod, and drops packets as well: inet ufw (chain in)"
    assert json.loads(axioctl("firewall", "show", "--json").out)["Rules"] == [WEB, LIMIT]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["drop", "--address", "192.0.2.0/24"], {"Kind": "filter", "Policy": "drop", "Address": "192.0.2.0/24"}),
        (
            ["accept", "--protocol", "both", "--port-start", "5000", "--port-end", "5010", "--traffic", "multicast"],
            {"Kind": "filter", "Policy": "accept", "Protocol": "both", "PortStart": 5000, "PortEnd": 5010}
            | {"Traffic": "multicast"},
        ),
        (
            ["limit", "--amount", "3", "--period", "hour", "--unit", "packets", "--mac", "00:40:8c:01:23:45"],
            {"Kind": "limit", "Amount": 3, "Period": "hour", "Unit": "packets", "Mac": "00:40:8c:01:23:45"},
        ),
    ],
)
def test_add_puts_a_rule_behind_the_others(
    axioctl: Axioctl, network: FakeService, typed: list[str], meant: dict[str, Any]
) -> None:
    done = axioctl("firewall", "add", *typed)
    assert (done.code, done.out) == (0, "rule 3 is added\n")
    assert calls(network) == [("Configure", ({"Rules": [WEB, LIMIT, meant], **SEEN},))]
    asked = [arguments[1] for _, method, arguments in network.calls if method == "Check"]
    assert asked == [ASKING]


def test_who_was_overtaken_is_told_and_takes_nothing_back(axioctl: Axioctl, network: FakeService) -> None:
    network.errors["Configure"] = Conflict("somebody else has changed the firewall meanwhile")
    done = axioctl("firewall", "remove", "2")
    assert (done.code, done.out) == (6, "")
    assert "somebody else has changed the firewall meanwhile" in done.err
    assert "--force" not in done.err


def test_add_at_a_place_and_remove(axioctl: Axioctl, network: FakeService) -> None:
    axioctl("firewall", "add", "drop", "--at", "1", "--family", "ipv6")
    assert calls(network)[0][1][0]["Rules"][0] == {"Kind": "filter", "Policy": "drop", "Family": "ipv6"}
    done = axioctl("firewall", "remove", "1")
    assert done.out == "removed: accept tcp port 443\n"
    assert calls(network)[1] == ("Configure", ({"Rules": [LIMIT], **SEEN},))
    for wrong in ("0", "3", "first"):
        done = axioctl("firewall", "remove", wrong)
        assert (done.code, "from 1 to 2" in done.err) == (2, True)
    done = axioctl("firewall", "add", "drop", "--port", "70000")
    assert (done.code, "Port" in done.err, "65535" in done.err) == (2, True, True)
    assert len(calls(network)) == 2


def test_who_would_be_cut_off_must_insist_or_try(axioctl: Axioctl, network: FakeService) -> None:
    network.answers["Check"] = network.answers["Test"] = [CUT]
    network.errors["Configure"] = Conflict(DROPS)
    done = axioctl("firewall", "add", "drop", "--address", "192.0.2.7")
    assert (done.code, done.out) == (6, "")
    assert DROPS in done.err
    assert "--confirm-within" in done.err
    assert calls(network) == [
        (
            "Configure",
            ({"Rules": [WEB, LIMIT, {"Kind": "filter", "Policy": "drop", "Address": "192.0.2.7"}], **SEEN},),
        )
    ]
    network.calls.clear()
    del network.errors["Configure"]
    assert axioctl("firewall", "configure", "--active", "true", "--force").out.startswith(
        "the firewall is changed\ncut: "
    )
    assert calls(network) == [("Configure", ({"Active": True, **ASKING, "Force": True},))]
    done = axioctl("firewall", "remove", "2", "--confirm-within", "60")
    assert done.code == 0
    assert "comes back in 60 s unless you call: axioctl firewall confirm" in done.out
    assert calls(network)[1] == ("Test", ({"Rules": [WEB]}, 60, SEEN))
    assert axioctl("firewall", "check").code == 1
    axioctl("firewall", "confirm")
    axioctl("firewall", "roll-back")
    assert [method for method, _ in calls(network)[2:]] == ["Confirm", "RollBack"]


def test_on_the_device_itself_no_connection_asks(
    axioctl: Axioctl, network: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_CONNECTION")
    assert axioctl("firewall", "check").out == "nothing is to be said of the rules\n"
    assert network.calls == [("", "Check", ({}, {}))]


def test_who_became_root_after_ssh_is_warned_as_well(
    network: FakeService, monkeypatch: pytest.MonkeyPatch, cli_bus: str
) -> None:
    network.errors["Configure"] = Conflict(DROPS)
    # As under sudo, which has the environment of the shell but does not hand it on.
    become = 'env --unset=SSH_CONNECTION "$@"; exit $?'
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", cli_bus)
    words = [sys.executable, "-m", "axiod.cli", "firewall", "configure", "--default-policy", "drop"]
    done = subprocess.run(["sh", "-c", become, "sh", *words], check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 6
    assert DROPS in done.stderr
    assert calls(network) == [("Configure", ({"DefaultPolicy": "drop", **ASKING},))]


def test_a_time_that_is_wrong_is_called_as_it_was_typed(axioctl: Axioctl, network: FakeService) -> None:
    done = axioctl("firewall", "configure", "--active", "false", "--confirm-within", "3")
    assert done.code == 2
    assert "--confirm-within is 3; it must be a whole number from 5 to 3600" in done.err
    assert calls(network) == []
