# SPDX-License-Identifier: Apache-2.0
"""What `ip -json` says, as this kernel and that of Debian 13 say it."""

from __future__ import annotations

from typing import Any

import pytest

from axiod.network.links import explained, links

UP = ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]


def found(name: str = "eth0", *addresses: dict[str, Any], kind: str = "", **more: Any) -> dict[str, Any]:
    link = {
        "ifindex": 2,
        "ifname": name,
        "link_type": "ether",
        "address": "02:00:00:00:00:01",
        "flags": UP,
        "mtu": 1500,
    }
    return link | ({"linkinfo": {"info_kind": kind}} if kind else {}) | {"addr_info": list(addresses)} | more


def address(local: str, prefixlen: int, **more: Any) -> dict[str, Any]:
    family = "inet6" if ":" in local else "inet"
    return {"family": family, "local": local, "prefixlen": prefixlen, "scope": "global"} | more


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        (address("192.0.2.1", 24), "static"),
        (address("192.0.2.1", 24, dynamic=True), "dhcp"),
        (address("169.254.3.4", 16, scope="link"), "link-local"),
        (address("fe80::1", 64, scope="link"), "link-local"),
        (address("2001:db8::1", 64, dynamic=True, mngtmpaddr=True), "router-advertisement"),
        (address("2001:db8::1", 64, protocol="kernel_ra"), "router-advertisement"),
        (address("2001:db8::1", 64, temporary=True, dynamic=True), "router-advertisement"),
        (address("2001:db8::1", 128, dynamic=True), "dhcp"),
        (address("2001:db8::1", 64), "static"),
    ],
)
def test_where_an_address_comes_from(given: dict[str, Any], origin: str) -> None:
    (only,) = links([found("eth0", given)], [])["eth0"].addresses
    assert only.origin == origin


def test_what_lasts_for_ever_and_nobody_set_was_asked_for() -> None:
    link = links([found("eth0", address("192.0.2.1", 24), address("192.0.2.2", 24), address("2001:db8::1", 64))], [])[
        "eth0"
    ]
    known = explained(link, leased=True, advertised=True, by_hand=["192.0.2.2/24"])
    assert [a.origin for a in known.addresses] == ["dhcp", "static", "router-advertisement"]


def test_an_address_that_is_not_sure_yet_is_none() -> None:
    link = found("eth0", address("2001:db8::1", 64, tentative=True), address("2001:db8::2", 64, dadfailed=True))
    assert links([link], [])["eth0"].addresses == ()


def test_what_nobody_configures_is_not_shown() -> None:
    shown = links(
        [found("lo", link_type="loopback"), found("wg0", link_type="none"), found("docker0", kind="bridge"),
         found("tap0", kind="tun"), found("eth1", kind="veth"), found("eth0")], []
    )  # fmt: skip
    assert sorted(shown) == ["docker0", "eth0", "eth1"]


def test_a_cable_that_is_out_and_an_interface_that_is_off() -> None:
    (out,) = links([found(flags=["BROADCAST", "UP", "NO-CARRIER"])], []).values()
    (off,) = links([found(flags=["BROADCAST"])], []).values()
    assert [(out.up, out.carrier), (off.up, off.carrier)] == [(True, False), (False, False)]


def test_the_preferred_router_is_first() -> None:
    routes: list[dict[str, Any]] = [
        {"dst": "default", "gateway": "192.0.2.2", "dev": "eth0", "metric": 200},
        {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0", "metric": 100},
        {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0", "metric": 300},
        {"dst": "default", "nexthops": [{"gateway": "fe80::1", "dev": "eth0"}, {"gateway": "fe80::2", "dev": "eth1"}],
         "metric": 1024},
        {"dst": "198.51.100.0/24", "gateway": "192.0.2.9", "dev": "eth0"},
        {"dst": "default", "dev": "ppp0", "scope": "link"},
    ]  # fmt: skip
    assert links([found()], routes)["eth0"].routers == ("192.0.2.1", "192.0.2.2", "fe80::1")
