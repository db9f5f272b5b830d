# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from axiod.bus.interface import load, names, parse, snake

ROLE = '<annotation name="org.axiod.Role" value="viewer"/>'
EMITS = '<annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="true"/>'


def note(name: str, value: str) -> str:
    return f'<annotation name="org.axiod.{name}" value="{value}"/>'


def document(members: str) -> str:
    return (
        f'<node><!-- a <interface> in a comment --><interface name="org.axiod.test1.Thing">{members}</interface></node>'
    )


def test_a_method_with_everything() -> None:
    thing = parse(
        document(f"""
        <!-- Do: does it. -->
        <method name="Do">
          <annotation name="org.axiod.Role" value="operator"/>
          <annotation name="org.axiod.Errors" value="Busy Timeout"/>
          <annotation name="org.axiod.Timely" value="true"/>
          <arg name="hz" type="d" direction="in">
            <annotation name="org.axiod.Range" value="0.01..20000"/>
            <annotation name="org.axiod.Unit" value="Hz"/>
          </arg>
          <arg name="options" type="a{{sv}}" direction="in">
            <annotation name="org.axiod.Options" value="DeadlineUsec:t Mode:s"/>
          </arg>
          <arg name="left" type="a(su)" direction="out"/>
          <arg name="right" type="b" direction="out"/>
        </method>
        <property name="Mode" type="s" access="read">{EMITS}</property>
        """)
    )
    method = thing.methods["Do"]
    assert (method.role, method.errors, method.timely) == ("operator", ("Busy", "Timeout"), True)
    assert (method.in_signature, method.out_signature) == ("da{sv}", "a(su)b")
    hz, options = method.inputs
    assert (hz.low, hz.high, hz.unit, hz.options) == (0.01, 20000, "Hz", None)
    assert options.options
    assert {name: option.type for name, option in options.options.items()} == {"DeadlineUsec": "t", "Mode": "s"}
    assert "<!--" not in thing.xml
    assert "a comment" not in thing.xml


def test_configure_takes_the_configurable_properties() -> None:
    thing = parse(
        document(f"""
        <property name="Mode" type="s" access="read">{EMITS}
          <annotation name="org.axiod.Configurable" value="true"/>
          <annotation name="org.axiod.Values" value="slow fast"/>
        </property>
        <property name="Now" type="s" access="read">{EMITS}
          <annotation name="org.axiod.Optional" value="true"/>
        </property>
        <method name="Configure">{ROLE}
          <arg name="changes" type="a{{sv}}" direction="in">
            <annotation name="org.axiod.Options" value="Configurable"/>
          </arg>
        </method>
        """)
    )
    (changes,) = thing.methods["Configure"].inputs
    assert changes.options == thing.configurable == {"Mode": thing.properties["Mode"].value}
    assert thing.properties["Now"].optional
    assert not thing.properties["Mode"].optional


def test_what_the_network_sees() -> None:
    thing = parse(
        document(f"""
        {note("Resource", "things/{id}")}{note("Role", "administrator")}
        <method name="Add">{note("Role", "gateway")}{note("Creates", "things")}
          <arg name="word" type="s" direction="in">{note("Secret", "true")}</arg>
          <arg name="name" type="s" direction="in"/>
        </method>
        """)
    )
    assert (thing.resource, thing.role) == ("things/{id}", "administrator")
    method = thing.methods["Add"]
    assert (method.role, method.creates) == ("gateway", "things")
    assert [value.secret for value in method.inputs] == [True, False]


def test_what_says_nothing_of_the_network_is_not_seen_there_and_anybody_may_read_it() -> None:
    thing = parse(document(f'<method name="Do">{ROLE}</method>'))
    assert (thing.resource, thing.role, thing.methods["Do"].creates) == ("", "viewer", "")


@pytest.mark.parametrize(
    ("members", "text"),
    [
        (note("Role", "root"), "Role"),
        (note("Resorce", "x"), "Resorce"),
        ('<method name="Do"/>', "Role"),
        ('<method name="Do"><annotation name="org.axiod.Role" value="root"/></method>', "Role"),
        (f'<property name="P" type="s" access="readwrite">{EMITS}</property>', "read-only"),
        (f'<property name="P" type="s" access="write">{EMITS}</property>', "read-only"),
        ('<property name="P" type="s" access="read"/>', "EmitsChangedSignal"),
        (f'<property name="P" type="ss" access="read">{EMITS}</property>', "one complete type"),
        (f'<property name="P" type="" access="read">{EMITS}</property>', "one complete type"),
        (f'<property name="P" type="Z" access="read">{EMITS}</property>', "no type 'Z'"),
        (f'<method name="Do">{ROLE}<arg name="x" type="a" direction="in"/></method>', "ends too early"),
        ('<signal name="S"><arg name="x" type="su"/></signal>', "one complete type"),
        (
            f'<method name="Do">{ROLE}<arg name="x" type="a{{sv}}" direction="in">'
            '<annotation name="org.axiod.Options" value="Mode"/></arg></method>',
            "NAME:TYPE",
        ),
        (f'<method name="Do">{ROLE}<arg name="x" type="a{{sv}}" direction="in"/></method>', "Options"),
        (
            f'<method name="Do">{ROLE}<arg name="x" type="s" direction="in">'
            '<annotation name="org.axiod.Options" value="Mode:s"/></arg></method>',
            "Options",
        ),
        (f'<method name="Do">{ROLE}<annotation name="org.axiod.Timely" value="true"/></method>', "DeadlineUsec"),
        (f'<property name="P" type="u" access="read">{EMITS}{note("Range", "1-5")}</property>', "LOW..HIGH"),
        (f'<property name="P" type="u" access="read">{EMITS}{note("Range", "1..")}</property>', "LOW..HIGH"),
        (f'<property name="P" type="u" access="read">{EMITS}{note("Range", "a..b")}</property>', "float"),
        (f'<property name="P" type="as" access="read">{EMITS}{note("Range", "1..5")}</property>', "LOW..HIGH"),
        (f'<property name="P" type="u" access="read">{EMITS}{note("Values", "1 2")}</property>', "for strings"),
        (
            f'<property name="P" type="u" access="read">{EMITS}{note("Configureable", "true")}</property>',
            "Configureable",
        ),
    ],
)
def test_what_breaks_the_rules_is_refused(members: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse(document(members))


def test_a_file_without_an_interface_is_refused() -> None:
    with pytest.raises(ValueError, match="interface"):
        parse("<node/>")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RunSequence", "run_sequence"),
        ("Set", "set"),
        ("LastChangeUsec", "last_change_usec"),
        ("DeadlineUsec", "deadline_usec"),
        ("options", "options"),
    ],
)
def test_snake(name: str, expected: str) -> None:
    assert snake(name) == expected


def test_the_contract_is_found_by_name() -> None:
    assert "org.axiod.Service1" in names()
    assert load("org.axiod.Service1") is load("org.axiod.Service1")
    with pytest.raises(FileNotFoundError):
        load("org.axiod.none1")
