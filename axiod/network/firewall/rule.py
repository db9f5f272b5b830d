# SPDX-License-Identifier: Apache-2.0
"""The rules of the firewall: what they match, and what they do with it, read from the records of the contract. Pure.

Sources: manual "Firewall"; the names of the fields are those of Rules of org.axiod.network1.Firewall.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument, LimitReached

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_RULES = 256
DEFAULT_BURST = 5
"""What nft and iptables take where nobody says anything else."""
FAMILIES = {4: "ipv4", 6: "ipv6"}
FAMILY_OF_PROTOCOL = {"icmp": "ipv4", "icmpv6": "ipv6"}
WITH_PORTS = {"tcp": ("tcp",), "udp": ("udp",), "both": ("tcp", "udp")}
"""The protocols of IP that each protocol with ports stands for."""

_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")
_LIMITS = ("Unit", "Period", "Amount", "Burst")


@dataclass(frozen=True, slots=True)
class Match:
    """What a packet to the device must be; what is None may be anything."""

    family: str | None = None
    """ipv4 or ipv6, as the addresses or the protocol have it where they are given."""
    network: Network | None = None
    """Where it comes from; a single address is a network of one."""
    span: tuple[Address, Address] | None = None
    """The first and the last address that it may come from; never beside `network`."""
    protocol: str | None = None
    """tcp, udp, both, icmp or icmpv6."""
    ports: tuple[int, int] | None = None
    """The first and the last port that it is for; with tcp, udp and both."""
    mac: str | None = None
    """Who sent it in this network, as aa:bb:cc:dd:ee:ff."""
    traffic: str | None = None
    """unicast, broadcast or multicast."""

    @property
    def anything(self) -> bool:
        """Whether every packet is meant."""
        return self == Match()


@dataclass(frozen=True, slots=True)
class Filter:
    """Accepts or drops what it matches."""

    match: Match
    policy: str
    """accept or drop."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Accepts what it matches, but of one address no more than so much."""

    match: Match
    unit: str
    """connections (new ones) or packets."""
    period: str
    """second, minute, hour or day."""
    amount: int
    """So many in each period."""
    burst: int
    """So many at once before that; the bucket from which each takes one, and which fills up at that rate."""


Rule = Filter | Limit


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All that somebody configured. The first rule that matches decides, and the default policy where none does."""

    active: bool = False
    default_policy: str = "accept"
    rules: tuple[Rule, ...] = ()


def read(records: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Return the rules that records say whose values are each right by themselves.

    Raises InvalidArgument, whose text names the rule by its place and the field, and LimitReached.
    """
    found: list[Rule] = []
    for number, record in enumerate(records, 1):
        if number > MOST_RULES:
            raise LimitReached(f"there are more than {MOST_RULES} rules; join some with a range of addresses or ports")
        try:
            found.append(_rule(record))
        except InvalidArgument as error:
            raise InvalidArgument(f"Rules {number}: {error}") from None
    return tuple(found)


def _rule(record: Mapping[str, Any]) -> Rule:
    kind = record.get("Kind")
    if kind is None:
        raise InvalidArgument("Kind is missing; it must be filter or limit")
    match = _match(record)
    if kind == "limit":
        _refuse(record, "Policy", "a rule of the kind limit accepts what is within its limit")
        for name in ("Unit", "Period", "Amount"):
            if name not in record:
                raise InvalidArgument(f"{name} is missing; a rule of the kind limit needs Unit, Period and Amount")
        burst = record.get("Burst", DEFAULT_BURST)
        return Limit(match, record["Unit"], record["Period"], record["Amount"], burst)
    for name in _LIMITS:
        _refuse(record, name, "it is for rules of the kind limit")
    if "Policy" not in record:
        raise InvalidArgument("Policy is missing; a rule of the kind filter needs accept or drop")
    if match.anything:
        raise InvalidArgument("it matches everything; say what it is for, or change DefaultPolicy instead")
    return Filter(match, record["Policy"])


def _match(record: Mapping[str, Any]) -> Match:
    network, span = _source(record)
    protocol = record.get("Protocol")
    families = {
        "Address": network and FAMILIES[network.version],
        "RangeStart": span and FAMILIES[span[0].version],
        "Family": record.get("Family"),
        "Protocol": FAMILY_OF_PROTOCOL.get(protocol or ""),
    }
    named = [(name, family) for name, family in families.items() if family]
    for name, family in named[1:]:
        if family != named[0][1]:
            raise InvalidArgument(
                f"{name} is {record[name]}, which is {family}, but {named[0][0]} is {named[0][1]}; leave one out"
            )
    mac = record.get("Mac")
    if mac is not None and not _MAC.fullmatch(mac):
        raise InvalidArgument(f"Mac is {mac[:40]!r}; it must be six pairs of digits, such as 00:40:8c:01:23:45")
    return Match(
        named[0][1] if named else None,
        network,
        span,
        protocol,
        _ports(record, protocol),
        mac.lower().replace("-", ":") if mac else None,
        record.get("Traffic"),
    )


def _source(record: Mapping[str, Any]) -> tuple[Network | None, tuple[Address, Address] | None]:
    start, end = record.get("RangeStart"), record.get("RangeEnd")
    if "Address" in record:
        for name in ("RangeStart", "RangeEnd"):
            _refuse(record, name, "the rule has an Address already")
        return _network(record["Address"]), None
    if start is None and end is None:
        return None, None
    if start is None or end is None:
        missing = "RangeStart" if start is None else "RangeEnd"
        raise InvalidArgument(f"{missing} is missing; a range of addresses needs both ends")
    first, last = _address("RangeStart", start), _address("RangeEnd", end)
    if first.version != last.version:
        raise InvalidArgument(f"RangeEnd is {end}, and RangeStart {start}; both must be IPv4 or both IPv6")
    if int(last) < int(first):
        raise InvalidArgument(f"RangeEnd is {end}; it must not be before RangeStart, {start}")
    if first == last:
        return _network(str(first)), None
    return None, (first, last)


def _address(name: str, text: str) -> Address:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise InvalidArgument(f"{name} is {text[:45]!r}; it must be an IPv4 or IPv6 address") from None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            raise InvalidArgument(f"{name} is {text}; write it as IPv4, {found.ipv4_mapped}")
        if found.scope_id is not None:
            raise InvalidArgument(f"{name} is {text[:60]}; write it without %{found.scope_id[:20]}")
    return found


def _network(text: str) -> Network:
    address, slash, bits = text.partition("/")
    found = _address("Address", address)
    if not slash:
        return ipaddress.ip_network(found)
    longest = found.max_prefixlen
    if not re.fullmatch(r"\d{1,3}", bits, re.ASCII) or int(bits) > longest:
        raise InvalidArgument(f"Address is {text[:50]!r}; after the slash must stand a length from 0 to {longest}")
    network = ipaddress.ip_network((int(found), int(bits)) if found.version == 6 else f"{found}/{bits}", strict=False)
    if network.network_address != found:
        raise InvalidArgument(f"Address is {text}; the network that it is in is {network}, so write that or {found}")
    return network


def _ports(record: Mapping[str, Any], protocol: str | None) -> tuple[int, int] | None:
    port, start, end = (record.get(name) for name in ("Port", "PortStart", "PortEnd"))
    if port is not None:
        for name in ("PortStart", "PortEnd"):
            _refuse(record, name, "the rule has a Port already")
        start = end = port
    given = [name for name in ("Port", "PortStart", "PortEnd") if name in record]
    if protocol not in WITH_PORTS:
        for name in given:
            _refuse(record, name, "only the Protocol tcp, udp or both has ports")
        return None
    if not given:
        raise InvalidArgument(f"Port is missing; Protocol {protocol} needs Port, or PortStart and PortEnd")
    if start is None or end is None:
        missing = "PortStart" if start is None else "PortEnd"
        raise InvalidArgument(f"{missing} is missing; a range of ports needs both ends")
    if end < start:
        raise InvalidArgument(f"PortEnd is {end}; it must not be before PortStart, {start}")
    return start, end


def _refuse(record: Mapping[str, Any], name: str, reason: str) -> None:
    if name in record:
        raise InvalidArgument(f"{name} is {record[name]}; leave it out, {reason}")


def write(rule: Rule) -> dict[str, Any]:
    """Return a rule as a record of the contract, which read() makes the same rule of."""
    match = rule.match
    record: dict[str, Any] = {"Kind": "limit" if isinstance(rule, Limit) else "filter"}
    if isinstance(rule, Filter):
        record["Policy"] = rule.policy
    if match.network is not None:
        single = match.network.num_addresses == 1
        record["Address"] = str(match.network.network_address if single else match.network)
    elif match.span is not None:
        record |= {"RangeStart": str(match.span[0]), "RangeEnd": str(match.span[1])}
    elif match.family is not None and match.protocol not in FAMILY_OF_PROTOCOL:
        record["Family"] = match.family
    if match.protocol is not None:
        record["Protocol"] = match.protocol
    if match.ports is not None:
        first, last = match.ports
        record |= {"Port": first} if first == last else {"PortStart": first, "PortEnd": last}
    if match.mac is not None:
        record["Mac"] = match.mac
    if match.traffic is not None:
        record["Traffic"] = match.traffic
    if isinstance(rule, Limit):
        record |= {"Unit": rule.unit, "Period": rule.period, "Amount": rule.amount, "Burst": rule.burst}
    return record
