# SPDX-License-Identifier: Apache-2.0
"""Templates: what is read of them, what is refused and where, and that the published schema says the same."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no type information

from axiod.board.source import Notes, plain
from axiod.errors import AxiodError, InvalidArgument
from axiod.modbus.line import Line
from axiod.sensors import json_source
from axiod.sensors.reader import read
from axiod.sensors.shelf import Shelf
from axiod.sensors.template import Check, Derived, Source, Status, Type, WordOrder

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "etc" / "templates").glob("*.json"))
SCHEMA = json.loads((ROOT / "axiod" / "sensors" / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def small(**changes: Any) -> dict[str, Any]:
    """A template with one channel, and changes."""
    channel = {"quantity": "temperature", "unit": "°C", "register": 7}
    base = {"schema": 1, "id": "mine", "title": "Mine", "vendor": "Me", "status": "unverified"}
    return {**base, "channels": {"temperature": channel}, **changes}


def channel(**changes: Any) -> dict[str, Any]:
    return small(channels={"temperature": {"quantity": "temperature", "register": 7, **changes}})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_is_shipped_is_right(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    template = read(text, path.name)
    assert template.id == path.stem
    assert template.note
    assert not list(VALIDATOR.iter_errors(json.loads(text)))
    for item in template.channels:
        assert template.enabled or item.source is None or isinstance(item.source, Derived), (
            "its registers are not known"
        )


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_what_is_not_known_is_not_pretended() -> None:
    shelf = Shelf(Path("/nonexistent"))
    assert not shelf.problems
    status = {id_: (kept.template.status, kept.template.enabled) for id_, kept in shelf.all.items()}
    assert status["hugo"] == status["vaisala_hmp"] == (Status.UNVERIFIED, False)
    assert status["tibbo_bp02"] == (Status.VERIFIED, True)
    assumed = {id_ for id_, kept in shelf.all.items() if "assumed" in kept.template.note}
    assert {status[id_][0] for id_ in assumed} == {Status.UNVERIFIED}
    assert {id_ for id_, (_, enabled) in status.items() if not enabled} == {"hugo", "vaisala_hmp"}


def test_everything_that_can_be_said_is_read() -> None:
    said = small(
        note="n",
        serial={"baud_rate": 19200, "parity": "even", "stop_bits": 2, "timeout_ms": 150},
        identify=[{"function": 4, "register": 3, "equals": 9}],
        read={"most_registers": 10, "widest_hole": 2, "forbidden": [5]},
        setup=[{"register": 1, "value": 2}],
        channels={
            "temperature": {
                "title": "Warm", "quantity": "temperature", "unit": "°C", "function": 4, "register": 65534,
                "type": "f32", "word_order": "low-first", "scale": 0.5, "offset": -1, "invalid": [1, 2],
                "lowest": -5, "highest": 5.5, "interval_ms": 100,
            },
            "humidity": {"quantity": "humidity", "unit": "%", "register": 0},
            "dew": {"quantity": "dew", "derive": {"function": "dew-point", "from": ["temperature", "humidity"]}},
        },
    )  # fmt: skip
    template = read(json.dumps(said))
    assert template.line == Line(19200, "even", 2)
    assert (template.timeout_ms, template.identify) == (150, (Check(4, 3, 9),))
    assert (template.most_registers, template.widest_hole, template.forbidden) == (10, 2, (5,))
    warm, wet, dew = template.channels
    assert (warm.title, warm.lowest, warm.highest) == ("Warm", -5.0, 5.5)
    assert warm.source == Source(4, 65534, Type.F32, WordOrder.LOW_FIRST, 0.5, -1.0, (1, 2), 100)
    assert wet.source == Source(3, 0)
    assert isinstance(dew.source, Derived)
    assert not list(VALIDATOR.iter_errors(said))


MISTAKES: list[tuple[dict[str, Any], str]] = [
    (small(schema=2), "schema: expected a whole number from 1 to 1"),
    (small(id="Mine"), 'id: "Mine" is no id'),
    (small(id=3), "id: expected text"),
    (small(status="sure"), 'status: unknown value "sure"'),
    (small(titel="x"), 'titel: unknown key; did you mean "title"?'),
    (small(channels={}), "channels: there is none"),
    (small(channels=[]), "channels: expected a mapping"),
    (small(serial={"parity": "even"}), "serial.baud_rate: missing"),
    (small(serial={"baud_rate": 9601}), "serial.baud_rate: 9601 is no baud rate"),
    (small(serial={"baud_rate": 9600, "parity": "mark"}), 'serial.parity: "mark" is no parity'),
    (small(identify=[{"function": 3, "register": 1}]), "identify[0].equals: missing"),
    (small(identify=[{"function": 6, "register": 1, "equals": 1}]), "identify[0].function: expected"),
    (small(read={"most_registers": 126}), "read.most_registers: expected"),
    (small(setup=[3]), "setup[0]: expected an object"),
    (channel(register=65536), "channels.temperature.register: expected"),
    (channel(register=True), "channels.temperature.register: expected"),
    (channel(type="u8"), 'channels.temperature.type: unknown value "u8"'),
    (channel(scale="0.1"), "channels.temperature.scale: expected a number"),
    (channel(interval_ms=99), "channels.temperature.interval_ms: expected"),
    (channel(quantity="Warm Air"), "channels.temperature.quantity: "),
    (channel(derive={"function": "dew-point", "from": ["a", "b"]}), "channels.temperature.register: a channel that is"),
    (channel(invalid=[-1]), "channels.temperature.invalid[0]: expected"),
    (small(channels={"t": {"quantity": "temperature"}}), "channels.t.register: missing"),
]  # fmt: skip
BEYOND_THE_SCHEMA: list[tuple[dict[str, Any], str]] = [
    (channel(scale=0), "channels.temperature.scale: 0 would make"),
    (channel(lowest=5, highest=5), "channels.temperature.highest: 5 is not above"),
    (channel(register=65535, type="u32"), "channels.temperature.register: u32 has two registers"),
    (channel(word_order="low-first"), "channels.temperature.word_order: u16 is one register"),
    (channel(invalid=[65536]), "channels.temperature.invalid[0]: expected a whole number from 0 to 65535"),
    (
        small(
            channels={
                "warm": {"quantity": "temperature", "unit": "°F", "register": 0},
                "wet": {"quantity": "humidity", "unit": "%", "register": 1},
                "dew": {"quantity": "x", "derive": {"function": "dew-point", "from": ["warm", "wet"]}},
            }
        ),
        'channels.dew.derive: "warm" is no temperature in °C, which has its place there',
    ),
    (
        small(channels={"d": {"quantity": "x", "derive": {"function": "dew-point", "from": ["a", "b"]}}}),
        'channels.d.derive: there is no channel "a" with registers',
    ),
]


@pytest.mark.parametrize(
    ("said", "text"), MISTAKES + BEYOND_THE_SCHEMA, ids=lambda item: item if isinstance(item, str) else ""
)
def test_a_mistake_is_named_with_its_key(said: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read(json.dumps(said, indent=1), "mine.json")
    assert any(f": {text}" in line for line in str(caught.value).splitlines()), caught.value


@pytest.mark.parametrize("said", [said for said, _ in MISTAKES])
def test_the_schema_refuses_it_too(said: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(said))


def test_a_mistake_is_named_with_its_line_and_all_at_once() -> None:
    text = json.dumps(small(status="sure", channels={"t": {"quantity": "x", "register": -1}}), indent=1)
    with pytest.raises(InvalidArgument) as caught:
        read(text, "mine.json")
    lines = text.splitlines()
    found = [line.split(":", 2) for line in str(caught.value).splitlines()]
    assert [lines[int(number) - 1].strip().split('"')[1] for _, number, _ in found] == ["status", "register"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", ":1: not JSON: expecting value"),
        ('{\n"a": 1,\n}', ":3: not JSON: there is a ',' before '}'"),
        ('{"a": [1 2]}', ":1: not JSON: expecting ',' or ']'"),
        ('{"a": 01}', "not JSON"),
        ('{"a": NaN}', "not JSON: NaN is no number"),
        ("[]", "a template is an object, not a list"),
        ('{"a": 1} x', "not JSON: something follows it"),
        ('{"a": 1, "a": 2}', ": a: given twice"),
        ("[" * 50, "not JSON: nested too deeply"),
        ("x" * 70000, "there may be 65536"),
    ],
)
def test_what_is_no_json_is_refused(text: str, where: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read(text, "mine.json")
    assert where in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, st.sampled_from([None, 0, 2, "\t"]))
def test_json_is_read_as_everybody_reads_it(value: Any, indent: Any) -> None:
    node = json_source.read(json.dumps(value, indent=indent), "f", notes := Notes())
    if node is None:
        assert "nested too deeply" in notes.mistakes[0].text
    else:
        assert plain(node) == value


@given(st.dictionaries(st.sampled_from(sorted(SCHEMA["properties"])), JSON))
def test_whatever_is_said_is_a_template_or_a_mistake(said: dict[str, Any]) -> None:
    with contextlib.suppress(AxiodError):
        read(json.dumps(said))


def test_a_template_of_a_user_overrides_and_a_broken_one_is_named(tmp_path: Path) -> None:
    mine = small(id="xy_md02", title="My own")
    (tmp_path / "xy_md02.json").write_text(json.dumps(mine))
    (tmp_path / "broken.json").write_text('{"schema": 1,\n"id": 5}')
    (tmp_path / "other.json").write_text(json.dumps(small()))
    shelf = Shelf(tmp_path)
    kept = shelf.all["xy_md02"]
    assert (kept.template.title, kept.user, kept.overrides) == ("My own", True, True)
    broken, other = shelf.problems
    assert f"{tmp_path}/broken.json:2: id: expected text" in broken
    assert "must be called mine.json" in other
    (tmp_path / "xy_md02.json").write_text("{")
    shelf.reload()
    assert shelf.all["xy_md02"].template.title == "My own", "what it said before stays"
    shelf.drop("xy_md02")
    assert not shelf.all["xy_md02"].user
