# SPDX-License-Identifier: Apache-2.0
"""What every line does, whoever provides it. Run on the simulated world and on lines of the kernel: test_lines.py.

Lines are asked for once as the bench has them and once the other way round (active_low).
"""

from __future__ import annotations

import os
import select
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from axiod.errors import HardwareFailure
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from axiod.board.profile import LineRef
    from axiod.gpio.lines import Edge, Line, Lines

MS = 1_000_000


class Bench(Protocol):
    """A backend, and the hands of whoever has a meter and a wire at its pins."""

    lines: Lines
    input: LineRef
    """A line with a wire."""
    output: LineRef
    """A line with a meter."""
    both: LineRef
    """A line with both."""
    owner: str
    """Who is named in an error when a line is taken."""

    async def close(self, ref: LineRef, closed: bool) -> None:
        """Have the wire make a line active (closed) or inactive, as the line is asked for here."""

    async def driven(self, ref: LineRef) -> bool:
        """Whether a line is driven active, as a meter shows it."""

    async def held(self, ref: LineRef) -> bool:
        """Whether a line is requested by somebody."""


def low(ref: LineRef) -> LineRef:
    """Return the same line, asked for the other way round."""
    return replace(ref, active_low=not ref.active_low)


async def told(line: Line, number: int) -> list[Edge]:
    """Wait for so many edges."""
    found: list[Edge] = []

    def look() -> bool:
        found.extend(line.edges())
        return len(found) >= number

    await until(look)
    return found


class LineContract:
    """The contract; a subclass has a fixture `bench`."""

    @pytest.fixture
    def opened(self) -> Iterator[list[Line]]:
        """Lines that are closed at the end."""
        lines: list[Line] = []
        yield lines
        for line in lines:
            line.close()

    async def test_a_request_changes_nothing(self, bench: Bench, opened: list[Line]) -> None:
        before = await bench.driven(bench.both)
        line = bench.lines.request(bench.both)
        opened.append(line)
        assert await bench.driven(bench.both) == before
        assert line.was_output is False
        assert line.edges() == []

    @pytest.mark.parametrize("other", [False, True])
    async def test_an_output_is_driven(self, bench: Bench, opened: list[Line], other: bool) -> None:
        line = bench.lines.request(low(bench.output) if other else bench.output)
        opened.append(line)
        for active in (True, False, True):
            line.to_output(active)
            assert (line.get(), await bench.driven(bench.output)) == (active, active != other)
        for active in (False, True):
            line.set(active)
            assert (line.get(), await bench.driven(bench.output)) == (active, active != other)
        line.to_output(False)

    async def test_an_output_keeps_its_level_when_it_is_made_one_again(self, bench: Bench, opened: list[Line]) -> None:
        line = bench.lines.request(bench.output)
        opened.append(line)
        line.to_output(True)
        line.to_output(True)
        assert await bench.driven(bench.output)
        line.to_output(False)

    @pytest.mark.parametrize("other", [False, True])
    async def test_an_input_is_read(self, bench: Bench, opened: list[Line], other: bool) -> None:
        line = bench.lines.request(low(bench.input) if other else bench.input)
        opened.append(line)
        line.to_input(0)
        for closed in (True, False):
            await bench.close(bench.input, closed)
            assert line.get() is (closed != other)

    async def test_an_input_cannot_be_driven(self, bench: Bench, opened: list[Line]) -> None:
        line = bench.lines.request(bench.both)
        opened.append(line)
        line.to_input(0)
        with pytest.raises(PermissionError):
            line.set(True)

    @pytest.mark.parametrize("other", [False, True])
    async def test_edges_have_levels_times_and_numbers(self, bench: Bench, opened: list[Line], other: bool) -> None:
        line = bench.lines.request(low(bench.input) if other else bench.input)
        opened.append(line)
        line.to_input(0)
        begin = time.monotonic_ns()
        edges = []
        for closed in (True, False, True, False):
            # One after the other: a kernel may take two that come at once for one.
            await bench.close(bench.input, closed)
            edges += await told(line, 1)
        assert [edge.active for edge in edges] == [closed != other for closed in (True, False, True, False)]
        times = [begin, *(edge.timestamp_ns for edge in edges), time.monotonic_ns()]
        assert times == sorted(times)
        first = edges[0].sequence
        assert [edge.sequence for edge in edges] == [first, first + 1, first + 2, first + 3]

    async def test_a_line_is_readable_while_edges_wait(self, bench: Bench, opened: list[Line]) -> None:
        line = bench.lines.request(bench.input)
        opened.append(line)
        line.to_input(0)
        assert select.select([line], [], [], 0)[0] == []
        await bench.close(bench.input, True)
        await until(lambda: select.select([line], [], [], 0)[0])
        await told(line, 1)
        await until(lambda: line.edges() == [] and not select.select([line], [], [], 0)[0])
        await bench.close(bench.input, False)

    async def test_debouncing_is_done_by_the_line_or_refused(self, bench: Bench, opened: list[Line]) -> None:
        line = bench.lines.request(bench.input)
        opened.append(line)
        assert line.to_input(0) is True
        debounced = line.to_input(20_000)
        await bench.close(bench.input, True)
        edges = await told(line, 1)
        assert edges[-1].active is True
        if debounced:
            await bench.close(bench.input, False)
            await bench.close(bench.input, True)
            begin = time.monotonic()
            await until(lambda: time.monotonic() > begin + 0.05)
            assert line.edges() == []
        line.to_input(0)
        await bench.close(bench.input, False)

    async def test_it_goes_both_ways(self, bench: Bench, opened: list[Line]) -> None:
        line = bench.lines.request(bench.both)
        opened.append(line)
        for _ in range(2):
            line.to_output(True)
            assert await bench.driven(bench.both)
            line.to_input(0)
            if line.get():
                # A line may keep the level that it drove until somebody pulls.
                await bench.close(bench.both, False)
                await told(line, 1)
            line.edges()
            for closed in (True, False):
                await bench.close(bench.both, closed)
                assert (await told(line, 1))[-1].active is closed
                assert line.get() is closed

    async def test_a_copy_keeps_it_and_is_adopted(self, bench: Bench, opened: list[Line]) -> None:
        first = bench.lines.request(bench.output)
        first.to_output(True)
        copy = os.dup(first.fileno())
        first.close()
        assert await bench.driven(bench.output)
        line = bench.lines.adopt(bench.output, copy)
        opened.append(line)
        assert (line.was_output, line.get()) == (True, True)
        line.to_output(True)
        line.set(False)
        assert await bench.driven(bench.output) is False

    async def test_an_adopted_input_has_the_edges_that_waited(self, bench: Bench, opened: list[Line]) -> None:
        first = bench.lines.request(bench.input)
        first.to_input(0)
        copy = os.dup(first.fileno())
        first.close()
        await bench.close(bench.input, True)
        await until(lambda: select.select([copy], [], [], 0)[0])
        await bench.close(bench.input, False)
        line = bench.lines.adopt(bench.input, copy)
        opened.append(line)
        assert line.get() is False
        assert [edge.active for edge in await told(line, 2)] == [True, False]

    async def test_the_last_copy_lets_go(self, bench: Bench) -> None:
        line = bench.lines.request(bench.output)
        line.to_output(True)
        assert await bench.held(bench.output)
        line.close()
        for _ in range(100):
            if not await bench.held(bench.output):
                break
        assert await bench.driven(bench.output) is False
        bench.lines.request(bench.output).close()

    async def test_a_line_has_one_owner(self, bench: Bench, opened: list[Line]) -> None:
        opened.append(bench.lines.request(bench.output))
        with pytest.raises(HardwareFailure) as refused:
            bench.lines.request(bench.output)
        assert str(refused.value) == f"{bench.output} is used by {bench.owner}; stop it first"

    async def test_a_line_that_is_not_there_is_named(self, bench: Bench) -> None:
        with pytest.raises(HardwareFailure, match="no-such-line of chip "):
            bench.lines.request(replace(bench.output, name="no-such-line", offset=None))

    async def test_a_chip_that_is_not_there_is_named(self, bench: Bench) -> None:
        with pytest.raises(HardwareFailure, match=f"chip {bench.output.chip.id}"):
            bench.lines.request(replace(bench.output, chip=replace(bench.output.chip, label="no-such-chip")))

    async def test_one_boot_is_told_from_another(self, bench: Bench) -> None:
        assert bench.lines.boot_id() == bench.lines.boot_id() != ""
