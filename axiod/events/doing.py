# SPDX-License-Identifier: Apache-2.0
"""What a rule does: the steps of its activations, and the end of what lasts. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from axiod.events.effect import Perform, Undo
from axiod.events.loop_guard import NOBODY
from axiod.events.output import level, move, target
from axiod.events.rule import at_most_once
from axiod.events.rule_state import Phase, Step, Undoing, period_ms

if TYPE_CHECKING:
    from collections.abc import Collection

    from axiod.events.effect import Effect
    from axiod.events.holders import Holders
    from axiod.events.loop_guard import Cause, Traces
    from axiod.events.moment import Moment
    from axiod.events.output import Target
    from axiod.events.rule import Action, Rule
    from axiod.events.rule_state import RuleState


@dataclass(slots=True)
class Shared:
    """What all rules have in common."""

    services: Collection[str]
    holders: Holders
    traces: Traces
    heard: set[str] = field(default_factory=set)
    """The services whose first snapshot came."""
    out: list[Effect] = field(default_factory=list)
    """The effects of the present call."""
    first: set[str] = field(default_factory=set)
    """The rules whose state must be written before their effects of the present call."""
    gone: list[str] = field(default_factory=list)
    """The rules of which nothing is to be stored any more."""


class Doing:
    """The steps of one rule."""

    def __init__(self, rule: Rule, shared: Shared, state: RuleState) -> None:
        self.settled = not state.active
        """What lasts since before the restart was looked at since; until then it is left as it is."""
        self.cause: Cause = NOBODY
        """What led to the last event that the rule looked at."""
        self.led: Cause = NOBODY
        """What led to its last activation."""
        self._rule = rule
        self._shared = shared
        self._state = state

    def begin(self, activation: int, now: Moment, *, momentary: bool) -> None:
        """Plan the steps of an activation, and begin those that do not wait."""
        self.led = self.cause
        due = now
        for index, action in enumerate(self._rule.actions):
            due = due.after(action.delay_ms * 1000) if action.delay_ms else due
            if not (momentary and action.while_active):
                self._state.steps.append(Step(activation, index, Phase.WAITING, due))
        self.step_on(now)

    def end(self, now: Moment) -> None:
        """The rule is inactive: what lasts is undone, and what was to last and has not begun is not begun."""
        steps, actions = self._state.steps, self._rule.actions
        self._state.steps = [step for step in steps if not actions[step.index].while_active]
        self._let_go([step for step in steps if actions[step.index].while_active], now)
        self._state.drop_old_happenings()

    def cancel(self, now: Moment) -> None:
        """Undo what lasts, and forget every step that is to come."""
        # What is left of a rule that was changed since is known by what it holds alone.
        self._let_go(self._state.steps, now)
        self._state.steps = []
        self._state.happenings.clear()
        self.settled = True

    def _let_go(self, steps: list[Step], now: Moment) -> None:
        for step in reversed(steps):
            if step.held is None:
                continue
            kept = step.held[0]
            left = self._shared.holders.release(step)
            if left is not None:
                # Stored until it is done, so that a crash does not leave an output where nobody wants it any more.
                undoing = self._state.undoing[kept] = Undoing(step.activation, step.index, left)
                self._tell_undo(kept, undoing, now)

    def _tell_undo(self, moved: Target, undoing: Undoing, now: Moment) -> None:
        action = move(moved, undoing.level)
        self._state.changed = True
        self._shared.first.add(self._rule.id)
        self._shared.traces.moved(action, self.led | self.cause | {self._rule.id}, now.monotonic_usec)
        self._shared.out.append(Undo(self._rule.id, undoing.activation, undoing.index, action))

    def step_on(self, now: Moment) -> None:
        """Begin the steps whose time has come."""
        for step in self._state.steps:
            if step.due is None or step.due.monotonic_usec > now.monotonic_usec:
                continue
            action = self._rule.actions[step.index]
            if self.settled or not action.while_active:
                self._begin(step, action, now)

    def _begin(self, step: Step, action: Action, now: Moment) -> None:
        state, shared, id_ = self._state, self._shared, self._rule.id
        state.changed = True
        overdue_usec = now.monotonic_usec - step.due.monotonic_usec if step.due is not None else 0
        period = period_ms(action)
        # What was missed while the service was away is not made up for.
        step.due = now.after(period * 1000) if period else None
        moved = target(action)
        if action.while_active and moved is not None:
            if step.held is None:
                state.undoing.pop(moved, None)
                shared.holders.hold(step, moved, level(action))
            elif not shared.holders.decides(step):
                step.phase = Phase.DONE
                return
            shared.first.add(id_)
        if at_most_once(action):
            shared.first.add(id_)
        step.phase = Phase.BEGUN
        shared.traces.moved(action, self.led | {id_}, now.monotonic_usec)
        happening = state.happenings.get(step.activation)
        shared.out.append(Perform(id_, step.activation, step.index, action, happening, overdue_usec))

    def done(self, activation: int, index: int) -> None:
        """A step is done, or failed for good."""
        for place, step in enumerate(self._state.steps):
            if step.activation == activation and step.index == index:
                self._state.changed = True
                step.phase = Phase.DONE
                if not self._rule.actions[index].while_active:
                    del self._state.steps[place]
                    self._state.drop_old_happenings()
                return

    def undone(self, activation: int, index: int) -> None:
        """What a step kept is where it belongs, or cannot be brought there."""
        for moved, undoing in self._state.undoing.items():
            if (undoing.activation, undoing.index) == (activation, index):
                del self._state.undoing[moved]
                self._state.changed = True
                return

    # --- after a restart ---

    def keep(self) -> None:
        """What it kept where it was, it keeps there."""
        for step in self._state.steps:
            self._shared.holders.resume(step)

    def resume(self, now: Moment, *, rebooted: bool) -> None:
        """Steps of which nobody knows are to be done again, or are given up; after a reboot also what lasts."""
        kept: list[Step] = []
        for step in self._state.steps:
            action = self._rule.actions[step.index]
            if step.phase is Phase.BEGUN:
                self._state.changed = True
                if not at_most_once(action):
                    step.due = now
                    step.phase = Phase.WAITING
                elif not action.while_active:
                    continue
                else:
                    step.phase = Phase.DONE
            elif rebooted and step.held is not None and not at_most_once(action):
                step.due = now
            kept.append(step)
        self._state.steps = kept
        self._state.drop_old_happenings()

    def undo_again(self, now: Moment) -> None:
        """Bring what was on its way back to where it belongs, once more."""
        for moved, undoing in list(self._state.undoing.items()):
            wanted = self._shared.holders.wanted(moved)
            again = undoing if wanted is None else replace(undoing, level=wanted)
            self._state.undoing[moved] = again
            self._tell_undo(moved, again, now)
