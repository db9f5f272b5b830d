# SPDX-License-Identifier: Apache-2.0
"""An output: commands in order, deadlines, pulses, sequences, and all of it over restarts, boots and full disks."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.clock import monotonic_usec
from axiod.errors import Busy, Conflict, HardwareFailure, InvalidArgument, Timeout
from axiod.gpio.adoption import Boot
from axiod.gpio.held import HeldLine
from axiod.gpio.lines import Direction
from axiod.gpio.output import Output
from axiod.gpio.sequence import Running
from axiod.runtime.state import State
from tests.conftest import until
from tests.gpio.fakes import FakeFds, FakeLines, Pin, ref

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from pathlib import Path


class Machine:
    """One output of a service that can be killed and started again, on a machine that can boot."""

    def __init__(self, folder: Path, lines: FakeLines, fds: FakeFds) -> None:
        self._folder = folder
        self.lines = lines
        self.fds = fds
        self.boot = Boot.INACTIVE
        self.inverted = False
        self.changes: list[tuple[bool, str]] = []
        self.state: State
        self.output: Output
        self._start()

    @property
    def pin(self) -> Pin:
        return self.lines.pin("x")

    def _start(self) -> None:
        self.state = State(self._folder / "state.sqlite")
        held = HeldLine("x", ref("x"), self.lines, self.fds)
        self.output = Output(held, self.state, lambda: self.changes.append((self.output.active, self.output.running)))
        self.output.boot = self.boot
        self.output.inverted = self.inverted

    def stands(self) -> tuple[str | None, bool, bool]:
        """Return what is wrong with the output, what it says of itself, and its level as a meter shows it."""
        return self.output.problem, self.output.active, self.pin.level

    def acquire(self) -> bool:
        """Do what a service does at its start."""
        self.output.acquire(self.lines.boot)
        return self.output.problem is None

    async def stop(self) -> None:
        self.output.close()
        await self.state.close()

    async def restart(self, *, acquire: bool = True) -> None:
        """The service ends and starts again."""
        await self.stop()
        self.fds.restart()
        self._start()
        if acquire:
            self.acquire()

    async def reboot(self) -> None:
        """The machine boots: systemd keeps nothing."""
        await self.stop()
        self.fds.close()
        self.lines.power_cycle()
        self._start()
        self.acquire()

    @contextmanager
    def slow_disk(self) -> Iterator[threading.Event]:
        """Nothing is written until the event is set, or the block ends."""
        done = threading.Event()
        self.state._thread.submit(done.wait)
        try:
            yield done
        finally:
            done.set()

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Every write fails."""
        self._sql(
            "CREATE TEMP TRIGGER full_a BEFORE INSERT ON main.state BEGIN "
            "SELECT RAISE(ROLLBACK, 'database or disk is full'); END",
            "CREATE TEMP TRIGGER full_b BEFORE DELETE ON main.state BEGIN "
            "SELECT RAISE(ROLLBACK, 'database or disk is full'); END",
        )
        yield
        self._sql("DROP TRIGGER full_a", "DROP TRIGGER full_b")

    def _sql(self, *statements: str) -> None:
        """Execute in the thread that writes, so never in the middle of what it writes."""

        def execute() -> None:
            assert self.state._database
            for statement in statements:
                self.state._database.execute(statement)

        self.state._thread.submit(execute).result()


def soon(seconds: float = 5.0) -> int:
    """Return a deadline."""
    return monotonic_usec() + int(seconds * 1e6)


@pytest_asyncio.fixture
async def machine(tmp_path: Path, lines: FakeLines, fds: FakeFds) -> AsyncIterator[Machine]:
    """A machine whose service just began to serve its output."""
    machine = Machine(tmp_path, lines, fds)
    assert machine.acquire()
    yield machine
    await machine.stop()


# --- commands ---


async def test_set_drives_and_tells(machine: Machine) -> None:
    machine.changes.clear()
    await machine.output.set(True, soon())
    assert (machine.pin.level, machine.output.active, machine.output.count) == (True, True, 1)
    assert machine.changes == [(True, "idle")]
    assert machine.output.last_change_usec == pytest.approx(time.time_ns() / 1000, abs=1e6)


async def test_set_to_the_present_level_does_nothing(machine: Machine) -> None:
    await machine.output.set(True, soon())
    changes, driven = list(machine.changes), list(machine.pin.driven)
    await machine.output.set(True, soon())
    assert (machine.changes, machine.pin.driven, machine.output.count) == (changes, driven, 1)


async def test_two_toggles_at_once_are_two_one_after_the_other(machine: Machine) -> None:
    first, second = await asyncio.gather(machine.output.toggle(soon()), machine.output.toggle(soon()))
    assert (first, second) == (True, False)
    assert machine.pin.driven[-2:] == [True, False]


async def test_commands_are_carried_out_in_the_order_they_came(machine: Machine) -> None:
    machine.boot = machine.output.boot = Boot.LAST
    machine.pin.driven.clear()
    with machine.slow_disk() as disk:
        tasks = [asyncio.ensure_future(machine.output.set(n % 3 != 0, soon())) for n in range(30)]
        tasks.append(asyncio.ensure_future(machine.output.pulse(10_000, soon())))
        await asyncio.sleep(0)
        disk.set()
        await asyncio.gather(*tasks)
    expected = [n % 3 != 0 for n in range(30)] + [True]
    changes = [level for index, level in enumerate(expected) if index == 0 or level != expected[index - 1]]
    assert machine.pin.driven == changes[1:]  # the first is where it stood
    assert machine.output.running is Running.PULSE


async def test_the_deadline_is_held(machine: Machine) -> None:
    for command in (
        machine.output.set(True, soon(-0.001)),
        machine.output.toggle(soon(-0.001)),
        machine.output.pulse(10, soon(-0.001)),
        machine.output.run_sequence([(True, 1)], soon(-0.001)),
    ):
        with pytest.raises(Timeout, match="after its deadline and was not carried out"):
            await command
    assert (machine.output.active, machine.output.running) == (False, "idle")


@pytest.mark.parametrize(
    ("command", "boot"),
    [
        ("set", Boot.LAST),
        ("toggle", Boot.LAST),
        ("pulse", Boot.LAST),
        ("sequence", Boot.LAST),
        ("pulse", Boot.INACTIVE),
        ("sequence", Boot.ACTIVE),
    ],
)
async def test_a_deadline_that_passes_while_the_disk_is_slow_is_held(
    machine: Machine, command: str, boot: Boot
) -> None:
    machine.boot = machine.output.boot = boot
    await machine.output.remember_now()
    machine.pin.driven.clear()
    deadline = soon(0.02)
    works: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
        "set": lambda: machine.output.set(True, deadline),
        "toggle": lambda: machine.output.toggle(deadline),
        "pulse": lambda: machine.output.pulse(10, deadline),
        "sequence": lambda: machine.output.run_sequence([(True, 10)], deadline),
    }
    with machine.slow_disk() as disk:
        task = asyncio.ensure_future(works[command]())
        await until(lambda: monotonic_usec() > deadline)
        disk.set()
        with pytest.raises(Timeout):
            await task
    assert (machine.pin.driven, machine.output.active, machine.output.running) == ([], False, "idle")
    await machine.reboot()
    assert machine.pin.level is (boot is Boot.ACTIVE)


async def test_a_command_waits_for_its_turn_no_longer_than_its_deadline(machine: Machine) -> None:
    machine.boot = machine.output.boot = Boot.LAST
    with machine.slow_disk() as disk:
        first = asyncio.ensure_future(machine.output.set(True, soon()))
        late = asyncio.ensure_future(machine.output.toggle(deadline := soon(0.02)))
        await until(lambda: monotonic_usec() > deadline)
        disk.set()
        await first
        with pytest.raises(Timeout):
            await late
    assert machine.output.active


# --- pulses ---


@pytest.mark.alone
async def test_a_pulse_ends_on_its_own_after_its_time(machine: Machine) -> None:
    machine.changes.clear()
    begin = time.monotonic()
    await machine.output.pulse(30, soon())
    assert (machine.pin.level, machine.output.running) == (True, "pulse")
    await until(lambda: not machine.output.active)
    assert 0.03 <= time.monotonic() - begin < 0.2
    assert machine.changes == [(True, "pulse"), (False, "idle")]
    assert (machine.pin.level, machine.output.count) == (False, 1)


async def test_a_pulse_during_a_pulse_begins_the_time_anew(machine: Machine) -> None:
    await machine.output.pulse(100, soon())
    begin = time.monotonic()
    await until(lambda: time.monotonic() > begin + 0.06)
    await machine.output.pulse(100, soon())
    again = time.monotonic()
    await until(lambda: not machine.output.active)
    assert time.monotonic() - again >= 0.099
    assert machine.pin.driven == [False, True, False]
    assert machine.output.count == 1


async def test_set_ends_a_pulse(machine: Machine) -> None:
    await machine.output.pulse(60_000, soon())
    await machine.output.set(True, soon())
    assert (machine.output.active, machine.output.running) == (True, "idle")
    await machine.output.pulse(60_000, soon())
    await machine.output.set(False, soon())
    assert (machine.output.active, machine.output.running) == (False, "idle")


async def test_cancel_ends_a_pulse_early(machine: Machine) -> None:
    await machine.output.pulse(60_000, soon())
    await machine.output.cancel()
    assert (machine.output.active, machine.output.running) == (False, "idle")
    await machine.output.cancel()


async def test_a_pulse_whose_turn_passed_while_the_disk_was_slow_still_ends(machine: Machine) -> None:
    """A command that the disk refuses must not take the end of the pulse with it."""
    machine.boot = machine.output.boot = Boot.LAST
    await machine.output.remember_now()
    await machine.output.pulse(30, soon())
    begin = time.monotonic()
    with machine.full_disk(), machine.slow_disk() as disk:
        task = asyncio.ensure_future(machine.output.set(True, soon()))
        await until(lambda: time.monotonic() > begin + 0.05)
        disk.set()
        with pytest.raises(HardwareFailure):
            await task
        await until(lambda: not machine.output.active)
    assert machine.output.running is Running.IDLE


# --- sequences ---


async def test_a_sequence_goes_through_its_steps_at_their_times(machine: Machine) -> None:
    times: list[float] = []
    machine.pin.driven.clear()
    machine.pin.before_set = lambda: times.append(time.monotonic())
    await machine.output.run_sequence([(True, 30), (False, 20), (True, 10), (True, 0)], soon())
    assert machine.output.running is Running.SEQUENCE
    await until(lambda: machine.output.running is Running.IDLE)
    assert machine.pin.driven == [True, False, True]
    assert times[1] - times[0] == pytest.approx(0.03, abs=0.015)
    assert times[2] - times[0] == pytest.approx(0.05, abs=0.015)
    assert machine.output.active


async def test_a_pulse_or_sequence_during_a_sequence_is_refused(machine: Machine) -> None:
    await machine.output.run_sequence([(True, 60_000), (False, 0)], soon())
    with pytest.raises(Busy, match="x runs a sequence; cancel it first"):
        await machine.output.pulse(10, soon())
    with pytest.raises(Busy, match="x runs a sequence; cancel it first"):
        await machine.output.run_sequence([(True, 1)], soon())
    await machine.output.cancel()
    await machine.output.pulse(60_000, soon())
    with pytest.raises(Busy, match="x runs a pulse; cancel it first"):
        await machine.output.run_sequence([(True, 1)], soon())
    with pytest.raises(InvalidArgument):
        await machine.output.run_sequence([], soon())


async def test_set_during_a_sequence_lasts_until_its_next_step(machine: Machine) -> None:
    machine.pin.driven.clear()
    await machine.output.run_sequence([(True, 80), (True, 20), (False, 0)], soon())
    await machine.output.set(False, soon())
    assert (machine.output.active, machine.output.running) == (False, "sequence")
    await until(lambda: machine.output.active)
    await until(lambda: machine.output.running is Running.IDLE)
    assert machine.pin.driven == [True, False, True, False]


async def test_cancel_leaves_it_as_the_sequence_had_it(machine: Machine) -> None:
    await machine.output.run_sequence([(True, 60_000), (False, 0)], soon())
    await machine.output.cancel()
    assert (machine.output.active, machine.output.running) == (True, "idle")


async def test_a_cancel_that_the_disk_refuses_leaves_the_sequence_running(machine: Machine) -> None:
    machine.boot = machine.output.boot = Boot.LAST
    await machine.output.run_sequence([(True, 30), (False, 0)], soon())
    begin = time.monotonic()
    with machine.full_disk(), machine.slow_disk() as disk:
        task = asyncio.ensure_future(machine.output.cancel())
        await until(lambda: time.monotonic() > begin + 0.05)
        disk.set()
        with pytest.raises(HardwareFailure):
            await task
        await until(lambda: machine.output.running is Running.IDLE)
    assert not machine.output.active


# --- what fails ---


async def test_a_drive_failure_leaves_state_and_disk_as_before(machine: Machine) -> None:
    machine.boot = machine.output.boot = Boot.LAST
    await machine.output.set(True, soon())
    machine.pin.error = errno.EIO
    for command in (
        machine.output.set(False, soon()),
        machine.output.toggle(soon()),
        machine.output.run_sequence([(False, 10), (True, 10)], soon()),
    ):
        with pytest.raises(HardwareFailure, match="x could not be driven: Input/output error"):
            await command
    assert (machine.output.active, machine.output.running) == (True, "idle")
    assert machine.output.problem == "x could not be driven: Input/output error"
    assert (machine.state.get("x.last"), machine.state.get("x.program")) == (True, None)
    machine.pin.error = None
    await machine.reboot()
    assert machine.pin.level is True


async def test_a_pulse_that_cannot_be_driven_does_not_run(machine: Machine) -> None:
    machine.pin.error = errno.EIO
    with pytest.raises(HardwareFailure):
        await machine.output.pulse(10, soon())
    assert (machine.output.running, machine.output.active, machine.output.count) == ("idle", False, 0)


async def test_a_pulse_goes_on_when_its_successor_cannot_be_driven(machine: Machine) -> None:
    await machine.output.pulse(60, soon())
    machine.pin.error = errno.EIO
    with pytest.raises(HardwareFailure):
        await machine.output.set(False, soon())
    machine.pin.error = None
    await until(lambda: not machine.output.active)
    assert machine.pin.level is False


async def test_mended_it_goes_where_it_belongs(machine: Machine) -> None:
    """The end of a pulse that could not be driven is made up for: nothing stays on that nobody wants on."""
    await machine.output.pulse(20, soon())
    machine.pin.error = errno.EIO
    await until(lambda: machine.output.problem)
    assert (machine.output.active, machine.pin.level, machine.output.running) == (True, True, "pulse")
    machine.output.retry(machine.lines.boot)
    assert machine.pin.level is True
    machine.pin.error = None
    machine.output.retry(machine.lines.boot)
    assert machine.stands() == (None, False, False)
    assert machine.output.running is Running.IDLE


async def test_a_pulse_that_could_not_end_ends_after_a_restart(machine: Machine) -> None:
    await machine.output.pulse(20, soon())
    machine.pin.error = errno.EIO
    await until(lambda: machine.output.problem)
    await machine.restart(acquire=False)
    machine.pin.error = None
    machine.acquire()
    assert (machine.output.active, machine.pin.level, machine.output.running) == (False, False, "idle")


async def test_a_command_after_a_missed_step_is_what_counts(machine: Machine) -> None:
    await machine.output.pulse(20, soon())
    machine.pin.error = errno.EIO
    await until(lambda: machine.output.problem)
    machine.pin.error = None
    await machine.output.set(True, soon())
    machine.pin.error = errno.EIO
    with pytest.raises(HardwareFailure):
        await machine.output.set(False, soon())
    machine.pin.error = None
    machine.output.retry(machine.lines.boot)
    assert (machine.output.active, machine.pin.level) == (True, True)


async def test_a_line_that_is_gone_is_taken_again(machine: Machine) -> None:
    await machine.output.set(True, soon())
    machine.pin.unplug()
    await until(lambda: machine.output.problem)
    assert machine.output.active, "the last that is known"
    with pytest.raises(HardwareFailure):
        await machine.output.set(False, soon())
    assert not machine.acquire()
    machine.lines.power_cycle()
    assert machine.acquire()
    assert machine.stands() == (None, False, False)


async def test_a_line_that_failed_when_it_was_taken_is_taken_later(
    tmp_path: Path, lines: FakeLines, fds: FakeFds
) -> None:
    lines.pin("x").error = errno.EIO
    machine = Machine(tmp_path, lines, fds)
    machine.output.boot = Boot.ACTIVE
    assert not machine.acquire()
    assert machine.output.problem == "x cannot be used: Input/output error"
    lines.pin("x").error = None
    with pytest.raises(HardwareFailure, match="x cannot be used: Input/output error"):
        await machine.output.set(False, soon())
    machine.output.retry(lines.boot)
    assert machine.stands() == (None, True, True)
    assert list(fds.kept) == ["x"]
    await machine.stop()


async def test_a_full_disk_refuses_what_must_be_remembered(machine: Machine) -> None:
    machine.boot = machine.output.boot = Boot.LAST
    await machine.output.set(True, soon())
    driven = list(machine.pin.driven)
    with machine.full_disk():
        for command in (
            machine.output.set(False, soon()),
            machine.output.toggle(soon()),
            machine.output.pulse(10, soon()),
            machine.output.run_sequence([(False, 1)], soon()),
        ):
            with pytest.raises(HardwareFailure, match="cannot be written"):
                await command
    assert (machine.pin.driven, machine.output.active, machine.output.running) == (driven, True, "idle")
    await machine.output.set(False, soon())
    await machine.reboot()
    assert machine.pin.level is False


@pytest.mark.parametrize("boot", [Boot.INACTIVE, Boot.ACTIVE])
async def test_a_full_disk_does_not_stop_an_output_that_needs_none(machine: Machine, boot: Boot) -> None:
    machine.output.boot = boot
    with machine.full_disk():
        await machine.output.set(True, soon())
        await machine.output.set(False, soon())
        await machine.output.pulse(20, soon())
        assert machine.pin.level is True
        await until(lambda: not machine.output.active)
        await machine.output.run_sequence([(True, 10), (False, 0)], soon())
        await until(lambda: machine.output.running is Running.IDLE)
    assert machine.pin.level is False


async def test_a_drive_failure_on_a_full_disk_says_what_failed_first(machine: Machine) -> None:
    machine.boot = machine.output.boot = Boot.LAST
    await machine.output.set(True, soon())
    with machine.slow_disk() as disk:
        task = asyncio.ensure_future(machine.output.set(False, soon()))
        await asyncio.sleep(0)
        disk.set()
        machine.pin.error = errno.EIO
        with pytest.raises(HardwareFailure, match="x could not be driven"):
            await task


# --- restarts ---


async def test_a_restart_never_moves_it(machine: Machine) -> None:
    await machine.output.set(True, soon())
    machine.pin.driven.clear()
    await machine.restart()
    assert (machine.output.active, machine.pin.level, machine.pin.driven) == (True, True, [True])
    assert machine.output.count == 1
    await machine.output.set(False, soon())
    await machine.restart()
    assert (machine.output.active, machine.pin.level) == (False, False)


@pytest.mark.alone
async def test_a_restart_in_the_middle_of_a_pulse_keeps_its_end(machine: Machine) -> None:
    begin = time.monotonic()
    await machine.output.pulse(150, soon())
    await machine.restart()
    assert (machine.output.active, machine.output.running) == (True, "pulse")
    await until(lambda: not machine.output.active)
    assert 0.14 <= time.monotonic() - begin < 0.3


async def test_a_pulse_that_ended_while_nobody_served_it_ends_at_the_start(machine: Machine) -> None:
    await machine.output.pulse(20, soon())
    end = time.monotonic() + 0.03
    await machine.restart(acquire=False)
    await until(lambda: time.monotonic() > end)
    assert machine.pin.level is True
    machine.acquire()
    assert (machine.output.active, machine.pin.level, machine.output.running) == (False, False, "idle")


async def test_a_restart_in_the_middle_of_a_sequence_goes_on_with_it(machine: Machine) -> None:
    await machine.output.run_sequence([(True, 60), (False, 60), (True, 60), (False, 0)], soon())
    begin = time.monotonic()
    await machine.restart(acquire=False)
    # Two steps were missed: it stands where the third leaves it.
    await until(lambda: time.monotonic() > begin + 0.13)
    machine.acquire()
    assert (machine.output.active, machine.output.running) == (True, "sequence")
    await until(lambda: machine.output.running is Running.IDLE)
    assert machine.output.active is False


async def test_a_pulse_that_was_over_is_not_run_again(machine: Machine) -> None:
    await machine.output.pulse(10, soon())
    await until(lambda: not machine.output.active)
    await machine.output.set(True, soon())
    await machine.restart()
    assert (machine.output.active, machine.output.running) == (True, "idle")


def on_disk(folder: Path, key: str) -> object:
    """Return what another process would read now."""
    with contextlib.closing(sqlite3.connect(folder / "state.sqlite")) as database:
        row = database.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return json.loads(row[0]) if row else None


async def test_what_runs_is_on_disk_before_it_is_acknowledged(machine: Machine, tmp_path: Path) -> None:
    await machine.output.pulse(60_000, soon())
    assert on_disk(tmp_path, "x.program") == machine.state.get("x.program")
    await machine.output.set(True, soon())
    assert on_disk(tmp_path, "x.program") is None


# --- boots ---


@pytest.mark.parametrize(
    ("boot", "last", "expected"),
    [
        (Boot.INACTIVE, True, False),
        (Boot.INACTIVE, False, False),
        (Boot.ACTIVE, False, True),
        (Boot.ACTIVE, True, True),
        (Boot.LAST, False, False),
        (Boot.LAST, True, True),
    ],
)
@pytest.mark.parametrize("inverted", [False, True])
async def test_the_boot_policy(
    tmp_path: Path, lines: FakeLines, fds: FakeFds, boot: Boot, last: bool, expected: bool, inverted: bool
) -> None:
    machine = Machine(tmp_path, lines, fds)
    machine.boot = machine.output.boot = boot
    machine.inverted = machine.output.inverted = inverted
    machine.acquire()
    await machine.output.set(not last, soon())
    await machine.output.set(last, soon())
    await machine.reboot()
    assert (machine.output.active, machine.pin.level) == (expected, expected != inverted)
    assert machine.pin.driven == [expected != inverted], "driven once, without a level in between"
    await machine.stop()


async def test_a_boot_ends_what_ran(machine: Machine) -> None:
    await machine.output.pulse(60_000, soon())
    await machine.reboot()
    assert (machine.output.active, machine.output.running) == (False, "idle")
    await machine.restart()
    assert machine.output.running is Running.IDLE


@pytest.mark.parametrize("final", [False, True])
async def test_last_after_a_program_is_where_it_ends(machine: Machine, final: bool) -> None:
    machine.boot = machine.output.boot = Boot.LAST
    await machine.output.run_sequence([(True, 60_000), (final, 0)], soon())
    await machine.output.set(not final, soon())
    await machine.reboot()
    assert machine.output.active is final
    await machine.output.set(True, soon())
    await machine.output.pulse(60_000, soon())
    await machine.reboot()
    assert machine.output.active is False


async def test_last_is_stored_before_it_is_acknowledged(machine: Machine, tmp_path: Path) -> None:
    machine.boot = machine.output.boot = Boot.LAST
    await machine.output.set(True, soon())
    assert on_disk(tmp_path, "x.last") is True


async def test_the_first_start_of_all_leaves_a_driven_line_as_it_is(
    tmp_path: Path, lines: FakeLines, fds: FakeFds
) -> None:
    pin = lines.pin("x")
    pin.direction, pin.level = Direction.OUTPUT, True
    machine = Machine(tmp_path, lines, fds)
    machine.acquire()
    assert (pin.read, machine.output.active, pin.driven) == (1, True, [True])
    await machine.stop()


async def test_the_first_start_of_all_puts_an_idle_line_where_the_policy_says(
    tmp_path: Path, lines: FakeLines, fds: FakeFds
) -> None:
    lines.pin("x").level = True  # a pull-up: an accident, nobody's will
    machine = Machine(tmp_path, lines, fds)
    machine.acquire()
    assert (machine.output.active, machine.pin.driven) == (False, [False])
    await machine.stop()


async def test_a_line_that_lost_its_keeper_but_stayed_driven_stays(machine: Machine) -> None:
    """Without the descriptor store, on hardware that holds its level."""
    await machine.output.set(True, soon())
    await machine.stop()
    machine.fds.close()
    machine.pin.close()
    machine._start()
    machine.acquire()
    assert (machine.output.active, machine.pin.level) == (True, True)


async def test_a_line_that_the_firmware_drives_after_a_boot_follows_the_policy(machine: Machine) -> None:
    await machine.stop()
    machine.fds.close()
    machine.lines.power_cycle()
    machine.pin.direction, machine.pin.level = Direction.OUTPUT, True
    machine._start()
    machine.acquire()
    assert (machine.output.active, machine.pin.level) == (False, False)


# --- counting, inverting ---


async def test_the_count_is_kept_and_reset(machine: Machine) -> None:
    for _ in range(3):
        await machine.output.set(True, soon())
        await machine.output.set(False, soon())
    await machine.restart()
    assert machine.output.count == 3
    assert await machine.output.reset_count() == 3
    await machine.restart()
    assert machine.output.count == 0


@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("inverted", [False, True])
async def test_invert_moves_the_level_and_keeps_the_activeness(machine: Machine, active: bool, inverted: bool) -> None:
    machine.output.inverted = inverted
    await machine.output.set(True, soon())
    await machine.output.set(active, soon())
    assert machine.pin.level is (active != inverted)
    count = machine.output.count
    await machine.output.invert(not inverted)
    assert (machine.output.active, machine.pin.level) == (active, active == inverted)
    assert machine.output.count == count


async def test_invert_cancels_what_runs(machine: Machine) -> None:
    await machine.output.pulse(60_000, soon())
    await machine.output.invert(True)
    assert (machine.output.running, machine.output.active, machine.pin.level) == ("idle", True, False)


async def test_an_invert_that_cannot_be_driven_changes_nothing(machine: Machine) -> None:
    await machine.output.pulse(60_000, soon())
    machine.pin.error = errno.EIO
    with pytest.raises(HardwareFailure):
        await machine.output.invert(True)
    assert (machine.output.inverted, machine.output.running, machine.output.active) == (False, "pulse", True)


# --- input and back ---


async def test_it_ends_after_the_commands_before_it(machine: Machine) -> None:
    """A command that the disk holds up is carried out or refused before the line is given away."""
    machine.boot = machine.output.boot = Boot.LAST
    await machine.output.pulse(60_000, soon())
    with machine.slow_disk() as disk:
        command = asyncio.ensure_future(machine.output.set(True, soon()))
        await asyncio.sleep(0)
        end = asyncio.ensure_future(machine.output.end())
        await asyncio.sleep(0)
        disk.set()
        await asyncio.gather(command, end)
    assert (machine.output.running, machine.output.active) == ("idle", False)


@pytest.mark.parametrize(
    "command",
    [
        lambda output: output.set(True, soon()),
        lambda output: output.toggle(soon()),
        lambda output: output.pulse(60_000, soon()),
        lambda output: output.run_sequence([(True, 60_000)], soon()),
    ],
    ids=["set", "toggle", "pulse", "sequence"],
)
async def test_it_refuses_the_commands_after_it(
    machine: Machine, command: Callable[[Output], Coroutine[Any, Any, Any]]
) -> None:
    """They wait for their turn, and when it comes the line is that of an input."""
    driven = list(machine.pin.driven)
    async with machine.output.in_turn():
        end = asyncio.ensure_future(machine.output.end())
        await asyncio.sleep(0)
        waiting = asyncio.ensure_future(command(machine.output))
        await asyncio.sleep(0)
    await end
    with pytest.raises(Conflict, match="x is an input"):
        await waiting
    assert machine.pin.driven == driven
    assert (machine.output.running, machine.output.active) == ("idle", False)


async def test_it_begins_inactive(machine: Machine) -> None:
    machine.output.inverted = True
    machine.pin.driven.clear()
    await machine.output.end()
    await machine.output.begin()
    assert (machine.output.active, machine.pin.driven) == (False, [True])
    assert os.fstat(next(iter(machine.fds.kept.values())))


async def test_nobody_takes_it_while_it_begins(machine: Machine) -> None:
    """A keeper that tries again in that moment would put it where the boot policy says."""
    await machine.output.end()
    machine.output.boot = Boot.ACTIVE
    machine.pin.driven.clear()
    beginning = asyncio.ensure_future(machine.output.begin())
    await asyncio.sleep(0)
    machine.output.retry("another boot")
    await beginning
    assert (machine.output.active, machine.pin.driven) == (False, [False])
