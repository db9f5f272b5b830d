# SPDX-License-Identifier: Apache-2.0
"""What /etc/network/interfaces says of an interface, and the file without it."""

from __future__ import annotations

import pytest

from axiod.errors import NotSupported
from axiod.network.ifupdown import addressing, methods, outline, sources, with_names, without
from axiod.network.model import Addressing

FILE = "/etc/network/interfaces"
STATIC = """\
# The plant.
source /etc/network/interfaces.d/*

auto lo eth0 eth1
iface lo inet loopback

allow-hotplug eth0
iface eth0 inet static
    address 192.0.2.10
    netmask 255.255.255.0
    # towards the office
    gateway 192.0.2.1
    dns-nameservers 192.0.2.53 \\
        192.0.2.54
    dns-search example.org
iface eth0 inet static
    address 192.0.2.11/24

iface eth1 inet dhcp
"""


def said(*lines: str, name: str = "eth0") -> Addressing:
    return addressing({FILE: "\n".join(lines)}, name)


def test_all_that_is_said_of_an_interface_is_read() -> None:
    assert addressing({FILE: STATIC}, "eth0") == Addressing(
        ipv4_method="static",
        ipv4_addresses=("192.0.2.10/24", "192.0.2.11/24"),
        ipv4_router="192.0.2.1",
        ipv6_method="disabled",
        dns_automatic=False,
        dns_servers=("192.0.2.53", "192.0.2.54"),
        dns_search=("example.org",),
    )


def test_both_families_are_read() -> None:
    found = said("iface eth0 inet dhcp", "iface eth0 inet6 static", "address 2001:db8::10/64", "gateway 2001:db8::1")
    assert (found.ipv4_method, found.ipv6_method) == ("dhcp", "static")
    assert (found.ipv6_addresses, found.ipv6_router) == (("2001:db8::10/64",), "2001:db8::1")


def test_files_are_taken_together() -> None:
    texts = {FILE: "auto eth0\n", f"{FILE}.d/eth0": "iface eth0 inet6 auto\n"}
    assert addressing(texts, "eth0").ipv6_method == "automatic"
    assert set(without(texts, "eth0")) == set(texts)


def test_what_is_not_there_is_said() -> None:
    assert methods({FILE: STATIC}, "eth") == {}
    assert outline({FILE: STATIC}, "eth2") is None
    assert sources(STATIC) == [("source", "/etc/network/interfaces.d/*")]


def test_the_file_without_it_still_says_all_behind_a_mark() -> None:
    assert (
        without({FILE: STATIC}, "eth0")[FILE]
        == """\
# The plant.
source /etc/network/interfaces.d/*

# axiod: auto lo eth0 eth1
auto lo eth1
iface lo inet loopback

# axiod: allow-hotplug eth0
# axiod: iface eth0 inet static
# axiod:     address 192.0.2.10
# axiod:     netmask 255.255.255.0
    # towards the office
# axiod:     gateway 192.0.2.1
# axiod:     dns-nameservers 192.0.2.53 \\
# axiod:         192.0.2.54
# axiod:     dns-search example.org
# axiod: iface eth0 inet static
# axiod:     address 192.0.2.11/24

iface eth1 inet dhcp
"""
    )


def test_without_it_the_files_say_nothing_of_it_and_of_others_what_they_said() -> None:
    after = without({FILE: STATIC}, "eth0")
    assert methods(after, "eth0") == {}
    assert addressing(after, "eth1") == addressing({FILE: STATIC}, "eth1")
    assert without(after, "eth0") == {}


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["iface eth0 inet ppp"], "'iface eth0 inet ppp'"),
        (["iface eth0 inet dhcp inherits plant"], "'iface eth0 inet dhcp inherits plant'"),
        (["iface eth0 inet dhcp", "up ip route add 10.0.0.0/8 via 192.0.2.9"], "'up ip route add"),
        (["iface eth0 inet manual", "wpa-ssid plant"], "'wpa-ssid plant'"),
        (["iface eth0 inet static", "address 192.0.2.10"], "no netmask of 192.0.2.10"),
        (["iface eth0 inet static", "address 192.0.2.10", "netmask 255.0.255.0"], "'255.0.255.0'"),
        (["iface eth0 inet static"], "must name an address"),
        (["iface eth0 inet static", "address 192.0.2.300/24"], "192.0.2.300/24"),
    ],
)
def test_what_nobody_else_can_be_told_is_named(lines: list[str], text: str) -> None:
    with pytest.raises(NotSupported) as raised:
        said(*lines)
    assert text in str(raised.value)
    assert FILE in str(raised.value)


@pytest.mark.parametrize(
    "line",
    [
        "iface br0 inet dhcp\nbridge_ports eth0 eth1",
        "iface eth0.5 inet dhcp",
        "auto eth0:1",
        "auto /eth*",
        "mapping eth0\nscript /usr/local/sbin/where",
        "rename eth0=plant\niface vlan5 inet manual\nvlan-raw-device eth0",
    ],
)
def test_an_interface_that_another_one_needs_is_not_taken_out(line: str) -> None:
    with pytest.raises(NotSupported, match="which needs eth0"):
        without({FILE: f"auto eth0\niface eth0 inet manual\n{line}\n"}, "eth0")


def test_name_servers_that_nobody_would_tell_are_kept() -> None:
    static = Addressing(ipv4_method="static", ipv4_addresses=("192.0.2.10/24",), ipv6_method="disabled")
    assert with_names(static, ("192.0.2.53",), ("example.org",)).dns_servers == ("192.0.2.53",)
    assert with_names(static, ("127.0.0.53",), ("example.org",)) == static
    leased = Addressing()
    assert with_names(leased, ("192.0.2.53",), ()) == leased
