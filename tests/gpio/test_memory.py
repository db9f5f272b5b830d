# SPDX-License-Identifier: Apache-2.0
"""What is on disk of an output: what makes no sense is no value, and what cannot be stored is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.gpio.memory import Memory
from axiod.gpio.sequence import Program
from axiod.runtime.state import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest_asyncio.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    state = State(tmp_path / "state.sqlite")
    yield state
    await state.close()


@pytest.mark.parametrize("row", [{"kind": "pulse"}, {"kind": "dance", "steps": [], "index": 0}, [1], 7, "x"])
async def test_a_program_that_makes_no_sense_is_over(state: State, row: Any) -> None:
    state.later("relay1.program", row)
    assert Memory("relay1", state).program is None


@pytest.mark.parametrize("row", ["abc", True, 1.5, [1], {"a": 1}])
async def test_a_count_that_makes_no_sense_is_none(state: State, row: Any) -> None:
    state.later("relay1.count", row)
    state.later("relay1.changed", row)
    memory = Memory("relay1", state)
    assert (memory.count, memory.changed_usec) == (0, None)


@pytest.mark.parametrize("row", ["on", 1, [True]])
async def test_a_level_that_makes_no_sense_is_none(state: State, row: Any) -> None:
    for what in ("active", "last", "inverting"):
        state.later(f"relay1.{what}", row)
    memory = Memory("relay1", state)
    assert (memory.active, memory.last, memory.inverting) == (None, None, None)


async def test_a_program_is_on_disk_when_it_was_put(state: State, tmp_path: Path) -> None:
    program = Program.pulse(1000, 5)
    memory = Memory("relay1", state)
    assert await memory.put_program(program) is None
    other = State(tmp_path / "state.sqlite")
    assert Memory("relay1", other).program == program
    await other.close()


async def test_an_end_that_cannot_be_stored_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    state = State(tmp_path / "file" / "state.sqlite")
    memory = Memory("relay1", state)
    memory.program_later(Program.pulse(1000, 5))
    said = await memory.put_program(None)
    assert said is not None
    assert "relay1 did as it was told, but that could not be stored" in str(said)
    assert not memory.program_sure
    await state.close()
