# SPDX-License-Identifier: Apache-2.0
"""Asking /vapix/services as the clients of the action and event services do, with curl."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from tests.gateway.web_device import Answer, WebDevice

PATH = "/vapix/services"
ENVELOPE, WSNT = "http://www.w3.org/2003/05/soap-envelope", "http://docs.oasis-open.org/wsn/b-2"
AA, AEV = "http://www.axis.com/vapix/ws/action1", "http://www.axis.com/vapix/ws/event1"
CONCRETE_SET = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
ITEM_FILTER = "http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter"
TOGGLE, HTTP = "com.axis.action.fixed.io.toggle", "com.axis.action.fixed.notification.http"


@dataclass(slots=True)
class Node:
    """An element of an answer, without its namespaces."""

    name: str
    text: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def __getitem__(self, name: str) -> Node:
        [found] = [child for child in self.children if child.name == name]
        return found

    def __contains__(self, name: str) -> bool:
        return any(child.name == name for child in self.children)

    @property
    def parameters(self) -> dict[str, str]:
        """Its Parameters."""
        return {one.attributes["Name"]: one.attributes.get("Value", "") for one in self["Parameters"].children}


def _node(element: ElementTree.Element) -> Node:
    attributes = {re.sub(r"\{.*\}", "", name): value for name, value in element.attrib.items()}
    return Node(re.sub(r"\{.*\}", "", element.tag), element.text or "", attributes, [_node(child) for child in element])


class SoapError(Exception):
    """A fault."""

    def __init__(self, answer: Answer, fault: Node) -> None:
        super().__init__(fault["Reason"]["Text"].text)
        self.status = answer.status
        self.who = fault["Code"]["Value"].text.rpartition(":")[2]
        self.detail = fault["Detail"].children[0].name if "Detail" in fault else ""


class Soap:
    """A client."""

    def __init__(self, web: WebDevice, user: str) -> None:
        self._web = web
        self.user = user

    async def call(self, name: str, content: str = "", namespace: str = AA) -> Node:
        """Ask for an operation and return the response; raises SoapError for a fault."""
        answer = await self.ask(f'<{name} xmlns="{namespace}">{content}</{name}>')
        assert answer.header("Content-Type") == "application/soap+xml; charset=utf-8", answer
        body = ElementTree.fromstring(answer.body.encode()).find(f"{{{ENVELOPE}}}Body")
        assert body is not None
        [found] = [_node(element) for element in body]
        if found.name == "Fault":
            raise SoapError(answer, found)
        assert (answer.status, found.name) == (200, f"{name}Response")
        assert body[0].tag.startswith(f"{{{namespace}}}")
        return found

    async def ask(self, body: str) -> Answer:
        """Send the content of a Body."""
        text = f'<s:Envelope xmlns:s="{ENVELOPE}" xmlns:w="{WSNT}"><s:Body>{body}</s:Body></s:Envelope>'
        kind = "Content-Type: application/soap+xml"
        return await self._web.curl(PATH, "--header", kind, "--data-binary", text, user=self.user)

    async def add_action(self, token: str, name: str = "an action", /, **parameters: str) -> str:
        """Add an action and return its id."""
        found = await self.call("AddActionConfiguration", new("ActionConfiguration", token, name, parameters))
        return found["ConfigurationID"].text

    async def add_rule(
        self,
        action: str,
        *conditions: str,
        start: str = "",
        name: str = "a rule",
        more: str = "",
    ) -> str:
        """Add a rule and return its id."""
        begin = f"<StartEvent>{start}</StartEvent>" if start else ""
        held = "".join(f"<Condition>{condition}</Condition>" for condition in conditions)
        held = held and f"<Conditions>{held}</Conditions>"
        content = (
            f"<NewActionRule><Name>{escape(name)}</Name>{more}{begin}{held}"
            f"<PrimaryAction>{action}</PrimaryAction></NewActionRule>"
        )
        return (await self.call("AddActionRule", content))["RuleID"].text

    async def rules(self) -> dict[str, Node]:
        """Return all rules by their ids."""
        found = await self.call("GetActionRules")
        return {rule["RuleID"].text: rule for rule in found["ActionRules"].children}

    async def actions(self) -> dict[str, Node]:
        """Return all actions by their ids."""
        found = await self.call("GetActionConfigurations")
        return {one["ConfigurationID"].text: one for one in found["ActionConfigurations"].children}

    async def recipients(self) -> dict[str, Node]:
        """Return all recipients by their ids."""
        found = await self.call("GetRecipientConfigurations")
        return {one["ConfigurationID"].text: one for one in found["RecipientConfigurations"].children}


def new(kind: str, token: str, name: str, parameters: dict[str, str]) -> str:
    """Return what describes a new action or recipient."""
    listed = "".join(
        f"<Parameter Name={quoteattr(key)} Value={quoteattr(value)}/>" for key, value in parameters.items()
    )
    return (
        f"<New{kind}><Name>{escape(name)}</Name><TemplateToken>{token}</TemplateToken>"
        f"<Parameters>{listed}</Parameters></New{kind}>"
    )


def event(topic: str, **items: str) -> str:
    """Return a filter for events."""
    terms = " and ".join(f'boolean(//SimpleItem[@Name="{name}" and @Value="{value}"])' for name, value in items.items())
    content = f'<w:MessageContent Dialect="{ITEM_FILTER}">{terms}</w:MessageContent>' if terms else ""
    return f'<w:TopicExpression Dialect="{CONCRETE_SET}">{topic}</w:TopicExpression>{content}'


PORT = "tns1:Device/tnsaxis:IO/tnsaxis:Port"

__all__ = ["AA", "AEV", "HTTP", "PORT", "TOGGLE", "Node", "Soap", "SoapError", "event", "new"]
