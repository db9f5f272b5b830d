# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.Rules and Rule: what there is, and every change: checked, stored, in force, then acknowledged."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument, LimitReached, NotFound
from axiod.events import record, stored
from axiod.events.rule import MOST_RULES, amended
from axiod.events.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from axiod.events.action_configurations import ActionConfigurations
    from axiod.events.judging import Judging
    from axiod.events.rule import Rule
    from axiod.events.running import Running
    from axiod.runtime.app import Context

_log = logging.getLogger(__name__)

RULES = "org.axiod.events1.Rules"
RULE = stored.RULE
MOST_REPLAYED = 100_000
_TELL_SECONDS = 0.02


class RulesHandler:
    """org.axiod.events1.Rules, and all rules."""

    limit: int = MOST_RULES

    def __init__(
        self,
        context: Context,
        changing: asyncio.Lock,
        running: Running,
        judging: Judging,
        actions: ActionConfigurations,
        on_count: Callable[[], None],
    ) -> None:
        """`changing`: held while anything changes. `on_count`: there is a rule more or less.

        Raises HardwareFailure when the disk refuses to be read.
        """
        self._context = context
        self._changing = changing
        self._running = running
        self._judging = judging
        self._actions = actions
        self._on_count = on_count
        self._path = f"{context.path}/rules"
        self._file = stored.rules_file(context.state_dir)
        self._problems: dict[str, str] = {}
        """Of rules of the file that cannot be."""
        self._rules = {id_: self._read(stored.rule(id_, entry)) for id_, entry in self._file.entries.items()}
        self._handlers: dict[str, RuleHandler] = {}
        running.on_change = self._tell_soon
        self._to_tell: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    def restore(self) -> None:
        """Let the rules go on where they were; to be called before anything is told to them."""
        self._running.restore(self._rules.values(), map(str, range(1, self._file.next)), self._problems)

    def start(self) -> None:
        """Export everything."""
        self._context.server.export(self._path, RULES, self)
        for id_ in self._rules:
            self._export(id_)

    def close(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def names_of(self, ids: Iterable[str]) -> list[str]:
        """Return what rules are called, for a sentence."""
        return [f"rule {id_} ({self._rules[id_].name})" for id_ in ids]

    def using_recipient(self, recipient: str) -> list[str]:
        """Return the names of the rules that need a recipient."""
        return self.names_of(
            rule.id
            for rule in self._rules.values()
            if any(action.parameters.get("Recipient") == recipient for action in rule.actions)
        )

    def using_schedule(self, event_id: str) -> str | None:
        """Return the name of a rule that needs the schedule with this id in its events."""
        topics_ = self._judging.schedule_topics
        for rule in self._rules.values():
            if any(one.topic in topics_ and one.source.get("id") == event_id for one in rule.conditions):
                return self.names_of([rule.id])[0]
        return None

    # --- properties and methods of the contract ---

    @property
    def count(self) -> int:
        return len(self._rules)

    async def add_rule(
        self, name: str, conditions: list[dict[str, Any]], actions: list[dict[str, Any]], options: dict[str, Any]
    ) -> str:
        given = {"Name": name, "Conditions": conditions, "Actions": actions, **options}
        async with self._changing:
            return await self._add(stored.rule("", {"Enabled": True, **given}))

    async def check(self) -> list[dict[str, Any]]:
        return await self._judging.check(list(self._rules.values()))

    async def replay(self, events: list[tuple[int, str, dict[str, str], dict[str, str]]]) -> list[dict[str, Any]]:
        if len(events) > MOST_REPLAYED:
            raise InvalidArgument(f"there are {len(events)} events; at most {MOST_REPLAYED} can be replayed at once")
        return await self._judging.replay(list(self._rules.values()), events)

    async def add_action_configuration(self, name: str, token: str, parameters: dict[str, str]) -> str:
        return await self._actions.add(name, token, parameters)

    # --- for each rule ---

    def rule(self, id_: str) -> Rule:
        """Return a rule; raises NotFound when it was removed."""
        found = self._rules.get(id_)
        if found is None:
            raise NotFound(f"rule {id_} was removed")
        return found

    @property
    def running(self) -> Running:
        """What runs them."""
        return self._running

    @property
    def judging(self) -> Judging:
        """What judges them."""
        return self._judging

    async def configure(self, id_: str, changes: dict[str, Any]) -> None:
        """Take changes of the contract."""
        async with self._changing:
            former = self.rule(id_)
            rule = amended(former, record.changes(changes))
            if replace(rule, name=former.name, enabled=former.enabled) != former or (
                rule.enabled and not former.enabled
            ):
                self._judging.validate(rule)
            await self._store({**self._rules, id_: rule}, self._file.next)
            self._running.put(rule)
            self._changed(id_)

    async def copy(self, id_: str, name: str) -> str:
        """Add one like another, turned off."""
        async with self._changing:
            return await self._add(replace(self.rule(id_), id="", name=name, enabled=False), known=True)

    async def remove(self, id_: str) -> None:
        """Remove one."""
        async with self._changing:
            self.rule(id_)
            await self._store({other: rule for other, rule in self._rules.items() if other != id_}, self._file.next)
            del self._handlers[id_]
            self._context.server.unexport(self._rule_path(id_))
            self._running.remove(id_)
            self._count_changed()

    async def _add(self, rule: Rule, *, known: bool = False) -> str:
        """Take a new rule, one that is like another if it is known."""
        if len(self._rules) >= MOST_RULES:
            raise LimitReached(f"there are {MOST_RULES} rules, the most that there can be; remove one first")
        rule = replace(rule, id=str(self._file.next))
        if not known:
            self._judging.validate(rule)
        await self._store({**self._rules, rule.id: rule}, self._file.next + 1)
        self._running.put(rule)
        self._export(rule.id)
        self._count_changed()
        return rule.id

    def _read(self, rule: Rule) -> Rule:
        """Return a rule of the file, turned off if it can never work: somebody may have edited it."""
        try:
            validate(rule, None)
        except InvalidArgument as error:
            self._problems[rule.id] = f"it cannot be as it is in rules.yaml, and is turned off: {error}"
            _log.error("rules.yaml: rule %s (%s) is turned off: %s", rule.id, rule.name, error)
            return replace(rule, enabled=False)
        return rule

    async def _store(self, rules: dict[str, Rule], following: int) -> None:
        await self._file.save({id_: record.of_rule(rule) for id_, rule in rules.items()}, following)
        self._rules = rules

    def _count_changed(self) -> None:
        self._context.server.changed(self._path, RULES)
        self._on_count()

    def _export(self, id_: str) -> None:
        self._handlers[id_] = RuleHandler(self, id_)
        self._context.server.export(self._rule_path(id_), RULE, self._handlers[id_])

    def _tell_soon(self, id_: str) -> None:
        # What a rule does may be much; what it is, is told in one word. And no output waits for that.
        self._to_tell.add(id_)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TELL_SECONDS, self._tell)

    def _tell(self) -> None:
        self._timer = None
        to_tell, self._to_tell = self._to_tell, set()
        for id_ in to_tell:
            self._changed(id_)

    def _changed(self, id_: str) -> None:
        if id_ in self._handlers:
            self._context.server.changed(self._rule_path(id_), RULE)

    def _rule_path(self, id_: str) -> str:
        return f"{self._context.path}/rule/{id_}"


class RuleHandler:
    """org.axiod.events1.Rule; the attributes are the properties of the contract."""

    def __init__(self, all_: RulesHandler, id_: str) -> None:
        self._all = all_
        self._id = id_

    @property
    def _rule(self) -> Rule:
        return self._all.rule(self._id)

    # --- properties ---

    @property
    def name(self) -> str:
        return self._rule.name

    @property
    def enabled(self) -> bool:
        return self._rule.enabled

    @property
    def conditions(self) -> list[dict[str, Any]]:
        return [record.of_condition(one) for one in self._rule.conditions]

    @property
    def actions(self) -> list[dict[str, Any]]:
        return [record.of_action(one) for one in self._rule.actions]

    @property
    def first_is_trigger(self) -> bool:
        return self._rule.first_is_trigger

    @property
    def wait_ms(self) -> int:
        return self._rule.wait_ms

    @property
    def active(self) -> bool:
        return self._all.running.engine.view(self._id).active

    @property
    def activations(self) -> int:
        return self._all.running.engine.view(self._id).activations

    @property
    def last_activated_usec(self) -> int | None:
        return self._all.running.engine.view(self._id).last_activated_usec

    @property
    def suspended(self) -> bool:
        return self._all.running.engine.view(self._id).suspended

    @property
    def problem(self) -> str | None:
        return self._all.running.problem(self._id)

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        await self._all.configure(self._id, changes)

    def explain(self) -> tuple[str, list[dict[str, Any]]]:
        return self._all.judging.explain(self._rule)

    async def copy(self, name: str) -> str:
        return await self._all.copy(self._id, name)

    async def remove(self) -> None:
        await self._all.remove(self._id)
