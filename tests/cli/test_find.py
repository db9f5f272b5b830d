# SPDX-License-Identifier: Apache-2.0
"""Which object a person means."""

from __future__ import annotations

import pytest

from axiod.cli.find import Thing, find, things
from axiod.errors import NotFound

_PORT = "org.axiod.io1.Port"


def _thing(id_: str, number: int | None, terminal: str, name: str) -> Thing:
    values = {"Terminal": terminal, "Name": name} | ({} if number is None else {"Number": number})
    return Thing(f"/org/axiod/io1/port/{id_}", {_PORT: values})


_ALL = [
    _thing("input1", 1, "Input 1", "Door"),
    _thing("input2", 2, "Input 2", "Back door"),
    _thing("io1", 7, "I/O 1", "Gate light"),
    _thing("io2", 8, "I/O 2", "input1"),
    _thing("output1", 3, "Output 1", "5"),
    _thing("output2", 5, "Output 2", "门"),
]


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("io1", "io1"),
        ("I/O 1", "io1"),
        ("i/o 1", "io1"),
        ("IO1", "io1"),
        ("io-1", "io1"),
        ("gate light", "io1"),
        ("GATE-LIGHT", "io1"),
        ("#7", "io1"),
        ("7", "io1"),
        ("#5", "output2"),
        ("input1", "input1"),  # an id comes before another's name
        ("back door", "input2"),
        ("门", "output2"),
    ],
)
def test_a_text_means_one_object(text: str, id_: str) -> None:
    assert find("port", _ALL, text).id == id_


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5", ["more than one port", "output1 (5)", "output2"]),
        ("INPUT 1", ["more than one port", "input1 (Door)", "io2 (input1)"]),
        ("iput2", ["no port 'iput2'", "input2 (Back door)"]),
        ("gate lihgt", ["did you mean io1 (Gate light)?"]),
        ("zebra", ["there is no port 'zebra'; there is input1 (Door), "]),
        ("#99", ["no port '#99'"]),
        ("#x", ["no port '#x'"]),
        ("/", ["no port '/'"]),
        ("", ["no port ''"]),
    ],
)
def test_what_is_none_or_more_than_one_is_refused(text: str, words: list[str]) -> None:
    with pytest.raises(NotFound) as refused:
        find("port", _ALL, text)
    for word in words:
        assert word in str(refused.value)


def test_where_nothing_is_the_refusal_says_so() -> None:
    with pytest.raises(NotFound, match="there is no port 'io1'; there is none"):
        find("port", [], "io1")


def test_objects_are_in_order_of_their_number_and_others_are_left_out() -> None:
    objects = {thing.path: {_PORT: dict(thing.interfaces[_PORT])} for thing in reversed(_ALL)}
    objects["/org/axiod/io1/alarm/casing"] = {"org.axiod.io1.Alarm": {}}
    assert [thing.get("Number") for thing in things(objects, _PORT)] == [1, 2, 3, 5, 7, 8]
