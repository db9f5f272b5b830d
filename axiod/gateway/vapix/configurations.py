# SPDX-License-Identifier: Apache-2.0
"""Which action of VAPIX a rule has: found by what they do, because a rule has its own copy of the action.

Rules that were made over other doors have an action, too, where a template can say what they do: its id is that of the
rule, counted from FIRST_OF_RULE.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.errors import AxiodError, InvalidArgument
from axiod.gateway.names import ACTION_CONFIGURATION, RULE
from axiod.gateway.vapix import action_template, recipient_template
from axiod.gateway.vapix.action_template import TEMPLATES, essence
from axiod.gateway.vapix.ports import all_ports, port_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.gateway.mirror import Mirror, Thing

RECIPIENT_ID, MADE = "axiod:recipient", "axiod:made"
"""Parameters of ours: the id of the recipient, and whether it was made for this action."""
FIRST_OF_RULE = 50_000
"""Some clients take ids of 16 bits."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One action as VAPIX has it."""

    id: str
    name: str
    token: str
    parameters: Mapping[str, str]

    @property
    def shown(self) -> dict[str, str]:
        """All parameters of its template; passwords are empty."""
        names = TEMPLATES[self.token].all if self.token in TEMPLATES else tuple(self.parameters)
        return {
            name: "" if name in recipient_template.SECRETS else self.parameters.get(name, "")
            for name in names
            if name not in (RECIPIENT_ID, MADE)
        }


class Configurations:
    """All actions, those that were given and those of rules."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def all(self) -> list[Configuration]:
        """Return every one, those that were given first."""
        ports, taken = self._ports(), set(self.of_rules().values())
        own = (_of_rule(rule, ports) for rule in self._rules())
        return [*self._given(), *(one for one in own if one is not None and one.id in taken)]

    def actions(self, id_: str) -> tuple[str, list[dict[str, Any]]] | None:
        """Return the token of an action and what it does; None where there is none. Raises InvalidArgument."""
        found = next((one for one in self.all() if one.id == id_), None)
        return None if found is None else (found.token, self._does(found))

    def of_rules(self) -> dict[str, str]:
        """Return the id of the action of each rule that has one, by the id of the rule."""
        given: dict[str, list[str]] = {}
        for one in self._given():
            if known := self._essence(one):
                given.setdefault(known, []).append(one.id)
        taken: Counter[str] = Counter()
        found = {}
        ports = self._ports()
        for rule in self._rules():
            does = essence(rule["Actions"])
            if alike := given.get(does):
                # Where several do the same, each rule has one of its own as far as they go.
                found[rule.id] = alike[min(taken[does], len(alike) - 1)]
                taken[does] += 1
            elif own := _of_rule(rule, ports):
                found[rule.id] = own.id
        return found

    def needed_by(self, id_: str) -> str:
        """Return the name of a rule that has no action but this one; empty where there is none."""
        given = {one.id: self._essence(one) for one in self._given()}
        does = given.pop(id_, "")
        if not does or does in given.values():
            return ""
        rule = next((rule for rule in self._rules() if essence(rule["Actions"]) == does), None)
        return rule["Name"] if rule is not None else ""

    def share(self, recipient: str) -> bool:
        """Whether an action has this recipient."""
        return any(one.parameters.get(RECIPIENT_ID) == recipient for one in self._given())

    def output(self, number: int) -> str:
        """Return the id of the output with a number from 0; raises InvalidArgument, Unavailable."""
        port = port_at(self._mirror, number)
        if not port.is_output:
            raise InvalidArgument(f"port {number} ({port.name}) is an input; only outputs can be set")
        return port.thing.id

    def _given(self) -> list[Configuration]:
        things = sorted(self._mirror.things(ACTION_CONFIGURATION), key=_number)
        return [Configuration(thing.id, thing["Name"], thing["Token"], thing["Parameters"]) for thing in things]

    def _rules(self) -> list[Thing]:
        return sorted(self._mirror.things(RULE), key=_number)

    def _does(self, one: Configuration) -> list[dict[str, Any]]:
        template = TEMPLATES.get(one.token)
        if template is None:
            raise InvalidArgument(f"there is no action template {one.token[:100]!r}")
        recipient = one.parameters.get(RECIPIENT_ID, "")
        if template.recipient and not recipient:
            raise InvalidArgument(f"the action {one.id} has no recipient; add it with AddActionConfiguration")
        for name in template.required:
            if not one.parameters.get(name):
                raise InvalidArgument(f"the parameter {name} of the action {one.id} is missing")
        return action_template.actions(one.token, one.parameters, self.output, recipient)

    def _essence(self, one: Configuration) -> str:
        """Return the essence of what an action does; empty for one that does nothing now."""
        try:
            return essence(self._does(one))
        except AxiodError:  # its port is an input by now, or its service is away
            return ""

    def _ports(self) -> dict[str, int]:
        """Return the numbers of all ports by their ids; empty while that is not known."""
        try:
            return {port.thing.id: port.number for port in all_ports(self._mirror)}
        except AxiodError:
            return {}


def _of_rule(rule: Thing, ports: Mapping[str, int]) -> Configuration | None:
    found = action_template.shown(list(rule["Actions"]), ports)
    return None if found is None else Configuration(str(FIRST_OF_RULE + _number(rule)), rule["Name"], *found)


def _number(thing: Thing) -> int:
    return int(thing.id) if thing.id.isdigit() else 0
