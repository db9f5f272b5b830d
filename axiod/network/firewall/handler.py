# SPDX-License-Identifier: Apache-2.0
"""org.axiod.network1.Firewall: rules are stored, put in force, and belong to the trial that is under way, if any."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any, Protocol

from axiod.errors import AxiodError, Conflict
from axiod.network.firewall import blocked, judge, table
from axiod.network.firewall.rule import RuleSet, write
from axiod.network.firewall.stored import FIREWALL, amended, settings

if TYPE_CHECKING:
    import asyncio

    from axiod.network.firewall.backend import Filtering
    from axiod.network.firewall.stored import RulesFile
    from axiod.runtime.app import Context

_log = logging.getLogger(__name__)

_PROBLEM = "firewall"
_NOT_AS_IT_SHOULD_BE = "the firewall is not what it should be: {}"


class Trial(Protocol):
    """What brings the former settings back unless somebody confirms the new ones; see axiod.network.trial."""

    @property
    def pending(self) -> bool:
        """Whether it is under way."""

    async def begin(self, seconds: int) -> None:
        """Begin a trial; raises AxiodError."""

    async def roll_back(self) -> None:
        """End it, and bring everything back; raises Conflict."""


class FirewallHandler:
    """org.axiod.network1.Firewall."""

    name = "firewall"
    supported: bool
    trial: Trial
    """Must be set before the first call."""

    def __init__(self, context: Context, file: RulesFile, filtering: Filtering, changing: asyncio.Lock) -> None:
        """`changing`: held while settings change."""
        self._context = context
        self._path = f"{context.path}/firewall"
        self._file = file
        self._filtering = filtering
        self._changing = changing
        self._foreign: list[judge.ForeignChain] = []
        self._ensured = False
        self.supported = filtering.supported

    async def start(self) -> None:
        """Export it. What is in force is left alone until look(), when it is known what is only tried."""
        try:
            await self._look()
        except AxiodError as error:
            self._context.root.problem(_PROBLEM, _NOT_AS_IT_SHOULD_BE.format(error))
        else:
            self._context.root.problem(_PROBLEM, self._file.problem)
        self._context.server.export(self._path, FIREWALL, self)

    async def look(self) -> None:
        """See that what is configured is in force, once, and that a boot puts it in force.

        While it is only tried neither must be: there may have been a boot, which ends what is tried. And where nobody
        knows what is configured, what is in force may be right.
        """
        async with self._changing:
            if self.trial.pending or self._file.problem is not None:
                return
            for step in (self._ensure_once, self._file.prepare):
                try:
                    await step()
                except AxiodError as error:
                    self._context.root.problem(_PROBLEM, _NOT_AS_IT_SHOULD_BE.format(error))

    # --- properties ---

    @property
    def active(self) -> bool:
        return self._file.rules.active

    @property
    def default_policy(self) -> str:
        return self._file.rules.default_policy

    @property
    def rules(self) -> list[dict[str, Any]]:
        return [write(rule) for rule in self._file.rules.rules]

    @property
    def revision(self) -> str:
        said = json.dumps(settings(self._file.rules), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def foreign_chains(self) -> list[dict[str, Any]]:
        return [
            {
                "Family": chain.family,
                "Table": chain.table,
                "Chain": chain.name,
                "Hook": chain.hook,
                "Priority": chain.priority,
                "Policy": chain.policy,
                "Drops": chain.drops,
            }
            for chain in self._foreign
        ]

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        asking = _asking(changes)
        async with self._changing:
            self._check_revision(changes)
            if self.trial.pending and self._file.problem is not None:
                raise Conflict(f"{self._file.problem}. No trial can bring back what there was: end it first")
            wanted = amended(self._file.rules, changes)
            if asking is not None and not changes.get("Force") and not self.trial.pending:
                judge.hold(wanted, asking)
            await self._set(wanted)

    async def check(self, changes: dict[str, Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        wanted = amended(self._file.rules, changes)
        asking = _asking(options)
        await self._filtering.check(table.document(wanted))
        await self._look()
        self._tell()
        return self._findings(wanted, asking)

    async def test(self, changes: dict[str, Any], time_sec: int, options: dict[str, Any]) -> list[dict[str, Any]]:
        if "Revision" in options:
            changes = changes | {"Revision": options["Revision"]}
        self._check_revision(changes)
        findings = await self.check(changes, options)
        await self.trial.begin(time_sec)
        try:
            await self.configure(changes)
        except AxiodError:
            await self.trial.roll_back()
            raise
        return findings

    async def block(self, address: str, time_sec: int) -> None:
        owner = blocked.owner(address)
        async with self._changing:
            await self._filtering.apply(blocked.shut_out(blocked.Block(owner, time_sec)))

    async def unblock(self, address: str) -> None:
        owner = blocked.owner(address)
        async with self._changing:
            if await self._filtering.table() is not None:
                await self._filtering.apply(blocked.let_in(owner))

    def _check_revision(self, given: dict[str, Any]) -> None:
        if given.get("Revision", self.revision) != self.revision:
            raise Conflict("somebody else has changed the firewall meanwhile; look at it, and do it again")

    # --- Area, see axiod.network.trial ---

    async def capture(self) -> Any:
        """See Area. What nobody knows is left as it is."""
        return settings(self._file.rules) if self._file.problem is None else None

    async def restore(self, former: Any) -> None:
        """See Area. Who restores holds the lock."""
        await self._set(amended(RuleSet(), former))

    # --- what is in force ---

    async def _set(self, wanted: RuleSet) -> None:
        """Store rules and put them in force; raises AxiodError, and then the former ones stay."""
        former, known = self._file.rules, self._file.problem is None
        if wanted == former and known:
            await self._ensure()
        else:
            if wanted.active:
                await self._filtering.check(table.document(wanted))
            await self._file.keep(wanted, for_boot=not self.trial.pending)
            try:
                await self._put_in_force(wanted)
            except AxiodError:
                if known:
                    await self._file.keep(former, for_boot=not self.trial.pending)
                raise
        await self._look()
        self._context.root.problem(_PROBLEM, None)
        self._tell()

    async def _put_in_force(self, rules: RuleSet) -> None:
        """Make these rules what the packet filter has; who is shut out stays so. Raises what apply() does."""
        if not rules.active and not self._filtering.supported:
            return
        shut_out = blocked.found(await self._filtering.table() or {})
        await self._filtering.apply(table.document(rules, shut_out))

    async def _ensure_once(self) -> None:
        if not self._ensured:
            await self._ensure()
            self._ensured = True

    async def _ensure(self) -> None:
        """Put in force what is configured, unless it is: a limit that is replaced begins to count anew."""
        rules = self._file.rules
        if self._filtering.supported:
            if table.found_mark(await self._filtering.table()) == table.mark(rules):
                return
            _log.info("the packet filter does not have the rules that are configured; it gets them")
        await self._put_in_force(rules)

    # --- what is told ---

    async def _look(self) -> None:
        """Look at what others have."""
        self.supported = self._filtering.supported
        self._foreign = judge.foreign_chains(await self._filtering.everything()) if self.supported else []

    def _tell(self) -> None:
        self._context.server.changed(self._path, FIREWALL)

    def _findings(self, rules: RuleSet, asking: judge.Connection | None) -> list[dict[str, Any]]:
        found = judge.of_connection(rules, asking) if asking is not None else []
        return [
            {"Kind": finding.kind.value, "Text": finding.text} | ({"Rule": finding.rule} if finding.rule else {})
            for finding in [*found, *judge.of_foreign(rules, self._foreign)]
        ]


def _asking(options: dict[str, Any]) -> judge.Connection | None:
    """Return the connection that options name; raises InvalidArgument."""
    if "ClientAddress" not in options or "ServerPort" not in options:
        return None
    return judge.connection(options["ClientAddress"], options["ServerPort"])
