# SPDX-License-Identifier: Apache-2.0
"""Watches one circuit: by its line, or by its ADC where it is supervised; counts, and tells at a bearable rate."""

from __future__ import annotations

import asyncio
import contextlib
import time
from operator import attrgetter
from typing import TYPE_CHECKING

from axiod.clock import wall_usec, wall_usec_of
from axiod.errors import HardwareFailure
from axiod.gpio.input import Change, Input
from axiod.gpio.throttle import Throttle
from axiod.io.model import Circuit, CircuitSettings, is_closed
from axiod.io.supervision import Shown, Supervision

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.board.profile import AdcRef
    from axiod.gpio.held import HeldLine
    from axiod.io.loops import LoopReader
    from axiod.runtime.state import State


_how_it_is_watched = attrgetter("debounce_ms", "supervision", "ranges", "hysteresis_levels", "hold_ms")


class Watch:
    """The input side of a port, or an alarm."""

    def __init__(
        self, line: HeldLine, adc: AdcRef | None, loops: LoopReader, state: State, publish: Callable[[int], None]
    ) -> None:
        """`publish` is called with the time of the last change whenever there is something to tell."""
        self.circuit = Circuit(
            changed_usec=state.number(f"{line.name}.changed"),
            count=state.number(f"{line.name}.count") or 0,
        )
        self._name = line.name
        self._line = line
        self._adc = adc
        self._loops = loops
        self._state = state
        self._publish = publish
        self._input = Input(line, self._edges, self._read, lambda: self._tell(wall_usec()))
        self._supervision: Supervision | None = None
        self._shown = Shown()
        self._loop_problem: str | None = None
        self._silent = False
        self._normal_state = ""
        self._throttle = Throttle()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def problem(self) -> str | None:
        """Why the circuit cannot be read; None while it can."""
        return self._input.problem or self._loop_problem

    @property
    def measured(self) -> bool:
        """The loop can be measured, if it is to be."""
        return self._loop_problem is None

    @property
    def stale(self) -> bool:
        """The ADC has not answered for a while; what is known of the loop may be true no more."""
        return self._silent

    @property
    def lost_edges(self) -> int:
        """Edges that the kernel dropped."""
        return self._input.lost

    def begin(self, settings: CircuitSettings) -> None:
        """Watch the circuit with these settings from now on."""
        self._forget_loop()
        self._normal_state = settings.normal_state
        self._begin_line(settings)
        if settings.supervised and self._adc:
            ranges = settings.effective_ranges(self._adc.front_end)
            self._supervision = Supervision(ranges, settings.hysteresis_levels, settings.hold_ms)
            self._loops.watch(self._adc, self._reading)

    def amend(self, former: CircuitSettings, settings: CircuitSettings) -> None:
        """Go on with other settings; what they do not touch goes on undisturbed."""
        self._normal_state = settings.normal_state
        if _how_it_is_watched(former) != _how_it_is_watched(settings):
            self.begin(settings)

    def retry(self, settings: CircuitSettings) -> None:
        """Try again to have the line; a loop is tried again with each reading."""
        if self._input.problem:
            self._begin_line(settings)

    def check(self) -> None:
        """Look whether the line can still be read."""
        self._input.check()

    def end(self) -> None:
        """Watch it no more; nothing is known of it then."""
        self._forget_loop()
        self._cancel_timer()
        self._input.end()
        self.circuit.closed = None

    def close(self) -> None:
        """Stop serving it; the line stays ours, and its edges wait."""
        self._forget_loop()
        self._cancel_timer()
        self._input.close()

    async def reset_count(self) -> int:
        """Set the counter to 0, on disk, and return what it was. Raises HardwareFailure."""
        former, self.circuit.count = self.circuit.count, 0
        try:
            await self._state.put(f"{self._name}.count", 0, durable=True)
        except HardwareFailure:
            self.circuit.count += former
            self._state.later(f"{self._name}.count", self.circuit.count)
            raise
        return former

    def _begin_line(self, settings: CircuitSettings) -> None:
        if not self._line.held:
            with contextlib.suppress(HardwareFailure):
                self._line.take()
                # What was known is worth something only with the edges since then; others are not ours to count.
                if self._line.inherited:
                    self.circuit.closed = self._state.get(f"{self._name}.closed")
                    self._input.resume(self._state.number(f"{self._name}.sequence"))
                else:
                    # A new line counts its edges from 1.
                    self.circuit.closed = None
                    self._input.resume(0)
                    self._state.soon(f"{self._name}.sequence", 0)
        self._input.begin(settings.debounce_ms, self.circuit.closed, follow=not settings.supervised)

    def _forget_loop(self) -> None:
        if self._adc:
            self._loops.unwatch(self._adc)
        self._supervision = None
        self._loop_problem = None
        self._silent = False
        self._shown = Shown()
        self.circuit.loop = self.circuit.level = None

    def _edges(self, changes: list[Change]) -> None:
        for closed, when_ns in changes:
            self._took(closed, when_ns)

    def _read(self) -> None:
        # Stored together with the count: what the process read and could not store any more is counted after it.
        # While nothing is held back that is done at once; else it is done once a second.
        key, sequence = f"{self._name}.sequence", self._input.sequence
        if self._timer is not None:
            self._state.later(key, sequence)
        elif not self._state.at_once(key, sequence):
            self._state.soon(key, sequence)

    def _reading(self, reading: int | OSError) -> None:
        if self._supervision is None:
            return
        now_ns = time.monotonic_ns()
        self._silent = isinstance(reading, TimeoutError)
        if isinstance(reading, OSError):
            problem = f"{self._name} cannot be measured: {reading.strerror}"
            if problem != self._loop_problem:
                self._loop_problem = problem
                self._publish(wall_usec())
            return
        recovered, self._loop_problem = self._loop_problem is not None, None
        show = self._shown.take(reading, now_ns) or recovered
        if show:
            self.circuit.level = reading
        for loop, when_ns in self._supervision.reading(reading, now_ns):
            self.circuit.loop = loop
            self.circuit.level = reading
            self._took(is_closed(loop), when_ns)
            show = False
        if show:
            self._publish(wall_usec())

    def _took(self, closed: bool, when_ns: int) -> None:
        when_usec = wall_usec_of(when_ns)
        self.circuit.took(closed, self._normal_state, when_usec)
        self._state.later(f"{self._name}.closed", closed)
        self._state.later(f"{self._name}.count", self.circuit.count)
        self._state.later(f"{self._name}.changed", self.circuit.changed_usec)
        self._tell(when_usec)

    def _tell(self, when_usec: int) -> None:
        if self._timer is not None:
            return
        wait_until = self._throttle.take(time.monotonic_ns())
        if wait_until is None:
            self._publish(when_usec)
        else:
            self._timer = asyncio.get_running_loop().call_at(wait_until / 1e9, self._tell_latest)

    def _tell_latest(self) -> None:
        self._timer = None
        self._throttle.take(time.monotonic_ns())
        self._publish(self.circuit.changed_usec or wall_usec())

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
