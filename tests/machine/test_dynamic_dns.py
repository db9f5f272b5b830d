# SPDX-License-Identifier: Apache-2.0
"""The installed dynamic DNS, with named and nsupdate of Debian, and a service that is away while nothing happens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.machine.board import show

if TYPE_CHECKING:
    from tests.machine.container import Container

NAME = "gate-7.example.org"
SECRET = "aHVudGVyMi1odW50ZXIyLWh1bnRlcjI="
ZONE = b"$TTL 300\n@ IN SOA ns root 1 300 300 300 300\n@ IN NS ns\nns IN A 127.0.0.1\n"
NAMED = f"""key "gate" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
zone "example.org" {{ type primary; file "/var/lib/bind/zone"; update-policy {{ grant gate zonesub A AAAA; }}; }};
"""
DIG = f"dig @127.0.0.1 +short +time=1 +tries=1 {NAME} A"


@pytest.fixture(scope="module")
def working(device: Container) -> Container:
    """A device with an address, and a DNS server that knows its key."""
    device.run("ip link add ours type veth peer name theirs && ip address add 192.0.2.7/24 dev ours")
    device.run("ip link set ours up && ip link set theirs up")
    device.run("rm -f /etc/apt/preferences.d/without-recommended")
    device.apt("install", "bind9", "bind9-dnsutils")
    device.put(NAMED.encode(), "/etc/bind/named.conf.local")
    device.put(ZONE, "/var/lib/bind/zone")
    device.run("chown -R bind: /var/lib/bind && systemctl restart named")
    device.wait_for("dig @127.0.0.1 +short +time=1 +tries=1 ns.example.org | grep -q 127.0.0.1")
    return device


def found(device: Container) -> dict[str, Any]:
    return dict(json.loads(device.run("axioctl --json dynamic-dns show").stdout))


def test_it_cannot_be_turned_on_before_nsupdate_is_installed(device: Container) -> None:
    refused = device.run(f"axioctl dynamic-dns configure --enabled true --name {NAME}", check=False)
    assert refused.code != 0
    assert "nsupdate is not installed; install the package bind9-dnsutils" in refused.stderr
    assert found(device)["Enabled"] is False


def test_systemd_finds_nothing_wrong_with_the_unit(working: Container) -> None:
    done = working.run("systemd-analyze verify --man=no --recursive-errors=yes axiod-dynamic-dns@1.service")
    assert (done.stdout, done.stderr) == ("", "")


def test_the_name_is_registered(working: Container) -> None:
    working.run(f"echo '{SECRET}' | axioctl dynamic-dns set-secret --password-stdin")
    working.run(f"axioctl dynamic-dns configure --enabled true --name {NAME} --server 127.0.0.1 --key-name gate")
    working.wait_for(f"{DIG} | grep -qx 192.0.2.7")
    working.wait_for('axioctl --json dynamic-dns show | grep -q \'"State": "registered"\'')
    assert show(working, "axiod-network", "CapabilityBoundingSet") == "cap_net_admin"
    assert working.run("systemctl --failed --no-legend").stdout == ""
    kept = working.run(f"grep -rl '{SECRET}' /var/lib/axiod /run /etc/axiod 2>/dev/null", check=False).stdout
    assert kept.split() == ["/var/lib/axiod/network/dynamic-dns.key"]
    assert working.run("stat -c '%a %U' /var/lib/axiod/network/dynamic-dns.key").stdout == "600 root\n"
    assert SECRET not in working.run("journalctl -b -o cat").stdout


def test_another_address_starts_the_service_that_registers_it(working: Container) -> None:
    working.run("systemctl stop axiod-network")
    working.run("ip address add 192.0.2.8/25 dev ours && ip address del 192.0.2.7/24 dev ours")
    working.wait_for(f"{DIG} | grep -qx 192.0.2.8")
    working.wait_for(f"! {DIG} | grep -qx 192.0.2.7")


def test_what_failed_is_tried_again_by_a_service_that_went_away(working: Container) -> None:
    working.run("systemctl stop named")
    working.run("ip address add 192.0.2.9/26 dev ours")
    working.wait_for("axioctl dynamic-dns show | grep -q 'the DNS server 127.0.0.1 does not answer'")
    working.wait_for("systemctl is-active axiod-network-dynamic-dns.timer")
    working.run("systemctl start named")
    # Nobody asks the service from here on; it is tried again after 30 seconds.
    working.run("systemctl stop axiod-network")
    working.wait_for(f"{DIG} | grep -qx 192.0.2.9", 90)


def test_what_is_turned_off_is_deleted(working: Container) -> None:
    working.run("axioctl dynamic-dns configure --enabled false")
    working.wait_for(f'test -z "$({DIG})"')


def test_nobody_else_sends_updates(working: Container) -> None:
    assert working.run("stat -c '%a %U' /run/axiod-dynamic-dns.socket").stdout == "600 root\n"
    call = "busctl call org.axiod.network1 /org/axiod/network1/dynamic_dns org.axiod.network1.DynamicDns"
    refused = working.run(f"setpriv --reuid nobody --clear-groups {call} Configure 'a{{sv}}' 0", check=False)
    assert "denied" in refused.stderr
