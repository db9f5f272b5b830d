# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from axiod.bus._lib import Variant
from axiod.bus.signature import fits, from_wire, integer_bounds, is_integer, split, to_wire
from axiod.bus.variant import plain, python_type


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("signature", "parts"),
    [
        ("", ()),
        ("s", ("s",)),
        ("a(su)bs", ("a(su)", "b", "s")),
        ("a{sa{sv}}as", ("a{sa{sv}}", "as")),
        ("(s(ii))a(sa{ss}a{ss}t)", ("(s(ii))", "a(sa{ss}a{ss}t)")),
        ("aaay", ("aaay",)),
    ],
)
def test_split_gives_the_complete_types(signature: str, parts: tuple[str, ...]) -> None:
    assert split(signature) == parts


@pytest.mark.parametrize("signature", ["a", "(s", "a{s", "Z", "sa", ")"])
def test_split_refuses_what_is_no_signature(signature: str) -> None:
    with pytest.raises(ValueError, match="signature"):
        split(signature)


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("b", bool),
        ("y", int),
        ("t", int),
        ("d", float),
        ("s", str),
        ("o", str),
        ("ay", bytes),
        ("as", list[str]),
        ("a{sv}", dict[str, Variant]),
        ("a(suu)", list[tuple[str, int, int]]),
        ("a(sa{ss}a{ss}t)", list[tuple[str, dict[str, str], dict[str, str], int]]),
    ],
)
def test_each_type_has_a_python_type(signature: str, expected: Any) -> None:
    assert python_type(signature) == expected


def test_a_file_descriptor_has_no_python_type() -> None:
    with pytest.raises(ValueError, match="h"):
        python_type("h")


def test_integer_bounds() -> None:
    assert integer_bounds("y") == (0, 255)
    assert integer_bounds("n") == (-32768, 32767)
    assert integer_bounds("t") == (0, 2**64 - 1)
    assert not is_integer("d")


@pytest.mark.parametrize(
    ("signature", "value", "wire"),
    [
        ("b", True, True),
        ("u", 5, 5),
        ("d", 5, 5.0),
        ("s", Colour.RED, "red"),
        ("s", "", ""),
        ("s", "grün 🚪", "grün 🚪"),
        ("as", (Colour.RED, "x"), ["red", "x"]),
        ("ay", b"\0", b"\0"),
        ("o", "/org/axiod", "/org/axiod"),
        ("o", "/", "/"),
        ("a(suu)", [(Colour.RED, 1, 2)], [["red", 1, 2]]),
        ("a{ss}", {Colour.RED: Colour.RED}, {"red": "red"}),
    ],
)
def test_values_become_what_the_library_takes(signature: str, value: Any, wire: Any) -> None:
    ready = to_wire(signature)(value)
    assert ready == wire
    Variant(signature, ready)


def test_an_enum_becomes_a_plain_string() -> None:
    assert type(to_wire("s")(Colour.RED)) is str


@pytest.mark.parametrize(
    ("signature", "value"),
    [
        ("b", "false"),
        ("b", 1),
        ("b", None),
        ("u", -1),
        ("u", 1 << 32),
        ("u", 1.5),
        ("u", "1"),
        ("y", 256),
        ("d", "1.5"),
        ("d", True),
        ("s", 5),
        ("s", None),
        ("s", b"x"),
        ("s", "a\0b"),
        ("s", "a\udc80"),
        ("o", "relay 1"),
        ("o", "/a/"),
        ("as", [None]),
        ("a(suu)", [("x", 1)]),
        ("a(suu)", [("x", 1, 2, 3)]),
    ],
)
def test_what_cannot_be_sent_is_refused_and_never_bent(signature: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        to_wire(signature)(value)


@pytest.mark.parametrize(
    ("signature", "received", "value"),
    [
        ("a(suu)", [["open", 1, 2]], [("open", 1, 2)]),
        ("(s(ii))", ["x", [1, 2]], ("x", (1, 2))),
        ("a{s(bu)}", {"k": [True, 1]}, {"k": (True, 1)}),
        ("aa(s)", [[["x"]]], [[("x",)]]),
    ],
)
def test_received_structs_become_tuples(signature: str, received: Any, value: Any) -> None:
    convert = from_wire(signature)
    assert convert
    assert convert(received) == value


@pytest.mark.parametrize("signature", ["s", "as", "ay", "a{ss}", "a{sv}", "t"])
def test_what_is_plain_python_already_costs_nothing(signature: str) -> None:
    assert from_wire(signature) is None


def test_plain_takes_the_variants_out_at_any_depth() -> None:
    value = {"a": Variant("v", Variant("as", ["x"])), "b": [Variant("(u)", [1])]}
    assert plain(value) == {"a": ["x"], "b": [[1]]}


@pytest.mark.parametrize(
    ("signature", "value", "expected"),
    [
        ("ay", b"\x00", True),
        ("ay", [0], False),
        ("ay", "text", False),
        ("a{sb}", {"a": True}, True),
        ("a{sb}", {}, True),
        ("a{sb}", {"a": 1}, False),
        ("a{sb}", {1: True}, False),
        ("a{sb}", [("a", True)], False),
        ("a{sas}", {"a": ["b"]}, True),
        ("a{sas}", {"a": "b"}, False),
        ("u", True, False),
        ("u", -1, False),
        ("a(su)", [["a", 1]], True),
        ("a(su)", [["a"]], False),
    ],
)
def test_what_fits_a_type(signature: str, value: Any, expected: bool) -> None:
    assert fits(signature, value) is expected
