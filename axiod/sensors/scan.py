# SPDX-License-Identifier: Apache-2.0
"""org.axiod.sensors1.Scan on the bus: who is on a line?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.errors import AxiodError, Busy, Conflict, HardwareFailure, InvalidArgument, Timeout
from axiod.sensors.asking import Refused, Unit, WrongDevice, identify
from axiod.sensors.model import line_of, line_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from axiod.modbus.line import Line
    from axiod.runtime.app import Context
    from axiod.sensors.model import SensorSettings
    from axiod.sensors.ports import Ports
    from axiod.sensors.template import Template

SCAN = "org.axiod.sensors1.Scan"
_HIGHEST = 247
_TIMEOUT_MS = 100
_PAUSE_SECONDS = 0.03
"""Between two addresses, so that others have the line in between."""
_AGAIN_SECONDS = 1.0
_PATIENCE = 30
"""So many times in a row the port may be busy, or not there."""


class ScanHandler:
    """The attributes are the properties of the contract."""

    state: str
    port: str | None = None
    reason: str | None = None
    asked: int
    total: int
    found: list[dict[str, Any]]

    def __init__(
        self,
        context: Context,
        ports: Ports,
        templates: Callable[[], Iterable[Template]],
        sensors: Callable[[], dict[str, SensorSettings]],
    ) -> None:
        """`templates` and `sensors` return what there is now."""
        self.state = "idle"
        self.asked = self.total = 0
        self.found = []
        self._context = context
        self._path = f"{context.path}/scan"
        self._ports = ports
        self._templates = templates
        self._sensors = sensors
        self._task: asyncio.Task[None] | None = None

    def export(self) -> None:
        """Put it on the bus."""
        self._context.server.export(self._path, SCAN, self)

    def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()

    # --- methods ---

    def start(self, port: str, options: dict[str, Any]) -> None:
        if self.state == "running":
            raise Busy(f"a scan of port {self.port} is running; cancel it first")
        self._ports.get(port)
        first, last = options.get("First", 1), options.get("Last", _HIGHEST)
        if first > last:
            raise InvalidArgument(f"First is {first}, which is above Last, {last}")
        lines = self._lines(port, options.get("Lines"))
        self._task = self._context.tasks.create_task(
            self._run(port, lines, range(first, last + 1), options.get("TimeoutMs", _TIMEOUT_MS))
        )
        self.state, self.port, self.reason = "running", port, None
        self.asked, self.total, self.found = 0, len(lines) * (last + 1 - first), []
        self._tell()

    def cancel(self) -> None:
        if self._task is None or self.state != "running":
            raise Conflict("no scan is running")
        self._task.cancel()
        self._end("cancelled")

    # --- inside ---

    def _lines(self, port: str, wanted: str | None) -> Sequence[Line | None]:
        """Return the ways to send characters; None is that of a TCP connection, which has but one."""
        own = self._ports.line(port, None)
        if own is None:
            return [None]
        if wanted is not None:
            return list(dict.fromkeys(line_of(text.strip()) for text in wanted.split(",")))
        return list(dict.fromkeys([own, *filter(None, (template.line for template in self._templates()))]))

    async def _run(self, port: str, lines: Sequence[Line | None], addresses: range, timeout_ms: int) -> None:
        try:
            for line in lines:
                for address in addresses:
                    self.asked += 1
                    # Who answered has its way to send characters; some answer to others as well.
                    if all(row["Unit"] != address for row in self.found):
                        await self._look(Unit(self._ports, port, address, line, timeout_ms, "poll"))
                        await asyncio.sleep(_PAUSE_SECONDS)
                    self._tell()
        except AxiodError as error:
            self.reason = str(error)
            self._end("failed")
        else:
            self._end("done")

    async def _look(self, unit: Unit) -> None:
        """Ask one address."""
        mine = [
            id_
            for id_, settings in self._sensors().items()
            if (settings.port, settings.unit) == (unit.port, unit.address)
        ]
        row: dict[str, Any] = {"Sensor": mine[0]} if mine else {}
        try:
            await self._patiently(unit, tries=2 if mine else 1)  # who was there gets another chance
        except Refused:
            pass  # whoever refuses is there
        except Timeout:
            return
        except HardwareFailure as error:
            self._add(unit, row | {"Reason": f"what answers cannot be read: {error}"})
            return
        template = await self._recognised(unit)
        if template is not None:
            row |= {"Template": template.id, "Title": f"{template.vendor} {template.title}"}
        self._add(unit, row)

    async def _patiently(self, unit: Unit, tries: int) -> None:
        """Ask for a register so many times, and wait while the port is busy, or not there."""
        left = _PATIENCE
        while True:
            try:
                await unit.registers(3, 0, 1)
            except Timeout:
                tries -= 1
                if not tries:
                    raise
            except HardwareFailure:
                raise
            except AxiodError:
                left -= 1
                if not left:
                    raise
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    async def _recognised(self, unit: Unit) -> Template | None:
        """Return the template that recognises a unit; the one with most to recognise it by."""
        templates = sorted(self._templates(), key=lambda template: -len(template.identify))
        for template in templates:
            if not template.identify:
                break
            try:
                await identify(unit, template)
            except (WrongDevice, Refused, AxiodError):
                continue
            return template
        return None

    def _add(self, unit: Unit, row: dict[str, Any]) -> None:
        line = {} if unit.line is None else {"Line": line_text(unit.line)}
        self.found = [*self.found, {"Unit": unit.address, **line, **row}]

    def _end(self, state: str) -> None:
        self.state = state
        self._tell()

    def _tell(self) -> None:
        self._context.server.changed(self._path, SCAN)
