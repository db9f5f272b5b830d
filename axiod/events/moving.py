# SPDX-License-Identifier: Apache-2.0
"""Moving outputs, virtual inputs and LEDs: one thing after the other for each of them, and no output waits for another.

An action is carried out within DEADLINE_SECONDS after its rule wanted it, or refused: what comes late may do harm.
While the service of the output is away, its return is waited for as long. `set` and `led` are tried again where they
failed, because twice is the same as once; toggle and pulse are not, where it is not known whether they were done.

What lasts while a rule is active, and what undoes it, is right as long as nothing else is wanted: after the deadline
its failure is told, but it goes on being tried until it succeeds or something else is wanted of the same output.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from axiod.bus.first_step import begin
from axiod.clock import monotonic_usec
from axiod.errors import AxiodError, Busy, HardwareFailure, Internal, LimitReached, Timeout, Unavailable
from axiod.events.output import target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from axiod.events.outputs import Outputs
    from axiod.events.rule import Action

_log = logging.getLogger(__name__)

DEADLINE_SECONDS = 5.0
ATTEMPT_SECONDS = 2.0
"""So long one attempt of what may be tried again may take."""
ATTEMPTS = 3
"""Of what fails and may be tried again, other than because its service is away."""
MOST_WAITING = 256
"""Actions that wait for one output."""
_PAUSE_SECONDS = (0.1, 0.3, 1.0, 2.0, 5.0)
_REPEATABLE = ("set", "led")
_NOT_DONE = (Unavailable, LimitReached)
"""After these it is certain that nothing was done."""
_MAY_PASS = (Unavailable, LimitReached, Timeout, HardwareFailure, Busy, Internal)
"""What may be otherwise at the next attempt."""


class Superseded(Exception):
    """Something else was wanted before it could be done."""


@dataclass(slots=True, eq=False)
class Move:
    """One action that moves something."""

    action: Action
    ended: Callable[[AxiodError | Superseded | None], None]
    """Called once at the end, with None when it was done."""
    failed: Callable[[AxiodError], None]
    """Called when it failed for now or for good, at most once, and before ended()."""
    lasting: bool = False
    """It is right as long as nothing else is wanted."""
    gate: asyncio.Future[None] | None = None
    """What must be done before."""
    deadline_usec: int = field(default_factory=lambda: monotonic_usec() + int(DEADLINE_SECONDS * 1e6))
    withdrawn: bool = False
    told: bool = False


@dataclass(slots=True)
class _Lane:
    """What waits for one target; the first is being carried out."""

    moves: deque[Move] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: bool = False


class Mover:
    """Carries out actions that move something."""

    def __init__(self, outputs: Outputs, set_input: Callable[[int, bool], None], tasks: asyncio.TaskGroup) -> None:
        """`set_input` turns a virtual input on or off."""
        self._outputs = outputs
        self._set_input = set_input
        self._tasks = tasks
        self._lanes: dict[str, _Lane] = {}
        self._running: set[asyncio.Task[None]] = set()

    def submit(self, move: Move) -> None:
        """Have an action carried out, at once if nothing else is on its way to the same target."""
        name = target(move.action) or ""
        lane = self._lanes.setdefault(name, _Lane())
        if len(lane.moves) >= MOST_WAITING:
            if not move.lasting:
                _end(move, LimitReached(f"{MOST_WAITING} actions wait for {name} already"))
                return
            # It says where the output belongs from now on, so it is never refused; others like it are outdated.
            outdated = [one for one in list(lane.moves)[1:] if one.lasting]
            for one in outdated:
                lane.moves.remove(one)
                _end(one, Superseded())
        lane.moves.append(move)
        lane.wake.set()
        if not lane.at_work:
            lane.at_work = True
            _, rest = begin(self._work(name, lane))
            if rest is not None:
                task = self._tasks.create_task(_finish(rest))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    def withdraw(self, move: Move) -> None:
        """Something else takes the place of a move that is still being tried."""
        move.withdrawn = True
        self._lanes[target(move.action) or ""].wake.set()

    def try_again(self) -> None:
        """A service came back: what waits for it need not wait any longer."""
        for lane in self._lanes.values():
            lane.wake.set()

    def stop(self) -> None:
        """Begin nothing more. What was not done is as after a crash."""
        for task in self._running:
            task.cancel()

    async def _work(self, name: str, lane: _Lane) -> None:
        while lane.moves:
            move = lane.moves[0]
            error: AxiodError | Superseded | None
            try:
                error = await self._carry_out(lane, move)
            except Exception:  # noqa: BLE001 # one action must not keep the others from being done
                _log.exception("%s of %s failed", move.action.kind, name)
                error = Internal("a fault of axiod; its log says more")
            lane.moves.popleft()
            _end(move, error)
        lane.at_work = False
        del self._lanes[name]

    async def _carry_out(self, lane: _Lane, move: Move) -> AxiodError | Superseded | None:
        """Try until it is done, or cannot be any more; return why not."""
        if move.gate is not None:
            await asyncio.wait([move.gate])
        attempts = failures = 0
        error: AxiodError = Timeout(f"it could not be done within {DEADLINE_SECONDS:g} s")
        while True:
            late = monotonic_usec() >= move.deadline_usec
            if move.withdrawn or (late and move.lasting and len(lane.moves) > 1):
                return Superseded()
            if late and not move.lasting:
                return error
            lane.wake.clear()
            try:
                await self._attempt(move, late=late)
            except AxiodError as found:
                error = found
            else:
                return None
            attempts += 1
            failures += not isinstance(error, _NOT_DONE)
            repeatable = move.action.kind in _REPEATABLE or isinstance(error, _NOT_DONE)
            if not isinstance(error, _MAY_PASS) or not repeatable:
                return error
            if failures >= ATTEMPTS or late:
                if not move.lasting:
                    return error
                _fail(move, error)
            await self._pause(lane, move, attempts)

    async def _pause(self, lane: _Lane, move: Move, attempts: int) -> None:
        """Wait until it is worth trying again."""
        seconds = _PAUSE_SECONDS[min(attempts, len(_PAUSE_SECONDS)) - 1]
        left = (move.deadline_usec - monotonic_usec()) / 1e6
        if left > 0:
            seconds = min(seconds, left)
        waiting = asyncio.ensure_future(lane.wake.wait())
        try:
            await asyncio.wait((waiting,), timeout=max(seconds, 0.0))
        finally:
            waiting.cancel()

    async def _attempt(self, move: Move, *, late: bool) -> None:
        action = move.action
        if action.kind == "virtual-input":
            self._set_input(int(str(action.parameters["Input"])), bool(action.parameters["Active"]))
            return
        led = action.kind == "led"
        find = self._outputs.led_place if led else self._outputs.place
        place = find(str(action.parameters["Led" if led else "Output"]))
        now = monotonic_usec()
        patience = ATTEMPT_SECONDS if action.kind in _REPEATABLE else DEADLINE_SECONDS
        # It is never carried out after this call has ended, so that nothing is overtaken by what was given up.
        deadline = now + int(patience * 1e6)
        if not late:
            deadline = min(deadline, move.deadline_usec)
        options = {"DeadlineUsec": deadline}
        seconds = (deadline - now) / 1e6
        call, path, interface = place.client.call, place.path, place.interface
        if led:
            await call(path, interface, *light(action, options), timeout=seconds)
        elif action.kind == "set":
            await call(path, interface, "Set", bool(action.parameters["Active"]), options, timeout=seconds)
        elif action.kind == "toggle":
            await call(path, interface, "Toggle", options, timeout=seconds)
        else:
            await call(path, interface, "Pulse", action.parameters["DurationMs"], options, timeout=seconds)


def light(action: Action, options: Mapping[str, Any]) -> tuple[str, *tuple[Any, ...]]:
    """Return the method of org.axiod.io1.Led that carries out an action, and its arguments."""
    given = action.parameters
    if "Colour" not in given:
        return "GiveBack", {"LastingOnly": True, **options}
    shown = {name: given[name] for name in ("FlashMs", "Between", "DurationMs") if name in given}
    return "Light", str(given["Colour"]), {**shown, **options}


async def _finish(rest: Awaitable[Any]) -> None:
    await rest


def _fail(move: Move, error: AxiodError) -> None:
    if not move.told:
        move.told = True
        move.failed(error)


def _end(move: Move, error: AxiodError | Superseded | None) -> None:
    if isinstance(error, AxiodError):
        _fail(move, error)
    move.ended(error)
