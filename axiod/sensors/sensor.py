# SPDX-License-Identifier: Apache-2.0
"""org.axiod.sensors1.Sensor on the bus."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from axiod.bus.interface import snake
from axiod.clock import wall_usec
from axiod.errors import Conflict, HardwareFailure, NotFound, Unavailable
from axiod.sensors import plan
from axiod.sensors.asking import Refused, Unit, WrongDevice, identify, wrong_registers
from axiod.sensors.measured import Measured, described, refuse, take
from axiod.sensors.model import SensorSettings, State
from axiod.sensors.telling import Telling, sentence
from axiod.sensors.threshold import Level, Limits, Threshold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.runtime.app import Context
    from axiod.sensors.plan import Block
    from axiod.sensors.ports import Ports
    from axiod.sensors.template import Channel, Template

OFFLINE_AFTER = 3
"""Polls in a row that were not answered."""
_MOST_WRITES = 3
"""So often the set-up of a sensor is written; its memory wears out."""
_REMEMBERED = 100


class Owner(Protocol):
    """What a sensor needs of the service."""

    context: Context
    ports: Ports

    def template(self, id_: str) -> Template | None:
        """Return a template."""

    async def amend(self, sensor: SensorHandler, changes: dict[str, Any]) -> None:
        """Store other settings, and put them in force."""

    async def copy(self, sensor: SensorHandler, name: str, unit: int) -> str:
        """Add one like it."""

    async def remove(self, sensor: SensorHandler) -> None:
        """Remove it."""

    def plan(self, sensor: SensorHandler) -> None:
        """Ask for its blocks from now on."""

    def publish(self, sensor: SensorHandler, *, now: bool) -> None:
        """Its properties have changed; `now`: an event follows."""

    def keep(self, sensor: SensorHandler, channel: str, value: float, usec: int) -> None:
        """A channel measured something."""


class SensorHandler:
    """The attributes are the properties of the contract."""

    channels: list[dict[str, Any]]
    readings: list[dict[str, Any]]
    state: str
    reason: str | None = None
    state_changed_usec: int
    last_event: str | None = None
    last_event_usec: int | None = None
    polls: int
    failures: int

    def __init__(self, owner: Owner, id_: str, settings: SensorSettings) -> None:
        self.id = id_
        self.path = f"{owner.context.path}/sensor/{id_}"
        self.removed = False
        self.settings = settings
        self.blocks: Sequence[Block] = ()
        """What it is asked for."""
        self.channels = []
        self.readings = []
        self.state_changed_usec = wall_usec()
        self.polls = self.failures = 0
        self._owner = owner
        self._telling = Telling(owner.context, id_)
        self._state = State.NEW
        self.state = str(State.NEW)
        self._template: Template | None = None
        self._measured: dict[str, Measured] = {}
        self._asked: tuple[str, int, str, Template | None] | None = None
        """Who is asked for what: port, unit, line and template; what another one measured says nothing."""
        self._outcomes: deque[bool] = deque(maxlen=_REMEMBERED)
        self._generation = 0
        """Counts what it was made of; an answer to a former one is dropped."""
        self._known = False
        """It is what its template says."""
        self._holes = True
        self._writes = 0

    # --- properties ---

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def enabled(self) -> bool:
        return self.settings.enabled

    @property
    def port(self) -> str:
        return self.settings.port

    @property
    def unit(self) -> int:
        return self.settings.unit

    @property
    def template(self) -> str:
        return self.settings.template

    @property
    def line(self) -> str:
        return self.settings.line

    @property
    def interval_ms(self) -> int:
        return self.settings.interval_ms

    @property
    def channel_settings(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.settings.channel_settings]

    @property
    def model(self) -> str | None:
        template = self._template
        if template is None:
            return None
        known = template.title.startswith(template.vendor)
        return template.title if known else f"{template.vendor} {template.title}"

    @property
    def answered_percent(self) -> float | None:
        outcomes = self._outcomes
        return round(100 * sum(outcomes) / len(outcomes), 1) if outcomes else None

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        await self._owner.amend(self, {snake(key): value for key, value in changes.items()})

    async def test_read(self) -> tuple[list[dict[str, Any]], int]:
        self.check_there()
        template = self._usable_template()
        self._owner.ports.get(self.settings.port)
        unit = self._asked_as("request", template)
        measured = {channel.id: Measured(channel, Threshold(Limits())) for channel in template.channels}
        began = time.monotonic_ns()
        try:
            await identify(unit, template)
            for block in plan.blocks(template, {}, holes=False):
                await _read_into(measured, unit, block)
        except (WrongDevice, Refused) as error:
            raise Conflict(str(error)) from error
        return [item.record() for item in measured.values()], (time.monotonic_ns() - began) // 1000

    async def copy(self, name: str, unit: int) -> str:
        self.check_there()
        return await self._owner.copy(self, name, unit)

    async def remove(self) -> None:
        await self._owner.remove(self)

    # --- the service's side ---

    def check_there(self) -> None:
        """Raise NotFound where it was removed."""
        if self.removed:
            raise NotFound(f"sensor {self.id} was removed")

    def make(self) -> None:
        """Make it anew of its settings and its template, and ask it from now on."""
        owner, settings, former = self._owner, self.settings, self._measured
        self._generation += 1
        self._known = False
        self._writes = 0
        self._holes = True
        template = self._template = owner.template(settings.template)
        channels = template.channels if template is not None else ()
        self.channels = described(template) if template is not None else []
        self._measured = {channel.id: Measured(channel, self._threshold(channel)) for channel in channels}
        asked = (settings.port, settings.unit, settings.line, template)
        same, self._asked = settings.enabled and asked == self._asked, asked
        for id_ in former:
            if id_ not in self._measured:
                self._telling.forget_channel(id_)
                continue
            if same:
                self._measured[id_].remember(former[id_])
            if not settings.limits(id_).any:
                self._telling.forget_limits(id_)
        self._outcomes.clear()
        self._replan()
        if not settings.enabled:
            self._become(State.DISABLED, "it is disabled; enable it with Configure")
        elif template is None:
            self._become(State.UNUSABLE, f"there is no template {settings.template}; add it, or choose another one")
        elif not template.enabled:
            self._become(State.UNUSABLE, f"the template {template.id} is disabled: {template.note}")
        else:
            self._become(State.NEW, None)
        self._show()
        self._owner.publish(self, now=True)

    def close(self) -> None:
        """It is no more."""
        self.removed = True
        self._generation += 1
        self._telling.forget_sensor()
        for id_ in self._measured:
            self._telling.forget_channel(id_)

    # --- the poller's side ---

    async def poll(self, block: Block) -> None:
        """Ask for a block and take the answer; see Polled."""
        template, generation = self._usable_template(), self._generation
        if trouble := self._owner.ports.trouble(self.settings.port):
            raise Unavailable(trouble)
        self.polls += 1
        unit = self._asked_as("poll", template)
        if not self._known:
            await identify(unit, template)
            await self._set_up(unit, template)
            self._known = generation == self._generation
        measured = self._measured
        try:
            registers = await unit.registers(block.function, block.first, block.count)
        except Refused as refused:
            if generation != self._generation:
                return
            if block.hole and refused.about_registers and self._holes:
                self._holes = False  # it does not have the registers in between
                self._replan()
                return
            for channel, _ in block.channels:
                refuse(measured, channel, str(refused), time.monotonic())
            self._show()
            return
        if generation != self._generation:
            return
        usec, now = wall_usec(), time.monotonic()
        known = {id_: item.threshold.level for id_, item in measured.items()}
        for changed in take(measured, block.split(registers), usec, now):
            self._tell_level(changed, first=known[changed.channel.id] is None)
        for item in measured.values():
            if (fresh := item.fresh()) is not None:
                self._owner.keep(self, item.channel.id, *fresh)
        self._telling.ranges(measured.values())
        self._show()

    def answered(self) -> None:
        """It answered."""
        self._outcomes.append(True)
        self._become(State.ONLINE, None)

    def failed(self, error: Exception, failures: int) -> None:
        """It did not, so many times in a row, or not as it should."""
        self._outcomes.append(False)
        self.failures += 1
        reason = str(error)
        if isinstance(error, WrongDevice):
            self._become(State.MISMATCH, reason)
        elif failures >= OFFLINE_AFTER or self._state is State.MISMATCH:
            self._become(State.OFFLINE, reason)
        else:
            self.reason = reason
        self._make_stale(reason)

    def unreachable(self, reason: str) -> None:
        """It could not be asked."""
        ports = self._owner.ports
        if ports.known and ports.trouble(self.settings.port):
            self._become(State.OFFLINE, reason)
        else:
            self.reason = reason
        self._make_stale(reason)

    # --- inside ---

    def _usable_template(self) -> Template:
        template = self._template
        if template is None:
            raise NotFound(f"there is no template {self.settings.template}; add it, or choose another one")
        if not template.enabled:
            raise Conflict(f"the template {template.id} is disabled: {template.note}")
        return template

    def _asked_as(self, priority: str, template: Template) -> Unit:
        settings = self.settings
        line = settings.line_settings(template)
        return Unit(self._owner.ports, settings.port, settings.unit, line, template.timeout_ms, priority)

    def _replan(self) -> None:
        template = self._template
        usable = self.settings.enabled and template is not None and template.enabled
        self.blocks = (
            plan.blocks(template, self.settings.intervals(template), holes=self._holes) if usable and template else ()
        )
        self._owner.plan(self)

    async def _set_up(self, unit: Unit, template: Template) -> None:
        """Write the registers of the set-up that are not as they must be."""
        for item in await wrong_registers(unit, template):
            if self._writes >= _MOST_WRITES:
                raise WrongDevice(f"register {item.register} of unit {unit.address} does not keep {item.value}")
            self._writes += 1
            await unit.write(item.register, item.value)
            self._note(f"register {item.register} was set to {item.value}")
        if await wrong_registers(unit, template):
            raise HardwareFailure(f"unit {unit.address} did not take its set-up")

    def _threshold(self, channel: Channel) -> Threshold:
        limits = self.settings.limits(channel.id)
        return Threshold(limits, self._telling.known_level(channel.id) if limits.any else None)

    def _make_stale(self, reason: str) -> None:
        self._known = False  # when it answers again, it may be another one
        for item in self._measured.values():
            item.stale(reason)
        self._show()

    def _become(self, state: State, reason: str | None) -> None:
        self.reason = reason
        self.state = str(state)
        if state is self._state:
            return
        former, self._state = self._state, state
        self.state_changed_usec = wall_usec()
        if state is State.NEW:
            return  # whether it is there is not known
        if former is not State.NEW or state is not State.ONLINE:
            self._note(f"{state}: {reason}" if reason else str(state))
        self._owner.publish(self, now=True)
        self._telling.online(state, self.state_changed_usec)

    def _tell_level(self, item: Measured, *, first: bool) -> None:
        """Tell that the level of a channel is another one; `first`: it was not known before."""
        if not first or item.threshold.level is not Level.NORMAL:
            self._note(sentence(item))
        self._show()
        self._owner.publish(self, now=True)
        self._telling.level(item)

    def _note(self, text: str) -> None:
        self.last_event, self.last_event_usec = text, wall_usec()

    def _show(self) -> None:
        self.readings = [item.record() for item in self._measured.values()]
        self._telling.values(self.name, self._measured.values(), time.monotonic())
        self._owner.publish(self, now=False)


async def _read_into(measured: dict[str, Measured], unit: Unit, block: Block) -> None:
    """Read a block, and take what it says; what the unit refuses is a fault of its channels."""
    try:
        registers = await unit.registers(block.function, block.first, block.count)
    except Refused as refused:
        for channel, _ in block.channels:
            refuse(measured, channel, str(refused), time.monotonic())
        return
    take(measured, block.split(registers), wall_usec(), time.monotonic())
