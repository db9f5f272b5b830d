# SPDX-License-Identifier: Apache-2.0
"""How an interface gets its addresses: what is taken, and what is refused with which words."""

from __future__ import annotations

from typing import Any

import pytest

from axiod.errors import Conflict, InvalidArgument
from axiod.network.model import Addressing, escaped, hostname

STATIC = Addressing(ipv4_method="static", ipv4_addresses=("192.0.2.10/24",))


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"ipv4_addresses": ["192.0.2.10/24"]}, "ipv4_addresses", ("192.0.2.10/24",)),
        ({"ipv4_addresses": ["192.0.2.0/31"]}, "ipv4_addresses", ("192.0.2.0/31",)),
        ({"ipv4_addresses": ["192.0.2.10/32"]}, "ipv4_addresses", ("192.0.2.10/32",)),
        ({"ipv6_addresses": ["2001:DB8::0:10/64"]}, "ipv6_addresses", ("2001:db8::10/64",)),
        ({"ipv4_router": "192.0.2.1"}, "ipv4_router", "192.0.2.1"),
        ({"ipv4_router": ""}, "ipv4_router", ""),
        ({"dns_servers": ["203.0.113.1", "2001:db8::1"]}, "dns_servers", ("203.0.113.1", "2001:db8::1")),
        ({"dns_search": ["example.org.", "a-b.example"], "dns_servers": ["203.0.113.1"]}, "dns_search",
         ("example.org", "a-b.example")),
    ],
)  # fmt: skip
def test_what_is_right_is_taken_in_one_form(changes: dict[str, Any], field: str, value: object) -> None:
    assert getattr(STATIC.amended(changes), field) == value


@pytest.mark.parametrize(
    ("addresses", "text"),
    [
        (["192.0.2.10"], "with the length of its prefix"),
        (["192.0.2.10/255.255.255.0"], "with the length of its prefix"),
        (["192.0.2.10/33"], "with the length of its prefix"),
        (["2001:db8::1/64"], "it must be an IPv4 address"),
        (["192.0.2.0/24"], "is no host of 192.0.2.0/24"),
        (["192.0.2.255/24"], "is no host of 192.0.2.0/24"),
        (["0.0.0.0/8"], "which no host can have"),
        (["127.0.0.1/8"], "which no host can have"),
        (["224.0.0.1/4"], "which no host can have"),
        (["240.0.0.1/4"], "is no host of"),
        (["192.0.2.1/0"], "which no host can have"),
        (["192.0.2.1/24", "192.0.2.1/25"], "has an address twice"),
        ([f"192.0.2.{n}/24" for n in range(1, 18)], "there can be 16"),
        (["a" * 500], "with the length of its prefix"),
    ],
)
def test_an_address_that_no_host_can_have_is_refused(addresses: list[str], text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^Ipv4Addresses") as raised:
        STATIC.amended({"ipv4_addresses": addresses})
    assert text in str(raised.value)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"ipv6_addresses": ["fe80::1%eth0/64"]}, "Ipv6Addresses has"),
        ({"ipv6_addresses": ["192.0.2.1/24"]}, "must be an IPv6 address"),
        ({"ipv4_router": "2001:db8::1"}, "Ipv4Router has '2001:db8::1'; it must be an IPv4 address"),
        ({"ipv4_router": "0.0.0.0"}, "which is no address of a host"),
        ({"dns_servers": ["dns.example"]}, "DnsServers has 'dns.example'"),
        ({"dns_servers": ["192.0.2.1"] * 4}, "at most 3 are asked"),
        ({"dns_search": ["under_score.example"]}, "DnsSearch has 'under_score.example'"),
        ({"dns_search": ["x" * 64]}, "DnsSearch has"),
        ({"dns_search": ["a.example"] * 7}, "there can be 6"),
    ],
)
def test_other_values_are_named_when_they_are_wrong(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        STATIC.amended(changes)
    assert text in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"ipv4_addresses": []}, "Ipv4Addresses must name an address"),
        ({"ipv4_fallback": True}, "Ipv4Fallback is for Ipv4Method dhcp"),
        ({"ipv4_method": "dhcp", "ipv4_addresses": [], "ipv4_fallback": True}, "the address to fall back to"),
        ({"ipv6_method": "static"}, "Ipv6Addresses must name an address"),
        ({"ipv4_router": "198.51.100.1"}, "Ipv4Router 198.51.100.1 is in none of the networks of 192.0.2.10/24"),
        ({"ipv4_router": "192.0.2.10"}, "Ipv4Router 192.0.2.10 is an address of this interface"),
        ({"ipv4_router": "192.0.2.0"}, "Ipv4Router 192.0.2.0 is no host of 192.0.2.0/24"),
        ({"ipv4_router": "192.0.2.255"}, "Ipv4Router 192.0.2.255 is no host of 192.0.2.0/24"),
        ({"dns_automatic": False, "dns_search": ["example"]}, "DnsServers names no server"),
        (
            {"ipv6_method": "disabled", "dns_automatic": False, "dns_servers": ["2001:db8::1"]},
            "DnsServers has 2001:db8::1, but Ipv6Method is",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(Conflict) as raised:
        STATIC.amended(changes)
    assert text in str(raised.value)


def test_a_router_of_ipv6_may_have_an_address_of_the_link() -> None:
    changes = {"ipv6_method": "static", "ipv6_addresses": ["2001:db8::10/64"], "ipv6_router": "fe80::1"}
    assert STATIC.amended(changes).ipv6_router == "fe80::1"


@pytest.mark.parametrize("text", ["a", "gate-7", "A9210", "x" * 63, "7up"])
def test_a_hostname(text: str) -> None:
    assert hostname(text) == text


@pytest.mark.parametrize("text", ["", "-a", "a-", "a.b", "ä", "a b", "x" * 64, "a_b", "a\n"])
def test_no_hostname(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"Hostname is"):
        hostname(text)


@pytest.mark.parametrize(
    ("name", "part"),
    [("eth0", "eth0"), ("eth0.5", "eth0_2e5"), ("br-lan", "br_2dlan"), ("0x", "_30x"), ("ö", "_c3_b6")],
)
def test_a_name_becomes_part_of_a_path(name: str, part: str) -> None:
    assert escaped(name) == part
