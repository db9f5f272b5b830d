# SPDX-License-Identifier: Apache-2.0
"""The installed discovery, with the avahi-daemon and lldpd of Debian: what is announced, and who may do what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.machine.board import pid, show, wait_active

if TYPE_CHECKING:
    from tests.machine.container import Container

FILE = "/etc/avahi/services/axiod.service"
LLDP, CDP = "0180c200000e", "01000ccccccc"
"""Whom the frames are for."""
HEAR = "python3 /usr/local/lib/hear.py"
LISTENER = b"""
import socket, sys
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
line.bind(("theirs", 0))
line.settimeout(30)
while line.recv(2048)[:6] != bytes.fromhex(sys.argv[1]):
    pass
"""


@pytest.fixture(scope="module")
def working(device: Container) -> Container:
    """A device with what discovery needs, and a cable to somebody who is silent."""
    device.run("ip link add ours type veth peer name theirs && ip address add 192.0.2.1/24 dev ours")
    device.run("ip link set ours up && ip link set theirs up")
    device.run("rm /etc/apt/preferences.d/without-recommended")
    device.apt("install", "avahi-daemon", "lldpd")
    # One that runs since before avahi was there does not see its folder; it would be gone by itself in 15 seconds.
    device.run("systemctl start avahi-daemon lldpd; systemctl stop axiod-network")
    return device


def found(device: Container) -> dict[str, Any]:
    return dict(json.loads(device.run("axioctl --json discovery show").stdout))


def test_what_is_not_installed_is_told_and_cannot_be_turned_on(device: Container) -> None:
    device.apt("purge", "lldpd")
    device.run("systemctl stop axiod-network")
    missing = "lldp does not work: lldpd is not installed; install the package lldpd"
    device.wait_for(f"axioctl discovery show | grep '{missing}'")
    refused = device.run("axioctl discovery configure --cdp on", check=False)
    assert refused.code != 0
    assert "Cdp cannot be turned on: lldpd is not installed; install the package lldpd" in refused.stderr
    assert found(device)["Cdp"] is False


def test_everything_works_once_it_is_installed(working: Container) -> None:
    working.run("axioctl discovery configure --bonjour-name 'Gate 7'")
    working.wait_for('axioctl --json discovery show | grep -q \'"BonjourAnnounced": "Gate 7"\'')
    assert found(working)["Unavailable"] == {}
    assert '<name replace-wildcards="no">Gate 7</name>' in working.get(FILE).decode()
    assert working.run(f"stat -c '%a %U' {FILE}").stdout == "644 root\n"


def test_systemd_finds_nothing_wrong_with_the_unit_that_asks_lldpd(working: Container) -> None:
    done = working.run("systemd-analyze verify --man=no --recursive-errors=yes axiod-neighbours@1.service")
    assert (done.stdout, done.stderr) == ("", "")


def test_what_is_announced_outlives_axiod_network(working: Container) -> None:
    working.run("systemctl stop axiod-network.socket axiod-network")
    before = working.get(FILE)
    working.run("systemctl restart avahi-daemon")
    working.wait_for("journalctl -b -u avahi-daemon -o cat | grep -q 'Service \"Gate 7\".*successfully established'")
    assert working.get(FILE) == before
    working.run("systemctl start axiod-network.socket")


def test_lldpd_speaks_what_is_chosen(working: Container) -> None:
    """Each restart of it says what it speaks at once."""

    def configure(words: str, frames: str) -> None:
        before = pid(working, "lldpd")
        working.run(f"{HEAR} {frames} & heard=$!; axioctl discovery configure {words} && wait $heard")
        wait_active(working, "lldpd", before)

    working.put(LISTENER, "/usr/local/lib/hear.py")
    before = pid(working, "lldpd")
    working.run("axioctl discovery configure --upnp on")
    assert pid(working, "lldpd") == before, "nothing of it was changed"
    configure("--cdp on", CDP)
    working.run(f"{HEAR} {CDP} & heard=$!; systemctl restart lldpd && wait $heard")
    before = pid(working, "lldpd")
    working.run("axioctl discovery configure --lldp off --cdp off")
    wait_active(working, "lldpd", before)
    assert working.get("/var/lib/axiod/network/lldpd.env") == b'LLDPD_OPTIONS="-ll"\n'
    configure("--lldp on", LLDP)


def test_neighbours_are_asked_for_without_a_privilege(working: Container) -> None:
    working.wait_for("axioctl discovery neighbours")
    # Both ends of the cable are of this device.
    heard = json.loads(working.run("axioctl --json discovery neighbours").stdout)
    assert {one["Interface"] for one in heard} <= {"ours", "theirs"}
    assert show(working, "axiod-network", "CapabilityBoundingSet") == "cap_net_admin"
    assert working.run("systemctl --failed --no-legend").stdout == ""
    working.run("systemctl stop lldpd && systemctl reset-failed lldpd")
    refused = working.run("axioctl discovery neighbours", check=False)
    assert "lldpd does not answer" in refused.stderr
    working.wait_for("axioctl discovery show | grep -q 'lldp does not work: lldpd does not run'")
    working.run("systemctl start lldpd")
    working.wait_for("axioctl discovery neighbours")


def test_searches_are_answered_by_a_process_that_may_do_nothing_else(working: Container) -> None:
    working.run("axioctl discovery configure --upnp on --ws-discovery on")
    working.wait_for("ss -Hlnup | grep -q ':1900 ' && ss -Hlnup | grep -q ':3702 '")
    assert show(working, "axiod-discovery", "User") == "axiod-discovery"
    assert "found by UPnP and WS-Discovery on " in show(working, "axiod-discovery", "StatusText")
    working.run("axioctl discovery configure --upnp off --ws-discovery off")
    working.wait_for("! ss -Hlnu | grep -qE ':(1900|3702) '")
    assert show(working, "axiod-discovery", "StatusText") == "announces nothing"
    working.run("axioctl discovery configure --ws-discovery on")


def test_who_may_only_read_changes_nothing(working: Container) -> None:
    call = "busctl call org.axiod.network1 /org/axiod/network1/discovery org.axiod.network1.Discovery"
    refused = working.run(f"setpriv --reuid nobody --clear-groups {call} Configure 'a{{sv}}' 0", check=False)
    assert refused.code != 0
    assert "denied" in refused.stderr
    working.run(f"setpriv --reuid nobody --clear-groups {call} Neighbours")
