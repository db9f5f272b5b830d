# SPDX-License-Identifier: Apache-2.0
"""Lists of records (aa{sv} with org.axiod.Fields) and options with limits, from the XML to an independent client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from axiod.bus._lib import Variant
from axiod.bus.arguments import checker, expectation, plain_options
from axiod.bus.client import Service, from_text
from axiod.bus.interface import EMITS, parse
from axiod.errors import InvalidArgument
from tests.bus.conftest import NAME, ROOT
from tests.conftest import run

if TYPE_CHECKING:
    from tests.bus.conftest import Served

FIELDS = "Topic:s=1..20 Source:a{ss} Qos:u=0..2 Retain:s=none|all Text:s=0..9,lines"
RULE = parse(f"""<node><interface name="org.axiod.test1.Rule">
  <property name="Conditions" type="aa{{sv}}" access="read">
    <annotation name="{EMITS}" value="true"/>
    <annotation name="org.axiod.Configurable" value="true"/>
    <annotation name="org.axiod.Fields" value="{FIELDS}"/>
  </property>
  <method name="Configure">
    <annotation name="org.axiod.Role" value="viewer"/>
    <arg name="changes" type="a{{sv}}" direction="in"><annotation name="org.axiod.Options" value="Configurable"/></arg>
  </method>
  <method name="Turned">
    <annotation name="org.axiod.Role" value="viewer"/>
    <arg name="rows" type="aa{{sv}}" direction="in"><annotation name="org.axiod.Fields" value="{FIELDS}"/></arg>
    <arg name="turned" type="aa{{sv}}" direction="out"><annotation name="org.axiod.Fields" value="{FIELDS}"/></arg>
  </method>
</interface></node>""")
CONDITIONS = RULE.configurable["Conditions"]
PATH = f"{ROOT}/rule/1"


class Rule:
    def __init__(self) -> None:
        self.conditions: list[dict[str, Any]] = [{"Topic": "a", "Source": {"port": "1"}}]

    def configure(self, changes: dict[str, Any]) -> None:
        self.conditions = changes["Conditions"]

    def turned(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows[::-1]


def test_fields_have_types_values_ranges_and_lines() -> None:
    fields = CONDITIONS.fields
    assert fields is not None
    assert {name: field.type for name, field in fields.items()} == {
        "Topic": "s", "Source": "a{ss}", "Qos": "u", "Retain": "s", "Text": "s",
    }  # fmt: skip
    assert (fields["Qos"].low, fields["Qos"].high) == (0, 2)
    assert fields["Retain"].values == ("none", "all")
    assert [name for name, field in fields.items() if field.lines] == ["Text"]
    assert expectation(CONDITIONS) == "a list of records that have some of Topic, Source, Qos, Retain, Text"


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"Topik": "a"}, "Conditions 2: there is no field 'Topik'; did you mean Topic?"),
        ({"Topic": ""}, "Conditions 2: Topic is ''; it must be printable text of 1 to 20 characters"),
        ({"Topic": "a\nb"}, "Conditions 2: Topic is 'a\\nb'; it must be printable text of 1 to 20 characters"),
        ({"Qos": 3}, "Conditions 2: Qos is 3; it must be a whole number from 0 to 2"),
        ({"Retain": "some"}, "Conditions 2: Retain is 'some'; it must be one of none, all"),
        ({"Text": "a\x1bb"}, "Conditions 2: Text is 'a\\x1bb'; it must be text of 0 to 9 characters"),
    ],
)
def test_an_error_names_the_record_and_the_field(row: dict[str, Any], text: str) -> None:
    given = [{"Topic": "a", "Text": "a\r\n\tb"}, row]
    with pytest.raises(InvalidArgument) as caught:
        plain_options({"Conditions": CONDITIONS}, {"Conditions": given}, "setting")
    assert str(caught.value) == text
    check = checker(CONDITIONS)
    assert check is not None
    types = {"Topik": "s", "Topic": "s", "Qos": "u", "Retain": "s", "Text": "s"}
    with pytest.raises(InvalidArgument) as caught:
        check([{key: Variant(types[key], value) for key, value in line.items()} for line in given])
    assert str(caught.value) == text


@pytest.mark.parametrize("given", [None, {}, "[]", [1], [[]]])
def test_what_is_no_list_of_records_is_refused(given: Any) -> None:
    with pytest.raises(InvalidArgument, match="it must be a list of records"):
        plain_options({"Conditions": CONDITIONS}, {"Conditions": given}, "setting")


def test_a_person_types_json() -> None:
    assert from_text(CONDITIONS, '[{"Topic": "a", "Qos": 2}]') == [{"Topic": "a", "Qos": 2}]
    with pytest.raises(InvalidArgument, match="it must be a list of records"):
        from_text(CONDITIONS, "[{")


async def test_records_travel_both_ways(served: Served) -> None:
    rule = Rule()
    served.server.export(PATH, RULE, rule)
    client = served.client
    rows = [{"Topic": Variant("s", "x"), "Source": Variant("a{ss}", {"port": "2"})}, {"Qos": Variant("u", 1)}]
    (turned,) = await client.call(NAME, PATH, RULE.name, "Turned", "aa{sv}", [rows])
    assert turned == rows[::-1]
    await client.call(NAME, PATH, RULE.name, "Configure", "a{sv}", [{"Conditions": Variant("aa{sv}", rows)}])
    assert rule.conditions == [{"Topic": "x", "Source": {"port": "2"}}, {"Qos": 1}]
    served.server.changed(PATH, RULE.name)
    told = await Service(client, NAME).properties(PATH, RULE.name)
    assert told == {"Conditions": rule.conditions}


async def test_busctl_reads_and_writes_them(served: Served, bus_address: str) -> None:
    rule = Rule()
    served.server.export(PATH, RULE, rule)
    busctl = ("busctl", f"--address={bus_address}", "--json=short")
    shown = await run(*busctl, "get-property", NAME, PATH, RULE.name, "Conditions")
    assert json.loads(shown.out)["data"] == [
        {"Topic": {"type": "s", "data": "a"}, "Source": {"type": "a{ss}", "data": {"port": "1"}}}
    ]
    call = (*busctl, "call", NAME, PATH, RULE.name, "Configure", "a{sv}", "1", "Conditions", "aa{sv}", "1")
    outcome = await run(*call, "2", "Topic", "s", "door", "Qos", "u", "2")
    assert (outcome.code, outcome.err) == (0, "")
    assert rule.conditions == [{"Topic": "door", "Qos": 2}]
    outcome = await run(*call, "1", "Qos", "u", "9")
    assert "Conditions 1: Qos is 9; it must be a whole number from 0 to 2" in outcome.err
    assert rule.conditions == [{"Topic": "door", "Qos": 2}]
