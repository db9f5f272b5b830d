# SPDX-License-Identifier: Apache-2.0
"""Templates, action configurations and recipient configurations of the action service (action1).

The parameters of an action hold a copy of those of its recipient. Here each recipient is one of the recipients of the
contract: one that is like it, or a new one with the name of the action, which goes with the action. Passwords go there
and nowhere else; whoever reads the parameters gets empty ones.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.errors import AxiodError, InvalidArgument, NotFound
from axiod.gateway.names import ACTION_CONFIGURATION, RECIPIENT, RECIPIENTS, RULES
from axiod.gateway.vapix import action_template, recipient_template
from axiod.gateway.vapix.action_template import TEMPLATES
from axiod.gateway.vapix.configurations import MADE, RECIPIENT_ID, Configurations
from axiod.gateway.vapix.event_filter import AA
from axiod.gateway.vapix.instances import AEV
from axiod.gateway.vapix.notification import quoted
from axiod.gateway.vapix.soap import Fault
from axiod.gateway.vapix.soap_operation import changing, reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.recipient_template import Recipient
    from axiod.gateway.vapix.soap import Element
    from axiod.gateway.vapix.soap_operation import Operation

_log = logging.getLogger(__name__)

DECLARATIONS = (
    f' xmlns:aa="{AA}" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    f' xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:tnsaxis="http://www.axis.com/2009/event/topics"'
    f' xmlns:tnsaxiod="urn:axiod:event:topics" xmlns:aev="{AEV}"'
)
_LONGEST_NAME = 128


class ActionService:
    """The operations."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting
        self._configurations = Configurations(gateway.mirror)

    def operations(self) -> Mapping[str, Operation]:
        """Return what there is, by name."""
        return {
            "GetActionTemplates": reading(self._action_templates),
            "GetRecipientTemplates": reading(self._recipient_templates),
            "AddActionConfiguration": changing(self._add_action, RULES, "AddActionConfiguration"),
            "GetActionConfigurations": reading(self._actions, ACTION_CONFIGURATION),
            "RemoveActionConfiguration": changing(self._remove_action, ACTION_CONFIGURATION, "Remove"),
            "AddRecipientConfiguration": changing(self._add_recipient, RECIPIENTS, "AddRecipient"),
            "GetRecipientConfigurations": reading(self._recipients, RECIPIENT),
            "RemoveRecipientConfiguration": changing(self._remove_recipient, RECIPIENT, "Remove"),
        }

    # --- templates ---

    async def _action_templates(self, _person: Person, _asked: Element) -> str:
        return _listed("ActionTemplate", (_template(token, TEMPLATES[token]) for token in TEMPLATES))

    async def _recipient_templates(self, _person: Person, _asked: Element) -> str:
        return _listed("RecipientTemplate", (
            f"<aa:TemplateToken>{token}</aa:TemplateToken>{_declared(names)}"
            for token, names in recipient_template.TEMPLATES.items()
        ))  # fmt: skip

    # --- actions ---

    async def _add_action(self, person: Person, asked: Element) -> str:
        new = asked.require("NewActionConfiguration")
        token, name = new.value("TemplateToken"), new.value("Name")[:_LONGEST_NAME]
        template = TEMPLATES.get(token)
        if template is None:
            raise _fault("ActionTemplateNotFoundFault", f"there is no action template {token[:100]!r}")
        given = _parameters(new, template.all, template.required)
        try:
            action_template.actions(token, given, self._configurations.output)
            recipient = recipient_template.read(template.recipient, given) if template.recipient else None
        except InvalidArgument as error:
            raise _fault("InvalidActionConfigurationFault", str(error)) from None
        kept = {key: value for key, value in given.items() if key not in recipient_template.SECRETS}
        made = ""
        if recipient is not None:
            same = self._like(person, recipient)
            made = "" if same else await self._make(person, name or token, recipient)
            kept[RECIPIENT_ID] = same or made
            if made:
                kept[MADE] = "1"
        try:
            id_ = await self._acting.act(person, self._mirror.thing(RULES), "AddActionConfiguration", name, token, kept)
        except AxiodError:
            await self._unmake(person, made)
            raise
        return f"<aa:AddActionConfigurationResponse>{_id(id_)}</aa:AddActionConfigurationResponse>"

    async def _actions(self, _person: Person, _asked: Element) -> str:
        return _listed("ActionConfiguration", (
            _configuration(one.id, one.name, one.token, one.shown) for one in self._configurations.all()
        ))  # fmt: skip

    async def _remove_action(self, person: Person, asked: Element) -> str:
        id_ = asked.value("ConfigurationID")
        try:
            thing = self._mirror.thing(ACTION_CONFIGURATION, id_)
        except NotFound:
            raise _fault("ActionConfigurationNotFoundFault", f"there is no action {id_[:40]!r}") from None
        if rule := self._configurations.needed_by(id_):
            raise _fault(
                "ActionConfigurationIsInUseFault", f"the rule {rule!r} needs the action {id_}; remove it first"
            )
        await self._acting.act(person, thing, "Remove")
        if self._made_for(thing):
            await self._unmake(person, thing["Parameters"][RECIPIENT_ID])
        return "<aa:RemoveActionConfigurationResponse/>"

    def _made_for(self, action: Thing) -> bool:
        """Whether the recipient of a removed action was made for it, is as it was then, and no other action has it."""
        parameters, template = action["Parameters"], TEMPLATES.get(action["Token"])
        id_ = parameters.get(RECIPIENT_ID, "")
        if template is None or not template.recipient or MADE not in parameters or self._configurations.share(id_):
            return False
        try:
            found = self._mirror.thing(RECIPIENT, id_)
            made = recipient_template.read(template.recipient, parameters)
        except AxiodError:
            return False
        return found["Name"] == (action["Name"] or action["Token"]) and made.has_fields_of(found.properties)

    # --- recipients ---

    async def _add_recipient(self, person: Person, asked: Element) -> str:
        new = asked.require("NewRecipientConfiguration")
        token, name = new.value("TemplateToken"), new.value("Name")
        names = recipient_template.TEMPLATES.get(token)
        if names is None:
            raise _fault("RecipientTemplateNotFoundFault", f"there is no recipient template {token[:100]!r}")
        try:
            recipient = recipient_template.read(token, _parameters(new, names, ()))
        except InvalidArgument as error:
            raise _fault("ParametersMissmatchFault", str(error)) from None
        id_ = await self._make(person, name or token, recipient)
        return f"<aa:AddRecipientConfigurationResponse>{_id(id_)}</aa:AddRecipientConfigurationResponse>"

    async def _recipients(self, _person: Person, _asked: Element) -> str:
        return _listed("RecipientConfiguration", (
            _configuration(thing.id, thing["Name"], *recipient_template.shown(thing.properties))
            for thing in self._mirror.things(RECIPIENT)
        ))  # fmt: skip

    async def _remove_recipient(self, person: Person, asked: Element) -> str:
        id_ = asked.value("ConfigurationID")
        try:
            thing = self._mirror.thing(RECIPIENT, id_)
        except NotFound:
            raise _fault("RecipientConfigurationNotFoundFault", f"there is no recipient {id_[:40]!r}") from None
        await self._acting.act(person, thing, "Remove")
        return "<aa:RemoveRecipientConfigurationResponse/>"

    def _like(self, person: Person, recipient: Recipient) -> str:
        """Return the id of a recipient that is like this one; empty where there is none."""
        person.require(Role.named(contract.load(RECIPIENT).role), "an action with a recipient of its own")
        found = (thing.id for thing in self._mirror.things(RECIPIENT) if recipient.is_like(thing.properties))
        return next(found, "")

    async def _make(self, person: Person, name: str, recipient: Recipient) -> str:
        made = self._mirror.thing(RECIPIENTS), "AddRecipient", name[:_LONGEST_NAME], recipient.type, recipient.given
        id_ = str(await self._acting.act(person, *made))
        if recipient.secrets:
            try:
                await self._acting.act(
                    person, self._mirror.thing(RECIPIENT, id_), "SetSecrets", dict(recipient.secrets)
                )
            except AxiodError:
                await self._unmake(person, id_)
                raise
        return id_

    async def _unmake(self, person: Person, id_: str) -> None:
        """Remove a recipient that was made for an action; one that is needed by now stays."""
        if not id_:
            return
        try:
            await self._acting.act(person, self._mirror.thing(RECIPIENT, id_), "Remove")
        except AxiodError as error:
            _log.info("the recipient %s of a removed action stays: %s", id_, error)


def _parameters(new: Element, known: Iterable[str], required: Iterable[str]) -> dict[str, str]:
    """Return the parameters that a client gave, in lower case; raises Fault."""
    found: dict[str, str] = {}
    names = set(known)
    listed = new.child("Parameters")
    for parameter in listed.all("Parameter") if listed is not None else ():
        name = parameter.attributes.get("Name", "").lower()
        value = parameter.attributes.get("Value", "")
        if name not in names:
            raise _fault(
                "ParametersMissmatchFault", f"there is no parameter {name[:100]!r}; there is {', '.join(known)}"
            )
        if found.setdefault(name, value) != value:
            raise _fault("ParametersMissmatchFault", f"the parameter {name} has two values")
    for name in required:
        if not found.get(name):
            raise _fault("ParametersMissmatchFault", f"the parameter {name} is missing, or empty")
    return found


def _fault(name: str, reason: str) -> Fault:
    return Fault(reason, subcode="ter:InvalidArgVal", detail=name, namespace=AA)


def _listed(kind: str, contents: Iterable[str]) -> str:
    inside = "".join(f"<aa:{kind}>{content}</aa:{kind}>" for content in contents)
    return f"<aa:Get{kind}sResponse><aa:{kind}s>{inside}</aa:{kind}s></aa:Get{kind}sResponse>"


def _template(token: str, template: action_template.Template) -> str:
    recipient = f"<aa:RecipientTemplate>{template.recipient}</aa:RecipientTemplate>" if template.recipient else ""
    return f"<aa:TemplateToken>{token}</aa:TemplateToken>{recipient}{_declared(template.parameters)}"


def _declared(names: Iterable[str]) -> str:
    listed = "".join(f'<aa:Parameter Name={quoted(name)} Type="xsd:string"/>' for name in names)
    return f"<aa:Parameters>{listed}</aa:Parameters>"


def _configuration(id_: str, name: str, token: str, parameters: Mapping[str, Any]) -> str:
    values = "".join(
        f"<aa:Parameter Name={quoted(key)} Value={quoted(str(value))}/>" for key, value in parameters.items()
    )
    return (
        f"{_id(id_)}<aa:Name>{quoted(name)[1:-1]}</aa:Name><aa:TemplateToken>{quoted(token)[1:-1]}</aa:TemplateToken>"
        f"<aa:Parameters>{values}</aa:Parameters>"
    )


def _id(id_: str) -> str:
    return f"<aa:ConfigurationID>{quoted(id_)[1:-1]}</aa:ConfigurationID>"
