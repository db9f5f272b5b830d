# SPDX-License-Identifier: Apache-2.0
"""org.axiod.io1.Port."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from axiod.clock import wall_usec
from axiod.errors import Conflict, HardwareFailure
from axiod.gpio.adoption import Boot
from axiod.gpio.output import Output
from axiod.io import model
from axiod.io.circuit import CircuitHandler, Shared
from axiod.io.model import PortSettings
from axiod.io.stored import PORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.board.profile import Port
    from axiod.io.model import Fact

_log = logging.getLogger(__name__)

_BOOT = {"normal": Boot.INACTIVE, "active": Boot.ACTIVE, "last": Boot.LAST}


class PortHandler(CircuitHandler):
    """org.axiod.io1.Port."""

    interface = PORT
    settings: PortSettings
    number: int
    directions: list[str]

    def __init__(self, shared: Shared, port: Port, settings: PortSettings) -> None:
        super().__init__(shared, "port", port)
        self.number = port.number
        self.directions = [name for name, able in (("input", port.input), ("output", port.output)) if able]
        self.settings = settings
        self._port = port
        self._output = Output(self._line, shared.context.state, self._moved)
        self._output.boot = _BOOT[settings.boot_policy]
        self._output.inverted = settings.normal_state == model.CLOSED

    @property
    def usage(self) -> str:
        return self.settings.usage

    @property
    def direction(self) -> str:
        return self.settings.direction

    @property
    def state(self) -> str | None:
        if self._is_output:
            return model.circuit_state(self._output.active != self._output.inverted) if self._known else None
        return model.circuit_state(self._watch.circuit.closed)

    @property
    def active(self) -> bool | None:
        if self._is_output:
            return self._output.active if self._known else None
        closed = self._watch.circuit.closed
        return None if closed is None else model.is_active(closed, self.settings.normal_state)

    @property
    def last_change_usec(self) -> int | None:
        return self._output.last_change_usec if self._is_output else self._watch.circuit.changed_usec

    @property
    def problem(self) -> str | None:
        return self._output.problem if self._is_output else self._watch.problem

    @property
    def counter(self) -> int:
        return self._output.count if self._is_output else self._watch.circuit.count

    @property
    def lost_edges(self) -> int:
        return self._watch.lost_edges

    @property
    def running(self) -> str | None:
        return self._output.running if self._is_output else None

    @property
    def boot_policy(self) -> str | None:
        return self.settings.boot_policy if self._port.output else None

    @property
    def failure_policy(self) -> str | None:
        return self.settings.failure_policy if self._port.output else None

    async def set(self, active: bool, options: dict[str, Any]) -> None:
        await self.driven().set(active, options["DeadlineUsec"])

    async def toggle(self, options: dict[str, Any]) -> bool:
        return await self.driven().toggle(options["DeadlineUsec"])

    async def pulse(self, duration_ms: int, options: dict[str, Any]) -> None:
        await self.driven().pulse(duration_ms, options["DeadlineUsec"])

    async def run_sequence(self, steps: list[tuple[bool, int]], options: dict[str, Any]) -> None:
        await self.driven().run_sequence(steps, options["DeadlineUsec"])

    async def cancel(self) -> None:
        await self.driven().cancel()

    async def reset_counter(self) -> int:
        count = await (self._output.reset_count() if self._is_output else self._watch.reset_count())
        self.publish(wall_usec())
        return count

    def driven(self) -> Output:
        """Return what drives it; raises Conflict for an input."""
        if not self._is_output:
            advice = "; set its Direction to output first" if self._port.output else " and cannot be an output"
            raise Conflict(f"{self.terminal} is an input{advice}")
        return self._output

    def acquire(self, boot_id: str) -> None:
        if self._is_output:
            self._output.acquire(boot_id)
        else:
            self._watch.begin(self.settings)
        self.publish(wall_usec())

    def close(self) -> None:
        super().close()
        self._output.close()

    def retry(self, boot_id: str) -> None:
        if self._is_output:
            self._output.retry(boot_id)
        else:
            super().retry(boot_id)

    def check(self) -> None:
        if not self._is_output:
            super().check()

    def _moved(self) -> None:
        self.publish(self._output.last_change_usec or wall_usec())

    def facts(self) -> Sequence[Fact]:
        active = self._output.active if self._output.known else None
        return model.port_facts(
            self._port, self.settings, self._watch.circuit, output_active=active, measured=self._watch.measured
        )

    @property
    def _is_output(self) -> bool:
        return self.settings.direction == "output"

    @property
    def _known(self) -> bool:
        return self._output.known if self._is_output else super()._known

    def _amended(self, changes: dict[str, Any]) -> PortSettings:
        return self.settings.for_port(self._port, changes)

    async def _save(self, settings: PortSettings) -> None:
        await self._shared.file.save("ports", self.id, settings.beyond(PortSettings.default(self._port)))

    async def _prepare(self, amended: PortSettings) -> None:
        if self._is_output and amended.direction == "output":
            # First where it stands, then that this counts: a crash in between leaves nothing that is not true.
            former, self._output.boot = self._output.boot, _BOOT[amended.boot_policy]
            try:
                await self._output.remember_now()
                if amended.normal_state != self.settings.normal_state:
                    await self._output.prepare_invert()
            except HardwareFailure:
                self._output.boot = former
                raise

    async def _apply(self, amended: PortSettings) -> None:
        former, self.settings = self.settings, amended
        output, circuit, inverted = self._output, self._watch.circuit, amended.normal_state == model.CLOSED
        turned = amended.direction != former.direction
        output.boot = _BOOT[amended.boot_policy]
        if self._is_output:
            if turned:
                self._watch.end()
                output.inverted = inverted
                output.count, output.last_change_usec = circuit.count, circuit.changed_usec
                await output.begin()
            await output.remember_now()
            if inverted != output.inverted:
                await output.invert(inverted)
        elif turned:
            await output.end()
            circuit.count, circuit.changed_usec = output.count, output.last_change_usec
            self._watch.begin(amended)
            if self._watch.problem:
                raise HardwareFailure(self._watch.problem)
        else:
            self._watch.amend(former, amended)
