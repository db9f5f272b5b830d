# SPDX-License-Identifier: Apache-2.0
"""Handlers hold what the XML promises: names, arguments, results, properties."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import Any

import pytest

from axiod.bus import interface as contract
from tests.interfaces.conformance import problems
from tests.interfaces.handlers import HANDLERS


@pytest.mark.parametrize("name", sorted(HANDLERS))
def test_the_handler_is_what_its_xml_says(name: str) -> None:
    module, _, handler = HANDLERS[name].partition(":")
    assert problems(contract.load(name), getattr(import_module(module), handler)) == []


def test_every_interface_has_its_handler() -> None:
    assert sorted(HANDLERS) == list(contract.names()), "complete tests/interfaces/handlers.py"


class Kind(StrEnum):
    NARROW = "narrow"


class Good:
    number: int

    @property
    def kind(self) -> Kind:
        return Kind.NARROW

    @property
    def ohms(self) -> float | None:
        return None

    @property
    def ranges(self) -> tuple[tuple[Kind, int, int], ...]:
        return ()

    async def run_sequence(self, steps: list[tuple[bool, int]], options: dict[str, Any]) -> None: ...

    def snapshot(self) -> tuple[int, list[str]]:
        return 0, []


class Bad:
    number: bool

    @property
    def kind(self) -> str | None:
        return None

    @property
    def ohms(self) -> float:
        return 0

    def run_sequence(self, step: list[tuple[int, bool]], options: dict[str, str]) -> int:
        return 0

    def snapshot(self) -> list[str]:
        return []


EMITS = '<annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="true"/>'
THING = contract.parse(f"""<node><interface name="org.axiod.test1.Thing">
  <property name="Number" type="u" access="read">{EMITS}</property>
  <property name="Kind" type="s" access="read">{EMITS}</property>
  <property name="Ohms" type="d" access="read">{EMITS}<annotation name="org.axiod.Optional" value="true"/></property>
  <property name="Ranges" type="a(suu)" access="read">{EMITS}</property>
  <method name="RunSequence"><annotation name="org.axiod.Role" value="operator"/>
    <arg name="steps" type="a(bu)" direction="in"/>
    <arg name="options" type="a{{sv}}" direction="in"><annotation name="org.axiod.Options" value="Mode:s"/></arg>
  </method>
  <method name="Snapshot"><annotation name="org.axiod.Role" value="viewer"/>
    <arg name="sequence" type="t" direction="out"/><arg name="names" type="as" direction="out"/>
  </method>
</interface></node>""")


def test_what_conforms_has_no_problems() -> None:
    assert problems(THING, Good) == []


def test_each_difference_is_named() -> None:
    assert problems(THING, Bad) == [
        "Bad.run_sequence has the parameters ['step', 'options'], not ['steps', 'options']",
        "Bad.run_sequence: options is dict[str, str], not dict[str, typing.Any]",
        "Bad.run_sequence returns int, not what 'nothing' needs",
        "Bad.snapshot returns list[str], not what 'tas' needs",
        "Bad.number is bool, not what 'u' needs",
        "Bad.kind is str | None, but the property is not optional",
        "Bad.ohms is <class 'float'>, but the property is optional".replace("<class 'float'>", "float"),
        "Bad.ranges is missing, or has no annotation",
    ]
