# SPDX-License-Identifier: Apache-2.0
"""The grammar of action=."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.errors import InvalidArgument
from axiod.gateway.vapix.action import Action, command, parse

GOOD: dict[str, Action] = {
    "1:/": Action(1, "Set", True),
    "1:\\": Action(1, "Set", False),
    ":/": Action(None, "Set", True),
    "2:/300\\": Action(2, "Pulse", 300),
    "11:/86400000\\": Action(11, "Pulse", 86_400_000),
    "2:/300\\500/300\\": Action(2, "RunSequence", [(True, 300), (False, 500), (True, 300), (False, 0)]),
    "2:\\300/": Action(2, "RunSequence", [(False, 300), (True, 0)]),
    "2:/\\": Action(2, "RunSequence", [(True, 0), (False, 0)]),
    "2:/0\\": Action(2, "RunSequence", [(True, 0), (False, 0)]),
    "2:\\70000/": Action(2, "RunSequence", [(False, 65535), (False, 4465), (True, 0)]),
}

BAD = (
    "", "1", "1:", ":", "/", "1/", "1:/5", "1:5", "1:5/", "-1:/", "+1:/", "1 :/", "1: /", "1:/ ", "1:/\n", "1:/300|",
    "1:/3.5\\", "1:/-1\\", "123456:/", "1:/123456789\\", "\u0661:/", "1:/\u0663\\", "1:/,2:/", "1:/\0",
    "1:" + "/1\\" * 2000, "1:" + "/" * 257, "2:/86400001\\",
)  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_what_an_action_is(text: str) -> None:
    assert parse(text) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_what_is_none(text: str) -> None:
    with pytest.raises(InvalidArgument):
        parse(text)


@given(st.text(alphabet="0123456789:/\\ ", max_size=40))
def test_nothing_else_comes_of_any_text(text: str) -> None:
    try:
        action = parse(text)
    except InvalidArgument:
        return
    number, _, rest = text.partition(":")
    assert action.number == (int(number) if number else None)
    assert rest.startswith("/" if first(action) else "\\")


def first(action: Action) -> Any:
    """Whether the output becomes active at once."""
    if action.member == "RunSequence":
        return action.argument[0][0]
    return action.argument if action.member == "Set" else True


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 200_000)), min_size=1, max_size=50))
def test_time_is_kept_however_it_is_cut(steps: list[tuple[bool, int]]) -> None:
    member, argument = command(steps)
    if member == "RunSequence":
        assert sum(wait for _, wait in argument[:-1]) >= sum(wait for _, wait in steps[:-1])
        assert all(0 <= wait <= 65535 for _, wait in argument)
        shown = [active for active, _ in argument]
        assert [shown[0], shown[-1]] == [steps[0][0], steps[-1][0]]
