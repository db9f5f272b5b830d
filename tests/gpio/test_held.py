# SPDX-License-Identifier: Apache-2.0
"""A line that is ours across restarts: requested once, kept under its direction, adopted as it is."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from axiod.errors import HardwareFailure
from axiod.gpio import fail_safe
from axiod.gpio.fail_safe import Aim
from axiod.gpio.held import HeldLine
from axiod.gpio.lines import Direction
from tests.gpio.fakes import FakeFds, FakeLines, ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def start(lines: FakeLines, fds: FakeFds) -> Iterator[Callable[[], HeldLine]]:
    """A function that starts the service, again where it ran."""
    started: list[HeldLine] = []

    def start() -> HeldLine:
        for former in started:
            former.drop()
        fds.restart()
        started.append(HeldLine("x", ref("x"), lines, fds))
        return started[-1]

    yield start
    for held in started:
        held.drop()


@pytest.fixture
def held(start: Callable[[], HeldLine]) -> HeldLine:
    """A line of the service that was just started."""
    return start()


async def test_it_is_requested_as_it_is_and_kept_under_its_direction(
    held: HeldLine, lines: FakeLines, fds: FakeFds
) -> None:
    line = held.take()
    assert held.held
    assert (lines.pin("x").direction, fds.kept) == (None, {})
    assert held.take() is line
    line.to_output(True)
    held.works_as(Direction.OUTPUT)
    assert list(fds.kept) == ["x"]
    assert held.driven


async def test_a_new_direction_is_kept_before_the_former_is_let_go(
    held: HeldLine, lines: FakeLines, fds: FakeFds
) -> None:
    held.take().to_output(True)
    held.works_as(Direction.OUTPUT)
    held.take().to_input(0)
    held.works_as(Direction.INPUT)
    assert list(fds.kept) == ["x"]
    assert not held.driven
    held.drop()
    assert lines.pin("x").held


async def test_the_next_process_adopts_it_without_moving_it(
    held: HeldLine, start: Callable[[], HeldLine], lines: FakeLines, fds: FakeFds
) -> None:
    held.take().to_output(True)
    held.works_as(Direction.OUTPUT)
    held = start()
    assert held.take().get() is True
    assert (held.inherited, held.driven, lines.pin("x").driven) == (True, True, [True])
    held.works_as(Direction.OUTPUT)
    assert list(fds.kept) == ["x"]
    held.drop()


async def test_a_line_that_somebody_left_driven_is_kept_too(held: HeldLine, lines: FakeLines, fds: FakeFds) -> None:
    lines.pin("x").direction = Direction.OUTPUT
    held.take().to_output(True)
    assert held.driven
    held.works_as(Direction.OUTPUT)
    assert list(fds.kept) == ["x"]
    held.drop()
    assert lines.pin("x").held


@pytest.mark.parametrize("cause", ["the chip came back", "it is no line"])
async def test_an_inherited_line_that_is_gone_is_requested_anew(
    held: HeldLine, start: Callable[[], HeldLine], lines: FakeLines, fds: FakeFds, cause: str
) -> None:
    held.take().to_output(True)
    held.works_as(Direction.OUTPUT)
    held.drop()
    if cause == "the chip came back":
        lines.power_cycle()
    else:
        read, write = os.pipe()
        fds.keep("x", read)
        os.close(read)
        os.close(write)
        lines.pin("x").power_cycle()
    held = start()
    held.take()
    assert (held.inherited, held.driven, fds.kept) == (False, False, {})
    held.drop()


async def test_an_inherited_line_with_an_error_is_not_let_go(
    held: HeldLine, start: Callable[[], HeldLine], lines: FakeLines, fds: FakeFds
) -> None:
    """Letting go would let the output fall: an error of the bus behind an expander may pass."""
    held.take().to_output(True)
    held.works_as(Direction.OUTPUT)
    held.drop()
    lines.pin("x").error = errno.EIO
    held = start()
    held.take()
    assert held.inherited
    held.drop()
    assert lines.pin("x").held


async def test_why_it_cannot_be_had(held: HeldLine, lines: FakeLines, fds: FakeFds) -> None:
    other = HeldLine("y", ref("x"), lines, fds)
    other.take()
    with pytest.raises(HardwareFailure, match="x of chip chip cannot be had: Device or resource busy"):
        held.take()
    other.drop()
    held.take()
    held.drop()


@pytest.mark.parametrize("number", [errno.ENODEV, errno.EPIPE, errno.ECONNRESET])
async def test_a_line_that_is_gone_is_let_go(held: HeldLine, fds: FakeFds, number: int) -> None:
    held.take()
    held.works_as(Direction.OUTPUT)
    failure = held.failed("cannot be driven", OSError(number, os.strerror(number)))
    assert str(failure) == f"x cannot be driven: {os.strerror(number)}"
    assert (held.held, held.driven, fds.kept) == (False, False, {})


@pytest.mark.parametrize("number", [errno.EIO, errno.EREMOTEIO, errno.ETIMEDOUT, errno.EBUSY])
async def test_a_line_with_a_passing_error_is_kept(held: HeldLine, fds: FakeFds, number: int) -> None:
    """The kernel says so of an expander whose bus is disturbed; letting go would let the output fall."""
    held.take()
    held.works_as(Direction.OUTPUT)
    held.failed("cannot be driven", OSError(number, os.strerror(number)))
    assert (held.held, list(fds.kept)) == (True, ["x"])
    held.drop()


async def test_without_a_line_there_is_nothing_to_keep(held: HeldLine) -> None:
    with pytest.raises(HardwareFailure, match="x has no line"):
        held.works_as(Direction.INPUT)


def test_the_failure_policy_drives_and_keeps(lines: FakeLines, fds: FakeFds, tmp_path: Path) -> None:
    assert fail_safe.put([aim("x", active=True)], lines, fds, tmp_path) == []
    assert (lines.pin("x").driven, list(fds.kept), lines.pin("x").held) == ([True], ["x"], True)


def test_an_inverted_output_is_active_while_its_line_is_not(lines: FakeLines, fds: FakeFds, tmp_path: Path) -> None:
    fail_safe.put([Aim("x", ref("x"), active=True, inverted=True)], lines, fds, tmp_path)
    assert lines.pin("x").driven == [False]


def test_an_output_that_stays_is_not_touched(lines: FakeLines, fds: FakeFds, tmp_path: Path) -> None:
    assert fail_safe.put([aim("x", active=None)], lines, fds, tmp_path) == []
    assert (lines.pin("x").driven, fds.kept) == ([], {})


@pytest.mark.parametrize("number", [errno.EIO, errno.ENODEV])
def test_a_failure_policy_that_fails_does_not_keep_the_others_from_theirs(
    lines: FakeLines, fds: FakeFds, tmp_path: Path, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    lines.pin("x").error = number
    assert fail_safe.put([aim("x", active=True), aim("y", active=True)], lines, fds, tmp_path) == ["x"]
    assert lines.pin("y").driven == [True]
    assert "the failure policy of x was not carried out" in caplog.text


def test_a_line_that_dies_under_the_failure_policy_is_logged(
    lines: FakeLines, fds: FakeFds, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no event loop then."""
    pin = lines.pin("x")
    fail_safe.put([aim("x", active=True)], lines, fds, tmp_path)
    fds.restart()
    pin.before_output = lambda: setattr(pin, "error", errno.ENODEV)
    assert fail_safe.put([aim("x", active=False)], lines, fds, tmp_path) == ["x"]
    assert "the failure policy of x was not carried out: x could not be driven: No such device" in caplog.text
    assert fds.kept == {}


def test_outputs_move_also_when_nothing_can_be_stored(lines: FakeLines, fds: FakeFds, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert fail_safe.put([aim("x", active=True)], lines, fds, tmp_path / "file") == []
    assert lines.pin("x").driven == [True]


def aim(name: str, *, active: bool | None) -> Aim:
    return Aim(name, ref(name), active)
