# SPDX-License-Identifier: Apache-2.0
"""schema.json, for editors: it must agree with the loader wherever both can see a fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no type information

from axiod.board import profile
from axiod.board.keys import KEYS, Colour, Direction

from .mistakes import CASES, GOOD
from .test_shipped import EXAMPLES, SHIPPED

if TYPE_CHECKING:
    from .mistakes import Case

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "axiod" / "board" / "schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


def faults(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_profiles_are_valid(path: Path) -> None:
    assert faults(path.read_text()) == []


@pytest.mark.parametrize("text", [GOOD, *EXAMPLES])
def test_good_profiles_are_valid(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    "case", [case for case in CASES.values() if case.schema], ids=[n for n, c in CASES.items() if c.schema]
)
def test_the_schema_sees_what_it_can_see(case: Case) -> None:
    assert faults(GOOD.replace(case.old, case.new, 1))


@pytest.mark.parametrize("kind", [kind for kind in KEYS if kind != "board"])
def test_the_keys_are_those_of_the_loader(kind: str) -> None:
    assert set(SCHEMA["$defs"][kind]["properties"]) == set(KEYS[kind])


def test_the_keys_of_the_board_are_those_of_the_loader() -> None:
    assert set(SCHEMA["properties"]) == set(KEYS["board"])


@pytest.mark.parametrize(
    ("found", "values"),
    [
        (SCHEMA["$defs"]["line"]["properties"]["bias"]["enum"], profile.Bias),
        (SCHEMA["$defs"]["line"]["properties"]["drive"]["enum"], profile.Drive),
        (SCHEMA["$defs"]["relay"]["properties"]["form"]["enum"], profile.ContactForm),
        (SCHEMA["$defs"]["alarm"]["properties"]["kind"]["enum"], profile.AlarmKind),
        (SCHEMA["$defs"]["port"]["properties"]["direction"]["enum"], Direction),
        (SCHEMA["$defs"]["led"]["properties"]["colours"]["items"]["enum"], Colour),
    ],
)
def test_the_values_are_those_of_the_loader(found: list[str], values: type[profile.Bias]) -> None:
    assert found == [str(value) for value in values]
