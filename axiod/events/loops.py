# SPDX-License-Identifier: Apache-2.0
"""Which rules start themselves again, directly or through others. Pure.

A graph is made of the begin and the end of each rule. What a rule moves at its begin, and moves back at its end, leads
to the begin of each rule with a condition that holds by that, and to the end of each with one that does not any more.
On a circle of these, rules start each other for ever if each of them also ends in between; a circle that comes to rest
is none. What goes through a wire from an output to an input, or through a server, is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from axiod.bus import topics
from axiod.events.output import shown, target, words
from axiod.events.strong import groups, shortest_circle
from axiod.events.watch import is_stateless, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from axiod.events.output import Output, Shown, Target
    from axiod.events.rule import Action, Condition, Rule

_CAN_FAIL = ("notify", "send-file", "publish")


@dataclass(frozen=True, slots=True)
class Circle:
    """Rules that start each other for ever."""

    rules: tuple[str, ...]
    text: str
    """For example "rule 1 moves relay1, which starts rule 2; rule 2 moves …"."""


class _Node(NamedTuple):
    rule: int
    """Its place."""
    begins: bool


class _Move(NamedTuple):
    """What is moved, and to where."""

    moved: Target
    state: Shown
    level: str


_Leads = dict[_Node, set[_Node]]


@dataclass(slots=True)
class _Graph:
    rules: Sequence[Rule]
    outputs: Mapping[str, Output]
    prefix: str
    leads: _Leads = field(default_factory=dict)
    why: dict[tuple[_Node, _Node], str] = field(default_factory=dict)
    restless: set[int] = field(default_factory=set)
    """Rules that need not end before they begin again."""
    by_topic: dict[str, list[tuple[int, Condition]]] = field(default_factory=dict)
    reached: dict[tuple[Shown, str], tuple[list[int], list[int], list[int]]] = field(default_factory=dict)


def circles(rules: Sequence[Rule], outputs: Mapping[str, Output], mqtt_prefix: str = "") -> list[Circle]:
    """Return the circles among rules. `mqtt_prefix`: what stands before the MQTT topics of the device."""
    graph = _Graph(rules, outputs, mqtt_prefix)
    for place, rule in enumerate(rules):
        for condition in rule.conditions:
            graph.by_topic.setdefault(topics.same(condition.topic), []).append((place, condition))
            if is_stateless(condition):
                graph.restless.add(place)
    for place in range(len(rules)):
        _moves(graph, place)
        _messages(graph, place)
    found = []
    for group in _for_ever(graph):
        places = sorted({node.rule for node in group})
        found.append(Circle(tuple(rules[place].id for place in places), _text(graph, group)))
    return found


def _for_ever(graph: _Graph) -> list[set[_Node]]:
    """Return the groups of nodes that lead to each other, without rules that do not end in between."""
    leads = graph.leads
    while True:
        found = groups(leads)
        stuck: set[_Node] = set()
        for group in found:
            ending = {to.rule for node in group for to in leads[node] if not to.begins} | graph.restless
            stuck |= {node for node in group if node.begins and node.rule not in ending}
        if not stuck:
            return [group for group in found if any(node.begins for node in group)]
        leads = {node: ends - stuck for node, ends in leads.items() if node not in stuck}


def _text(graph: _Graph, group: set[_Node]) -> str:
    start = min(node for node in group if node.begins)
    way = shortest_circle(graph.leads, group, start)
    parts = []
    for node, to in zip(way, [*way[1:], way[0]], strict=True):
        who = f"rule {graph.rules[node.rule].id}" if node.begins else f"the end of rule {graph.rules[node.rule].id}"
        what = "starts" if to.begins else "ends"
        parts.append(f"{who} {graph.why[node, to]}, which {what} rule {graph.rules[to.rule].id}")
    return "; ".join(parts)


def _lead(graph: _Graph, node: _Node, to: _Node, why: str) -> None:
    graph.leads.setdefault(node, set()).add(to)
    graph.leads.setdefault(to, set())
    graph.why.setdefault((node, to), why)


# --- by what it moves ---


def _moves(graph: _Graph, place: int) -> None:
    begin, end = _Node(place, begins=True), _Node(place, begins=False)
    sequence = list(_at_begin(graph.rules[place], graph.outputs))
    for move in dict.fromkeys(sequence):
        _by_state(graph, begin, move)
    if _again(graph, place, sequence):
        _lead(graph, begin, begin, f"moves {words(sequence[0].moved)}")
    for action in graph.rules[place].actions:
        moved = target(action)
        if moved is not None and action.while_active:
            for state in shown(moved, graph.outputs.get(moved)):
                back = state.off if action.parameters.get("Active") else state.on
                _by_state(graph, end, _Move(moved, state, back))


def _at_begin(rule: Rule, outputs: Mapping[str, Output]) -> Iterator[_Move]:
    """Yield what a rule moves when it becomes active, in order."""
    for action in rule.actions:
        moved = target(action)
        if moved is None:
            continue
        for state in shown(moved, outputs.get(moved)):
            if action.kind in ("toggle", "pulse") or action.parameters.get("Active"):
                yield _Move(moved, state, state.on)
            if action.kind in ("toggle", "pulse") or not action.parameters.get("Active"):
                yield _Move(moved, state, state.off)


def _by_state(graph: _Graph, node: _Node, move: _Move) -> None:
    holding, failing, _ = _reached(graph, move)
    why = f"moves {words(move.moved)}"
    for rule in holding:
        # Whether a rule starts itself by what it moves at its begin depends on the order: see _again().
        if not (rule == node.rule and node.begins):
            _lead(graph, node, _Node(rule, begins=True), why)
    for rule in failing:
        _lead(graph, node, _Node(rule, begins=False), why)


def _reached(graph: _Graph, move: _Move) -> tuple[list[int], list[int], list[int]]:
    """Return the rules with a condition that holds by a move, that does not, and that is on every change."""
    key = move.state, move.level
    if key not in graph.reached:
        holding: set[int] = set()
        failing: set[int] = set()
        every: set[int] = set()
        for rule, condition in graph.by_topic.get(move.state.topic, ()):
            if not set(condition.source.items()) <= set(move.state.source):
                continue
            if not condition.item:
                every.add(rule)
            verdict = judge(condition, {move.state.item: move.level})
            if verdict is not None:
                (holding if verdict != condition.inverted else failing).add(rule)
        graph.reached[key] = sorted(holding), sorted(failing), sorted(every)
    return graph.reached[key]


def _again(graph: _Graph, place: int, sequence: list[_Move]) -> bool:
    """Whether a rule starts itself by what it moves at its begin: what it is on goes away, and comes back."""
    gone: set[Shown] = set()
    # Which way a toggle goes depends on where it was; it goes one way only.
    toggled = {target(action) for action in graph.rules[place].actions if action.kind == "toggle"}
    for move in sequence:
        holding, failing, every = _reached(graph, move)
        if place in every or (place in holding and move.state in gone):
            return True
        if place in failing and move.moved not in toggled:
            gone.add(move.state)
    return False


# --- by messages, and by what fails ---


def _messages(graph: _Graph, place: int) -> None:
    begin = _Node(place, begins=True)
    for action in graph.rules[place].actions:
        if action.kind == "publish":
            for topic in (topics.MQTT_STATELESS, topics.MQTT_STATEFUL):
                for other, condition in graph.by_topic.get(topic, ()):
                    if _takes(condition, action, graph.prefix):
                        graph.restless.add(other)
                        _lead(graph, begin, _Node(other, begins=True), "publishes a message")
        if action.kind in _CAN_FAIL:
            for other, _ in graph.by_topic.get(topics.ACTION_FAILED, ()):
                _lead(graph, begin, _Node(other, begins=True), "does what may fail")


def _takes(condition: Condition, action: Action, prefix: str) -> bool:
    """Whether a message that an action publishes may be one that a condition waits for."""
    wanted, topic = condition.source.get("subscription"), str(action.parameters.get("Topic", ""))
    # Either of the two may have the device's prefix, or have it added.
    if wanted is not None:
        filters, names = (wanted, f"{prefix}/{wanted}"), (topic, f"{prefix}/{topic}")
        if not any(_subscribed(one, name) for one in filters for name in names):
            return False
    payload = str(action.parameters.get("Payload", ""))
    if condition.item != "payload" or "%" in payload or "#" in payload:
        return True  # what it will be is not known
    verdict = judge(condition, {"payload": payload})
    return verdict is not None and verdict != condition.inverted


def _subscribed(wanted: str, topic: str) -> bool:
    """Whether a filter of MQTT takes a topic."""
    filters, names = wanted.split("/"), topic.split("/")
    for place, one in enumerate(filters):
        if one == "#":
            return True
        if place >= len(names) or one not in ("+", names[place]):
            return False
    return len(filters) == len(names)
