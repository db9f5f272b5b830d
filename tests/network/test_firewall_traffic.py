# SPDX-License-Identifier: Apache-2.0
"""Rules against real packets: what each shape of a rule lets through, and what it does not."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from axiod.network.firewall import blocked, table
from axiod.network.firewall.rule import RuleSet, read
from tests.network.wire import CLIENT, CLIENT6, DEVICE, GROUP, MAC, OTHER, OTHER6

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Until
    from tests.network.wire import Wire

WEB, OTHER_PORT = 8080, 8090
PROBES = (
    "tcp", "tcp from other", "tcp to other port", "tcp6", "tcp6 from other", "udp", "udp6", "udp to other port",
    "broadcast", "multicast", "ping", "ping from other", "ping6",
)  # fmt: skip
"""What the client tries."""
TCP = {probe for probe in PROBES if probe.startswith("tcp")}
UDP = {"udp", "udp6", "udp to other port", "broadcast", "multicast"}
PING = {"ping", "ping from other", "ping6"}
IPV6 = {"tcp6", "tcp6 from other", "udp6", "ping6"}
FROM_OTHER = {"tcp from other", "tcp6 from other", "ping from other"}
TO_OTHER_PORT = {"tcp to other port", "udp to other port"}
SOME = set(PROBES)


def services(wire: Wire) -> dict[str, socket.socket]:
    """Start what the device offers."""
    for port in (WEB, OTHER_PORT):
        wire.listen(port)
    wire.listen(WEB, socket.AF_INET6)
    return {
        "udp": wire.receive(WEB),
        "udp to other port": wire.receive(OTHER_PORT),
        "udp6": wire.receive(WEB, socket.AF_INET6),
    }


def let_through(wire: Wire, given: dict[str, socket.socket]) -> set[str]:
    """Try everything, and return what came through."""
    tries: dict[str, Callable[[], bool]] = {
        "tcp": lambda: wire.tcp(WEB),
        "tcp from other": lambda: wire.tcp(WEB, OTHER),
        "tcp to other port": lambda: wire.tcp(OTHER_PORT),
        "tcp6": lambda: wire.tcp(WEB, CLIENT6),
        "tcp6 from other": lambda: wire.tcp(WEB, OTHER6),
        "udp": lambda: wire.udp(given["udp"]),
        "udp6": lambda: wire.udp(given["udp6"], CLIENT6),
        "udp to other port": lambda: wire.udp(given["udp to other port"]),
        "broadcast": lambda: wire.udp(given["udp"], to="10.77.0.255"),
        "multicast": lambda: wire.udp(given["udp"], to=GROUP),
        "ping": wire.ping,
        "ping from other": lambda: wire.ping(OTHER),
        "ping6": lambda: wire.ping(CLIENT6),
    }
    assert tuple(tries) == PROBES
    return {probe for probe, comes in tries.items() if comes()}


def rules(*records: dict[str, Any], policy: str = "accept") -> RuleSet:
    return RuleSet(True, policy, read(records))


def put(wire: Wire, given: RuleSet) -> None:
    """Put rules in force."""
    wire.put(table.document(given))
    wire.remind()


SHAPES: list[tuple[dict[str, Any], set[str]]] = [
    ({"Address": CLIENT}, SOME - IPV6 - FROM_OTHER),
    ({"Address": OTHER}, FROM_OTHER - IPV6),
    ({"Address": "10.77.0.8/29"}, FROM_OTHER - IPV6),
    ({"Address": "10.77.0.0/24"}, SOME - IPV6),
    ({"Address": CLIENT6}, IPV6 - FROM_OTHER),
    ({"Address": "fd77:0:0:1::/64"}, FROM_OTHER & IPV6),
    ({"RangeStart": "10.77.0.2", "RangeEnd": "10.77.0.8"}, SOME - IPV6 - FROM_OTHER),
    ({"RangeStart": "10.77.0.3", "RangeEnd": "10.77.0.9"}, FROM_OTHER - IPV6),
    ({"RangeStart": "fd77::2", "RangeEnd": "fd77::ffff"}, IPV6 - FROM_OTHER),
    ({"Family": "ipv4"}, SOME - IPV6),
    ({"Family": "ipv6"}, IPV6),
    ({"Protocol": "tcp", "Port": WEB}, TCP - TO_OTHER_PORT),
    ({"Protocol": "udp", "Port": WEB}, UDP - TO_OTHER_PORT),
    ({"Protocol": "both", "Port": OTHER_PORT}, TO_OTHER_PORT),
    ({"Protocol": "both", "PortStart": WEB, "PortEnd": OTHER_PORT}, TCP | UDP),
    ({"Protocol": "tcp", "PortStart": WEB + 1, "PortEnd": OTHER_PORT}, TCP & TO_OTHER_PORT),
    ({"Family": "ipv6", "Protocol": "udp", "Port": WEB}, {"udp6"}),
    ({"Protocol": "icmp"}, PING - IPV6),
    ({"Protocol": "icmpv6"}, {"ping6"}),
    ({"Mac": MAC["client"]}, SOME),
    ({"Mac": "02:00:00:00:00:77"}, set()),
    ({"Traffic": "unicast"}, SOME - {"broadcast", "multicast"}),
    ({"Traffic": "broadcast"}, {"broadcast"}),
    ({"Traffic": "multicast"}, {"multicast"}),
    (
        {"Address": OTHER, "Mac": MAC["client"], "Protocol": "tcp", "Port": WEB, "Traffic": "unicast"},
        {"tcp from other"},
    ),
]


@pytest.mark.parametrize(("shape", "meant"), SHAPES, ids=[str(shape) for shape, _ in SHAPES])
def test_a_filter_is_for_what_it_matches_alone(wire: Wire, shape: dict[str, Any], meant: set[str]) -> None:
    given = services(wire)
    put(wire, rules({"Kind": "filter", "Policy": "drop", **shape}))
    assert let_through(wire, given) == SOME - meant
    put(wire, rules({"Kind": "filter", "Policy": "accept", **shape}, policy="drop"))
    assert let_through(wire, given) == meant


def test_the_first_rule_that_matches_decides(wire: Wire) -> None:
    given = services(wire)
    one = {"Kind": "filter", "Policy": "accept", "Address": CLIENT}
    all_others = {"Kind": "filter", "Policy": "drop", "Family": "ipv4"}
    put(wire, rules(one, all_others))
    assert let_through(wire, given) == SOME - (FROM_OTHER - IPV6)
    put(wire, rules(all_others, one))
    assert let_through(wire, given) == IPV6


def test_without_a_rule_the_default_policy_decides(wire: Wire) -> None:
    given = services(wire)
    put(wire, rules())
    assert let_through(wire, given) == SOME
    put(wire, rules(policy="drop"))
    assert let_through(wire, given) == set()
    put(wire, RuleSet(False, "drop"))
    assert let_through(wire, given) == SOME


async def test_a_device_that_drops_everything_still_has_a_network(wire: Wire, until: Until) -> None:
    services(wire)
    put(wire, rules({"Kind": "filter", "Policy": "accept", "Protocol": "tcp", "Port": WEB}, policy="drop"))
    wire.forget_neighbours()
    await until(lambda: wire.tcp(WEB, CLIENT6))
    assert wire.connect_out()
    assert wire.reaches_itself(OTHER_PORT)


@pytest.mark.parametrize("policy", ["accept", "drop"])
def test_a_limit_lets_so_many_through_at_once_of_each_address(wire: Wire, policy: str) -> None:
    services(wire)
    limit = {"Kind": "limit", "Protocol": "tcp", "Port": WEB, "Unit": "connections", "Period": "day", "Amount": 24}
    put(wire, rules(limit | {"Burst": 3}, policy=policy))
    assert [wire.tcp(WEB) for _ in range(12)] == [True] * 3 + [False] * 9
    assert [wire.tcp(WEB, OTHER) for _ in range(4)] == [True] * 3 + [False], "another address has a limit of its own"
    assert [wire.tcp(WEB, CLIENT6) for _ in range(4)] == [True] * 3 + [False]
    assert [wire.tcp(WEB, "fd77:0:0:1::9") for _ in range(4)] == [True] * 3 + [False], "another /64 has, too"
    assert [wire.tcp(OTHER_PORT) for _ in range(4)] == [policy == "accept"] * 4


async def test_a_limit_fills_up_at_its_rate(wire: Wire, until: Until) -> None:
    services(wire)
    limit = {"Kind": "limit", "Protocol": "tcp", "Port": WEB, "Unit": "connections", "Period": "second", "Amount": 1}
    put(wire, rules(limit | {"Burst": 1}))
    assert wire.tcp(WEB)
    await until(lambda: not wire.tcp(WEB))
    await until(lambda: wire.tcp(WEB))


def test_a_limit_of_packets_counts_those_of_one_connection(wire: Wire) -> None:
    given = services(wire)
    limit = {"Kind": "limit", "Protocol": "udp", "Port": WEB, "Period": "day", "Amount": 24, "Burst": 4}
    one = wire.conversation(WEB)
    put(wire, rules(limit | {"Unit": "packets"}))
    assert [one(given["udp"]) for _ in range(8)] == [True] * 4 + [False] * 4
    put(wire, rules(limit | {"Unit": "connections"}))
    assert [one(given["udp"]) for _ in range(8)] == [True] * 8


def test_a_limit_for_one_network_is_none_for_others(wire: Wire) -> None:
    services(wire)
    limit = {
        "Kind": "limit",
        "Address": "10.77.0.8/29",
        "Unit": "connections",
        "Period": "hour",
        "Amount": 1,
        "Burst": 1,
    }
    put(wire, rules(limit))
    assert [wire.tcp(WEB, OTHER) for _ in range(3)] == [True, False, False]
    assert [wire.tcp(WEB) for _ in range(3)] == [True] * 3


async def test_what_is_dropped_from_now_on_is_so_on_a_connection_that_stands(wire: Wire, until: Until) -> None:
    listening = wire.listen(WEB)
    put(wire, rules())
    mine = wire.begin(WEB)
    theirs, _ = listening.accept()
    theirs.setblocking(False)
    mine.send(b"before")
    wire.settle()
    assert theirs.recv(100) == b"before"
    put(wire, rules(policy="drop"))
    mine.send(b"during")
    wire.settle()
    with pytest.raises(BlockingIOError):
        theirs.recv(100)
    put(wire, rules())
    await until(lambda: bool(_received(theirs)))
    theirs.close()


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(100)
    except BlockingIOError:
        return b""


# --- who is shut out ---


async def test_an_address_is_shut_out_until_its_time_is_over(wire: Wire, until: Until) -> None:
    given = services(wire)
    wire.put(blocked.shut_out(blocked.Block(blocked.owner(CLIENT), 600)))
    wire.put(blocked.shut_out(blocked.Block(blocked.owner(OTHER6), 600)))
    wire.remind()
    assert let_through(wire, given) == (FROM_OTHER | IPV6) - {"tcp6 from other"}
    assert wire.connect_out(), "what the device begins itself is answered"
    # The new time counts, and the kernel lets him in by itself.
    wire.put(blocked.shut_out(blocked.Block(blocked.owner(CLIENT), 1)))
    await until(lambda: wire.tcp(WEB))
    wire.put(blocked.let_in(blocked.owner("fd77:0:0:1::4")))
    assert wire.tcp(WEB, OTHER6)


def test_who_is_shut_out_stays_so_when_rules_change(wire: Wire) -> None:
    services(wire)
    wire.put(blocked.shut_out(blocked.Block(blocked.owner(CLIENT), 600)))
    wire.put(blocked.shut_out(blocked.Block(blocked.owner(CLIENT6), 600)))
    found = blocked.found(json.loads(wire.nft("-j", "list", "table", "inet", "axiod")))
    assert {str(block.network) for block in found} == {f"{CLIENT}/32", "fd77::/64"}
    assert all(590 < block.seconds <= 600 for block in found)
    wire.put(table.document(rules({"Kind": "filter", "Policy": "accept", "Protocol": "tcp", "Port": WEB}), found))
    wire.remind()
    assert not wire.tcp(WEB)
    assert not wire.tcp(WEB, CLIENT6)
    assert wire.tcp(WEB, OTHER)


# --- what else is there ---

OTHERS = """
table inet theirs {
  set known { type ipv4_addr; elements = { 192.0.2.1 }; }
  chain input { type filter hook input priority 10; policy accept; ip saddr @known drop
  }
}
table ip nat { chain post { type nat hook postrouting priority 100; masquerade
  }
}
"""


def test_tables_of_others_are_not_touched(wire: Wire, tmp_path: Any) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text(OTHERS)
    wire.nft("-f", str(theirs))
    before = wire.nft("-a", "list", "ruleset")
    shapes = [{"Kind": "filter", "Policy": "drop", **shape} for shape, _ in SHAPES]
    put(wire, rules(*shapes, policy="drop"))
    wire.put(blocked.shut_out(blocked.Block(blocked.owner(CLIENT), 600)))
    assert "table inet axiod" in wire.nft("list", "tables")
    put(wire, RuleSet())
    assert wire.nft("-a", "list", "ruleset") == before


def test_what_is_in_force_says_which_rules_it_is(wire: Wire) -> None:
    def found() -> str:
        return table.found_mark(json.loads(wire.nft("-j", "list", "ruleset")))

    one, two = rules(policy="drop"), rules({"Kind": "filter", "Policy": "drop", "Address": DEVICE})
    for given in (one, two, RuleSet(), one):
        put(wire, given)
        wire.put(blocked.shut_out(blocked.Block(blocked.owner(CLIENT), 600)))
        assert found() == table.mark(given)
    assert len({table.mark(one), table.mark(two), table.mark(RuleSet())}) == 3
