# SPDX-License-Identifier: Apache-2.0
"""org.axiod.sensors1: all sensors, and what adds and removes them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from axiod.bus.interface import snake
from axiod.errors import AxiodError, Conflict, HardwareFailure, NotFound
from axiod.sensors import model, plan
from axiod.sensors.history import HistoryHandler
from axiod.sensors.model import MOST, SensorSettings
from axiod.sensors.poller import Poller
from axiod.sensors.ports import Ports
from axiod.sensors.scan import ScanHandler
from axiod.sensors.sensor import SensorHandler
from axiod.sensors.stored import SENSOR, sensors_file
from axiod.sensors.templates import TemplatesHandler

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from axiod.runtime.app import Context
    from axiod.sensors.plan import Block
    from axiod.sensors.template import Template

_log = logging.getLogger(__name__)

SENSORS = "org.axiod.sensors1.Sensors"
_TELL_SECONDS = 0.1
"""What was read is told so late, and then once for many."""


class SensorsService:
    """All sensors; the handler of org.axiod.sensors1.Sensors, whose properties are its attributes."""

    limit: int = MOST
    budgets: list[dict[str, Any]]

    def __init__(self, context: Context) -> None:
        self.context = context
        self.ports = Ports(context.connection, self._ports_changed)
        self.history = HistoryHandler(context, self._channels)
        self.scan = ScanHandler(context, self.ports, self._templates, lambda: self._file.entries)
        self.budgets = []
        self._path = f"{context.path}/sensors"
        self._changing = asyncio.Lock()
        """Held while sensors and templates come, go and change: one after the other, each on disk before it is
        acknowledged."""
        self.templates = TemplatesHandler(context, self, self._changing)
        self._file = sensors_file(context.state_dir)
        self._sensors: dict[str, SensorHandler] = {}
        self._pollers: dict[str, Poller] = {}
        self._polled_on: dict[str, str] = {}
        """The port that each sensor is polled on."""
        self._to_tell: set[SensorHandler] = set()
        self._telling: asyncio.TimerHandle | None = None

    # --- properties and methods ---

    @property
    def count(self) -> int:
        return len(self._sensors)

    async def add_sensor(self, name: str, port: str, unit: int, template: str, options: dict[str, Any]) -> str:
        wanted = options.get("Id")
        if wanted is not None:
            model.check_id(wanted)
        changes = {snake(key): value for key, value in options.items() if key != "Id"}
        settings = SensorSettings(name, port, unit, template).amended(changes)
        return await self._add(wanted, settings)

    # --- for the sensors ---

    def template(self, id_: str) -> Template | None:
        """Return a template; None where there is none."""
        return self.templates.get(id_)

    async def amend(self, sensor: SensorHandler, changes: dict[str, Any]) -> None:
        """Store other settings, and put them in force."""
        async with self._changing:
            sensor.check_there()
            former = sensor.settings
            settings = former.amended(changes)
            if settings == former:
                return
            await self.ports.look_for(settings.port)
            self._check(sensor.id, settings, changes)
            await self._file.save(sensor.id, settings)
            sensor.settings = settings
            if settings != replace(former, name=settings.name):
                sensor.make()
                self._changed()
            self.publish(sensor, now=True)

    async def copy(self, sensor: SensorHandler, name: str, unit: int) -> str:
        """Add a sensor like another one."""
        return await self._add(None, replace(sensor.settings, name=name, unit=unit))

    async def remove(self, sensor: SensorHandler) -> None:
        """Remove a sensor."""
        async with self._changing:
            sensor.check_there()
            await self._file.remove(sensor.id)
            del self._sensors[sensor.id]
            sensor.close()
            self._stop_polling(sensor.id)
            self._to_tell.discard(sensor)
            self.context.server.unexport(sensor.path)
            self._changed()
            try:
                await self.history.forget(sensor.id)
            except HardwareFailure as error:
                _log.error("what sensor %s measured is still there: %s", sensor.id, error)

    def plan(self, sensor: SensorHandler) -> None:
        """Ask a sensor for its blocks from now on."""
        self._stop_polling(sensor.id)
        if sensor.blocks:
            port = sensor.settings.port
            poller = self._pollers.get(port)
            if poller is None:
                poller = self._pollers[port] = Poller(self.context.tasks)
            self._polled_on[sensor.id] = port
            poller.put(sensor.id, sensor, sensor.blocks)

    def publish(self, sensor: SensorHandler, *, now: bool) -> None:
        """Tell the properties of a sensor: at once, or with those of others."""
        if sensor.removed or sensor.id not in self._sensors:
            return
        if now:
            self._to_tell.discard(sensor)
            self.context.server.changed(sensor.path, SENSOR)
            self._say()
            return
        self._to_tell.add(sensor)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(_TELL_SECONDS, self._tell)

    def keep(self, sensor: SensorHandler, channel: str, value: float, usec: int) -> None:
        """A channel measured something."""
        self.history.keep(sensor.id, channel, value, usec)

    # --- for the templates ---

    def having(self, template: str) -> Iterable[str]:
        """Return the ids of the sensors that have a template."""
        return [id_ for id_, settings in self._file.entries.items() if settings.template == template]

    def check_template(self, template: Template) -> None:
        """Raise Conflict where sensors could not have a template in the place of what they have."""
        users = list(self.having(template.id))
        if users and not template.enabled:
            raise Conflict(f"the template {template.id} is disabled, but {users[0]} has it; change that first")
        for port in sorted({self._file.entries[id_].port for id_ in users}):
            self._check_port(port, template)

    def template_changed(self, id_: str) -> None:
        """Make the sensors that have a template anew."""
        for sensor in self._sensors.values():
            if sensor.settings.template == id_:
                sensor.make()
        self._changed()

    # --- the service ---

    async def start(self) -> None:
        """Export everything, and begin to poll."""
        context = self.context
        self.templates.start()
        context.server.export(self._path, SENSORS, self)
        for id_, settings in self._file.entries.items():
            self._make(id_, settings)
        self.scan.export()
        await self.history.start()
        await self.ports.start()
        self._changed()

    async def stop(self) -> None:
        self.ports.stop()
        self.scan.stop()
        for poller in self._pollers.values():
            poller.close()
        if self._telling is not None:
            self._telling.cancel()
        await self.history.stop()

    # --- inside ---

    def _templates(self) -> list[Template]:
        return [kept.template for kept in self.templates.shelf.all.values()]

    def _channels(self, id_: str) -> list[str] | None:
        """Return the channels of a sensor; None where there is no such sensor."""
        sensor = self._sensors.get(id_)
        return None if sensor is None else [row["Channel"] for row in sensor.channels]

    async def _add(self, wanted: str | None, settings: SensorSettings) -> str:
        async with self._changing:
            if wanted in self._sensors:
                raise Conflict(f"there is a sensor {wanted} already; choose another Id")
            id_ = wanted or self._free_id()
            await self.ports.look_for(settings.port)
            self._check(id_, settings, {"template": None, "channel_settings": None})
            await self._file.save(id_, settings)
            self._make(id_, settings)
            self._changed()
            return id_

    def _make(self, id_: str, settings: SensorSettings) -> None:
        sensor = SensorHandler(self, id_, settings)
        self.context.server.export(sensor.path, SENSOR, sensor)
        self._sensors[id_] = sensor
        sensor.make()
        self.publish(sensor, now=True)

    def _free_id(self) -> str:
        number = 1
        while f"sensor{number}" in self._sensors:
            number += 1
        return f"sensor{number}"

    def _check(self, id_: str, settings: SensorSettings, changes: Mapping[str, Any]) -> None:
        """See whether a sensor can be so. What was accepted once is not refused for what somebody else changed."""
        others = {key: other for key, other in self._file.entries.items() if key != id_}
        template = self.template(settings.template)
        if template is None and "template" in changes:
            known = ", ".join(self.templates.shelf.all)
            raise NotFound(f"there is no template {settings.template[:40]!r}; there is {known}")
        if template is not None and "template" in changes and not template.enabled:
            raise Conflict(f"the template {template.id} is disabled: {template.note}")
        if template is not None and changes.keys() & {"template", "channel_settings"}:
            settings.check_channels(template)
        former = self._file.entries.get(id_)
        if former is None or (former.port, former.unit) != (settings.port, settings.unit):
            moved = former is None or former.port != settings.port
            serial = self.ports.is_serial(settings.port) if moved else False
            model.check_room(settings, others, serial=serial, among_all=former is None)
        if template is not None and changes.keys() - {"name"}:
            self._check_budget(id_, settings, template)

    def _check_budget(self, id_: str, settings: SensorSettings, template: Template) -> None:
        """Raise Conflict where the line of a sensor would have more to do than it can, and more than before."""
        if not settings.enabled:
            return
        port = settings.port
        mine = plan.blocks(template, settings.intervals(template))
        others = {key: sensor for key, sensor in self._on(port).items() if key != id_}
        present = self._sensors.get(id_)
        before = self._percent(port, self._on(port)) if present is not None and present.settings.port == port else 0.0
        needed = self._percent(port, others) + self._percent_of(port, settings, template, mine)
        if needed > max(plan.REFUSED_PERCENT, before):
            raise Conflict(plan.too_much(port, needed, len(others) + 1) or "")

    def _check_port(self, port: str, template: Template) -> None:
        """As _check_budget(), for all sensors of a line that have a template, which is another one now."""
        others = {id_: sensor for id_, sensor in self._on(port).items() if sensor.settings.template != template.id}
        mine = [
            settings
            for settings in self._file.entries.values()
            if settings.enabled and (settings.port, settings.template) == (port, template.id)
        ]
        needed = self._percent(port, others) + sum(
            self._percent_of(port, settings, template, plan.blocks(template, settings.intervals(template)))
            for settings in mine
        )
        if needed > max(plan.REFUSED_PERCENT, self._percent(port, self._on(port))):
            raise Conflict(plan.too_much(port, needed, len(others) + len(mine)) or "")

    def _on(self, port: str) -> dict[str, SensorHandler]:
        """Return the sensors that are polled on a port."""
        return {id_: sensor for id_, sensor in self._sensors.items() if sensor.settings.port == port and sensor.blocks}

    def _percent(self, port: str, sensors: Mapping[str, SensorHandler]) -> float:
        total = 0.0
        for sensor in sensors.values():
            template = self.template(sensor.settings.template)
            if template is not None:
                total += self._percent_of(port, sensor.settings, template, sensor.blocks)
        return total

    def _percent_of(self, port: str, settings: SensorSettings, template: Template, blocks: Iterable[Block]) -> float:
        try:
            line = self.ports.line(port, settings.line_settings(template))
        except AxiodError:
            return 0.0  # nothing is polled there
        return plan.percent((block, line) for block in blocks)

    def _stop_polling(self, id_: str) -> None:
        port = self._polled_on.pop(id_, None)
        if port is not None:
            self._pollers[port].drop(id_)

    def _ports_changed(self) -> None:
        for poller in self._pollers.values():
            poller.hurry()
        self._changed()

    def _changed(self) -> None:
        """What there is is something else: tell it."""
        budgets: list[dict[str, Any]] = []
        for port in sorted({sensor.settings.port for sensor in self._sensors.values()}):
            on_it = self._on(port)
            percent = self._percent(port, on_it)
            warning = plan.too_much(port, percent, len(on_it))
            row: dict[str, Any] = {
                "Port": port,
                "Sensors": len(on_it),
                "Percent": round(percent, 1),
                "Warning": warning,
            }
            budgets.append({name: value for name, value in row.items() if value is not None})
        self.budgets = budgets
        warnings = [row["Warning"] for row in budgets if row["Percent"] > plan.REFUSED_PERCENT]
        self.context.root.problem("budget", warnings[0] if warnings else None)
        self.context.server.changed(self._path, SENSORS)
        self.templates.count_sensors()
        self._say()

    def _tell(self) -> None:
        self._telling = None
        to_tell, self._to_tell = self._to_tell, set()
        for sensor in to_tell:
            self.publish(sensor, now=True)

    def _say(self) -> None:
        count = len(self._sensors)
        online = sum(sensor.state == "online" for sensor in self._sensors.values())
        line = f"{count} sensor{'s' * (count != 1)}, {online} online" if count else "no sensor"
        if line != self.context.root.status:
            self.context.root.say(line)


async def start(context: Context) -> SensorsService:
    """Start the service."""
    service = SensorsService(context)
    await service.start()
    return service
