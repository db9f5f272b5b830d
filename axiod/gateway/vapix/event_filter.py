# SPDX-License-Identifier: Apache-2.0
"""Event filters of action rules, and the conditions of our rules: each turned into the other. Pure.

A filter is a topic expression, and a content filter for the items of the event. Source: VAPIX action1, "Action rules".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from axiod.bus.topics import ALIASES, NAMESPACES, canonical, declared, same
from axiod.errors import InvalidArgument
from axiod.gateway.vapix.notification import xml_text
from axiod.gateway.vapix.soap import Fault
from axiod.gateway.vapix.topics import content_terms

if TYPE_CHECKING:
    from collections.abc import Collection

    from axiod.bus.client import Event
    from axiod.gateway.vapix.soap import Element

AA = "http://www.axis.com/vapix/ws/action1"
CONCRETE = "http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete"
CONCRETE_SET = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
ITEM_FILTER = "http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter"
_TOPIC_DIALECTS = ("", CONCRETE_SET, CONCRETE, "http://docs.oasis-open.org/wsn/t-1/TopicExpression/Simple")
_OURS = {name: prefix for prefix, name in NAMESPACES.items()}

Condition = Mapping[str, Any]
"""As the contract has it: a record of Conditions of org.axiod.events1.Rule."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """One topic, and what the items of its events must be."""

    topic: str
    """In its canonical form."""
    items: Mapping[str, str]

    @classmethod
    def read(cls, element: Element) -> EventFilter:
        """Read a StartEvent or a Condition; raises Fault."""
        topic, content = element.require("TopicExpression"), element.child("MessageContent")
        if topic.attributes.get("Dialect", "") not in _TOPIC_DIALECTS:
            raise _fault("TopicExpressionDialectUnknownFault", f"the dialect of a topic must be {CONCRETE_SET}")
        items: dict[str, str] = {}
        if content is not None:
            if content.attributes.get("Dialect", "") not in ("", ITEM_FILTER):
                raise _content_fault(f"the dialect of a content filter must be {ITEM_FILTER}")
            items = _items(content.text)
        return cls(_topic(topic), items)

    def start(self, states: Collection[Event]) -> list[Condition]:
        """Return the condition that an event starts a rule; raises Fault. `states`: what there is now."""
        source, data = self._parts(states)
        if len(data) > 1:
            raise _content_fault(f"a start event may name one item of the data; this one names {', '.join(data)}")
        return self._conditions(source, data)

    def conditions(self, states: Collection[Event]) -> list[Condition]:
        """Return the conditions that a state is so; raises Fault unless it is one state. `states`: as in start()."""
        known = declared(self.topic)
        if known is not None and not known.stateful:
            raise _condition_fault(f"{self.topic} only happens; it can be the start event, but no condition")
        source, data = self._parts(states)
        if not data:
            raise _condition_fault(f"the condition on {self.topic} must name the value of an item of its data")
        found = [
            event
            for event in states
            if same(event.topic) == self.topic and source.items() <= dict(event.source).items()
        ]
        if len(found) != 1:
            count = f"{len(found)} states" if found else "no state"
            raise _condition_fault(f"the condition on {self.topic} matches {count} now; it must match one")
        return self._conditions(source, data)

    def _parts(self, states: Collection[Event]) -> tuple[dict[str, str], dict[str, str]]:
        """Return what is said of the source, and of the data."""
        known = declared(self.topic)
        event = next((event for event in states if same(event.topic) == self.topic), None)
        if known is not None:
            sources, datas = [item.name for item in known.source], [item.name for item in known.data]
        elif event is not None:
            sources, datas = list(event.source), list(event.data)
        else:
            raise _topic_fault(f"there is no event {self.topic}; GetEventInstances lists those that there are")
        for name in self.items:
            if name not in (*sources, *datas):
                has = ", ".join((*sources, *datas)) or "none"
                raise _content_fault(f"an event of {self.topic} has no item {name[:100]!r}; it has {has}")
        return (
            {name: value for name, value in self.items.items() if name in sources},
            {name: value for name, value in self.items.items() if name not in sources},
        )

    def _conditions(self, source: dict[str, str], data: dict[str, str]) -> list[Condition]:
        plain: dict[str, Any] = {"Topic": self.topic, **({"Source": source} if source else {})}
        return [{**plain, "Item": name, "Equals": value} for name, value in data.items()] or [plain]


def shown(condition: Condition) -> str | None:
    """Return a condition as the content of a StartEvent or a Condition; None for one that VAPIX cannot express.

    It needs the prefix wsnt, and those of topics.
    """
    if any(condition.get(name) for name in ("Inverted", "ForMs")) or {"Above", "Below"} & condition.keys():
        return None
    items = dict(condition.get("Source", {}))
    if condition.get("Item"):
        items[condition["Item"]] = condition.get("Equals", "")
    terms = []
    for name, value in items.items():
        if '"' in value and "'" in value:
            return None
        quote = "'" if '"' in value else '"'
        terms.append(f'boolean(//SimpleItem[@Name="{name}" and @Value={quote}{value}{quote}])')
    content = escape(xml_text(" and ".join(terms)))
    return (
        f'<wsnt:TopicExpression Dialect="{CONCRETE_SET}">{escape(str(condition["Topic"]))}</wsnt:TopicExpression>'
        + (f'<wsnt:MessageContent Dialect="{ITEM_FILTER}">{content}</wsnt:MessageContent>' if content else "")
    )


def _topic(element: Element) -> str:
    """Return the one topic of an expression, whatever prefixes it is written with."""
    text = element.text
    if "|" in text or text.endswith("//."):
        raise _topic_fault(f"{text[:200]!r} must name one topic, without | and //.")
    parts = []
    for part in text.split("/"):
        given, colon, name = part.rpartition(":")
        prefix = _OURS.get(element.prefixes.get(given, ""), ALIASES.get(given, given)) if colon else ""
        parts.append(f"{prefix}{colon}{name}")
    try:
        return canonical("/".join(parts))
    except InvalidArgument as error:
        raise _topic_fault(str(error)) from None


def _items(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        either = content_terms(text)
    except InvalidArgument as error:
        raise _content_fault(str(error)) from None
    if len(either) > 1:
        raise _content_fault('the content filter of a rule may have "and", but not "or"; make a rule for each')
    items: dict[str, str] = {}
    for name, value in either[0]:
        if items.setdefault(name, value) != value:
            raise _content_fault(f"the content filter wants {name[:100]!r} to have two values at once")
    return items


def _fault(name: str, reason: str) -> Fault:
    return Fault(reason, subcode="ter:InvalidArgVal", detail=name, namespace=AA)


def _topic_fault(reason: str) -> Fault:
    return _fault("InvalidTopicExpressionFault", reason)


def _content_fault(reason: str) -> Fault:
    return _fault("InvalidMessageContentExpressionFault", reason)


def _condition_fault(reason: str) -> Fault:
    return _fault("InvalidConditionFilterFault", reason)
