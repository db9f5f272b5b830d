# SPDX-License-Identifier: Apache-2.0
"""Rules held against what there is now: whether they can be, what is wrong with them, why they did what they did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import InvalidArgument, NotFound
from axiod.events import record
from axiod.events.explain import explain
from axiod.events.moment import Moment
from axiod.events.output import DARK
from axiod.events.recipient import check_takes
from axiod.events.validation import validate
from axiod.runtime.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.events.engine import Engine
    from axiod.events.outputs import Outputs
    from axiod.events.recipients import RecipientsHandler
    from axiod.events.rule import Action, Rule

_SECONDS = 55.0


class Judging:
    """Judges rules."""

    schedule_topics = frozenset({topics.INTERVAL, topics.PULSE})

    def __init__(self, engine: Engine, outputs: Outputs, recipients: RecipientsHandler) -> None:
        self._engine = engine
        self._outputs = outputs
        self._recipients = recipients
        self._study = Workshop("axiod.events.study", _SECONDS, "it takes more than {}; do it with fewer events")
        self.there: Callable[[], dict[str, Any]] = dict
        """Returns what there is besides outputs: the fields of axiod.events.check.There."""

    def validate(self, rule: Rule) -> None:
        """Raise InvalidArgument or NotFound, which says where and what would be right, for a rule that cannot be."""
        validate(rule, self._engine.known)
        types = self._recipients.types
        for number, action in enumerate(rule.actions, 1):
            if "Output" in action.parameters and not self._outputs.may_be(str(action.parameters["Output"])):
                there = ", ".join(sorted(self._outputs.all)) or "none"
                raise NotFound(f"action {number}: there is no output {action.parameters['Output']!r}; there is {there}")
            if "Led" in action.parameters:
                self._validate_led(number, action)
            if "Recipient" not in action.parameters:
                continue
            recipient = str(action.parameters["Recipient"])
            if recipient not in types:
                there = ", ".join(sorted(types, key=int)) or "none"
                raise NotFound(f"action {number}: there is no recipient {recipient!r}; there is {there}")
            try:
                check_takes(types[recipient], notification=action.kind == "notify")
            except InvalidArgument as error:
                raise InvalidArgument(f"action {number}: {error}") from None

    def _validate_led(self, number: int, action: Action) -> None:
        led, leds = str(action.parameters["Led"]), self._outputs.leds
        if not self._outputs.may_be_led(led):
            there = ", ".join(sorted(leds)) or "none"
            raise NotFound(f"action {number}: there is no LED {led!r}; there is {there}")
        for name in ("Colour", "Between"):
            colour = action.parameters.get(name)
            if led in leds and colour not in (None, DARK, *leds[led]):
                can = f"{', '.join(leds[led])} or {DARK}"
                raise InvalidArgument(f"action {number}: {name} is {colour}; the LED {led} shows {can}")

    async def check(self, rules: list[Rule]) -> list[dict[str, Any]]:
        """Return what is wrong with rules, as Check of the contract."""
        known = [
            [key[0], key[1], one.service, dict(one.data), one.timestamp_usec] for key, one in self._engine.known.items()
        ]
        return await self._order("check", rules, {"known": known, "there": self.there()})

    async def replay(
        self, rules: list[Rule], events: list[tuple[int, str, dict[str, str], dict[str, str]]]
    ) -> list[dict[str, Any]]:
        """Say what rules would do, as Replay of the contract."""
        return await self._order("replay", rules, {"events": events})

    def explain(self, rule: Rule) -> tuple[str, list[dict[str, Any]]]:
        """Say why a rule is active or not, as Explain of the contract."""
        found = explain(self._engine, rule.id, Moment(monotonic_usec(), wall_usec()), _clock)
        rows = []
        for one in found.conditions:
            row: dict[str, Any] = {"Text": one.text, "Holds": one.holds}
            if one.value is not None:
                row["Value"] = one.value
            if one.since_usec is not None:
                row["SinceUsec"] = one.since_usec
            rows.append(row)
        return found.text, rows

    async def _order(self, what: str, rules: list[Rule], more: dict[str, Any]) -> list[dict[str, Any]]:
        outputs = [[one.id, one.number, str(one.kind)] for one in self._outputs.all.values()]
        arguments = {"rules": {rule.id: record.of_rule(rule) for rule in rules}, "outputs": outputs, **more}
        found: list[dict[str, Any]] = await self._study.order(what, **arguments)
        return found


def _clock(usec: int) -> str:
    """Write a moment of the wall clock for people."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(usec // 1_000_000))
