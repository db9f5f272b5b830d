# SPDX-License-Identifier: Apache-2.0
"""The life of one rule: when it becomes active and inactive, and what it does then. Pure: time is an argument.

engine.py says what holds for all of this.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from axiod.events.doing import Doing
from axiod.events.effect import Became, Dropped, Reason, Suspended
from axiod.events.loop_guard import LOOP_ACTIVATIONS, LOOP_USEC
from axiod.events.rule_state import Missed, RuleState, fingerprint
from axiod.events.watch import Watch

if TYPE_CHECKING:
    from axiod.events.doing import Shared
    from axiod.events.loop_guard import Cause
    from axiod.events.moment import Moment, Told
    from axiod.events.rule import Rule

MOST_STEPS = 256
"""So many steps of a rule may be under way or waiting for their time."""
KEPT_USEC = 10_000_000
"""So long a stateless trigger waits for conditions that are not known yet."""
STORED_USEC = 10_000_000
"""That something was missed is stored at most once in this time."""


class Activity:
    """One rule, running."""

    def __init__(self, rule: Rule, shared: Shared, state: RuleState | None = None) -> None:
        """`state`: what was stored of it, by the clocks of this boot."""
        self.rule = rule
        self.of = fingerprint(rule)
        """What says that a stored state is of this rule."""
        self.state = state or RuleState()
        self.watches = tuple(Watch(item, place, shared.services) for place, item in enumerate(rule.conditions))
        stateless = [watch.place for watch in self.watches if watch.stateless]
        self.trigger: int | None = 0 if rule.first_is_trigger else stateless[0] if stateless else None
        """The place of the condition that only starts it."""
        self.momentary = self.trigger is not None and (not rule.first_is_trigger or len(self.watches) == 1)
        """It does not stay active."""
        self.next_usec: int | None = None
        """When time alone may change something."""
        self.doing = Doing(rule, shared, self.state)
        self.new = state is None
        """Nothing was stored of it."""
        self.state.changed |= self.new
        self._shared = shared
        self._kept: tuple[Moment, Told] | None = None
        self._caused: deque[int] = deque(maxlen=LOOP_ACTIVATIONS)

    def waits_for(self, watch: Watch) -> bool:
        """Whether a condition is not decided only because a first snapshot did not come yet."""
        if watch.stateless or watch.services <= self._shared.heard:
            return False
        # Where any of several sources will do, one that is so decides; that none is so, only all services can say.
        return not watch.verdicts if watch.exact else not any(watch.verdicts.values())

    @property
    def on(self) -> bool:
        """It looks at events."""
        return self.rule.enabled and not self.state.suspended

    def wake(self) -> None:
        """It was turned on again after it was suspended."""
        if self.state.suspended and self.rule.enabled:
            self.state.suspended = False
            self.state.changed = True

    # --- looking ---

    def look(self, now: Moment, told: Told | None = None, place: int = -1, cause: Cause | None = None) -> None:
        """Look whether it is to become active or inactive.

        `told`: the event because of which it looks. `place`: the stateless condition that it is for; -1 for none.
        `cause`: the rules that led to the event; None for those of the last one, where time passed.
        """
        if not self.on:
            return
        if cause is not None:
            self.doing.cause = cause
        unknown = self._hold(now)
        fired = place == self.trigger and place >= 0
        if unknown >= 0:
            if fired and told is not None:
                if self._kept is not None:
                    self._miss(Reason.UNKNOWN, unknown, now)
                self._kept = (now, told)
            return
        if self._kept is not None:
            self._look_back(now)
        self._judge(now, told, fired)

    def _look_back(self, now: Moment) -> None:
        """Take the stateless trigger that came before the other conditions were known."""
        if self._kept is None:
            return
        (then, told), self._kept = self._kept, None
        if now.monotonic_usec - then.monotonic_usec <= KEPT_USEC:
            self._judge(now, told, fired=True)
        else:
            self._miss(Reason.UNKNOWN, -1 if self.trigger is None else self.trigger, now)

    def _hold(self, now: Moment) -> int:
        """Note since when conditions with a hold time are as said; return the place of one that waits for its first
        snapshot, -1 where there is none.
        """
        unknown = -1
        for watch in self.watches:
            if self.waits_for(watch):
                unknown = watch.place
            elif watch.hold_usec:
                if not watch.holds():
                    self.state.changed |= self.state.since.pop(watch.place, None) is not None
                elif watch.place not in self.state.since:
                    self.state.since[watch.place] = now
                    self.state.changed = True
        return unknown

    def truth(self, watch: Watch, now: Moment) -> bool | None:
        """Whether a condition holds, its hold time included; None where nothing is known of it."""
        holds = watch.holds()
        if not holds or not watch.hold_usec:
            return holds
        since = self.state.since.get(watch.place)
        return since is not None and since.monotonic_usec + watch.hold_usec <= now.monotonic_usec

    def _judge(self, now: Moment, told: Told | None, fired: bool) -> None:  # (when, what, its trigger)
        """Become active or inactive; all conditions are known by now."""
        state = self.state
        if self.trigger is not None and not self.watches[self.trigger].stateless:
            first = self.truth(self.watches[self.trigger], now)
            if first is not None:
                fired = first and state.first is False
            if first is None and state.first is None:
                first = False  # nothing is known of it; when something is, that is new
            if first is not None and first is not state.first:
                state.first = first
                state.changed = True
        missing = next((w.place for w in self.watches if w.place != self.trigger and not self.truth(w, now)), None)
        if state.active and missing is not None:
            self.deactivate(now, Reason.NO_MORE, missing)
        self.doing.settled = True
        if self.trigger is None:
            if missing is None and not state.active and self.wait_usec(now) <= now.monotonic_usec:
                waited = self.rule.wait_ms and state.last is not None and told is None
                self._activate(now, Reason.WAIT_OVER if waited else Reason.HOLDS, -1, told)
        elif fired:
            if missing is not None:
                self._miss(Reason.OTHERS, missing, now)
            elif state.active:
                self._miss(Reason.ACTIVE_ALREADY, self.trigger, now)
            elif self.wait_usec(now) > now.monotonic_usec:
                self._miss(Reason.WAITING, self.trigger, now)
            else:
                self._activate(now, Reason.TRIGGERED, self.trigger, told)

    def wait_usec(self, now: Moment) -> int:
        """Return when the wait after the last activation is over."""
        if not self.rule.wait_ms or self.state.last is None:
            return now.monotonic_usec
        return self.state.last.monotonic_usec + self.rule.wait_ms * 1000

    def _miss(self, reason: Reason, place: int, now: Moment) -> None:
        former = self.state.missed
        self.state.missed = Missed(now.wall_usec, reason, place + 1)
        # It is for people only, and a trigger that comes often must cost little.
        if former is None or abs(now.wall_usec - former.wall_usec) >= STORED_USEC:
            self.state.changed = True
        self._shared.out.append(Dropped(self.rule.id, reason, place + 1))

    # --- active and inactive ---

    def _activate(self, now: Moment, reason: Reason, place: int, told: Told | None) -> None:
        state = self.state
        if self.rule.id in self.doing.cause and self._goes_round(now):
            return
        if len(state.steps) + len(self.rule.actions) > MOST_STEPS:
            self._miss(Reason.TOO_MANY, place, now)
            return
        state.activations += 1
        state.last = now
        state.active = not self.momentary
        self.state.changed = True
        if told is not None:
            state.happenings[state.activations] = told
        self._shared.out.append(
            Became(self.rule.id, True, self.momentary, reason, place + 1, state.activations, told)  # noqa: FBT003 # active
        )
        self.doing.begin(state.activations, now, momentary=self.momentary)

    def _goes_round(self, now: Moment) -> bool:
        """Whether it made itself active too often; it is suspended then."""
        over_usec = now.monotonic_usec - LOOP_USEC
        if len(self._caused) == LOOP_ACTIVATIONS and self._caused[0] >= over_usec:
            self._shared.out.append(Suspended(self.rule.id))
            self.stop(now, Reason.LOOP)
            self.state.suspended = True
            return True
        self._caused.append(now.monotonic_usec)
        return False

    def deactivate(self, now: Moment, reason: Reason, place: int = -1) -> None:
        """Become inactive."""
        state = self.state
        state.active = False
        self.state.changed = True
        self._shared.out.append(
            Became(self.rule.id, False, self.momentary, reason, place + 1, state.activations)  # noqa: FBT003 # active
        )
        self.doing.end(now)

    def stop(self, now: Moment, reason: Reason) -> None:
        """Undo what lasts, and cancel every step that is to come."""
        state = self.state
        self.state.changed = True
        if state.active:
            state.active = False
            self._shared.out.append(
                Became(self.rule.id, False, self.momentary, reason, 0, state.activations)  # noqa: FBT003 # active
            )
        self.doing.cancel(now)
        state.since.clear()
        state.first = None
        self._kept = None
        self._caused.clear()

    # --- time ---

    def plan(self, now: Moment) -> None:
        """Find out when time alone may change something."""
        state = self.state
        if not state.steps and not state.since and not self.rule.wait_ms:
            self.next_usec = None
            return
        times = [
            step.due.monotonic_usec
            for step in state.steps
            if step.due is not None and (self.doing.settled or not self.rule.actions[step.index].while_active)
        ]
        if self.on:
            holding = [since.monotonic_usec + self.watches[place].hold_usec for place, since in state.since.items()]
            times += [usec for usec in holding if usec > now.monotonic_usec]
            if self.trigger is None and not state.active:
                wait = self.wait_usec(now)
                if wait > now.monotonic_usec and all(self.truth(watch, now) for watch in self.watches):
                    times.append(wait)
        self.next_usec = min(times) if times else None
