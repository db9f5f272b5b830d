# SPDX-License-Identifier: Apache-2.0
"""What the handlers of org.axiod.io1.Port and org.axiod.io1.Alarm have in common."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.board.profile import Scheme
from axiod.board.ranges import ideal_ohms, ohms_of
from axiod.bus.interface import snake
from axiod.clock import wall_usec
from axiod.errors import HardwareFailure
from axiod.gpio.held import HeldLine
from axiod.io import model
from axiod.io.watch import Watch

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from axiod.board.profile import AdcRef, Alarm, Port
    from axiod.gpio.lines import Lines
    from axiod.io.loops import LoopReader
    from axiod.io.model import CircuitSettings, Fact, RangeRow
    from axiod.runtime.app import Context
    from axiod.runtime.settings import SettingsFile

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all ports and alarms of the service share."""

    context: Context
    lines: Lines
    loops: LoopReader
    file: SettingsFile
    configuring: asyncio.Lock
    """Held while settings change: one change after the other, each on disk before it is acknowledged."""


class CircuitHandler(ABC):
    """What the interfaces Port and Alarm have in common; the attributes are the properties of the contract."""

    interface: str
    settings: CircuitSettings
    terminal: str
    connector: str

    def __init__(self, shared: Shared, kind: str, of: Port | Alarm) -> None:
        context = shared.context
        self.id = of.id
        self.path = f"{context.path}/{kind}/{of.id}"
        self.terminal = of.terminal
        self.connector = of.connector
        self._shared = shared
        self._adc: AdcRef | None = of.adc
        self._line = HeldLine(of.id, of.line, shared.lines, context.fds)
        self._watch = Watch(self._line, of.adc, shared.loops, context.state, self.publish)
        self._facts: set[tuple[str, tuple[tuple[str, str], ...]]] = set()

    # --- properties ---

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def normal_state(self) -> str:
        return self.settings.normal_state

    @property
    def quality(self) -> str:
        if not self._known:
            return "never"
        if self._watch.stale:
            return "stale"
        return "fault" if self.problem else "good"

    @property
    def problem(self) -> str | None:
        return self._watch.problem

    @property
    def debounce_ms(self) -> int:
        return self.settings.debounce_ms

    @property
    def supervisable(self) -> bool:
        return self._adc is not None

    @property
    def supervision(self) -> str:
        return self.settings.supervision

    @property
    def ranges(self) -> list[RangeRow]:
        found = self.settings.effective_ranges(self._adc.front_end if self._adc else None)
        return [(item.state, item.lower, item.upper) for item in found]

    @property
    def hysteresis_levels(self) -> int:
        return self.settings.hysteresis_levels

    @property
    def hold_ms(self) -> int:
        return self.settings.hold_ms

    @property
    def supervised_state(self) -> str | None:
        return self._watch.circuit.loop

    @property
    def tampered(self) -> bool | None:
        loop = self._watch.circuit.loop
        return None if loop is None else model.is_tampered(loop)

    @property
    def level(self) -> int | None:
        return self._watch.circuit.level

    @property
    def ohms(self) -> float | None:
        level = self._watch.circuit.level
        if level is None or self._adc is None:
            return None
        return _finite(ohms_of(self._adc.front_end, level))

    @property
    def expected_ohms(self) -> float | None:
        loop = self._watch.circuit.loop
        return None if loop is None else _finite(ideal_ohms(Scheme(self.settings.supervision), loop))

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._shared.configuring:
            former = self.settings
            amended = self._amended({snake(key): value for key, value in changes.items()})
            if amended == former:
                return
            await self._prepare(amended)
            await self._save(amended)
            try:
                await self._apply(amended)
            except HardwareFailure:
                await self._undo(former)
                await self._save(former)
                raise
            finally:
                self.publish(wall_usec())

    # --- what a kind of circuit does its own way ---

    @property
    def _known(self) -> bool:
        return self._watch.circuit.closed is not None

    @abstractmethod
    def acquire(self, boot_id: str) -> None:
        """Take the line and begin."""

    def close(self) -> None:
        self._watch.close()

    def retry(self, boot_id: str) -> None:  # noqa: ARG002 # an input does not care for boots
        """Try again what did not work."""
        self._watch.retry(self.settings)
        self.publish(wall_usec())

    def check(self) -> None:
        """Look whether it still works."""
        self._watch.check()

    @abstractmethod
    def facts(self) -> Sequence[Fact]:
        """Return what it tells as events now."""

    @abstractmethod
    def _amended(self, changes: dict[str, Any]) -> CircuitSettings: ...

    async def _prepare(self, amended: Any) -> None:  # noqa: B027 # nothing to do, unless a kind of circuit says so
        """Store what must be on disk before the settings are. Raises HardwareFailure."""

    @abstractmethod
    async def _save(self, settings: Any) -> None: ...

    @abstractmethod
    async def _apply(self, amended: Any) -> None: ...

    async def _undo(self, former: Any) -> None:
        try:
            await self._apply(former)
        except HardwareFailure as error:
            _log.error("%s: the former settings could not be taken up again: %s", self.id, error)

    def publish(self, when_usec: int) -> None:
        """Tell what changed: the properties first, then the events."""
        context = self._shared.context
        with context.server.gathered():
            context.server.changed(self.path, self.interface)
            facts = self.facts()
            told = {(fact.topic, tuple(fact.source.items())) for fact in facts}
            for topic, source in self._facts - told:
                context.events.forget(topic, dict(source))
            self._facts = told
            for fact in facts:
                context.events.state(fact.topic, fact.source, fact.data, when_usec)
        context.root.problem(self.id, self.problem)


def _finite(ohms: float) -> float | None:
    return None if ohms == float("inf") else round(ohms, 1)
