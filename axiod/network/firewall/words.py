# SPDX-License-Identifier: Apache-2.0
"""The words of nft as JSON (libnftables-json(5)). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axiod.network.firewall.rule import Network

FAMILY, NAME = "inet", "axiod"
"""Our table."""

Statement = dict[str, Any]
Command = dict[str, dict[str, Any]]


def own(name: str) -> dict[str, Any]:
    return {"family": FAMILY, "table": NAME, "name": name}


def add_rule(chain: str, statements: list[Statement], comment: str = "") -> Command:
    rule = {"family": FAMILY, "table": NAME, "chain": chain, "expr": statements}
    return {"add": {"rule": rule | ({"comment": comment} if comment else {})}}


def equal(left: Any, right: Any) -> Statement:
    return {"match": {"op": "==", "left": left, "right": right}}


def is_in(left: Any, right: Any) -> Statement:
    return {"match": {"op": "in", "left": left, "right": right}}


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def source(version: int) -> dict[str, Any]:
    return payload("ip" if version == 4 else "ip6", "saddr")


def prefix(network: Network) -> dict[str, Any]:
    return {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}}
