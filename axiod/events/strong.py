# SPDX-License-Identifier: Apache-2.0
"""Circles in a graph. Pure.

A graph is given as the nodes that each node leads to; every node stands in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

_Node = TypeVar("_Node", bound=tuple[int, ...])


def groups(leads: Mapping[_Node, Set[_Node]]) -> list[set[_Node]]:
    """Return the groups of nodes that lead to each other, or of one that leads to itself (Kosaraju's algorithm)."""
    back: dict[_Node, set[_Node]] = {node: set() for node in leads}
    for node, ends in leads.items():
        for end in ends:
            back[end].add(node)
    found = []
    done: set[_Node] = set()
    for node in reversed(_finished(leads)):
        if node in done:
            continue
        group = {node}
        waiting = [node]
        while waiting:
            news = back[waiting.pop()] - done - group
            group |= news
            waiting += news
        done |= group
        if len(group) > 1 or node in leads[node]:
            found.append(group)
    return found


def _finished(leads: Mapping[_Node, Set[_Node]]) -> list[_Node]:
    """Return all nodes in the order in which a search that goes deep first leaves them."""
    order: list[_Node] = []
    seen: set[_Node] = set()
    for start in leads:
        if start in seen:
            continue
        seen.add(start)
        way = [(start, iter(leads[start]))]
        while way:
            node, ends = way[-1]
            following = next((end for end in ends if end not in seen), None)
            if following is None:
                order.append(node)
                way.pop()
            else:
                seen.add(following)
                way.append((following, iter(leads[following])))
    return order


def shortest_circle(leads: Mapping[_Node, Set[_Node]], group: Set[_Node], start: _Node) -> list[_Node]:
    """Return the shortest circle in a group from one of its nodes back to it."""
    before: dict[_Node, _Node] = {}
    waiting = [start]
    for node in waiting:
        for end in sorted(leads[node] & group):
            if end == start:
                way = [node]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if end not in before:
                before[end] = node
                waiting.append(end)
    return [start]
