# SPDX-License-Identifier: Apache-2.0
"""Contacts that bounce, and square waves: so many edges, at exact times, whatever the machine does meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.sim.lines import LineServer
from axiod.sim.play import Player
from axiod.sim.world import Terminal, Wire, terminals
from tests.conftest import until
from tests.sim.board import BOARD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

MS = 1_000_000


class Recorder(LineServer):
    """A line that nobody holds, and what would have been told of it."""

    def __init__(self, terminals: Sequence[Terminal]) -> None:
        super().__init__(terminals)
        self.told: list[tuple[bool, int]] = []

    def edges(self, terminal: Terminal, edges: Sequence[tuple[bool, int]]) -> None:
        self.told += edges


class Contact:
    """One contact, its player, and what was told."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        parts = terminals(BOARD)
        self.lines = Recorder(parts)
        terminal = parts[0]
        assert terminal.wire
        self.wire: Wire = terminal.wire
        self.player = Player(terminal, self.wire, self.lines, tasks)
        self.changes: list[tuple[bool, float | None]] = []
        terminal.watchers.append(lambda: self.changes.append((self.wire.closed, self.wire.wave_hz)))

    @property
    def levels(self) -> list[bool]:
        return [closed for closed, _ in self.lines.told]

    def put(self, condition: str) -> None:
        self.player.put(lambda: setattr(self.wire, "condition", condition))

    def consistent(self) -> None:
        """Every edge is a change, times do not go back, and the last edge is the level that would be read."""
        assert all(one[0] != two[0] and one[1] <= two[1] for one, two in itertools.pairwise(self.lines.told))
        assert self.lines.told[-1][0] is self.wire.closed
        assert self.wire.transitions == len(self.lines.told)


@pytest_asyncio.fixture
async def contact() -> AsyncIterator[Contact]:
    async with asyncio.TaskGroup() as tasks:
        contact = Contact(tasks)
        yield contact
        contact.player.stop()


async def test_a_contact_that_moves_is_one_edge(contact: Contact) -> None:
    begin = time.monotonic_ns()
    contact.put("closed")
    contact.put("closed")
    contact.put("short")
    contact.put("open")
    contact.put("cut")
    assert contact.levels == [True, False]
    assert begin <= contact.lines.told[0][1] <= contact.lines.told[1][1] <= time.monotonic_ns()
    contact.consistent()


@pytest.mark.parametrize(("bounce_ms", "edges"), [(0, 1), (1, 1), (2, 3), (5, 5), (20, 21)])
async def test_a_contact_bounces_each_millisecond_and_ends_where_it_should(
    contact: Contact, bounce_ms: int, edges: int
) -> None:
    contact.wire.bounce_ms = bounce_ms
    contact.put("closed")
    await until(lambda: len(contact.lines.told) >= edges and contact.player._task is None)
    assert contact.levels == [number % 2 == 0 for number in range(edges)]
    times = [at for _, at in contact.lines.told]
    assert [(at - times[0]) / MS for at in times] == pytest.approx(list(range(edges)), abs=1e-6)
    contact.consistent()


async def test_a_cable_that_is_cut_does_not_bounce(contact: Contact) -> None:
    contact.wire.bounce_ms = 20
    contact.put("short")
    contact.put("cut")
    assert contact.levels == [True, False]


@pytest.mark.parametrize(("hz", "cycles"), [(100.0, 5), (1000.0, 100), (20_000.0, 2000), (333.3, 33)])
@pytest.mark.parametrize("closed", [False, True])
async def test_a_wave_has_so_many_edges_at_exact_times(contact: Contact, hz: float, cycles: int, closed: bool) -> None:
    if closed:
        contact.put("closed")
        contact.lines.told.clear()
        contact.wire.transitions = 0
    contact.player.wave(hz, cycles)
    assert contact.wire.wave_hz == hz
    await until(lambda: contact.wire.wave_hz is None)
    assert contact.levels == [(number % 2 == 0) != closed for number in range(2 * cycles)]
    begin = contact.lines.told[0][1]
    for number, (_, at) in enumerate(contact.lines.told):
        assert abs(at - begin - number * 0.5e9 / hz) <= 1
    contact.consistent()
    assert contact.changes[-1] == (closed, None)


async def test_a_late_process_plays_the_same_edges(contact: Contact) -> None:
    contact.player.wave(1000.0, 200)
    begin = contact.lines.told
    await until(lambda: begin)
    end = time.monotonic() + 0.15
    while time.monotonic() < end:
        pass  # the machine is busy
    await until(lambda: contact.wire.wave_hz is None)
    gaps = {two[1] - one[1] for one, two in itertools.pairwise(contact.lines.told)}
    assert (len(contact.lines.told), gaps) == (400, {500_000})
    contact.consistent()


async def test_a_wave_that_cannot_be_kept_up_with_leaves_others_their_turn(contact: Contact) -> None:
    contact.player.wave(20_000.0, 100_000_000)
    task = contact.player._task
    assert task
    # It fell a minute behind.
    frozen = time.monotonic() + 0.3
    while time.monotonic() < frozen:
        pass
    turns = 0

    async def count() -> None:
        nonlocal turns
        while turns < 100:
            turns += 1
            await asyncio.sleep(0)

    await asyncio.wait_for(count(), 5)
    contact.player.stop()
    contact.consistent()


@pytest.mark.parametrize("condition", ["closed", "open", "short", "cut"])
@pytest.mark.parametrize("before", ["closed", "open"])
@pytest.mark.parametrize("swung", [True, False])
async def test_what_ends_a_wave_leaves_the_contact_where_it_was_put(
    contact: Contact, condition: str, before: str, swung: bool
) -> None:
    contact.put(before)
    contact.player.wave(200.0, 1000)
    await until(lambda: len(contact.lines.told) > 2 and contact.wire.swung is swung)
    contact.put(condition)
    for _ in range(5):
        await asyncio.sleep(0)
    assert contact.wire.wave_hz is None
    assert contact.wire.closed is (condition in ("closed", "short"))
    contact.consistent()


async def test_a_second_wave_ends_the_first(contact: Contact) -> None:
    contact.player.wave(100.0, 1000)
    await until(lambda: contact.wire.swung)
    contact.player.wave(500.0, 10)
    await until(lambda: contact.wire.wave_hz is None)
    assert contact.wire.closed is False
    contact.consistent()


async def test_a_contact_that_is_put_while_it_bounces_ends_where_it_was_put(contact: Contact) -> None:
    contact.wire.bounce_ms = 50
    contact.put("closed")
    await until(lambda: contact.wire.swung)
    contact.wire.bounce_ms = 0
    contact.put("open")
    assert contact.wire.closed is False
    contact.consistent()


async def test_a_level_that_is_read_during_a_wave_is_that_of_the_last_edge(contact: Contact) -> None:
    contact.player.wave(250.0, 20)
    while contact.wire.wave_hz is not None:
        if contact.lines.told:
            assert contact.wire.closed is contact.lines.told[-1][0]
        await asyncio.sleep(0)
