# SPDX-License-Identifier: Apache-2.0
"""What the REST API offers: everything that the contract calls a resource, and nothing that is written by hand.

The names in JSON are those of the contract: properties as they are (LastChangeUsec); arguments and results, which it
writes common_name, in the same spelling as properties (CommonName). The options of a method stand beside its arguments.
A path has the name of a method with hyphens: RunSequence is run-sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.bus.interface import snake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.interface import Interface, Method, Value

API = "/api/v1"
_OWN_WAY = ("Configure", "Remove")
"""PATCH and DELETE of the resource."""
_WITHHELD = ("DeadlineUsec",)
"""Of a clock that nobody else has; the gateway gives each command a deadline of its own."""


@dataclass(frozen=True, slots=True)
class Action:
    """A method of the contract as the network sees it."""

    method: Method
    interface: str
    name: str
    """The last part of its path, for example run-sequence."""
    fields: Mapping[str, Value]
    """What its body takes, by the name in JSON."""
    required: tuple[str, ...]
    results: Mapping[str, Value]

    @property
    def role(self) -> Role:
        """Who may do it."""
        return Role.named(self.method.role)

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the arguments of the call; `given` is what the body has, checked."""
        return [
            given[_spelt(value.name)]
            if value.options is None
            else {name: given[name] for name in value.options if name in given}
            for value in self.method.inputs
        ]

    def answer(self, result: Any) -> dict[str, Any]:
        """Return what the call returned, by the name in JSON."""
        if len(self.results) == 1:
            result = (result,)
        return dict(zip(self.results, result, strict=True)) if self.results else {}


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of resource."""

    kind: str
    """What it is called, for example ports."""
    interface: Interface
    several: bool
    """There is a collection of them; otherwise there is one."""
    configure: Action | None
    remove: Action | None
    actions: tuple[Action, ...]
    create: Action | None = None
    """What adds one to the collection; it is a method of another resource."""
    properties: Mapping[str, Value] = field(default_factory=dict)

    @property
    def role(self) -> Role:
        """Who may read it."""
        return Role.named(self.interface.role)

    @property
    def path(self) -> str:
        """The path of the collection, or of the only one."""
        return f"{API}/{self.kind}"

    @property
    def one(self) -> str:
        """The path of one, as aiohttp and OpenAPI write it."""
        return self.path + "/{id}" if self.several else self.path


@cache
def resources(services: tuple[str, ...] | None = None) -> Mapping[str, Resource]:
    """Return every resource of the contract, or of these services alone, by its kind."""
    interfaces = [contract.load(name) for name in contract.names()]
    seen = [
        interface
        for interface in interfaces
        if interface.resource and (services is None or interface.name.rpartition(".")[0] in services)
    ]
    creating = {
        method.creates: _action(method, interface.name)
        for interface in seen
        for method in interface.methods.values()
        if method.creates
    }
    found = {}
    for interface in seen:
        kind, _, id_ = interface.resource.partition("/")
        actions = {
            name: _action(method, interface.name)
            for name, method in interface.methods.items()
            if method.role != "gateway" and not method.creates
        }
        found[kind] = Resource(
            kind,
            interface,
            several=bool(id_),
            configure=actions.get("Configure"),
            remove=actions.get("Remove"),
            actions=tuple(action for name, action in actions.items() if name not in _OWN_WAY),
            create=creating.get(kind),
            properties={name: item.value for name, item in interface.properties.items()},
        )
    return found


@cache
def kind_of(interface: str) -> str:
    """Return the kind of resource that an interface is; empty where the network does not see it."""
    return contract.load(interface).resource.partition("/")[0]


def _action(method: Method, interface: str) -> Action:
    fields: dict[str, Value] = {}
    required = []
    for value in method.inputs:
        if value.options is None:
            required.append(_spelt(value.name))
            added = {_spelt(value.name): value}
        else:
            added = {name: option for name, option in value.options.items() if name not in _WITHHELD}
        if both := fields.keys() & added.keys():
            raise ValueError(f"{method.name} of {interface} would take {', '.join(both)} twice")
        fields |= added
    return Action(
        method,
        interface,
        snake(method.name).replace("_", "-"),
        {name: replace(value, name=name) for name, value in fields.items()},
        tuple(required),
        {_spelt(value.name): value for value in method.outputs},
    )


def _spelt(argument: str) -> str:
    return "".join(part.capitalize() for part in argument.split("_"))
