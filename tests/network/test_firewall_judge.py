# SPDX-License-Identifier: Apache-2.0
"""What rules would do to the connection that asks for them, and what tables of others do besides."""

from __future__ import annotations

from typing import Any

import pytest

from axiod.errors import Conflict, InvalidArgument
from axiod.network.firewall.judge import Kind, connection, foreign_chains, hold, of_connection, of_foreign
from axiod.network.firewall.rule import RuleSet, read

MINE = connection("192.0.2.7", 443)
WEB = {"Protocol": "tcp", "Port": 443}


def rules(*records: dict[str, Any], policy: str = "accept", active: bool = True) -> RuleSet:
    return RuleSet(active, policy, read(records))


def accept(**more: Any) -> dict[str, Any]:
    return {"Kind": "filter", "Policy": "accept"} | more


def drop(**more: Any) -> dict[str, Any]:
    return {"Kind": "filter", "Policy": "drop"} | more


def limit(**more: Any) -> dict[str, Any]:
    return {"Kind": "limit", "Unit": "connections", "Period": "minute", "Amount": 5} | more


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (rules(), []),
        (rules(policy="drop", active=False), []),
        (rules(policy="drop"), [(Kind.CUT, None)]),
        (rules(accept(**WEB), policy="drop"), []),
        (rules(accept(Protocol="both", PortStart=400, PortEnd=443), policy="drop"), []),
        (rules(accept(Protocol="udp", Port=443), policy="drop"), [(Kind.CUT, None)]),
        (rules(accept(Protocol="tcp", Port=80), policy="drop"), [(Kind.CUT, None)]),
        (rules(accept(Protocol="icmp"), policy="drop"), [(Kind.CUT, None)]),
        (rules(accept(Traffic="multicast"), policy="drop"), [(Kind.CUT, None)]),
        (rules(accept(Traffic="unicast"), policy="drop"), []),
        (rules(accept(Family="ipv6"), policy="drop"), [(Kind.CUT, None)]),
        (rules(accept(Family="ipv4"), policy="drop"), []),
        (rules(drop(Address="192.0.2.7")), [(Kind.CUT, 1)]),
        (rules(drop(Address="192.0.2.8")), []),
        (rules(drop(Address="192.0.2.0/24")), [(Kind.CUT, 1)]),
        (rules(drop(RangeStart="192.0.2.1", RangeEnd="192.0.2.7")), [(Kind.CUT, 1)]),
        (rules(drop(RangeStart="192.0.2.8", RangeEnd="192.0.2.9")), []),
        (rules(drop(RangeStart="::", RangeEnd="ffff::")), []),
        (rules(accept(Address="192.0.2.7"), drop(Address="192.0.2.0/24")), []),
        (rules(drop(Address="192.0.2.9"), drop(Address="192.0.2.0/24"), accept(**WEB)), [(Kind.CUT, 2)]),
        (rules(limit(**WEB), policy="drop"), [(Kind.LIMITED, 1)]),
        (rules(limit(Protocol="tcp", Port=80), policy="drop"), [(Kind.CUT, None)]),
        (rules(drop(Mac="00:40:8c:01:23:45")), [(Kind.MAY_CUT, 1)]),
        (rules(accept(Mac="00:40:8c:01:23:45"), policy="drop"), [(Kind.MAY_CUT, None)]),
        (rules(drop(Mac="00:40:8c:01:23:45"), policy="drop"), [(Kind.MAY_CUT, 1), (Kind.CUT, None)]),
    ],
)
def test_who_asks_is_told_whether_the_rules_would_cut_him(
    given: RuleSet, expected: list[tuple[Kind, int | None]]
) -> None:
    found = of_connection(given, MINE)
    assert [(finding.kind, finding.rule) for finding in found] == expected
    assert all("from 192.0.2.7 to port 443" in finding.text for finding in found)


def test_nobody_is_cut_who_asks_on_the_device_itself() -> None:
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert of_connection(rules(policy="drop"), connection(address, 443)) == []


@pytest.mark.parametrize("given", [rules(policy="drop"), rules(drop(Mac="00:40:8c:01:23:45"))])
def test_rules_that_would_or_may_cut_who_asks_are_held_against_him(given: RuleSet) -> None:
    with pytest.raises(Conflict, match="to port 443 that asks for this"):
        hold(given, MINE)


@pytest.mark.parametrize("given", [rules(), rules(accept(**WEB), policy="drop"), rules(limit(**WEB), policy="drop")])
def test_rules_that_let_him_in_are_not(given: RuleSet) -> None:
    hold(given, MINE)


def test_an_address_is_what_it_stands_for() -> None:
    ours = rules(drop(Address="192.0.2.7"), drop(Address="fe80::/10"))
    assert of_connection(ours, connection("::ffff:192.0.2.7", 443))[0].rule == 1
    assert of_connection(ours, connection("fe80::1%eth0", 443))[0].rule == 2
    with pytest.raises(InvalidArgument, match="ClientAddress"):
        connection("somebody", 443)


def chain(table: str, name: str, **more: Any) -> dict[str, Any]:
    base = {"family": "inet", "table": table, "name": name, "handle": 1}
    return {"chain": base | ({"type": "filter", "prio": 0, "policy": "accept"} | more if more else {})}


def line(table: str, name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": table, "chain": name, "expr": list(statements)}}


def test_chains_of_others_are_told_in_the_order_of_packets() -> None:
    listing = {
        "nftables": [
            {"metainfo": {"version": "1.0.6"}},
            {"table": {"family": "inet", "name": "axiod"}},
            chain("axiod", "rules", hook="input", policy="drop"),
            chain("late", "in", hook="input", prio=10),
            chain("early", "in", hook="input", prio=-10, policy="drop"),
            chain("nat", "pre", hook="prerouting", prio=100),
            chain("out", "out", hook="output", policy="drop"),
            chain("out", "forward", hook="forward", policy="drop"),
            chain("late", "helper"),
            chain("late", "other"),
            line("late", "in", {"match": {"op": "==", "left": 1, "right": 2}}, {"jump": {"target": "helper"}}),
            line("late", "helper", {"goto": {"target": "other"}}),
            line("late", "other", {"goto": {"target": "helper"}}, {"xt": None}),
        ]
    }
    found = foreign_chains(listing)
    assert [(item.table, item.hook, item.drops) for item in found] == [
        ("nat", "prerouting", False),
        ("early", "input", True),
        ("late", "input", False),
    ]
    listing["nftables"].append(line("late", "other", {"reject": {"type": "tcp reset"}}))
    found = foreign_chains(listing)
    assert [item.drops for item in found] == [False, True, True]
    warned = of_foreign(rules(), found)
    assert [finding.kind for finding in warned] == [Kind.FOREIGN, Kind.FOREIGN]
    assert "inet early" in warned[0].text
    assert of_foreign(rules(active=False), found) == []
