# SPDX-License-Identifier: Apache-2.0
"""The XML files themselves: everything is documented, and the house rules of names and units are kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from axiod import errors
from axiod.bus import comments
from axiod.bus import interface as contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from axiod.bus.interface import Value

NAMES = contract.names()
MEMBERS = [
    (name, member)
    for name in NAMES
    for group in (contract.load(name).properties, contract.load(name).methods, contract.load(name).signals)
    for member in group
]
METHODS = [(name, member) for name in NAMES for member in contract.load(name).methods]
PROPERTIES = [(name, member) for name in NAMES for member in contract.load(name).properties]
ERRORS = {error.__name__ for error in errors.AxiodError.__subclasses__()}
UNITS = {"Ms": "ms", "Sec": "s", "Usec": "us", "Hz": "Hz", "Percent": "%", "Ohms": "ohm"}


def ids(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"{name}.{member}" for name, member in pairs]


@pytest.mark.parametrize("name", NAMES)
def test_every_interface_has_a_comment(name: str) -> None:
    assert len(comments.read(name)[name].text) > 20


@pytest.mark.parametrize(("name", "member"), MEMBERS, ids=ids(MEMBERS))
def test_every_member_has_a_comment(name: str, member: str) -> None:
    said = comments.read(name)
    assert member in said, f"write <!-- {member}: what it is. --> before it"
    assert len(said[member].text) > 10
    assert said[member].text.endswith((".", ")", '"')), "a comment is a sentence"


@pytest.mark.parametrize("name", NAMES)
def test_no_comment_speaks_of_what_is_not_there(name: str) -> None:
    members = {member for interface, member in MEMBERS if interface == name}
    assert set(comments.read(name)) - members == {name}


@pytest.mark.parametrize(("name", "member"), METHODS, ids=ids(METHODS))
def test_every_argument_and_error_is_documented(name: str, member: str) -> None:
    method, said = contract.load(name).methods[member], comments.read(name)[member]
    assert set(said.arguments) == {value.name for value in method.inputs + method.outputs}
    assert bool(said.errors) == bool(method.errors), "Errors: in the comment and org.axiod.Errors go together"
    assert set(method.errors) <= ERRORS
    spoken_of = set(re.findall(r"\b[A-Z]\w+\b", said.errors)) & ERRORS
    assert spoken_of <= set(method.errors)


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_of_a_signal_is_documented(name: str) -> None:
    for signal in contract.load(name).signals.values():
        assert set(comments.read(name)[signal.name].arguments) == {value.name for value in signal.arguments}


@pytest.mark.parametrize(("name", "member"), PROPERTIES, ids=ids(PROPERTIES))
def test_what_may_be_absent_says_when(name: str, member: str) -> None:
    optional = contract.load(name).properties[member].optional
    says_when = "bsent" in comments.read(name)[member].text
    assert optional == says_when


def values() -> Iterator[tuple[str, Value]]:
    for name in NAMES:
        interface = contract.load(name)
        for item in interface.properties.values():
            yield f"{name}.{item.name}", item.value
        for method in interface.methods.values():
            for value in method.inputs + method.outputs:
                yield f"{name}.{method.name}.{value.name}", value


@pytest.mark.parametrize(("where", "value"), [pytest.param(*pair, id=pair[0]) for pair in values()])
def test_units_stand_in_names_and_enums_are_lower_case(where: str, value: Value) -> None:
    words = re.split(r"_|(?<=[a-z])(?=[A-Z])", value.name)
    unit = UNITS.get(words[-1].capitalize(), "")
    assert value.unit == unit, f"{where} has the unit {value.unit!r}; by its name it has {unit!r}"
    for item in value.values:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", item)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_as_d_bus_writes_them(name: str) -> None:
    interface = contract.load(name)
    assert interface.name == name, "the file is called as its interface"
    assert re.fullmatch(r"org\.axiod\.([A-Z]\w*\d|[a-z]+\d\.[A-Z]\w*)", name), "the version digit stands in the name"
    for _, member in (pair for pair in MEMBERS if pair[0] == name):
        assert re.fullmatch(r"([A-Z][a-z0-9]+)+", member), member
    rows = [method.inputs + method.outputs for method in interface.methods.values()]
    rows += [signal.arguments for signal in interface.signals.values()]
    for arguments in rows:
        assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", value.name) for value in arguments)
        assert len({contract.snake(value.name) for value in arguments}) == len(arguments)


@pytest.mark.parametrize("name", [name for name in NAMES if contract.load(name).configurable])
def test_what_is_configurable_can_be_configured(name: str) -> None:
    interface = contract.load(name)
    (changes,) = interface.methods["Configure"].inputs
    assert interface.configurable.items() <= (changes.options or {}).items()
    assert all(interface.properties[option].emits == "true" for option in interface.configurable)


ONLY_READ = {"Query", "Replay", "Occurrences"}
"""Methods that take arguments and change nothing all the same."""


@pytest.mark.parametrize(("name", "member"), METHODS, ids=ids(METHODS))
def test_whoever_changes_something_needs_a_role(name: str, member: str) -> None:
    if member in ONLY_READ:
        return
    if contract.load(name).methods[member].inputs or member in ("Cancel", "ResetCounter"):
        assert contract.load(name).methods[member].role != "viewer"
