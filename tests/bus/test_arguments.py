# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from typing import Any

import pytest

from axiod.bus._lib import Variant
from axiod.bus.arguments import check, checker, expectation, options, plain_options, unknown, wrong_value
from axiod.bus.client import from_text, variants
from axiod.bus.interface import Value, load
from axiod.errors import InvalidArgument

STATE = Value("state", "s", values=("open", "closed"))
NAME = Value("Name", "s", low=1, high=8)
TEXT = Value("text", "s")
DEBOUNCE = Value("DebounceMs", "u", low=0, high=10000, unit="ms")
NOISE = Value("NoisePercent", "d", low=0, high=50, unit="%")
OHMS = Value("ohms", "d")
COUNT = Value("count", "u")
FLAG = Value("flag", "b")
RANGES = Value("Ranges", "a(suu)")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (STATE, "one of open, closed"),
        (NAME, "printable text of 1 to 8 characters"),
        (TEXT, "printable text"),
        (DEBOUNCE, "a whole number from 0 to 10000 (ms)"),
        (NOISE, "a number from 0 to 50 (%)"),
        (COUNT, "a whole number"),
        (FLAG, "true or false"),
        (RANGES, "a list of (state, lower, upper), typed STATE:LOWER:UPPER,…"),
        (Value("d", "u", low=1, high=86400000), "a whole number from 1 to 86400000"),
    ],
)
def test_an_expectation_is_a_sentence_for_a_person(value: Value, text: str) -> None:
    assert expectation(value) == text


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (STATE, "open"),
        (NAME, "x"),
        (NAME, "12345678"),
        (NAME, "Tür 🚪"),
        (TEXT, ""),
        (DEBOUNCE, 0),
        (DEBOUNCE, 10000),
        (NOISE, 0.0),
        (NOISE, 50.0),
        (OHMS, -1e300),
        (COUNT, 0),
        (FLAG, False),
        (RANGES, [("open", 1, 2)]),
    ],
)
def test_what_the_contract_allows_is_taken(value: Value, given: Any) -> None:
    check(value, given)


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (STATE, "Open"),
        (STATE, ""),
        (NAME, ""),
        (NAME, "123456789"),
        (NAME, "a\nb"),
        (NAME, "a\x1b[2J"),
        (TEXT, "a\tb"),
        (DEBOUNCE, 10001),
        (NOISE, -0.1),
        (NOISE, 50.1),
        (NOISE, math.nan),
        (NOISE, math.inf),
        (OHMS, math.nan),
        (OHMS, -math.inf),
    ],
)
def test_what_it_does_not_allow_is_refused_with_what_would_be_right(value: Value, given: Any) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        check(value, given)
    assert value.name in str(refusal.value)
    assert expectation(value) in str(refusal.value)


def test_a_huge_value_is_not_repeated_in_the_text() -> None:
    with pytest.raises(InvalidArgument) as refusal:
        check(NAME, "x" * 1_000_000)
    assert len(str(refusal.value)) < 200
    assert len(unknown("option", "x" * 1_000_000, ["Name"])) < 200


def test_options_become_plain_python() -> None:
    known = {"Name": NAME, "Ranges": RANGES}
    given = {"Name": Variant("s", "x"), "Ranges": Variant("a(suu)", [["open", 1, 2]])}
    assert options(known, given) == {"Name": "x", "Ranges": [("open", 1, 2)]}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"Nam": Variant("s", "x")}, "did you mean Name?"),
        ({"zzz": Variant("s", "x")}, "there is DebounceMs, Name"),
        ({"Name": Variant("u", 1)}, "has the D-Bus type 'u'"),
        ({"Name": Variant("v", Variant("s", "x"))}, "has the D-Bus type 'v'"),
        ({"DebounceMs": Variant("u", 10001)}, "from 0 to 10000"),
        ({"DebounceMs": Variant("i", 1)}, "type 'u'"),
        ({"": Variant("s", "x")}, "no option ''"),
    ],
)
def test_options_refuse_what_is_not_known(given: dict[str, Variant], text: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        options({"Name": NAME, "DebounceMs": DEBOUNCE}, given)
    assert text in str(refusal.value)


def test_a_checker_turns_and_checks() -> None:
    steps = checker(Value("steps", "a(bu)"))
    assert steps
    assert steps([[True, 1]]) == [(True, 1)]
    changes = checker(Value("changes", "a{sv}", options={"Name": NAME}))
    assert changes
    assert changes({"Name": Variant("s", "x")}) == {"Name": "x"}
    assert checker(COUNT) is None


def test_a_checker_of_options_gives_a_dict_of_its_own() -> None:
    changes = checker(Value("changes", "a{sv}", options={}))
    assert changes
    given: dict[str, Variant] = {}
    changes(given)["DeadlineUsec"] = 1
    assert given == {}


@pytest.mark.parametrize(
    ("value", "text", "given"),
    [
        (STATE, "open", "open"),
        (FLAG, "ON", True),
        (FLAG, "no", False),
        (DEBOUNCE, "20", 20),
        (NOISE, "2.5", 2.5),
        (RANGES, "open:1:2,cut:3:4", [("open", 1, 2), ("cut", 3, 4)]),
        (RANGES, "", []),
    ],
)
def test_what_a_person_types_becomes_a_value(value: Value, text: str, given: Any) -> None:
    assert from_text(value, text) == given


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (STATE, "ajar"),
        (FLAG, "maybe"),
        (DEBOUNCE, "20ms"),
        (DEBOUNCE, "10001"),
        (COUNT, "-1"),
        (COUNT, "4294967296"),
        (NOISE, "nan"),
        (RANGES, "open:1"),
        (RANGES, "open:1:-2"),
    ],
)
def test_what_a_person_mistypes_is_refused(value: Value, text: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        from_text(value, text)
    assert expectation(value) in str(refusal.value)


def test_variants_have_the_types_of_the_contract() -> None:
    made = variants({"DebounceMs": DEBOUNCE, "flag": FLAG}, {"DebounceMs": 5, "flag": True})
    assert made == {"DebounceMs": Variant("u", 5), "flag": Variant("b", True)}


@pytest.mark.parametrize(
    "given",
    [{"text": "a\0b"}, {"text": "a\udc80"}, {"flag": "false"}, {"DebounceMs": "5"}, {"DebounceMs": -1}, {"other": 1}],
)
def test_variants_refuse_what_has_not_the_type(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        variants({"DebounceMs": DEBOUNCE, "flag": FLAG, "text": TEXT}, given)


@pytest.mark.parametrize("given", ["", "x" * 65, "the secret\n", 7, None])
def test_a_secret_is_not_quoted(given: Any) -> None:
    password = load("org.axiod.system1.Account").methods["SetPassword"].inputs[0]
    assert password.secret
    text = wrong_value(password, given)
    assert text == "password must be printable text of 1 to 64 characters"
    if isinstance(given, str):
        with pytest.raises(InvalidArgument, match="password must be") as caught:
            check(password, given)
        assert str(caught.value) == text
        with pytest.raises(InvalidArgument) as caught:
            from_text(password, given)
        assert str(caught.value) == text


def test_maps_from_a_file_stay_maps() -> None:
    known = {"Source": Value("Source", "a{ss}"), "Levels": Value("Levels", "a{sd}")}
    given = {"Source": {"port": "1"}, "Levels": {"low": 1, "high": 2.5}}
    found = plain_options(known, given, "option")
    assert found == {"Source": {"port": "1"}, "Levels": {"low": 1.0, "high": 2.5}}
    assert isinstance(found["Levels"]["low"], float)
