# SPDX-License-Identifier: Apache-2.0
"""One output: commands in order, pulses, sequences, boot policy, all of it surviving the process.

What moves an output: a command, a step of a pulse or sequence, the boot policy after a boot, and nothing else. A start
of the service adopts the line where it stands.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.bus.caller import caller
from axiod.bus.freshness import check_deadline
from axiod.clock import wall_usec
from axiod.errors import Busy, Conflict, HardwareFailure
from axiod.gpio.adoption import Boot, Found, begins_active, stays
from axiod.gpio.lines import Direction
from axiod.gpio.memory import Memory
from axiod.gpio.sequence import Program, Running
from axiod.gpio.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.gpio.held import HeldLine
    from axiod.gpio.lines import Line
    from axiod.runtime.state import State

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an output stands and what runs on it, so that it can be put back."""

    active: bool
    program: Program | None
    last: bool | None
    """What is stored for the boot policy "last"."""


class Output:
    """One output. One event loop; its commands are carried out one after the other, in the order they came."""

    def __init__(self, line: HeldLine, state: State, on_change: Callable[[], None]) -> None:
        self.name = line.name
        self.active = False
        self.inverted = False
        """The line is driven while the output is inactive (a port whose normal state is closed)."""
        self.boot = Boot.INACTIVE
        self.program: Program | None = None
        self._memory = Memory(line.name, state)
        self.last_change_usec = self._memory.changed_usec
        self.count = self._memory.count
        """How often it was made active."""
        self.problem: str | None = None
        self.known = False
        """It was ours once: where it stands is known, or where it stood when it could be reached last."""
        self._held = line
        self._taken = False
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> Running:
        """What moves it by itself now."""
        return self.program.kind if self.program else Running.IDLE

    def acquire(self, boot_id: str) -> None:
        """Take the line, inherited or new, and put it where it belongs (adoption.py)."""
        try:
            self._take(boot_id)
        except HardwareFailure as error:
            self._report(str(error))
        except OSError as error:
            self._report(str(self._held.failed("cannot be used", error)))
        else:
            self._ours()
            self._advance()
            self._on_change()

    async def begin(self) -> None:
        """Make an output of a line that was an input: inactive. Raises HardwareFailure."""
        # Whoever tries again meanwhile (retry) would put it where the boot policy says.
        async with self._lock:
            self.active = False
            self.program = None
            self._memory.program_later(self.program)
            await self._memory.put_active(active=False)
            try:
                self._held.take().to_output(self.inverted)
            except OSError as error:
                raise self._held.failed("cannot become an output", error) from error
            self._held.works_as(Direction.OUTPUT)
            self._ours()

    def retry(self, boot_id: str) -> None:
        """Try again what did not work: to take the line, or to drive it where it should be."""
        if self._lock.locked():
            return
        if not (self._taken and self._held.held):
            self.acquire(boot_id)
        else:
            self._advance()
            if self.problem:
                with contextlib.suppress(HardwareFailure):
                    self._drive(self.active, force=True)
                    self._on_change()

    async def end(self) -> None:
        """Stop being an output: what runs is cancelled; the line is left to whoever uses it next."""
        async with self._lock:
            self._end_program()
            await self._memory.put_program(self.program)
            self.active = self._taken = self.known = False
            self.problem = None

    def close(self) -> None:
        """Stop serving it. The line stays driven, kept by systemd."""
        self._cancel_timer()
        self._held.drop()

    # --- commands ---

    def in_turn(self) -> Turn:
        """One command after the other; a step that becomes due meanwhile is carried out before or after it."""
        return Turn(self._lock, self._advance)

    async def set(self, active: bool, deadline_usec: int) -> None:
        """Make it active or inactive; ends a pulse, not a sequence. Raises Timeout, Conflict, HardwareFailure."""
        if not self._lock.locked() and self._stands(active):
            check_deadline(deadline_usec)
            return
        async with self.in_turn():
            await self.set_now(active, deadline_usec)

    async def set_now(self, active: bool, deadline_usec: int) -> None:
        """Do what set() does, within a turn that somebody holds (in_turn). Raises what set() does."""
        self._check(deadline_usec)
        if self._stands(active):
            return
        going_on = None if self.running is Running.PULSE else self.program
        await self._move(active, lambda: going_on, going_on.final if going_on else active, deadline_usec)

    @property
    def stand(self) -> Stand:
        """What put_back() takes."""
        return Stand(self.active, self.program, self._memory.last)

    def put_back(self, stand: Stand) -> None:
        """Undo what was done within the turn that somebody holds. Raises HardwareFailure."""
        if stand == self.stand:
            return
        self._drive(stand.active)
        self.program = stand.program
        self._memory.undo(stand.active, stand.last, stand.program)
        self._on_change()

    async def toggle(self, deadline_usec: int) -> bool:
        """Make it the other; returns what it is now. Raises Timeout, Conflict, HardwareFailure."""
        async with self.in_turn():
            await self.set_now(not self.active, deadline_usec)
            return self.active

    async def pulse(self, duration_ms: int, deadline_usec: int) -> None:
        """Make it active for a time; a pulse that runs begins anew. Raises Busy, Timeout, Conflict, HardwareFailure."""
        async with self.in_turn():
            if self.running is Running.SEQUENCE:
                raise Busy(f"{self.name} runs a sequence; cancel it first")
            await self._begin(lambda: Program.pulse(duration_ms, time.monotonic_ns()), deadline_usec)

    async def run_sequence(self, steps: list[tuple[bool, int]], deadline_usec: int) -> None:
        """Take it through steps. Raises InvalidArgument, Busy, Timeout, Conflict, HardwareFailure."""
        async with self.in_turn():
            Program.sequence(steps, 0)
            if self.program:
                raise Busy(f"{self.name} runs a {self.running}; cancel it first")
            await self._begin(lambda: Program.sequence(steps, time.monotonic_ns()), deadline_usec)

    async def cancel(self) -> None:
        """End what runs: a pulse at once becomes inactive, after a sequence it stays. Raises HardwareFailure."""
        async with self.in_turn():
            if self.running is Running.PULSE:
                self._drive(active=False)
            elif self.program:
                await self._remember(self.active)
            self._end_program()
            unstored = await self._memory.put_program(self.program)
            self._on_change()
            if unstored:
                raise unstored

    async def prepare_invert(self) -> None:
        """Store the activeness before a change of what counts as active is stored. Raises HardwareFailure."""
        async with self._lock:
            await self._memory.put_inverting(self.active)

    async def invert(self, inverted: bool) -> None:
        """Change which level is active: the level moves, the activeness stays; cancels what runs."""
        async with self.in_turn():
            former, self.inverted = self.inverted, inverted
            try:
                self._drive(self.active, force=True)
            except HardwareFailure:
                self.inverted = former
                raise
            finally:
                self._memory.inverted()
            self._end_program()
            unstored = await self._memory.put_program(self.program)
            self._on_change()
            if unstored:
                raise unstored

    async def reset_count(self) -> int:
        """Set the count to 0, on disk, and return what it was. Raises HardwareFailure."""
        former, self.count = self.count, 0
        try:
            await self._memory.put_count(0, former)
        except HardwareFailure:
            self.count += former
            raise
        return former

    def _stands(self, active: bool) -> bool:
        """Whether nothing is to be done for it to be active or inactive."""
        return active == self.active and not self.program and not self.problem and self._memory.program_sure

    def _check(self, deadline_usec: int) -> None:
        """Raise Timeout or Conflict when a command waited too long for its turn: it may be an input by now."""
        check_deadline(deadline_usec)
        if not self._taken and not self.problem:
            raise Conflict(f"{self.name} is an input; set its Direction to output first")

    async def _begin(self, program: Callable[[], Program], deadline_usec: int) -> None:
        self._check(deadline_usec)
        begun = program()
        await self._move(begun.active, program, begun.final, deadline_usec)

    async def _move(self, active: bool, program: Callable[[], Program | None], final: bool, deadline_usec: int) -> None:
        """Store what is about to be true, then drive; undone when it cannot be driven or it became too late."""
        former = self.program
        remembered = self._memory.last
        try:
            await self._remember(final)
            self.program = program()
            unstored = await self._memory.put_program(self.program)
            if not self._held.reads_back and active != self.active:
                await self._memory.put_active(active)
            check_deadline(deadline_usec)
            self._drive(active)
            # Its time counts from when the output moved, not from when the disk was asked.
            self.program = program()
        except BaseException:
            # Also when the command is broken off because the service stops: nobody was told that it would be done.
            self.program = former
            self._memory.undo(self.active, remembered, former)
            self._on_change()
            raise
        self._on_change()
        if unstored and former and self.program is not former and not self.program:
            raise unstored

    # --- steps ---

    def _advance(self) -> None:
        """Carry out the step that is due, and wait for the next one. Steps that were missed are not made up for.

        A step that cannot be carried out stays due, so that no pulse remains active for ever.
        """
        self._cancel_timer()
        program = self.program
        if program is None:
            return
        present, over = program, False
        while not over and time.monotonic_ns() >= present.deadline_ns:
            if present.last:
                over = True
            else:
                present = present.next()
        if over or present is not program:
            with contextlib.suppress(HardwareFailure):
                if present is not program:
                    self._drive(present.active)
                self.program = None if over else present
                self._memory.program_later(self.program)
            self._on_change()
        if not over:
            self._timer = self._loop.call_at(present.deadline_ns / 1e9, self._due)

    def _due(self) -> None:
        # A command under way looks at the steps itself when it is done.
        if not self._lock.locked():
            self._advance()

    def _end_program(self) -> None:
        self._cancel_timer()
        if self.program:
            self.program = None
            self._memory.program_later(self.program)

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    async def _remember(self, last: bool) -> None:
        """Store where it will stand, if the boot policy needs it. Raises HardwareFailure."""
        if self.boot is Boot.LAST:
            await self._memory.put_last(last)

    async def remember_now(self) -> None:
        """Store where it stands: the boot policy has become "last". Raises HardwareFailure."""
        async with self._lock:
            await self._remember(self.program.final if self.program else self.active)

    # --- the line ---

    def _ours(self) -> None:
        self._held.listen(self._look_for_end)
        self._taken = self.known = True
        self.problem = None

    def _take(self, boot_id: str) -> None:
        self._taken = False
        line = self._held.take()
        found = Found(
            inherited=self._held.inherited,
            driven=self._held.driven,
            same_boot=self._memory.same_boot(boot_id),
            active=self._stood_active(line),
            last=bool(self._memory.last),
        )
        self.active = begins_active(found, self.boot)
        self.program = self._memory.program if stays(found) else None
        if not self.program:
            self._memory.program_later(None)
        line.to_output(self.active != self.inverted)
        self._held.works_as(Direction.OUTPUT)
        stood = self._memory.active
        self._memory.took(boot_id, self.active)
        if stood not in (self.active, None):
            self._note_change()

    def _stood_active(self, line: Line) -> bool:
        # While what counts as active was being changed, the level says nothing; the output keeps its activeness.
        known = self._memory.inverting
        if known is None and not self._held.reads_back:
            known = bool(self._memory.active)
        return line.get() != self.inverted if known is None else known

    def _note_change(self) -> None:
        self.last_change_usec = wall_usec()
        self._memory.moved(self.active, self.last_change_usec, self.count)

    def _drive(self, active: bool, *, force: bool = False) -> None:
        if not (self._taken and self._held.held):
            raise HardwareFailure(self.problem or f"{self.name} has no line")
        changes = active != self.active
        if changes or force or self.problem:
            try:
                self._held.take().set(active != self.inverted)
            except OSError as error:
                failure = self._held.failed("could not be driven", error)
                self._report(str(failure))
                raise failure from error
            self.problem = None
        if changes:
            self.active = active
            self.count += active
            self._note_change()
            who = caller.get() or "itself"
            _log.info("%s is %s, by %s", self.name, "active" if active else "inactive", who)

    def _look_for_end(self) -> None:
        """Something came from the line of an output: only its end can."""
        try:
            self._held.take().edges()
        except OSError as error:
            self._report(str(self._held.failed("has lost its line", error)))

    def _report(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            self._on_change()
