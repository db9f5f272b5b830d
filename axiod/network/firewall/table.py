# SPDX-License-Identifier: Apache-2.0
"""The table `inet axiod` of nftables that a set of rules becomes, as JSON for `nft -j -f` (libnftables-json(5)). Pure.

Every document is one transaction that touches this table alone and replaces all of it, so that what is in force is the
former or the new rules as a whole.

A rule holds for every packet of a connection that somebody else began, not for its first alone. What is dropped from
now on is so at once, also on a connection that stands: a connection that lives on only because it stood before would
make whoever tries the rules believe that they let him in. What the device began itself is never cut.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from typing import TYPE_CHECKING, Any

from axiod.network.firewall import blocked
from axiod.network.firewall.rule import WITH_PORTS, Limit
from axiod.network.firewall.words import FAMILY, NAME, add_rule, equal, is_in, own, payload, prefix, source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from axiod.network.firewall.blocked import Block
    from axiod.network.firewall.rule import Match, Rule, RuleSet
    from axiod.network.firewall.words import Command, Statement

_CHAIN = "rules"
_PERIOD_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_LEAST_KEPT_SECONDS = 60
_MOST_SOURCES = 65535
"""So many addresses are counted for each limit; more would be a flood, and cost memory that the device needs."""
_PACKET_TYPES = {"unicast": "host", "broadcast": "broadcast", "multicast": "multicast"}
_NEIGHBOURS = [
    "packet-too-big",
    "mld-listener-query",
    "nd-router-advert",
    "nd-neighbor-solicit",
    "nd-neighbor-advert",
]
"""Without these an address of IPv6 is not found, or not kept, or only small packets arrive."""

_MARK = "rules "
_MARK_CHAIN = "mark"
"""No packet goes there: the comment of its rule says which rules are in force."""


def document(rules: RuleSet, blocks: Iterable[Block] = ()) -> dict[str, Any]:
    """Return what puts these rules and blocks in force, in place of whatever the table had. Without any there is no
    table.
    """
    table = {"table": {"family": FAMILY, "name": NAME}}
    # Nothing can be deleted that is not there.
    commands: list[Command] = [{"add": table}, {"delete": table}]
    shut_out = list(blocks)
    if rules.active or shut_out:
        commands += blocked.sets_and_chain()
        commands += [blocked.element("add", block.network, block.seconds) for block in shut_out]
    if rules.active:
        in_force = list(_for_rules(rules))
        commands += [
            *in_force,
            {"add": {"chain": own(_MARK_CHAIN)}},
            add_rule(_MARK_CHAIN, [{"accept": None}], _marked(in_force)),
        ]
    return {"nftables": commands}


def mark(rules: RuleSet) -> str:
    """Return what stands in the table in which these rules are in force; "" for a firewall that is turned off."""
    return _marked(list(_for_rules(rules))) if rules.active else ""


def found_mark(listing: Mapping[str, Any] | None) -> str:
    """Return the mark of the rules that are in force, by what nft lists of our table, or None where there is none."""
    for item in (listing or {}).get("nftables", ()):
        comment = item.get("rule", {}).get("comment", "")
        if comment.startswith(_MARK):
            return str(comment)
    return ""


def _marked(commands: list[Command]) -> str:
    return _MARK + hashlib.sha256(json.dumps(commands).encode()).hexdigest()[:32]


# --- rules ---


def _for_rules(rules: RuleSet) -> Iterator[Command]:
    for number, rule in enumerate(rules.rules, 1):
        if isinstance(rule, Limit):
            for version in _versions(rule.match):
                yield {"add": {"set": _counted(rule, number, version)}}
    chain = own(_CHAIN) | {"type": "filter", "hook": "input", "prio": 0, "policy": rules.default_policy}
    yield {"add": {"chain": chain}}
    for statements in _always():
        yield add_rule(_CHAIN, [*statements, {"accept": None}])
    for number, rule in enumerate(rules.rules, 1):
        for statements in _statements(rule, number):
            yield add_rule(_CHAIN, statements, f"rule {number}")


def _always() -> list[list[Statement]]:
    """Return what is accepted whatever the rules say, because without it the device has no network at all."""
    return [
        [equal({"meta": {"key": "iif"}}, "lo")],
        [equal({"ct": {"key": "direction"}}, "reply")],
        [is_in({"ct": {"key": "state"}}, "related")],
        # An answer to the broadcast of a DHCP client comes from whoever has one.
        [equal(payload("udp", "sport"), 67), equal(payload("udp", "dport"), 68)],
        [
            equal(payload("ip6", "saddr"), prefix(ipaddress.ip_network("fe80::/10"))),
            equal(payload("udp", "dport"), 546),
        ],
        [equal(payload("icmpv6", "type"), {"set": _NEIGHBOURS})],
        # Who is asked by a switch what it wants to hear, and does not answer, hears nothing any more.
        [equal(payload("ip", "protocol"), "igmp")],
    ]


def _statements(rule: Rule, number: int) -> Iterator[list[Statement]]:
    matched = _matched(rule.match)
    if not isinstance(rule, Limit):
        yield [*matched, {rule.policy: None}]
        return
    new = [is_in({"ct": {"key": "state"}}, "new")] if rule.unit == "connections" else []
    for version in _versions(rule.match):
        # `limit rate ... accept` would limit nothing where the default policy accepts what is beyond it.
        over = {"limit": {"rate": rule.amount, "per": rule.period, "burst": rule.burst, "inv": True}}
        address: Any = source(version)
        if version == 6:
            address = {"&": [address, "ffff:ffff:ffff:ffff::"]}
        family = [equal({"meta": {"key": "nfproto"}}, f"ipv{version}")]
        update = {"set": {"op": "update", "elem": address, "set": f"@{_limit_set(number, version)}", "stmt": [over]}}
        yield [*(matched if rule.match.family else family + matched), *new, update, {"drop": None}]
    yield [*matched, {"accept": None}]


def _matched(match: Match) -> list[Statement]:
    found = []
    if match.family is not None:
        found.append(equal({"meta": {"key": "nfproto"}}, match.family))
    if match.network is not None:
        single = match.network.num_addresses == 1
        value: Any = str(match.network.network_address) if single else prefix(match.network)
        found.append(equal(source(match.network.version), value))
    if match.span is not None:
        span = {"range": [str(match.span[0]), str(match.span[1])]}
        found.append(equal(source(match.span[0].version), span))
    if match.mac is not None:
        found.append(equal(payload("ether", "saddr"), match.mac))
    if match.traffic is not None:
        found.append(equal({"meta": {"key": "pkttype"}}, _PACKET_TYPES[match.traffic]))
    if match.protocol is not None:
        protocols = WITH_PORTS.get(match.protocol)
        name = {"icmpv6": "ipv6-icmp"}.get(match.protocol, match.protocol)
        value = name if protocols is None else protocols[0] if len(protocols) == 1 else {"set": list(protocols)}
        found.append(equal({"meta": {"key": "l4proto"}}, value))
    if match.ports is not None:
        first, last = match.ports
        found.append(equal(payload("th", "dport"), first if first == last else {"range": [first, last]}))
    return found


def _versions(match: Match) -> tuple[int, ...]:
    return {"ipv4": (4,), "ipv6": (6,)}.get(match.family or "", (4, 6))


def _limit_set(number: int, version: int) -> str:
    return f"limit{number}v{version}"


def _counted(rule: Limit, number: int, version: int) -> dict[str, Any]:
    """Return the set in which each address has its own bucket, kept until that would be full again."""
    full = -(-rule.burst * _PERIOD_SECONDS[rule.period] // rule.amount)
    return own(_limit_set(number, version)) | {
        "type": f"ipv{version}_addr",
        "size": _MOST_SOURCES,
        # And dynamic, which nft sees by its use, and older ones do not take from JSON.
        "flags": ["timeout"],
        "timeout": max(_LEAST_KEPT_SECONDS, full),
    }
