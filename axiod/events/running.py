# SPDX-License-Identifier: Apache-2.0
"""Runs the engine: gives it events and time, and carries out what it wants.

From an event to the message that moves an output nothing waits and no task is begun: what must be written first, before
what is not to be done twice, outlives this process as soon as it is written (State.at_once). What goes over a network
is only handed over here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from axiod.bus import topics
from axiod.bus.first_step import begin
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import AxiodError, Timeout
from axiod.events.effect import Became, Dropped, Perform, Reason, Save, Suspended, Undo
from axiod.events.moment import Happening, Moment
from axiod.events.moving import Move, Superseded
from axiod.events.output import target
from axiod.events.wording import action_words

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping, Sequence

    from axiod.events.effect import Effect
    from axiod.events.engine import Engine
    from axiod.events.log import LogHandler
    from axiod.events.moment import Told
    from axiod.events.moving import Mover
    from axiod.events.rule import Action, Rule
    from axiod.runtime.app import Context

_log = logging.getLogger(__name__)
LATE_SECONDS = 10.0
"""What comes later than that moves no output, other than what lasts: see _late and _overdue."""
_MOST_LATE = 1024
_MOVES = ("set", "toggle", "pulse", "virtual-input")
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_Step = Callable[[Moment], list["Effect"]]


class Network(Protocol):
    """What takes actions that go over a network."""

    async def hand_over(self, rule: Rule, action: Action, happening: Told | None) -> str | None:
        """Take one, and return when it will not be lost; raises AxiodError.

        Returns a sentence where it is done by that, None where its result is told later.
        """

    def expand(self, text: str, rule: Rule, happening: Told | None) -> str:
        """Replace the modifiers in a text."""


class Running:
    """All rules, at work."""

    def __init__(self, context: Context, engine: Engine, mover: Mover, log: LogHandler, network: Network) -> None:
        self._context = context
        self._engine = engine
        self._mover = mover
        self._log = log
        self._network = network
        self._rules: dict[str, Rule] = {}
        self._waiting: deque[tuple[_Step, bool]] = deque()
        self._busy = False
        self._stopped = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_usec: int | None = None
        self._moves: dict[tuple[str, int, int], Move] = {}
        """What is being performed: by rule, activation and step."""
        self._late: dict[tuple[str, int], Timeout] = {}
        """Why activations of rules, by their numbers, came so late that they may move nothing."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._problems: dict[str, dict[int | None, str]] = {}
        """Why steps of a rule failed when they were last done, the newest at the end; None: what belongs to no step."""
        self.on_change: Callable[[str], None] = lambda _rule: None
        """Called with a rule of which something changed."""

    def problem(self, rule: str) -> str | None:
        """Return what is wrong with a rule; None where nothing is."""
        if self._engine.view(rule).suspended:
            return f"it was suspended: {Reason.LOOP.text(0)}"
        return next(reversed(self._problems.get(rule, {}).values()), None)

    # --- what is told to it ---

    def restore(self, rules: Iterable[Rule], known_ids: Iterable[str], problems: Mapping[str, str]) -> None:
        """Take all rules. `known_ids`: those of which something may be stored. `problems`: what is wrong with some."""
        self._rules = {rule.id: rule for rule in rules}
        self._problems.update({rule: {None: text} for rule, text in problems.items()})
        state = self._context.state
        ids = dict.fromkeys([*self._rules, *(id_ for id_ in known_ids if state.get(_key(id_)) is not None)])
        stored = [(id_, self._rules.get(id_), state.get(_key(id_))) for id_ in ids]
        self._feed(lambda now: self._engine.restore(stored, now))

    @property
    def engine(self) -> Engine:
        """The engine, to look at."""
        return self._engine

    @property
    def rules(self) -> Mapping[str, Rule]:
        """All rules by their ids."""
        return self._rules

    def put(self, rule: Rule) -> None:
        """Take a new rule, or a change of one."""
        self._rules[rule.id] = rule
        self._problems.pop(rule.id, None)
        self._feed(partial(self._engine.put, rule))
        self.on_change(rule.id)

    def remove(self, rule: str) -> None:
        """A rule is no more."""
        del self._rules[rule]
        self._problems.pop(rule, None)
        self._feed(partial(self._engine.remove, rule))

    def event(self, service: str, event: Told) -> None:
        """Something happened."""
        self._feed(partial(self._engine.event, service, event), heard=True)

    def snapshot(self, service: str, events: Sequence[Told]) -> None:
        """This is all that a service has."""
        self._feed(partial(self._engine.snapshot, service, events), heard=True)

    def stop(self) -> None:
        """Do nothing more. What was not done is as after a crash."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        self._mover.stop()

    # --- the engine ---

    def _feed(self, step: _Step, *, heard: bool = False) -> None:
        """Let the engine take one step; what comes of its effects takes its turn after it.

        `heard`: it is about something that was heard, perhaps late.
        """
        if self._stopped:
            return
        self._waiting.append((step, heard))
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                step, heard = self._waiting.popleft()
                now = Moment(monotonic_usec(), wall_usec())
                self._carry_out(step(now), now if heard else None)
        finally:
            self._busy = False
            self._set_timer()

    def _set_timer(self) -> None:
        due = self._engine.next_due
        if due == self._timer_usec:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_usec, self._timer = due, None
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due / 1e6, self._due)

    def _due(self) -> None:
        self._timer = self._timer_usec = None
        self._feed(self._engine.due)

    def _carry_out(self, effects: list[Effect], heard: Moment | None) -> None:
        gate: asyncio.Future[None] | None = None
        changed: dict[str, None] = {}
        for effect in effects:
            match effect:
                case Save():
                    changed[effect.rule] = None
                    gate = self._save(effect, gate)
                case Perform():
                    self._perform(effect, gate)
                case Undo():
                    self._undo(effect, gate)
                case Became():
                    changed[effect.rule] = None
                    self._log.rule(effect.rule, self._became(effect))
                    self._note_late(effect, heard)
                case Suspended():
                    changed[effect.rule] = None
                    text = f"{self._name(effect.rule)} was suspended: {effect.text}"
                    _log.warning("%s", text)
                    self._log.rule(effect.rule, text)
                case Dropped():
                    self._log.rule(effect.rule, f"{self._name(effect.rule)} did not become active: {effect.text}")
        for rule in changed:
            self.on_change(rule)

    def _save(self, effect: Save, gate: asyncio.Future[None] | None) -> asyncio.Future[None] | None:
        state, key = self._context.state, _key(effect.rule)
        if state.at_once(key, effect.state):
            return gate
        if not effect.first:
            state.soon(key, effect.state)
            return gate
        # Begun here, so that no later state of the rule is overtaken by this one. What is begun together is written
        # together, so the last one of a list stands for all of it.
        _, rest = begin(self._written(key, effect.state))
        return gate if rest is None else asyncio.ensure_future(_finish(rest))

    async def _written(self, key: str, value: Any) -> None:
        try:
            await self._context.state.put(key, value, durable=False)
        except AxiodError as error:
            # A disk that refuses must not stop a relay; the service says that it is degraded.
            _log.debug("not stored: %s", error)

    # --- actions ---

    def _note_late(self, effect: Became, heard: Moment | None) -> None:
        # It is for all steps of this activation, also those that are delayed, and for no step of another one.
        if heard is not None and effect.active and (late := _late(effect, heard)) is not None:
            self._late[effect.rule, effect.activation] = late
            if len(self._late) > _MOST_LATE:
                del self._late[next(iter(self._late))]

    def _perform(self, effect: Perform, gate: asyncio.Future[None] | None) -> None:
        rule, action = self._rules.get(effect.rule), effect.action
        if rule is None:
            return
        late = _overdue(effect)
        if late is None and action.kind in _MOVES and not action.while_active:
            late = self._late.get((effect.rule, effect.activation))
        if late is not None:
            self._failed(effect, late)
            self._feed(partial(self._engine.done, effect.rule, effect.activation, effect.step))
            return
        if target(action) is not None:
            move = Move(
                action,
                partial(self._moved, effect),
                partial(self._failed, effect),
                lasting=action.while_active and action.kind != "toggle",
                gate=gate,
            )
            self._moves[effect.rule, effect.activation, effect.step] = move
            self._mover.submit(move)
            return
        work = self._say(rule, effect) if action.kind == "log" else self._hand_over(rule, effect, gate)
        _, rest = begin(work)
        if rest is not None:
            task = self._context.tasks.create_task(_finish(rest))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _moved(self, effect: Perform, error: AxiodError | Superseded | None) -> None:
        self._moves.pop((effect.rule, effect.activation, effect.step), None)
        if error is None:
            self._done(effect, action_words(effect.action))
        elif isinstance(error, Superseded):
            self._log.action(
                effect.rule, f"{action_words(effect.action)}: something else was wanted before it was done", "dropped"
            )
        self._feed(partial(self._engine.done, effect.rule, effect.activation, effect.step))

    def _undo(self, effect: Undo, gate: asyncio.Future[None] | None) -> None:
        key = effect.rule, effect.activation, effect.step
        if (former := self._moves.get(key)) is not None:
            self._mover.withdraw(former)
        self._mover.submit(
            Move(effect.action, partial(self._undone, effect), partial(self._failed, effect), lasting=True, gate=gate)
        )

    def _undone(self, effect: Undo, error: AxiodError | Superseded | None) -> None:
        if error is None:
            self._log.action(
                effect.rule, f"{action_words(effect.action)}, because {self._name(effect.rule)} ended", "done"
            )
        self._feed(partial(self._engine.undone, effect.rule, effect.activation, effect.step))

    async def _say(self, rule: Rule, effect: Perform) -> None:
        parameters = effect.action.parameters
        text = self._network.expand(str(parameters["Message"]), rule, self._about(rule, effect))
        _log.log(_LEVELS[str(parameters.get("Severity", "info"))], "rule %s: %s", rule.name, text)
        self._done(effect, text)
        self._feed(partial(self._engine.done, effect.rule, effect.activation, effect.step))

    async def _hand_over(self, rule: Rule, effect: Perform, gate: asyncio.Future[None] | None) -> None:
        if gate is not None:
            await asyncio.wait([gate])
        try:
            text = await self._network.hand_over(rule, effect.action, self._about(rule, effect))
        except AxiodError as error:
            self._failed(effect, error)
        else:
            if text is not None:
                self._done(effect, text)
        self._feed(partial(self._engine.done, effect.rule, effect.activation, effect.step))

    def _about(self, rule: Rule, effect: Perform) -> Told | None:
        """Return what texts speak of: the event that made the rule active, or where time or a person did, how the first
        condition that has a state stands now.
        """
        if effect.happening is not None:
            return effect.happening
        for condition in rule.conditions:
            topic, source = topics.same(condition.topic), condition.source.items()
            for (known_topic, known_source), known in self._engine.known.items():
                if known_topic == topic and source <= dict(known_source).items():
                    return Happening(condition.topic, dict(known_source), known.data, known.timestamp_usec)
        return None

    # --- what is told of it ---

    def _done(self, effect: Perform, text: str) -> None:
        self._log.action(effect.rule, text, "done")
        problems = self._problems.get(effect.rule, {})
        left: dict[int | None, str] = {
            step: problem for step, problem in problems.items() if step not in (effect.step, None)
        }
        if left != problems:
            self._problems[effect.rule] = left
            self.on_change(effect.rule)

    def _failed(self, effect: Perform | Undo, error: AxiodError) -> None:
        happening = effect.happening if isinstance(effect, Perform) else None
        self.failed(effect.rule, f"{action_words(effect.action)} failed: {error}", happening, effect.step)

    def failed(self, rule: str, text: str, happening: Told | None = None, step: int | None = None) -> None:
        """An action failed for good: tell it in the log, and as an event.

        It stays the rule's problem until that step succeeds; without a step, until anything of the rule does.
        """
        _log.error("%s: %s", self._name(rule), text)
        self._log.action(rule, text, "failed")
        if rule in self._rules:
            problems = self._problems.setdefault(rule, {})
            problems.pop(step, None)
            problems[step] = text
            self.on_change(rule)
        # A rule on failures whose own action fails must not start itself.
        if happening is None or topics.same(happening.topic) != topics.ACTION_FAILED:
            description = f"{self._name(rule)}: {text}"
            self._context.events.happened(topics.ACTION_FAILED, {}, {"description": description}, wall_usec())

    def _became(self, effect: Became) -> str:
        how = "inactive" if not effect.active else "active for a moment" if effect.momentary else "active"
        return f"{self._name(effect.rule)} became {how}: {effect.text}"

    def _name(self, id_: str) -> str:
        rule = self._rules.get(id_)
        return f"rule {id_}" if rule is None else f"rule {id_} ({rule.name})"


def _late(effect: Became, heard: Moment) -> Timeout | None:
    """Return why what moves something is not done: what made the rule active was heard of so late that it may do harm
    now.

    What lasts while the rule is active is right whenever its conditions hold, and what goes over a network tells when
    it was.
    """
    if effect.happening is None:
        return None
    seconds = (heard.wall_usec - effect.happening.timestamp_usec) / 1e6
    if seconds <= LATE_SECONDS:
        return None
    return Timeout(f"what started it was heard of {seconds:.0f} s late, and after {LATE_SECONDS:g} s nothing moves")


def _overdue(effect: Perform) -> Timeout | None:
    """Return why a toggle or pulse is not done: its time came long ago, while the service was away or stood still.

    A set is done even then: it may be the one that ends what the rule began.
    """
    seconds = effect.overdue_usec / 1e6
    if effect.action.kind not in ("toggle", "pulse") or seconds <= LATE_SECONDS:
        return None
    return Timeout(f"its time came {seconds:.0f} s ago, and after {LATE_SECONDS:g} s it is not done any more")


async def _finish(rest: Awaitable[Any]) -> None:
    await rest


def _key(rule: str) -> str:
    return f"rule/{rule}"
