# SPDX-License-Identifier: Apache-2.0
"""What .network files say, and the drop-ins that make them say something else. That systemd-networkd reads them so is
tested in tests/machine/test_network.py."""

from __future__ import annotations

import pytest

from axiod.errors import NotSupported
from axiod.network.model import Addressing
from axiod.network.network_files import addressing, drop_in, is_for, parse, plain, read

DHCP = "[Match]\nName=eth0\n[Network]\nDHCP=yes\n"
STATIC = """# made by hand
[Match]
Name=eth0

[Network]
Address=198.51.100.3/24
Gateway=198.51.100.1
DNS=198.51.100.1 [2001:db8::53]:853#dns.example
Domains=one.example \\
  two.example ~.
[Address]
Address=2001:db8::3/64
Label=ours
[Route]
Destination=203.0.113.0/24
Gateway=198.51.100.7
"""
LEASED = Addressing()
BY_HAND = Addressing(
    ipv4_method="static",
    ipv4_addresses=("192.0.2.10/24",),
    ipv4_router="192.0.2.1",
    dns_automatic=False,
    dns_servers=("192.0.2.53",),
    dns_search=("example.net",),
)
WANTED = {
    "a lease": LEASED,
    "by hand": BY_HAND,
    "IPv6 by hand": Addressing(ipv6_method="static", ipv6_addresses=("2001:db8::9/64",), ipv6_router="fe80::1"),
    "no IPv6": Addressing(ipv6_method="disabled"),
    "IPv6 alone": Addressing(ipv4_method="disabled"),
    "nothing": Addressing(ipv4_method="disabled", ipv6_method="disabled"),
    "servers of one's own": Addressing(dns_automatic=False, dns_servers=("192.0.2.53", "2001:db8::53")),
    "no servers": Addressing(dns_automatic=False),
    "what counts only elsewhere": Addressing(
        ipv4_addresses=("192.0.2.9/24",), ipv4_fallback=True, dns_servers=("::2",)
    ),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DHCP, LEASED),
        ("[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\n", Addressing(ipv6_method="")),
        ("[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n", Addressing(ipv6_method="disabled")),
        ("[Network]\nLinkLocalAddressing=yes\n", Addressing(ipv4_method="")),
        ("[Network]\nDHCP=ipv6\n", Addressing(ipv4_method="disabled")),
        ("[Network]\n", Addressing(ipv4_method="disabled")),
        ("[Network]\nLinkLocalAddressing=no\n", Addressing(ipv4_method="disabled", ipv6_method="disabled")),
        ("[Network]\nDHCP=yes\n[DHCPv4]\nUseDNS=no\n[DHCPv6]\nUseDNS=no\n[IPv6AcceptRA]\nUseDNS=no\n",
         Addressing(dns_automatic=False)),
        ("[Network]\nDHCP=yes\n[DHCPv4]\nUseDNS=no\n", LEASED),
        ("[Network]\nIPv6AcceptRA=0\nAddress=2001:db8::5/64\n[Route]\nDestination=::/0\nGateway=fe80::1\n",
         Addressing("disabled", ipv6_method="static", ipv6_addresses=("2001:db8::5/64",), ipv6_router="fe80::1")),
        ("[Network]\nDHCP=yes\nAddress=192.0.2.3/24\nGateway=_dhcp4\n", LEASED),
        (STATIC.replace("[Address]", "IPv6AcceptRA=no\n[Address]"),
         Addressing("static", ("198.51.100.3/24",), "198.51.100.1", ipv6_method="static",
                    ipv6_addresses=("2001:db8::3/64",), dns_automatic=False,
                    dns_servers=("198.51.100.1", "2001:db8::53"), dns_search=("one.example", "two.example"))),
    ],
)  # fmt: skip
def test_what_files_say_is_told_in_our_words(text: str, expected: Addressing) -> None:
    assert addressing(read([text])) == expected


@pytest.mark.parametrize(
    "ignored",
    [
        "Address=192.0.2.300/24\n",
        "Address=192.0.2.3/24 # office\n",
        "Address=192.0.2.3/33\n",
        "Address=192.0.2.3/255.255.255.0\n",
        "Address=fe80::3%eth0/64\n",
        "Gateway=192.0.2.1 # the router\n",
        "Gateway=192.0.2.1/24\n",
        "DNS=router # office\n",
        "[Address]\nAddress=office\nLabel=ours\n",
        "[Route]\nDestination=203.0.113.0/24\nGateway=the router\n",
        "[Route]\nDestination=elsewhere\nGateway=198.51.100.7\n",
    ],
)
def test_what_is_no_address_is_ignored_as_systemd_networkd_does(ignored: str) -> None:
    said, plainly = read([STATIC, f"[Network]\n{ignored}"]), read([STATIC])
    assert (said.addresses, said.routes, said.name_servers) == (plainly.addresses, plainly.routes, plainly.name_servers)
    assert addressing(said) == addressing(plainly)


def test_a_later_file_adds_and_an_empty_value_takes_back() -> None:
    more = "[Network]\nAddress=192.0.2.4/24\nDNS=192.0.2.2\n"
    added = read([STATIC, more])
    assert [dict(lines)["Address"] for lines in added.addresses] == [
        "198.51.100.3/24",
        "2001:db8::3/64",
        "192.0.2.4/24",
    ]
    assert added.name_servers == ("198.51.100.1", "[2001:db8::53]:853#dns.example", "192.0.2.2")
    taken = read([STATIC, "[Network]\nAddress=\nGateway=\nDNS=\nDomains=\n", more])
    assert taken.addresses == ((("Address", "192.0.2.4/24"),),)
    assert (taken.routes, taken.name_servers, taken.domains) == ((), ("192.0.2.2",), ())


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
@pytest.mark.parametrize(
    "before",
    [
        DHCP,
        "[Network]\n",
        "[Network]\nLinkLocalAddressing=yes\n",
        STATIC.partition("[Route]")[0],
        STATIC.partition("Address=")[0],
    ],
    ids=range(5),
)
def test_with_the_drop_in_files_say_what_is_wanted(before: str, wanted: Addressing) -> None:
    text = drop_in(read([before]), wanted)
    assert addressing(read([before, text])) == plain(wanted)
    assert drop_in(read([before, text]), wanted) == ""


def test_what_files_say_already_needs_no_drop_in() -> None:
    for text in (DHCP, STATIC):
        assert drop_in(read([text]), addressing(read([text]))) == ""


def test_what_is_not_changed_is_said_again_as_it_was() -> None:
    before = read([STATIC.replace("[Address]", "IPv6AcceptRA=no\n[Address]")])
    wanted = addressing(before).amended({"ipv4_addresses": ["198.51.100.5/24"]})
    after = read([STATIC, drop_in(before, wanted)])
    assert (("Address", "2001:db8::3/64"), ("Label", "ours")) in after.addresses
    assert (("Destination", "203.0.113.0/24"), ("Gateway", "198.51.100.7")) in after.routes
    assert after.name_servers == before.name_servers
    assert "DNS" not in drop_in(before, wanted)


def test_name_servers_change_without_touching_addresses() -> None:
    before = read([STATIC])
    changes = {"dns_automatic": False, "dns_servers": ["192.0.2.53"]}
    text = drop_in(before, addressing(before).amended(changes))
    assert {name for _, lines in parse(text) for name, _ in lines} == {"DNS", "Domains", "UseDNS", "UseDomains"}


def test_a_route_that_would_lead_nowhere_is_refused() -> None:
    with pytest.raises(NotSupported, match=r"route to 203\.0\.113\.0/24 by 198\.51\.100\.7"):
        drop_in(read([STATIC]), BY_HAND)


@pytest.mark.parametrize(
    ("match", "alone"),
    [("Name=eth0", True), ("Name=eth*", False), ("Name=eth0 eth1", False), ("Type=ether", False),
     ("MACAddress=02:00:00:00:00:01", True), ("MACAddress=02:00:00:00:00:01 02:00:00:00:00:02", False)],
)  # fmt: skip
def test_a_file_is_for_one_interface_alone_or_not(match: str, alone: bool) -> None:
    assert is_for(read([f"[Match]\n{match}\n"]).match, "eth0") is alone
