# SPDX-License-Identifier: Apache-2.0
"""Several outputs in one command, with lines that fail at the worst moment."""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.clock import monotonic_usec
from axiod.errors import Conflict, HardwareFailure
from axiod.gpio.adoption import Boot
from axiod.gpio.held import HeldLine
from axiod.gpio.output import Output
from axiod.gpio.together import set_all
from axiod.runtime.state import State
from tests.gpio.fakes import FakeFds, FakeLines, ref

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NAMES = ("a", "b", "c")


class Board:
    """Three outputs."""

    def __init__(self, folder: Path, lines: FakeLines, fds: FakeFds) -> None:
        self.lines = lines
        self.state = State(folder / "state.sqlite")
        self.outputs = [Output(HeldLine(n, ref(n), lines, fds), self.state, lambda: None) for n in NAMES]
        for output in self.outputs:
            output.acquire(lines.boot)

    async def set(self, *levels: bool) -> None:
        await set_all(zip(self.outputs, levels, strict=True), monotonic_usec() + 10_000_000)

    @property
    def levels(self) -> list[bool]:
        return [self.lines.pin(name).level for name in NAMES]


@pytest_asyncio.fixture
async def board(tmp_path: Path, lines: FakeLines, fds: FakeFds) -> AsyncIterator[Board]:
    board = Board(tmp_path, lines, fds)
    yield board
    for output in board.outputs:
        output.close()
    await board.state.close()


async def test_all_are_set(board: Board) -> None:
    await board.set(True, False, True)
    assert board.levels == [True, False, True]


async def test_those_before_one_that_fails_are_put_back(board: Board) -> None:
    await board.set(False, True, False)
    board.lines.pin("c").error = errno.EIO
    with pytest.raises(HardwareFailure, match="c could not be driven"):
        await board.set(True, False, True)
    assert board.levels == [False, True, False]
    assert [output.active for output in board.outputs] == [False, True, False]


async def test_the_error_says_what_could_not_be_put_back(board: Board) -> None:
    def breaks() -> None:
        board.lines.pin("a").error = errno.EIO

    board.lines.pin("b").before_set = breaks
    board.lines.pin("c").error = errno.EIO
    with pytest.raises(HardwareFailure, match=r"c could not.*before could not be put back: a could not be driven"):
        await board.set(True, True, True)
    assert board.levels == [True, False, False]


async def test_what_was_remembered_for_the_boot_is_put_back(board: Board) -> None:
    board.outputs[0].boot = Boot.LAST
    await board.outputs[0].remember_now()
    board.lines.pin("b").error = errno.EIO
    with pytest.raises(HardwareFailure):
        await board.set(True, True, True)
    assert board.outputs[0].stand.last is False


async def test_one_that_becomes_an_input_before_its_turn_moves_nothing(board: Board) -> None:
    last = board.outputs[2]
    async with last.in_turn():
        end = asyncio.ensure_future(last.end())
        await asyncio.sleep(0)
        command = asyncio.ensure_future(board.set(True, True, True))
        await asyncio.sleep(0)
    await end
    with pytest.raises(Conflict, match="c is an input"):
        await command
    assert board.levels == [False] * 3


async def test_two_at_once_never_wait_for_one_another(board: Board) -> None:
    backwards = list(zip(board.outputs[::-1], [True] * 3, strict=True))
    async with asyncio.timeout(10):
        await asyncio.gather(
            *(board.set(False, False, False) for _ in range(5)),
            *(set_all(backwards, monotonic_usec() + 10_000_000) for _ in range(5)),
        )
    assert board.levels == [True] * 3
