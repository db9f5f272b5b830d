# SPDX-License-Identifier: Apache-2.0
"""axiod-network on a device: started by who asks and by the kernel, gone when nobody does; and changes that come back.

A cable leads from eth0 to a network with a server of DHCP, names and router advertisements.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.machine.board import pid, show
from tests.machine.cache import build, native
from tests.machine.container import Container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

UNIT = "axiod-network"
IDLE_SECONDS = 15
"""As the unit has it."""
LONG, SHORT = 600, 10
"""Seconds of a trial that is not to end by itself, and of one that is."""
# The peer has a network of its own; it makes the cable, so that there is one after each boot.
PEER = b"""
[Unit]
Description=The other end of the cable
Before=network-pre.target
Wants=network-pre.target
[Service]
Type=exec
PrivateNetwork=yes
ExecStart=/usr/sbin/dnsmasq --keep-in-foreground --user=root --conf-file=/dev/null --no-resolv --no-hosts --no-ping \\
  --interface=peer0 --bind-dynamic --dhcp-authoritative --dhcp-leasefile=/run/leases --enable-ra \\
  --dhcp-range=192.0.2.100,192.0.2.150,1h --dhcp-range=2001:db8::,ra-only,64 \\
  --dhcp-option=option:dns-server,192.0.2.1 --dhcp-option=option:domain-search,example.org
ExecStartPost=/usr/bin/nsenter -t 1 -n sh -c 'ip link add eth0 type veth peer name peer0 netns $MAINPID'
ExecStartPost=/bin/sh -c 'ip link set lo up; ip address add 192.0.2.1/24 dev peer0; \\
  ip address add 2001:db8::1/64 dev peer0 nodad; ip link set peer0 up'
[Install]
WantedBy=multi-user.target
"""
LEASED = b"[Match]\nName=eth0\n[Network]\nDHCP=yes\n"
STATIC = "--ipv4-method static --ipv4-addresses {}/24 --ipv4-router 192.0.2.1"


def install_networkmanager(board: Container) -> None:
    """Install it as a person does: it makes up a profile by itself."""
    board.run("rm /etc/apt/preferences.d/without-recommended")
    board.apt("install", "network-manager")


def start_networkd(board: Container) -> None:
    """Have systemd-networkd ask for a lease, as a person does."""
    board.put(LEASED, "/etc/systemd/network/20-wired.network")
    board.run("systemctl enable --now systemd-networkd")


MANAGERS: dict[str, Callable[[Container], None]] = {
    "networkmanager": install_networkmanager,
    "networkd": start_networkd,
}


@pytest.fixture(scope="module", params=MANAGERS)
def board(debs: Sequence[Path], request: pytest.FixtureRequest) -> Iterator[Container]:
    """A device whose eth0 is at the end of a cable, is managed, and has a lease."""
    with Container(on_top=[build("prepared", native())]) as running:
        running.install(debs)
        running.apt("install", "dnsmasq-base")
        running.put(PEER, "/etc/systemd/system/peer.service")
        running.run("systemctl daemon-reload && systemctl enable --now peer.service")
        MANAGERS[request.param](running)
        running.run(f"systemctl restart {UNIT}")  # which may write to folders that came just now
        wait_for_ipv4(running, "192.0.2.1[0-5].")
        yield running


def wait_for_ipv4(board: Container, pattern: str) -> None:
    """Wait until eth0 has an IPv4 address, and no other."""
    addresses = "ip -4 -oneline address show eth0 | awk '{print $4}' | tr '\\n' ' '"
    board.wait_for(f"{addresses} | grep -xE '{pattern}/24 '", 60)


def wait_gone(board: Container) -> None:
    """Wait until the service has exited because nobody needed it."""
    board.wait_for(f"test $(systemctl show -P ActiveState {UNIT}) = inactive", 4 * IDLE_SECONDS)


def interface(board: Container) -> dict[str, Any]:
    """Return what the service says of eth0."""
    found: dict[str, Any] = json.loads(board.run("axioctl network show eth0 --json").stdout)
    return found


def configure(board: Container, address: str, options: str = "") -> None:
    """Give eth0 a static address, and wait until it has it."""
    board.run(f"axioctl network configure eth0 {STATIC.format(address)} {options}")
    wait_for_ipv4(board, address)


def test_it_does_not_run_until_somebody_asks_and_then_answers(board: Container) -> None:
    wait_gone(board)
    assert board.run("pgrep -f axiod[.]network", check=False).stdout == ""
    assert show(board, f"{UNIT}.socket", "SubState") == "listening"
    begun = time.monotonic()
    answer = board.run(
        "busctl get-property org.axiod.network1 /org/axiod/network1/interface/eth0 org.axiod.network1.Interface Carrier"
    )
    print(f"from a call to the answer, with the start: {time.monotonic() - begun:.2f} s")
    assert answer.stdout == "b true\n"
    assert board.run("axioctl status --json").stdout
    assert board.run(f"systemctl is-failed {UNIT}", check=False).stdout == "active\n"


def test_what_it_says_is_what_there_is(board: Container) -> None:
    found = interface(board)
    assert (found["Ipv4Method"], found["Ipv6Method"], found["DnsAutomatic"]) == ("dhcp", "automatic", True)
    assert "ReadOnlyBecause" not in found
    assert "192.0.2.1" in found["NameServers"]
    assert found["Routers"][0] == "192.0.2.1"
    board.wait_for("axioctl network show eth0 --json | grep -q router-advertisement")
    by_origin = {each["Origin"]: each["Address"] for each in interface(board)["Addresses"]}
    assert by_origin["dhcp"].startswith("192.0.2.1")
    assert by_origin["router-advertisement"].startswith("2001:db8:")
    assert by_origin["link-local"].startswith("fe80:")


def test_what_the_sandbox_forbids_is_nothing_that_it_needs(board: Container) -> None:
    board.run("axioctl status")
    status = json.loads(board.run("axioctl status --json").stdout)
    (service,) = [each for each in status if each["Service"] == "org.axiod.network1"]
    assert (service["Health"], service["Problems"]) == ("ok", [])


def test_a_change_of_the_kernel_starts_it_and_it_tells_of_it(board: Container) -> None:
    wait_gone(board)
    match = "--match=\"type='signal',interface='org.axiod.EventSource1',path='/org/axiod/network1'\""
    output = "--property=StandardOutput=file:/root/heard"
    board.run(f"systemd-run --quiet --unit=hearing {output} busctl monitor --json=short {match}")
    board.wait_for("systemctl is-active hearing")
    for verb, topic in (("add", "AddressAdded"), ("del", "AddressRemoved")):
        board.run(f"ip address {verb} 198.51.100.7/24 dev eth0")
        board.wait_for(f"grep {topic} /root/heard | grep eth0 | grep 198.51.100.7/24")
    board.run("systemctl stop hearing")
    assert pid(board, UNIT)


def test_an_address_by_hand_and_back_to_a_lease(board: Container) -> None:
    configure(board, "192.0.2.10", "--dns-automatic false --dns-servers 192.0.2.53 --dns-search example.net")
    found = interface(board)
    assert (found["Ipv4Method"], found["Ipv4Addresses"], found["Ipv4Router"]) == (
        "static", ["192.0.2.10/24"], "192.0.2.1",
    )  # fmt: skip
    board.wait_for("axioctl network show eth0 --json | grep -q 192.0.2.53")
    assert "via 192.0.2.1 " in board.run("ip -4 route show default").stdout
    board.run("axioctl network configure eth0 --ipv4-method dhcp --dns-automatic true")
    wait_for_ipv4(board, "192.0.2.1[0-5].")
    board.wait_for("axioctl network show eth0 --json | grep -q '\"192.0.2.1\"'")


def test_the_hostname_by_whoever_sets_it(board: Container) -> None:
    board.run("axioctl network host configure --hostname gate-7")
    assert board.run("hostnamectl hostname; cat /etc/hostname; uname -n").stdout == "gate-7\n" * 3
    assert json.loads(board.run("axioctl network host show --json").stdout)["CurrentHostname"] == "gate-7"
    board.run("hostnamectl set-hostname gate-8")
    board.wait_for('axioctl network host show --json | grep -q \'"CurrentHostname": *"gate-8"\'')


def test_what_nobody_confirms_comes_back(board: Container) -> None:
    configure(board, "192.0.2.11")
    configure(board, "192.0.2.12", f"--confirm-within {SHORT}")
    wait_for_ipv4(board, "192.0.2.11")
    assert interface(board)["Ipv4Addresses"] == ["192.0.2.11/24"]


@pytest.mark.parametrize("end", ["kill -9 {pid}", "systemctl stop axiod-network"])
def test_it_comes_back_although_the_service_ended_meanwhile(board: Container, end: str) -> None:
    configure(board, "192.0.2.12", f"--confirm-within {SHORT}")
    board.run(end.format(pid=pid(board, UNIT)))
    wait_for_ipv4(board, "192.0.2.11")
    board.wait_for("axioctl network trial --json | grep -q '\"Pending\": *false'")
    assert board.run("systemctl list-units --all --no-legend 'axiod-network-trial*'").stdout == ""


def test_systemd_wakes_it_for_the_end_of_a_trial(board: Container) -> None:
    configure(board, "192.0.2.11")
    # A hostname is a change that no netlink socket tells of.
    board.run(f"axioctl network begin {SHORT} && axioctl network host configure --hostname awake")
    board.run(f"systemctl stop {UNIT}.socket {UNIT}")
    board.wait_for("test $(hostnamectl hostname) != awake", 60)
    board.run(f"systemctl start {UNIT}.socket")
    assert "will not end the trial" not in board.journal(UNIT)


def test_nothing_that_it_did_was_refused_by_the_sandbox(board: Container) -> None:
    check_journal(board)


def check_journal(board: Container) -> None:
    """Check that the sandbox refused nothing."""
    said = board.journal(UNIT)
    for refusal in ("Permission denied", "Operation not permitted", "Read-only file system", "Traceback"):
        assert refusal not in said


def test_what_is_confirmed_outlives_a_boot_and_what_is_not_comes_back(board: Container) -> None:
    configure(board, "192.0.2.13", f"--confirm-within {LONG}")
    board.run("axioctl network confirm")
    configure(board, "192.0.2.14", f"--confirm-within {LONG}")
    board.run("axioctl network host configure --hostname lost")
    board.run("sync")
    board.power_cut()
    wait_for_ipv4(board, "192.0.2.13")
    board.wait_for("axioctl network trial --json | grep -q '\"Pending\": *false'")
    wait_for_ipv4(board, "192.0.2.13")
    assert board.run("hostnamectl hostname").stdout == "gate-8\n"
    assert interface(board)["Ipv4Addresses"] == ["192.0.2.13/24"]
    check_journal(board)


# --- systemd-networkd alone ---

FOLDER = "/etc/systemd/network"
FILES = f"cd {FOLDER} && find . -type f | sort"
networkd_alone = pytest.mark.parametrize("board", ["networkd"], indirect=True)


def have(board: Container, path: str, text: bytes) -> None:
    """Have the interface configured by a file, and by no other of ours or its own."""
    board.run(f"rm -rf {FOLDER}/*.network.d {FOLDER}/*.network /run/systemd/network/*.network")
    board.put(text, path)
    board.run("networkctl reload")
    wait_for_ipv4(board, "192.0.2.1[0-5].")


@networkd_alone
def test_what_is_set_stands_in_a_drop_in_until_the_file_says_the_same(board: Container) -> None:
    have(board, f"{FOLDER}/20-wired.network", LEASED)
    configure(board, "192.0.2.19")
    assert board.get(f"{FOLDER}/20-wired.network") == LEASED
    assert board.run(FILES).stdout == "./20-wired.network\n./20-wired.network.d/50-axiod.conf\n"
    board.run("axioctl network configure eth0 --ipv4-method dhcp")
    wait_for_ipv4(board, "192.0.2.1[0-5].")
    assert board.run(FILES).stdout == "./20-wired.network\n"


@networkd_alone
def test_a_file_that_is_made_at_each_boot_is_left_alone(board: Container) -> None:
    made = "/run/systemd/network/10-netplan-eth0.network"
    have(board, made, LEASED)
    configure(board, "192.0.2.20")
    assert board.get(made) == LEASED
    assert board.run(FILES).stdout == "./10-netplan-eth0.network.d/50-axiod.conf\n"


@networkd_alone
def test_a_file_of_several_interfaces_is_copied_for_one(board: Container) -> None:
    several = LEASED.replace(b"eth0", b"eth*")
    have(board, f"{FOLDER}/20-wired.network", several)
    board.run(f"axioctl network begin {LONG}")
    configure(board, "192.0.2.21")
    assert board.get(f"{FOLDER}/20-wired.network") == several
    assert b"for eth0 alone" in board.get(f"{FOLDER}/05-axiod-eth0.network")
    board.run("axioctl network roll-back")
    wait_for_ipv4(board, "192.0.2.1[0-5].")
    assert board.run(FILES).stdout == "./20-wired.network\n"


@networkd_alone
def test_an_address_of_ones_own_is_taken_while_nobody_leases_one(board: Container) -> None:
    have(board, f"{FOLDER}/20-wired.network", LEASED)
    configure(board, "192.0.2.23")
    board.run("systemctl kill --signal STOP peer")
    board.run("axioctl network configure eth0 --ipv4-method dhcp --ipv4-addresses 192.0.2.30/24 --ipv4-fallback true")
    board.wait_for("ip -4 route show 192.0.2.0/24 | grep 'dev eth0 scope link src 192.0.2.30'", 90)
    assert "inet 192.0.2.30/32 scope link" in board.run("ip -4 address show eth0").stdout
    board.run("systemctl kill --signal CONT peer")
    # The lease is from the network of the fallback address, which is left.
    wait_for_ipv4(board, "192.0.2.1[0-5].")
    assert "192.0.2.30" not in board.run("ip -4 route show table all").stdout
    board.run("axioctl network configure eth0 --ipv4-fallback false")


@networkd_alone
def test_what_a_later_file_says_otherwise_is_not_set(board: Container) -> None:
    have(board, f"{FOLDER}/20-wired.network", LEASED)
    board.put(b"[Network]\nDHCP=yes\n", f"{FOLDER}/20-wired.network.d/90-local.conf")
    board.run("networkctl reload")
    before = board.run(FILES).stdout
    refused = board.run(f"axioctl network configure eth0 {STATIC.format('192.0.2.22')}", check=False)
    assert (refused.code != 0, "90-local.conf says otherwise" in refused.stderr) == (True, True), refused.stderr
    assert board.run(FILES).stdout == before


@networkd_alone
def test_what_axiod_cannot_configure_is_shown_and_left_alone(board: Container) -> None:
    have(board, f"{FOLDER}/20-wired.network", LEASED)
    board.apt("install", "ifupdown")
    board.run("ip link add eth1 type veth peer name eth2")
    board.put(b"auto eth1\niface eth1 inet static\n  address 198.51.100.9/24\n", "/etc/network/interfaces.d/eth1")
    board.run("ifup eth1")
    before = board.run("sha256sum /etc/network/interfaces /etc/network/interfaces.d/*").stdout
    files = board.run(FILES).stdout
    for name, backend, why in (
        ("eth1", "ifupdown", "/etc/network/interfaces configures it"),
        ("eth2", "none", "nothing on this system that axiod can configure manages it"),
    ):
        board.wait_for(f"axioctl network show {name}")
        found = json.loads(board.run(f"axioctl network show {name} --json").stdout)
        assert (found["Backend"], found["Capabilities"]) == (backend, [])
        assert why in found["ReadOnlyBecause"]
        refused = board.run(f"axioctl network configure {name} --ipv4-method disabled", check=False)
        assert (refused.code != 0, why in refused.stderr) == (True, True), refused.stderr
    assert [each["Address"] for each in json.loads(board.run("axioctl network show eth1 --json").stdout)["Addresses"]
            if each["Origin"] == "static"] == ["198.51.100.9"]  # fmt: skip
    assert board.run("sha256sum /etc/network/interfaces /etc/network/interfaces.d/*").stdout == before
    assert board.run(FILES).stdout == files
