# SPDX-License-Identifier: Apache-2.0
"""org.axiod.io1.Alarm."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from axiod.clock import wall_usec
from axiod.io import model
from axiod.io.circuit import CircuitHandler, Shared
from axiod.io.model import AlarmSettings
from axiod.io.stored import ALARM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.board.profile import Alarm
    from axiod.io.model import Fact

_log = logging.getLogger(__name__)


class AlarmHandler(CircuitHandler):
    """org.axiod.io1.Alarm."""

    interface = ALARM
    settings: AlarmSettings
    kind: str
    last_change_usec: int | None

    def __init__(self, shared: Shared, alarm: Alarm, settings: AlarmSettings) -> None:
        super().__init__(shared, "alarm", alarm)
        self.kind = str(alarm.kind)
        self.settings = settings
        self.last_change_usec = shared.context.state.get(f"{alarm.id}.raised_usec")
        self._alarm = alarm
        self._was_active: bool | None = shared.context.state.get(f"{alarm.id}.raised")

    @property
    def enabled(self) -> bool:
        return self.settings.enabled

    @property
    def state(self) -> str | None:
        return model.circuit_state(self._watch.circuit.closed)

    @property
    def active(self) -> bool:
        return model.alarm_raised(self.settings, self._watch.circuit)

    def acquire(self, boot_id: str) -> None:  # noqa: ARG002 # an input does not care for boots
        if self.settings.enabled:
            self._watch.begin(self.settings)
        self.publish(wall_usec())

    def publish(self, when_usec: int) -> None:
        if self._known or not self.enabled:
            self._note(when_usec)
        super().publish(when_usec)

    def _note(self, when_usec: int) -> None:
        """Take note of when the alarm is raised and when it is over."""
        former, self._was_active = self._was_active, self.active
        if former == self.active:
            return
        state = self._shared.context.state
        state.later(f"{self.id}.raised", self.active)
        if former is not None:
            self.last_change_usec = when_usec
            state.later(f"{self.id}.raised_usec", when_usec)

    def facts(self) -> Sequence[Fact]:
        return model.alarm_facts(self._alarm, self.settings, self._watch.circuit)

    def _amended(self, changes: dict[str, Any]) -> AlarmSettings:
        return self.settings.for_alarm(self._alarm, changes)

    async def _save(self, settings: AlarmSettings) -> None:
        await self._shared.file.save("alarms", self.id, settings.beyond(AlarmSettings.default(self._alarm)))

    async def _apply(self, amended: AlarmSettings) -> None:
        former, self.settings = self.settings, amended
        if not amended.enabled:
            self._watch.end()
        elif not former.enabled:
            self._watch.begin(amended)
        else:
            self._watch.amend(former, amended)
