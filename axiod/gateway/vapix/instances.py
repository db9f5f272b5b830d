# SPDX-License-Identifier: Apache-2.0
"""GetEventInstances: which events there are, of which sources, as a tree of topics. Pure.

The tree is read by clients that join its names: what has the namespace of the name above it stands there without one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.bus.topics import NAMESPACES, Kind, declared
from axiod.gateway.vapix.notification import quoted
from axiod.gateway.vapix.topics import path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from axiod.bus.topics import Topic
    from axiod.gateway.vapix.notification import Notification

    Names = Mapping[str, Mapping[str, str]]
    """What people call the values of a source: topic -> value -> name; the topic "" stands for all others."""

AEV = "http://www.axis.com/vapix/ws/event1"
_DECLARED = {
    "aev": AEV,
    "wstop": "http://docs.oasis-open.org/wsn/t-1",
    "xsd": "http://www.w3.org/2001/XMLSchema",
    **NAMESPACES,
}
DECLARATIONS = "".join(f' xmlns:{prefix}="{name}"' for prefix, name in _DECLARED.items())

_NICE = {
    "Device": "Device",
    "IO": "Input and output",
    "Port": "Digital input port",
    "SupervisedPort": "Supervised input port",
    "OutputPort": "Digital output port",
    "VirtualInput": "Virtual input",
    "VirtualPort": "Manual trigger",
    "Trigger": "Trigger",
    "DigitalInput": "Digital input",
    "Relay": "Relays and outputs",
    "Casing": "Casing",
    "Open": "Casing open",
    "Status": "Status",
    "SystemReady": "System ready",
}
"""What people read for a name of a topic; the name itself where there is nothing."""
_INTEGERS = frozenset({"port"})
_BOOLEANS = frozenset({"0", "1"})
_WORDS = frozenset({"true", "false"})
_TYPES = {Kind.BOOLEAN: "xsd:boolean", Kind.NUMBER: "xsd:int"}


@dataclass(slots=True)
class _Node:
    children: dict[tuple[str, str], _Node] = field(default_factory=dict)
    events: list[Notification] = field(default_factory=list)
    stateless: Topic | None = None
    """What is declared here has no state."""

    def at(self, path_: Iterable[tuple[str, str]]) -> _Node:
        """Return the node below that has this path."""
        node = self
        for step in path_:
            node = node.children.setdefault(step, _Node())
        return node


def topic_set(notifications: Iterable[Notification], names: Names, stateless: Sequence[Topic] = ()) -> str:
    """Return the answer's content: the tree of all topics.

    `stateless`: what is declared besides, without a state. Its sources are those that have a name.
    """
    root = _Node()
    for notification in notifications:
        if notification.path is not None:
            root.at(notification.path).events.append(notification)
    for topic in stateless:
        root.at(path(topic.name)).stateless = topic
    tree = "".join(_branch(step, node, "", names) for step, node in sorted(root.children.items()))
    return f"<aev:GetEventInstancesResponse><wstop:TopicSet>{tree}</wstop:TopicSet></aev:GetEventInstancesResponse>"


def _branch(step: tuple[str, str], node: _Node, above: str, names: Names) -> str:
    prefix, name = step
    tag = name if prefix == above else f"{prefix}:{name}"
    nice, topic, inside = _NICE.get(name, name), "", ""
    if node.events or node.stateless:
        topic = ' wstop:topic="true"'
        known = node.stateless or declared(node.events[0].event.topic)
        if known is not None and name not in _NICE:
            nice = known.human_name
        called = names.get(known.name if known else "", names.get("", {}))
        inside = _stateless(node.stateless, called) if node.stateless else _instance(node.events, called)
    inside += "".join(_branch(child, below, prefix, names) for child, below in sorted(node.children.items()))
    return f"<{tag}{topic} aev:NiceName={quoted(nice)}>{inside}</{tag}>"


def _instance(events: list[Notification], names: Mapping[str, str]) -> str:
    """Return one message for all sources of a topic. All events of it have the same items."""
    source = "".join(
        f"<aev:SimpleItemInstance aev:NiceName={quoted(item)} Type={quoted(_source_type(item))} Name={quoted(item)}>"
        + "".join(_value(value, names) for value in dict.fromkeys(event.event.source[item] for event in events))
        + "</aev:SimpleItemInstance>"
        for item in events[0].event.source
    )
    data = "".join(
        f"<aev:SimpleItemInstance aev:NiceName={quoted(item)} Type={quoted(_data_type(value))} Name={quoted(item)}"
        f"{' isPropertyState=' + quoted('true') if place == 0 else ''}/>"
        for place, (item, value) in enumerate(events[0].event.data.items())
    )
    return _message(source, data, stateful=True)


def _stateless(topic: Topic, names: Mapping[str, str]) -> str:
    """Return the message of a topic without a state."""
    source = "".join(
        f"<aev:SimpleItemInstance aev:NiceName={quoted(item.name)} "
        f"Type={quoted(_TYPES.get(item.kind, 'xsd:string'))} Name={quoted(item.name)}>"
        + "".join(_value(value, names) for value in names)
        + "</aev:SimpleItemInstance>"
        for item in topic.source
    )
    data = "".join(
        f"<aev:SimpleItemInstance aev:NiceName={quoted(item.name)} "
        f"Type={quoted(_TYPES.get(item.kind, 'xsd:string'))} Name={quoted(item.name)}/>"
        for item in topic.data
    )
    return _message(source, data, stateful=False)


def _message(source: str, data: str, *, stateful: bool) -> str:
    # Clients stumble over an element that is there and empty.
    source = f"<aev:SourceInstance>{source}</aev:SourceInstance>" if source else ""
    data = f"<aev:DataInstance>{data}</aev:DataInstance>" if data else ""
    is_property = quoted("true" if stateful else "false")
    return f"<aev:MessageInstance aev:isProperty={is_property}>{source}{data}</aev:MessageInstance>"


def _value(value: str, names: Mapping[str, str]) -> str:
    nice = f" aev:NiceName={quoted(names[value])}" if value in names else ""
    return f"<aev:Value{nice}>{quoted(value)[1:-1]}</aev:Value>"


def _source_type(item: str) -> str:
    return "xsd:int" if item in _INTEGERS else "xsd:string"


def _data_type(value: str) -> str:
    return "xsd:boolean" if value in _BOOLEANS or value in _WORDS else "xsd:string"
