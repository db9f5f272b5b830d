# SPDX-License-Identifier: Apache-2.0
"""The rule engine: from events and the passing of time to what is to be done. Pure: time is an argument.

How a service uses it:

    engine = Engine(SOURCES, boot_id)             # the bus names of all services that tell events, its own included
    engine.set_outputs(outputs)                   # what outputs there are (axiod/events/output.py); again if it changes
    effects = engine.restore([(id, rule, state)], now)   # every rule of the settings with what was stored of it,
                                                  # (id, None, state) for what was stored of a rule that is no more
    effects = engine.snapshot(source, events, now)  # after each Snapshot of a service, all of it; the first one of a
                                                  # service makes its states known
    effects = engine.event(source, event, now)    # each Event that Follower says is NEXT; own ones go the same way
    effects = engine.due(now)                     # when the monotonic clock reaches engine.next_due (it may be late)
    effects = engine.put(rule, now)               # a new or changed rule; engine.remove(id, now)
    effects = engine.done(rule, activation, step, now)   # what a Perform asked for is done, or failed for good;
    effects = engine.undone(rule, activation, step, now)  # the same of an Undo

Each call returns effects (axiod/events/effect.py), to be carried out in their order:

- Save: State.later(...) will do, but where `first` is set it must be written before what follows it in the list.
- Perform and Undo: in order for each output. Several may be on their way at once. An Undo of a step takes the place of
  its Perform if that is still being tried. (rule, activation, step) is unique; a Perform that comes again after a
  restart has the same one, unless it is the repetition of a notify with PeriodMs.
- Became, Suspended, Dropped: for the log and the properties of the rule, see view().

What holds:

- A rule is active while all its conditions hold; it does its actions when it becomes active. With FirstIsTrigger the
  first condition only starts it, when it *becomes* so while the others hold. A rule with a stateless condition, or with
  nothing but a trigger, is active only for a moment, each time. A stateless first condition that is the trigger and has
  others starts the rule, which then stays active as long as those hold.
- What was never heard of, and what left a snapshot, is unknown: a condition on it does not hold, inverted or not.
  Until the first snapshot of each service that tells a topic, rules on it are left as they are: neither does what is
  not known yet end an activation, nor is a trigger lost that comes meanwhile (a stateless one waits at the most 10 s).
- After a restart everything goes on: deadlines are absolute, a rule whose conditions still hold is not activated again,
  a change that was missed counts as one now. A step of which nobody knows whether it was done is done again, unless it
  is to be done at most once. After a reboot (another boot id) what lasts is done once more: outputs may have fallen.
- Delayed steps of an activation are still done when the rule becomes inactive meanwhile, except those that last while
  it is active. Turning a rule off, changing or removing it undoes what lasts and cancels every step that is to come.
- A rule that made itself active more than 20 times within 10 s, directly or through others, is suspended. Only what
  goes through outputs, virtual inputs and MQTT topics that rules moved themselves counts: a contact that chatters, or
  somebody who plays with it, must not be able to turn a rule off.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.events.activity import Activity
from axiod.events.doing import Shared
from axiod.events.effect import Reason, Save
from axiod.events.holders import Holders
from axiod.events.index import Index, key_of
from axiod.events.loop_guard import NOBODY, Traces
from axiod.events.rule import Rule
from axiod.events.rule_state import RuleState, fingerprint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from axiod.events.effect import Effect
    from axiod.events.index import Known
    from axiod.events.loop_guard import Cause
    from axiod.events.moment import Key, Moment, Told
    from axiod.events.output import Level, Output, Target
    from axiod.events.watch import Watch

_SPARE_TIMERS = 64


@dataclass(frozen=True, slots=True)
class View:
    """What there is to say of a rule at present."""

    active: bool
    suspended: bool
    activations: int
    last_activated_usec: int | None
    """By the wall clock."""


class Engine:
    """All rules and what is known of the world."""

    def __init__(self, services: Collection[str], boot_id: str) -> None:
        """`services`: the bus names of all that tell events. `boot_id`: differs from boot to boot."""
        self._boot_id = boot_id
        self._shared = Shared(services, Holders(), Traces())
        self._activities: dict[str, Activity] = {}
        self._leaving: dict[str, Activity] = {}
        """Rules that are no more, but what they lasted is being undone."""
        self._index = Index()
        self._timers: list[tuple[int, str]] = []
        """(when, rule) as a heap; what does not agree with the rule's own next_usec is old."""
        self._changed: dict[Activity, None] = {}

    # --- what happens ---

    def event(self, service: str, told: Told, now: Moment) -> list[Effect]:
        """An event of a service happened."""
        # What was read late happened when it says: a hold time that it ended before is not over.
        self._pass(now.before(now.wall_usec - told.timestamp_usec))
        key = key_of(told)
        declared = topics.declared(key[0])
        cause = self._shared.traces.cause(key, told.data, now.monotonic_usec)
        touched = self._index.touching(key)
        if declared is None or declared.stateful:
            self._index.learn(service, key, told)
            for _, watch in touched:
                watch.take(key, told.data)
        self._look(touched, told, cause, now)
        return self._finish()

    def snapshot(self, service: str, events: Iterable[Told], now: Moment) -> list[Effect]:
        """The present states of a service are these, and no others."""
        self._pass(now)
        first = service not in self._shared.heard
        self._shared.heard.add(service)
        present = {key_of(told): told for told in events}
        because: dict[Activity, Told | None] = {}
        for key in [key for key in self._index.of(service) if key not in present]:
            self._index.forget(key)
            for activity, watch in self._index.touching(key):
                watch.drop(key)
                because[activity] = None
        missed: list[tuple[Key, Told]] = []
        for key, told in present.items():
            former = self._index.known.get(key)
            self._index.learn(service, key, told)
            if former is not None and former.data == told.data:
                continue
            for activity, watch in self._index.touching(key):
                watch.take(key, told.data)
                because[activity] = told
            if not first:
                missed.append((key, told))
        for key, told in missed:
            cause = self._shared.traces.cause(key, told.data, now.monotonic_usec)
            self._look(self._index.touching(key), told, cause, now)
        for activity in sorted(self._activities.values() if first else because, key=_order):
            self._act(activity, now, because.get(activity))
        return self._finish()

    def due(self, now: Moment) -> list[Effect]:
        """Time passed."""
        self._pass(now)
        return self._finish()

    def done(self, rule: str, activation: int, step: int, now: Moment) -> list[Effect]:
        """What a Perform asked for is done, or failed for good, or is stored where it will not be lost."""
        self._pass(now)
        if (activity := self._activities.get(rule)) is not None:
            activity.doing.done(activation, step)
            self._plan(activity, now)
        return self._finish()

    def undone(self, rule: str, activation: int, step: int, now: Moment) -> list[Effect]:
        """What an Undo asked for is done, or failed for good."""
        self._pass(now)
        if (activity := self._activities.get(rule) or self._leaving.get(rule)) is not None:
            activity.doing.undone(activation, step)
            self._plan(activity, now)
        return self._finish()

    @property
    def next_due(self) -> int | None:
        """When due() is to be called, by the monotonic clock; None while nothing waits for time."""
        while self._timers:
            when, rule = self._timers[0]
            activity = self._activities.get(rule)
            if activity is not None and activity.next_usec == when:
                return when
            heapq.heappop(self._timers)
        return None

    # --- rules ---

    def restore(self, stored: Iterable[tuple[str, Rule | None, Mapping[str, Any] | None]], now: Moment) -> list[Effect]:
        """Take all rules, each with what was stored of it. To be called once, before anything else.

        A state that is damaged counts as none, and of one that is of a rule as it was before a change, or is no more,
        what lasted is undone.
        """
        taken: list[tuple[Activity, bool, bool]] = []
        for id_, rule, data in stored:
            state = _read(data)
            about = data if state is not None and data is not None else {}
            fits = rule is not None and about.get("of") == fingerprint(rule)
            rebooted = about.get("boot") != self._boot_id
            if state is None and rule is None:
                self._shared.gone.append(id_)
                continue
            settings = rule or Rule(id_, "", False, (), ())  # noqa: FBT003 # not enabled
            if state is not None and rebooted:
                state.carry_over(settings, now)
            activity = Activity(settings, self._shared, state)
            self._index.add(activity)
            activity.doing.keep()
            taken.append((activity, fits and settings.enabled, rebooted))
            (self._leaving if rule is None else self._activities)[id_] = activity
        for activity, goes_on, rebooted in taken:
            activity.doing.undo_again(now)
            if goes_on:
                activity.doing.resume(now, rebooted=rebooted)
            elif not activity.new:
                activity.stop(now, Reason.TURNED_OFF)
            self._act(activity, now)
        return self._finish()

    def put(self, rule: Rule, now: Moment) -> list[Effect]:
        """Take a new rule, or a change of one. To turn a suspended rule on again is a change, too."""
        self._pass(now)
        former = self._activities.get(rule.id)
        if former is not None and former.rule.enabled == rule.enabled and former.of == fingerprint(rule):
            former.rule = rule
            former.wake()
        else:
            if former is not None:
                former.stop(now, Reason.TURNED_OFF)
                self._index.take_out(former)
            before = former or self._leaving.pop(rule.id, None)
            activity = Activity(rule, self._shared, before.state.for_changed() if before is not None else None)
            self._activities[rule.id] = activity
            self._index.add(activity)
        self._act(self._activities[rule.id], now, cause=NOBODY)
        return self._finish()

    def remove(self, rule: str, now: Moment) -> list[Effect]:
        """A rule is no more."""
        self._pass(now)
        activity = self._activities.pop(rule, None)
        if activity is not None:
            activity.stop(now, Reason.REMOVED)
            self._index.take_out(activity)
            self._leaving[rule] = activity
            self._plan(activity, now)
        return self._finish()

    def set_outputs(self, outputs: Iterable[Output]) -> None:
        """These outputs are there now; it is how the guard against loops knows what a rule moved itself."""
        self._shared.traces.outputs = {output.id: output for output in outputs}

    # --- what is known ---

    def view(self, rule: str) -> View:
        """Return what there is to say of a rule."""
        state = self._activities[rule].state
        last = state.last.wall_usec if state.last is not None else None
        return View(state.active, state.suspended, state.activations, last)

    def activity(self, rule: str) -> Activity:
        """Return a rule as it is running, to look at."""
        return self._activities[rule]

    @property
    def rules(self) -> list[Rule]:
        """All rules in the order of their ids."""
        return [activity.rule for activity in sorted(self._activities.values(), key=_order)]

    @property
    def known(self) -> Mapping[Key, Known]:
        """The present value of every stateful event."""
        return self._index.known

    def wanted(self, target: Target) -> Level | None:
        """Return the level at which rules want a target now; None where none keeps it anywhere."""
        return self._shared.holders.wanted(target)

    # --- inside ---

    def _pass(self, now: Moment) -> None:
        while (when := self.next_due) is not None and when <= now.monotonic_usec:
            _, rule = heapq.heappop(self._timers)
            self._act(self._activities[rule], now)

    def _look(self, touched: list[tuple[Activity, Watch]], told: Told, cause: Cause, now: Moment) -> None:
        places: dict[Activity, int] = {}
        for activity, watch in touched:
            if not watch.stateless:
                places.setdefault(activity, -1)
            elif watch.happened(told.data) and watch.place == activity.trigger:
                places[activity] = watch.place
        for activity in places if len(places) < 2 else sorted(places, key=_order):
            self._act(activity, now, told, places[activity], cause)

    def _act(
        self, activity: Activity, now: Moment, told: Told | None = None, place: int = -1, cause: Cause | None = None
    ) -> None:
        activity.look(now, told, place, cause)
        activity.doing.step_on(now)
        self._plan(activity, now)

    def _plan(self, activity: Activity, now: Moment) -> None:
        former = activity.next_usec
        activity.plan(now)
        if activity.next_usec is not None and activity.next_usec != former:
            heapq.heappush(self._timers, (activity.next_usec, activity.rule.id))
            if len(self._timers) > _SPARE_TIMERS + 4 * len(self._activities):
                self._timers = [
                    (one.next_usec, id_) for id_, one in self._activities.items() if one.next_usec is not None
                ]
                heapq.heapify(self._timers)
        if activity.state.changed:
            self._changed[activity] = None

    def _finish(self) -> list[Effect]:
        """Return the effects of this call, what is to be stored before all others."""
        shared = self._shared
        if not self._changed and not shared.out and not shared.gone:
            return []
        saves: list[Effect] = [Save(id_, None) for id_ in shared.gone]
        for activity in self._changed:
            id_ = activity.rule.id
            activity.state.changed = False
            if self._leaving.get(id_) is activity and not activity.state.undoing:
                del self._leaving[id_]
                if id_ not in self._activities:
                    saves.append(Save(id_, None))
                continue
            saves.append(Save(id_, activity.state.to_json(activity.of, self._boot_id), id_ in shared.first))
        effects = saves + shared.out
        shared.out, shared.gone = [], []
        shared.first.clear()
        self._changed.clear()
        return effects


def _order(activity: Activity) -> tuple[int, str]:
    """Rules are looked at in the order of their numbers, whichever way they came here."""
    id_ = activity.rule.id
    return int(id_) if id_.isdecimal() else 0, id_


def _read(data: Mapping[str, Any] | None) -> RuleState | None:
    if data is None:
        return None
    try:
        return RuleState.from_json(data)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
