# SPDX-License-Identifier: Apache-2.0
"""What rules would do, before they do it: to the connection that asks for them, and beside tables of others. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from axiod.errors import Conflict, InvalidArgument
from axiod.network.firewall.rule import FAMILIES, WITH_PORTS, Filter, Limit
from axiod.network.firewall.words import FAMILY, NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from axiod.network.firewall.rule import Address, Match, Rule, RuleSet

_ON_THE_WAY_IN = ("ingress", "prerouting", "input")
_DROPS = {"drop", "reject"}
_MOST_JUMPS = 1000


class Kind(StrEnum):
    """What a finding is about, for programs."""

    CUT = "cut"
    MAY_CUT = "may-cut"
    LIMITED = "limited"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that somebody should know before the rules are in force."""

    kind: Kind
    text: str
    rule: int | None = None
    """The place of the rule that it is about, from 1; None for the default policy, and where it is about none."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection of TCP to the device, as the device sees it."""

    address: Address
    port: int
    """Of the device."""

    def __str__(self) -> str:
        return f"from {self.address} to port {self.port}"


def connection(address: str, port: int) -> Connection:
    """Return a connection from an address to a port of the device; raises InvalidArgument."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        raise InvalidArgument(f"ClientAddress is {address[:45]!r}; it must be an IP address") from None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return Connection(found, port)


def of_connection(rules: RuleSet, asking: Connection) -> list[Finding]:
    """Return what rules would do to a connection: nothing where they let it through as it is.

    It goes through them as a packet does. Whether a rule for a MAC address matches cannot be said; what may cut is told
    as well as what comes after it.
    """
    if not rules.active or asking.address.is_loopback:
        return []
    found = []
    for number, rule in enumerate(rules.rules, 1):
        if not _matches(rule.match, asking):
            continue
        certain = rule.match.mac is None
        if isinstance(rule, Filter):
            if rule.policy == "drop":
                kind, would = (Kind.CUT, "drops") if certain else (Kind.MAY_CUT, "may drop (it is for a MAC address)")
                found.append(Finding(kind, f"rule {number} {would} the connection {asking} that asks for this", number))
        else:
            found.append(Finding(Kind.LIMITED, _limited(rule, number, asking), number))
        if certain:
            return found
    if rules.default_policy == "drop":
        # A rule for a MAC address may accept it, but nobody should rely on that unawares.
        perhaps = any(_accepts_a_mac(rule, asking) for rule in rules.rules)
        kind, would = (Kind.MAY_CUT, "may drop") if perhaps else (Kind.CUT, "drops")
        text = f"the default policy {would} the connection {asking} that asks for this; add a rule that accepts it"
        found.append(Finding(kind, text))
    return found


def hold(rules: RuleSet, asking: Connection) -> None:
    """Raise Conflict where rules would, or may, cut off who asks for them and could not take that back."""
    if cut := [finding.text for finding in of_connection(rules, asking) if finding.kind in (Kind.CUT, Kind.MAY_CUT)]:
        raise Conflict(f"{'; '.join(cut)}. Try it first (Test, or a trial), or insist (Force)")


def _limited(rule: Limit, number: int, asking: Connection) -> str:
    much = f"{rule.amount} {rule.unit} a {rule.period} and {rule.burst} at once"
    return f"rule {number} limits the connection {asking} that asks for this to {much}"


def _accepts_a_mac(rule: Rule, asking: Connection) -> bool:
    accepts = isinstance(rule, Limit) or rule.policy == "accept"
    return accepts and rule.match.mac is not None and _matches(rule.match, asking)


def _matches(match: Match, asking: Connection) -> bool:
    """Whether a rule is for a connection, as far as anything but the MAC address goes."""
    address = asking.address
    if match.family is not None and match.family != FAMILIES[address.version]:
        return False
    if match.network is not None and address not in match.network:
        return False
    if match.span is not None:
        first, last = match.span
        if first.version != address.version or not int(first) <= int(address) <= int(last):
            return False
    if match.protocol is not None and "tcp" not in WITH_PORTS.get(match.protocol, ()):
        return False
    if match.ports is not None and not match.ports[0] <= asking.port <= match.ports[1]:
        return False
    return match.traffic in (None, "unicast")


# --- beside the tables of others ---


@dataclass(frozen=True, slots=True)
class ForeignChain:
    """A chain of another table through which packets to the device go as well."""

    family: str
    table: str
    name: str
    hook: str
    priority: int
    policy: str
    drops: bool
    """It, or a chain that it jumps to, drops something."""


def foreign_chains(listing: Mapping[str, Any]) -> list[ForeignChain]:
    """Return the chains of other tables on the way in, by what `nft -j list ruleset` says, in the order of packets."""
    items: list[Mapping[str, Any]] = list(listing.get("nftables", ()))
    expressions: dict[tuple[str, str, str], list[Any]] = {}
    for item in items:
        if "rule" in item:
            rule = item["rule"]
            expressions.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule.get("expr", []))
    found = []
    for item in items:
        chain = item.get("chain", {})
        if chain.get("hook") not in _ON_THE_WAY_IN or (chain["family"], chain["table"]) == (FAMILY, NAME):
            continue
        policy = chain.get("policy", "accept")
        where = (chain["family"], chain["table"], chain["name"])
        drops = policy == "drop" or _drops(expressions, where)
        found.append(ForeignChain(*where, chain["hook"], chain.get("prio", 0), policy, drops))
    return sorted(found, key=lambda chain: (_ON_THE_WAY_IN.index(chain.hook), chain.priority, chain.table))


def _drops(expressions: Mapping[tuple[str, str, str], list[Any]], start: tuple[str, str, str]) -> bool:
    waiting, seen = [start], {start}
    while waiting and len(seen) < _MOST_JUMPS:
        family, table, _ = where = waiting.pop()
        for word, value in _words(expressions.get(where, [])):
            if word in _DROPS:
                return True
            if word in ("jump", "goto") and isinstance(value, dict):
                to = (family, table, str(value.get("target")))
                if to not in seen:
                    seen.add(to)
                    waiting.append(to)
    return False


def _words(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key of nested statements with what it says."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from item.items()
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def of_foreign(rules: RuleSet, chains: list[ForeignChain]) -> list[Finding]:
    """Return what others drop: nothing that is accepted here comes in against that."""
    if not rules.active:
        return []
    return [
        Finding(
            Kind.FOREIGN,
            f"the table {chain.family} {chain.table}, not of axiod, drops packets as well (chain {chain.name}); "
            "what is accepted here may still be dropped there",
        )
        for chain in chains
        if chain.drops
    ]
