# SPDX-License-Identifier: Apache-2.0
"""An input: every edge counts once, and what the kernel dropped is noticed and counted."""

from __future__ import annotations

import asyncio
import errno
import time

import pytest

from axiod.gpio.held import HeldLine
from axiod.gpio.input import Change, Input
from axiod.gpio.lines import Direction
from tests.conftest import until
from tests.gpio.fakes import FakeFds, FakeLines, Pin, ref

MS = 1_000_000


class Follower:
    """An input, and what it told."""

    def __init__(self, lines: FakeLines, fds: FakeFds) -> None:
        self.told: list[Change] = []
        self.problems: list[str | None] = []
        self.held = HeldLine("x", ref("x"), lines, fds)
        self.input = Input(self.held, self.told.extend, lambda: None, lambda: self.problems.append(self.input.problem))

    @property
    def levels(self) -> list[bool]:
        return [level for level, _ in self.told]


@pytest.fixture
def pin(lines: FakeLines) -> Pin:
    return lines.pin("x")


@pytest.fixture
async def follower(lines: FakeLines, fds: FakeFds) -> Follower:
    return Follower(lines, fds)


async def test_it_begins_with_the_level_as_it_is(follower: Follower, pin: Pin, fds: FakeFds) -> None:
    pin.level = True
    assert follower.input.begin(0, None, follow=True)
    assert follower.levels == [True]
    assert list(fds.kept) == ["x"]
    follower.input.close()


async def test_a_level_that_is_known_is_not_told(follower: Follower, pin: Pin) -> None:
    pin.level = True
    assert follower.input.begin(0, True, follow=True)
    assert follower.told == []
    follower.input.close()


async def test_every_edge_is_told_once_with_its_time(follower: Follower, pin: Pin) -> None:
    follower.input.begin(0, False, follow=True)
    now = time.monotonic_ns()
    for number in range(100):
        pin.edge(number % 2 == 0, now + number)
    await until(lambda: len(follower.told) >= 100)
    assert follower.told == [(number % 2 == 0, now + number) for number in range(100)]
    assert follower.input.lost == 0
    follower.input.close()


@pytest.mark.parametrize("lost", [1, 2, 7, 8])
async def test_lost_edges_are_counted_by_the_gap_and_the_level_is_read_again(
    follower: Follower, pin: Pin, lost: int
) -> None:
    follower.input.begin(0, False, follow=True)
    pin.edge(True)
    await until(lambda: follower.told)
    read = pin.read
    # Each edge is the opposite of the one before it: after so many lost ones comes this level.
    pin.edge(lost % 2 == 1, lost=lost)
    await until(lambda: follower.input.lost)
    assert follower.input.lost == lost
    assert follower.levels == [number % 2 == 0 for number in range(lost + 2)]
    assert pin.read > read
    follower.input.close()


async def test_lost_edges_are_told_of_in_one_log_line(
    follower: Follower, pin: Pin, caplog: pytest.LogCaptureFixture
) -> None:
    follower.input.begin(0, False, follow=True)
    pin.edge(True)
    pin.edge(True, lost=3)
    await until(lambda: follower.input.lost)
    assert [record.getMessage() for record in caplog.records] == [
        "x: 3 edges came too fast for the kernel and were counted unseen"
    ]
    pin.edge(True, lost=5)
    await until(lambda: follower.input.lost == 8)
    assert caplog.records[-1].getMessage() == "x: 5 edges came too fast for the kernel and were counted unseen"
    follower.input.close()


async def test_the_sequence_may_wrap(follower: Follower, pin: Pin) -> None:
    pin.sequence = (1 << 32) - 2
    follower.input.begin(0, False, follow=True)
    pin.edge(True)
    await until(lambda: len(follower.told) == 1)
    pin.sequence = -1
    pin.edge(False)
    await until(lambda: len(follower.told) == 2)
    assert follower.input.lost == 0
    follower.input.close()


async def test_edges_that_waited_while_nobody_served_the_line_count(
    follower: Follower, pin: Pin, lines: FakeLines, fds: FakeFds
) -> None:
    follower.input.begin(0, None, follow=True)
    follower.input.close()
    assert pin.held
    now = time.monotonic_ns()
    for number in range(5):
        pin.edge(number % 2 == 0, now + number)
    fds.restart()
    second = Follower(lines, fds)
    second.held.take()
    second.input.resume(0)
    assert second.input.begin(0, False, follow=True)
    assert second.told == [(number % 2 == 0, now + number) for number in range(5)]
    second.input.close()


async def test_a_line_that_cannot_debounce_is_debounced_here(follower: Follower, pin: Pin) -> None:
    pin.debounces = False
    follower.input.begin(20, False, follow=True)
    begin = time.monotonic_ns()
    for number in range(9):
        pin.edge(number % 2 == 0, begin + number * MS)
    await until(lambda: follower.told)
    assert follower.told == [(True, begin + 8 * MS)]
    assert time.monotonic_ns() >= begin + 28 * MS
    follower.input.close()


async def test_a_line_that_debounces_by_itself_is_asked_to(follower: Follower, pin: Pin) -> None:
    follower.input.begin(20, False, follow=True)
    assert pin.debounce_us == 20_000
    pin.edge(True)
    await until(lambda: follower.told)
    follower.input.close()


async def test_a_glitch_that_is_read_late_is_no_change(follower: Follower, pin: Pin) -> None:
    """The time stamps decide, not when the process got to it."""
    pin.debounces = False
    follower.input.begin(5, False, follow=True)
    begin = time.monotonic_ns() - 1000 * MS
    pin.edge(True, begin)
    pin.edge(False, begin + 4 * MS)
    pin.edge(True, begin + 100 * MS)
    pin.edge(False, begin + 105 * MS)
    await until(lambda: len(follower.told) == 2)
    assert follower.told == [(True, begin + 100 * MS), (False, begin + 105 * MS)]
    follower.input.close()


async def test_a_line_that_is_only_held_tells_nothing(follower: Follower, pin: Pin) -> None:
    pin.level = True
    assert follower.input.begin(0, None, follow=False)
    pin.edge(False)
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    assert follower.told == []
    assert pin.direction is Direction.INPUT
    follower.input.close()


async def test_an_error_is_the_problem_and_is_told_once(follower: Follower, pin: Pin) -> None:
    pin.error = errno.EIO
    assert not follower.input.begin(0, None, follow=True)
    assert not follower.input.begin(0, None, follow=True)
    assert follower.problems == ["x cannot be read: Input/output error"]
    pin.error = None
    assert follower.input.begin(0, None, follow=True)
    assert follower.input.problem is None
    follower.input.close()


async def test_an_error_while_it_is_quiet_is_noticed_when_it_is_looked_at(follower: Follower, pin: Pin) -> None:
    follower.input.begin(0, False, follow=True)
    follower.input.check()
    assert follower.problems == []
    pin.error = errno.EIO
    follower.input.check()
    assert follower.problems == ["x cannot be read: Input/output error"]
    follower.input.close()


async def test_an_edge_that_never_came_is_made_up_for_when_it_is_looked_at(follower: Follower, pin: Pin) -> None:
    follower.input.begin(0, False, follow=True)
    pin.level = True
    follower.input.check()
    assert follower.levels == [True]
    follower.input.close()


async def test_a_line_that_goes_away_is_reported_and_comes_back(follower: Follower, pin: Pin, fds: FakeFds) -> None:
    follower.input.begin(0, False, follow=True)
    pin.unplug()
    await until(lambda: follower.problems)
    assert follower.problems == ["x cannot be read: No such device"]
    assert (follower.held.held, fds.kept) == (False, {})
    pin.error = None
    pin.level = True
    assert follower.input.begin(0, False, follow=True)
    assert follower.levels == [True]
    follower.input.close()


async def test_a_timer_does_not_take_a_lost_line_again(follower: Follower, pin: Pin) -> None:
    pin.debounces = False
    follower.input.begin(20, False, follow=True)
    pin.edge(True)
    # The candidate waits when the line goes away.
    await until(lambda: not pin._edges)
    pin.unplug()
    await until(lambda: follower.problems)
    pin.error = None
    begin = time.monotonic()
    await until(lambda: time.monotonic() > begin + 0.04)
    assert not follower.held.held
    assert follower.told == []


async def test_what_a_dead_process_read_and_could_not_store_is_counted(
    follower: Follower, pin: Pin, lines: FakeLines, fds: FakeFds
) -> None:
    follower.input.begin(0, None, follow=True)
    for number in range(7):
        pin.edge(number % 2 == 0, time.monotonic_ns())
    await until(lambda: len(follower.told) == 8)
    follower.input.close()
    pin.edge(False, time.monotonic_ns())
    fds.restart()
    second = Follower(lines, fds)
    second.held.take()
    second.input.resume(3)  # what was on disk: the edge of number 3, active
    assert second.input.begin(0, True, follow=True)
    assert second.levels == [False, True, False, True, False]
    assert second.input.lost == 4
    second.input.close()


async def test_edges_that_nobody_wanted_are_not_counted_later(follower: Follower, pin: Pin) -> None:
    follower.input.begin(0, None, follow=False)
    for number in range(5):
        pin.edge(number % 2 == 0, time.monotonic_ns())
    follower.input.begin(0, None, follow=True)
    assert follower.levels == [True]
    pin.edge(False, time.monotonic_ns())
    await until(lambda: len(follower.told) == 2)
    assert follower.input.lost == 0
    follower.input.close()
