# SPDX-License-Identifier: Apache-2.0
"""An interface of ifupdown, or of nobody, is handed over on a device, in a trial: kept, or taken back.

A cable leads from eth0 to a network with a server of DHCP, as in tests.machine.test_network.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.machine.board import pid
from tests.machine.cache import build, native
from tests.machine.container import Container
from tests.machine.test_network import LONG, PEER, SHORT, UNIT, wait_for_ipv4

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

INTERFACES = "/etc/network/interfaces"
OWN = f"{INTERFACES}.d/eth0"
MAIN = b"# As it came.\nsource /etc/network/interfaces.d/*\nauto lo eth0\niface lo inet loopback\n"
LEASED = b"iface eth0 inet dhcp\n"
STATIC = b"iface eth0 inet static\n    address 192.0.2.10\n    netmask 255.255.255.0\n    gateway 192.0.2.1\n"
LEASE = "192.0.2.1[0-5]."
INSTALLED = {"networkmanager": "network-manager", "networkd": "systemd-resolved"}
"""What is installed besides ifupdown. systemd-networkd is there, and does not run."""
networkd_alone = pytest.mark.parametrize("board", ["networkd"], indirect=True)


@pytest.fixture(scope="module", params=INSTALLED)
def board(debs: Sequence[Path], request: pytest.FixtureRequest) -> Iterator[Container]:
    """A device whose eth0 is at the end of a cable, and which has ifupdown and something that could take it over."""
    with Container(on_top=[build("prepared", native())]) as running:
        running.apt("install", "dnsmasq-base", "ifupdown", "dhcpcd-base")
        running.install(debs)
        running.run("rm /etc/apt/preferences.d/without-recommended")
        running.put(MAIN, INTERFACES)
        running.put(LEASED, OWN)
        running.put(PEER, "/etc/systemd/system/peer.service")
        running.run("systemctl daemon-reload && systemctl enable --now peer.service")
        running.apt("install", INSTALLED[request.param])
        if request.param == "networkd":
            running.run("systemctl restart systemd-resolved && resolvectl status")  # now it has its name on the bus
        running.run("systemctl restart axiod-network")  # which may write to folders that came just now
        running.manager = request.param  # type: ignore[attr-defined] # for the tests
        yield running


@pytest.fixture
def leased(board: Container) -> Container:
    """The device whose eth0 has a lease by ifupdown."""
    have(board, LEASED)
    wait_for_ipv4(board, LEASE)
    return board


@pytest.fixture
def static(board: Container) -> Container:
    """The device whose eth0 has an address by ifupdown."""
    have(board, STATIC)
    wait_for_ipv4(board, "192.0.2.10")
    return board


def have(board: Container, text: bytes) -> None:
    """Have ifupdown configure eth0 so."""
    board.run("ifdown eth0; ip address flush dev eth0", check=False)
    board.put(text, OWN)
    board.run("ifup eth0")
    board.wait_for('axioctl network show eth0 --json | grep -q \'"Backend": *"ifupdown"\'')


def manager(board: Container) -> str:
    """Return what eth0 can be handed over to here."""
    return str(board.manager)  # type: ignore[attr-defined] # see the fixture


def shown(board: Container, name: str = "eth0") -> dict[str, Any]:
    """Return what the service says of an interface."""
    found: dict[str, Any] = json.loads(board.run(f"axioctl network show {name} --json").stdout)
    return found


def check_reached(board: Container, address: str) -> None:
    """Check that the device is reached from the other end of the cable."""
    board.run("systemd-run --quiet --collect --unit=page python3 -m http.server 8000")
    ask = f"import urllib.request; urllib.request.urlopen('http://{address}:8000', timeout=5)"
    board.wait_for(f'nsenter -t $(systemctl show -P MainPID peer) -n python3 -c "{ask}"', 30)
    board.run("systemctl stop page")


def check_as_before(board: Container, text: bytes, pattern: str) -> None:
    """Check that ifupdown has eth0 again as it had it, and nothing is left of what was tried."""
    wait_for_ipv4(board, pattern)
    board.wait_for("axioctl network trial --json | grep -q '\"Pending\": *false'", 60)
    board.wait_for('axioctl network show eth0 --json | grep -q \'"Backend": *"ifupdown"\'')
    assert (board.get(INTERFACES), board.get(OWN)) == (MAIN, text)
    assert board.run("ifquery --state eth0").stdout == "eth0=eth0\n"
    assert board.run("ls /etc/network/before-axiod /etc/systemd/network", check=False).stdout.split() in (
        ["/etc/network/before-axiod:", "/etc/systemd/network:"],
        ["/etc/systemd/network:"],
    )
    assert "axiod" not in board.run("ls /etc/NetworkManager/system-connections", check=False).stdout
    if manager(board) == "networkd":
        assert board.run("systemctl is-active systemd-networkd", check=False).stdout == "inactive\n"
        assert board.run("systemctl is-enabled systemd-networkd", check=False).stdout == "disabled\n"


def test_a_static_address_stays_and_comes_back_on_request(static: Container) -> None:
    assert json.loads(static.run(f"axioctl network adopt eth0 --confirm-within {LONG} --json").stdout) == {
        "Path": "/org/axiod/network1/interface/eth0", "Backend": manager(static),
    }  # fmt: skip
    wait_for_ipv4(static, "192.0.2.10")
    found = shown(static)
    assert (found["Backend"], found["Ipv4Method"], found["Ipv4Addresses"], found["Ipv4Router"]) == (
        manager(static), "static", ["192.0.2.10/24"], "192.0.2.1",
    )  # fmt: skip
    static.wait_for("ip -4 route show default | grep 'via 192.0.2.1 dev eth0'")
    check_reached(static, "192.0.2.10")
    assert static.get(f"/etc/network/before-axiod/eth0/{OWN[1:].replace('/', '.')}") == STATIC
    assert b"\n# axiod: auto lo eth0\nauto lo\n" in static.get(INTERFACES)
    static.run("axioctl network roll-back")
    check_as_before(static, STATIC, "192.0.2.10")
    check_reached(static, "192.0.2.10")


def test_what_nobody_confirms_goes_back_although_the_service_ended(leased: Container) -> None:
    leased.run(f"axioctl network adopt eth0 --confirm-within {3 * SHORT}")
    leased.run(f"kill -9 {pid(leased, UNIT)}")
    check_as_before(leased, LEASED, LEASE)
    assert leased.run("pgrep -c -f 'dhcpcd: eth0'").stdout


@pytest.mark.parametrize("line", ["    up ip route add 198.51.100.0/24 via 192.0.2.1\n", "auto eth0:1\n"])
def test_what_cannot_be_handed_over_is_named_and_nothing_is_changed(static: Container, line: str) -> None:
    text = STATIC + line.encode()
    static.put(text, OWN)
    refused = static.run("axioctl network adopt eth0", check=False)
    assert refused.code
    assert line.split()[1] in refused.stderr
    check_as_before(static, text, "192.0.2.10")


def test_without_a_trial_and_twice_it_is_refused(leased: Container) -> None:
    call = "busctl call org.axiod.network1 /org/axiod/network1/interface/eth0 org.axiod.network1.Interface Adopt"
    assert "begin a trial first" in leased.run(call, check=False).stderr
    leased.run(f"axioctl network begin {LONG}")
    leased.run(f"{call} --timeout=120")
    assert f"is managed by {manager(leased)} already" in leased.run(call, check=False).stderr
    leased.run("axioctl network roll-back")
    check_as_before(leased, LEASED, LEASE)


@networkd_alone
def test_without_resolved_nobody_would_hear_of_name_servers(leased: Container) -> None:
    leased.run("systemctl mask --runtime --now systemd-resolved")
    refused = leased.run("axioctl network adopt eth0", check=False)
    assert "install systemd-resolved or network-manager first" in refused.stderr
    leased.run("systemctl unmask --runtime systemd-resolved; systemctl start systemd-resolved")
    check_as_before(leased, LEASED, LEASE)


@networkd_alone
def test_an_interface_of_nobody_keeps_its_address(board: Container) -> None:
    board.run("ip link add eth1 type veth peer name eth2; ip link set eth2 up; ip link set eth1 up")
    board.run("ip address add 198.51.100.9/24 dev eth1")
    address = "ip -4 -oneline address show eth1 | grep 'inet 198.51.100.9/24'"
    board.wait_for("axioctl network show eth1 --json | grep 198.51.100.9")
    board.run(f"axioctl network adopt eth1 --confirm-within {LONG}")
    board.wait_for(address)
    found = shown(board, "eth1")
    assert (found["Backend"], found["Ipv4Addresses"]) == ("networkd", ["198.51.100.9/24"])
    board.run("axioctl network roll-back")
    board.wait_for(address)
    assert shown(board, "eth1")["Backend"] == "none"
    board.run("ip link del eth1")


def test_nothing_that_it_did_was_refused_by_the_sandbox(board: Container) -> None:
    said = board.journal(UNIT)
    for refusal in ("Permission denied", "Operation not permitted", "Read-only file system", "Traceback"):
        assert refusal not in said


def test_what_is_confirmed_outlives_a_boot_and_what_is_not_goes_back(leased: Container) -> None:
    leased.run(f"axioctl network adopt eth0 --confirm-within {LONG}")
    leased.run("sync")
    leased.power_cut()
    check_as_before(leased, LEASED, LEASE)
    leased.run(f"axioctl network adopt eth0 --confirm-within {LONG} && axioctl network confirm")
    leased.run("sync")
    leased.power_cut()
    wait_for_ipv4(leased, LEASE)
    found = shown(leased)
    assert (found["Backend"], found["Ipv4Method"], "ReadOnlyBecause" in found) == (manager(leased), "dhcp", False)
    assert leased.run("ifquery --list").stdout == "lo\n"
    leased.run(
        "axioctl network configure eth0 --ipv4-method static --ipv4-addresses 192.0.2.20/24 --ipv4-router 192.0.2.1"
    )
    wait_for_ipv4(leased, "192.0.2.20")
    check_reached(leased, "192.0.2.20")
