# SPDX-License-Identifier: Apache-2.0
"""The rules of the firewall as records: what is taken, and what is refused with its field named."""

from __future__ import annotations

from typing import Any

import pytest

from axiod.errors import InvalidArgument, LimitReached
from axiod.network.firewall.rule import MOST_RULES, read, write

ACCEPT = {"Kind": "filter", "Policy": "accept"}
LIMIT = {"Kind": "limit", "Unit": "connections", "Period": "minute", "Amount": 5, "Burst": 3}

TAKEN: list[dict[str, Any]] = [
    {"Kind": "filter", "Policy": "drop", "Address": "192.0.2.7"},
    {"Kind": "filter", "Policy": "drop", "Address": "192.0.2.0/24"},
    {"Kind": "filter", "Policy": "drop", "Address": "0.0.0.0/0"},
    {"Kind": "filter", "Policy": "accept", "Address": "2001:db8::7"},
    {"Kind": "filter", "Policy": "accept", "Address": "2001:db8::/48"},
    {"Kind": "filter", "Policy": "accept", "RangeStart": "192.0.2.7", "RangeEnd": "192.0.2.9"},
    {"Kind": "filter", "Policy": "accept", "RangeStart": "2001:db8::7", "RangeEnd": "2001:db8::ffff"},
    {"Kind": "filter", "Policy": "accept", "Family": "ipv6"},
    {"Kind": "filter", "Policy": "accept", "Protocol": "tcp", "Port": 443},
    {"Kind": "filter", "Policy": "accept", "Protocol": "udp", "PortStart": 5000, "PortEnd": 5010},
    {"Kind": "filter", "Policy": "accept", "Family": "ipv4", "Protocol": "both", "Port": 53},
    {"Kind": "filter", "Policy": "drop", "Protocol": "icmp"},
    {"Kind": "filter", "Policy": "drop", "Protocol": "icmpv6"},
    {"Kind": "filter", "Policy": "drop", "Mac": "00:40:8c:01:23:45"},
    {"Kind": "filter", "Policy": "drop", "Traffic": "broadcast"},
    LIMIT,
    {
        "Kind": "limit",
        "Address": "192.0.2.0/24",
        "Protocol": "tcp",
        "Port": 80,
        "Mac": "00:40:8c:01:23:45",
        "Traffic": "unicast",
        "Unit": "packets",
        "Period": "day",
        "Amount": 65535,
        "Burst": 65535,
    },
]


@pytest.mark.parametrize("record", TAKEN, ids=str)
def test_a_record_is_told_as_it_was_given(record: dict[str, Any]) -> None:
    (rule,) = read([record])
    assert write(rule) == record


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"Mac": "00-40-8C-01-23-45"}, {"Mac": "00:40:8c:01:23:45"}),
        ({"Address": "2001:DB8:0::1"}, {"Address": "2001:db8::1"}),
        ({"Address": "192.0.2.7/32"}, {"Address": "192.0.2.7"}),
        ({"RangeStart": "192.0.2.7", "RangeEnd": "192.0.2.7"}, {"Address": "192.0.2.7"}),
        ({"Protocol": "tcp", "PortStart": 80, "PortEnd": 80}, {"Protocol": "tcp", "Port": 80}),
        ({"Family": "ipv4", "Address": "192.0.2.7"}, {"Address": "192.0.2.7"}),
        ({"Family": "ipv6", "Protocol": "icmpv6"}, {"Protocol": "icmpv6"}),
    ],
    ids=str,
)
def test_what_means_the_same_is_told_in_one_way(given: dict[str, Any], told: dict[str, Any]) -> None:
    assert [write(rule) for rule in read([ACCEPT | given])] == [ACCEPT | told]


def test_a_limit_without_a_burst_has_the_usual_one() -> None:
    given = {key: value for key, value in LIMIT.items() if key != "Burst"}
    assert write(read([given])[0]) == LIMIT | {"Burst": 5}


@pytest.mark.parametrize(
    ("record", "field", "right"),
    [
        ({}, "Kind", "filter or limit"),
        ({"Kind": "filter", "Address": "192.0.2.7"}, "Policy", "accept or drop"),
        (ACCEPT, "matches everything", "DefaultPolicy"),
        (ACCEPT | {"Address": "192.0.2.300"}, "Address", "IPv4 or IPv6"),
        (ACCEPT | {"Address": "device.example"}, "Address", "IPv4 or IPv6"),
        (ACCEPT | {"Address": "192.0.2.7/33"}, "Address", "from 0 to 32"),
        (ACCEPT | {"Address": "192.0.2.0/255.255.255.0"}, "Address", "from 0 to 32"),
        (ACCEPT | {"Address": "192.0.2.7/24"}, "Address", "192.0.2.0/24"),
        (ACCEPT | {"Address": "2001:db8::1/64"}, "Address", "2001:db8::/64"),
        (ACCEPT | {"Address": "::ffff:192.0.2.7"}, "Address", "192.0.2.7"),
        (ACCEPT | {"Address": "fe80::1%eth0"}, "Address", "without %eth0"),
        (ACCEPT | {"Address": "192.0.2.7", "RangeStart": "192.0.2.8"}, "RangeStart", "leave it out"),
        (ACCEPT | {"RangeStart": "192.0.2.8"}, "RangeEnd", "both ends"),
        (ACCEPT | {"RangeEnd": "192.0.2.8"}, "RangeStart", "both ends"),
        (ACCEPT | {"RangeStart": "192.0.2.8", "RangeEnd": "192.0.2.7"}, "RangeEnd", "before RangeStart"),
        (ACCEPT | {"RangeStart": "192.0.2.8", "RangeEnd": "::1"}, "RangeEnd", "be IPv4 or both IPv6"),
        (ACCEPT | {"RangeStart": "192.0.2.0/24", "RangeEnd": "192.0.3.1"}, "RangeStart", "IPv4 or IPv6"),
        (ACCEPT | {"Family": "ipv6", "Address": "192.0.2.7"}, "Family", "leave one out"),
        (ACCEPT | {"Address": "2001:db8::1", "Protocol": "icmp"}, "Protocol", "leave one out"),
        (ACCEPT | {"Protocol": "tcp"}, "Port", "needs Port"),
        (ACCEPT | {"Port": 80}, "Port", "tcp, udp or both"),
        (ACCEPT | {"Protocol": "icmp", "Port": 80}, "Port", "tcp, udp or both"),
        (ACCEPT | {"Protocol": "tcp", "Port": 80, "PortEnd": 81}, "PortEnd", "leave it out"),
        (ACCEPT | {"Protocol": "tcp", "PortStart": 80}, "PortEnd", "both ends"),
        (ACCEPT | {"Protocol": "tcp", "PortStart": 80, "PortEnd": 79}, "PortEnd", "before PortStart"),
        (ACCEPT | {"Mac": "00:40:8c:01:23:4x"}, "Mac", "00:40:8c:01:23:45"),
        (ACCEPT | {"Address": "192.0.2.7", "Amount": 5}, "Amount", "of the kind limit"),
        (LIMIT | {"Policy": "drop"}, "Policy", "leave it out"),
        ({"Kind": "limit", "Unit": "packets", "Period": "day"}, "Amount", "needs Unit, Period and Amount"),
    ],
    ids=str,
)
def test_what_is_refused_names_the_rule_and_its_field(record: dict[str, Any], field: str, right: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read([TAKEN[0], record])
    assert str(refused.value).startswith("Rules 2: ")
    assert field in str(refused.value)
    assert right in str(refused.value)


def test_there_are_no_more_rules_than_may_be() -> None:
    assert len(read([TAKEN[0]] * MOST_RULES)) == MOST_RULES
    with pytest.raises(LimitReached, match=str(MOST_RULES)):
        read([TAKEN[0]] * (MOST_RULES + 1))
