# SPDX-License-Identifier: Apache-2.0
"""org.axiod.relays1 on the bus: one handler for each relay."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus.arguments import unknown
from axiod.bus.interface import snake
from axiod.clock import wall_usec
from axiod.errors import HardwareFailure, NotFound
from axiod.gpio.adoption import Boot
from axiod.gpio.board import BoardLines
from axiod.gpio.held import HeldLine
from axiod.gpio.keeper import Keeper
from axiod.gpio.output import Output
from axiod.gpio.together import set_all
from axiod.relays import model
from axiod.relays.model import RelaySettings
from axiod.relays.stored import RELAY, relay_settings, settings_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.board.profile import Relay
    from axiod.runtime.app import Context

RELAYS = "org.axiod.relays1.Relays"

_BOOT = {"off": Boot.INACTIVE, "on": Boot.ACTIVE, "last": Boot.LAST}


class RelayHandler:
    """org.axiod.relays1.Relay; the attributes are the properties of the contract."""

    number: int
    terminal: str
    connector: str
    contact_form: str

    def __init__(self, service: RelayService, relay: Relay, settings: RelaySettings) -> None:
        self.id = relay.id
        self.path = f"{service.context.path}/relay/{relay.id}"
        self.number = relay.number
        self.terminal = relay.terminal
        self.connector = relay.connector
        self.contact_form = str(relay.form)
        self._settings = settings
        self._service = service
        self._relay = relay
        self._line = HeldLine(relay.id, relay.line, service.lines, service.context.fds)
        self.output = Output(self._line, service.context.state, self.publish)
        self.output.boot = _BOOT[settings.boot_policy]

    # --- properties ---

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def active(self) -> bool | None:
        return self.output.active if self.output.known else None

    @property
    def normally_open(self) -> str | None:
        return model.normally_open(self._relay.form, self.active)

    @property
    def normally_closed(self) -> str | None:
        return model.normally_closed(self._relay.form, self.active)

    @property
    def last_change_usec(self) -> int | None:
        return self.output.last_change_usec

    @property
    def quality(self) -> str:
        if self.output.problem:
            return "fault" if self.output.known else "never"
        return "good"

    @property
    def problem(self) -> str | None:
        return self.output.problem

    @property
    def cycles(self) -> int:
        return self.output.count

    @property
    def running(self) -> str:
        return self.output.running

    @property
    def boot_policy(self) -> str:
        return self._settings.boot_policy

    @property
    def failure_policy(self) -> str:
        return self._settings.failure_policy

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._service.configuring:
            former = self._settings
            amended = former.amended({snake(key): value for key, value in changes.items()})
            if amended == former:
                return
            try:
                # First where it stands, then that this counts: a crash in between leaves nothing that is not true.
                self.output.boot = _BOOT[amended.boot_policy]
                await self.output.remember_now()
                await self._save(amended)
            except HardwareFailure:
                self.output.boot = _BOOT[former.boot_policy]
                raise
            self._settings = amended
            self.publish()

    async def set(self, active: bool, options: dict[str, Any]) -> None:
        await self.output.set(active, options["DeadlineUsec"])

    async def toggle(self, options: dict[str, Any]) -> bool:
        return await self.output.toggle(options["DeadlineUsec"])

    async def pulse(self, duration_ms: int, options: dict[str, Any]) -> None:
        await self.output.pulse(duration_ms, options["DeadlineUsec"])

    async def run_sequence(self, steps: list[tuple[bool, int]], options: dict[str, Any]) -> None:
        await self.output.run_sequence(steps, options["DeadlineUsec"])

    async def cancel(self) -> None:
        await self.output.cancel()

    async def reset_counter(self) -> int:
        count = await self.output.reset_count()
        self.publish()
        return count

    # --- the service's side ---

    def acquire(self, boot_id: str) -> None:
        """Take the line."""
        self.output.acquire(boot_id)
        self.publish()

    def retry(self, boot_id: str) -> None:
        """Try again what did not work."""
        self.output.retry(boot_id)

    def check(self) -> None:
        """Look whether it still works: what cannot be driven shows when it is."""

    def close(self) -> None:
        """Stop serving the relay, which stays where it is."""
        self.output.close()

    def publish(self) -> None:
        """Tell what changed: the properties first, then the event."""
        context = self._service.context
        with context.server.gathered():
            context.server.changed(self.path, RELAY)
            if self.output.known:
                source, data = model.event(self.number, self.output.active)
                context.events.state(model.TOPIC, source, data, self.output.last_change_usec or wall_usec())
        context.root.problem(self._relay.id, self.output.problem)

    async def _save(self, settings: RelaySettings) -> None:
        default = RelaySettings.default(self._relay)
        await self._service.file.save("relays", self._relay.id, settings.beyond(default))


class RelaysHandler:
    """org.axiod.relays1.Relays."""

    def __init__(self, outputs: Mapping[str, Output]) -> None:
        self._outputs = outputs

    async def set_all(self, states: dict[str, bool], options: dict[str, Any]) -> None:
        if strangers := states.keys() - self._outputs.keys():
            raise NotFound(unknown("relay", min(strangers), self._outputs))
        await set_all([(self._outputs[id_], active) for id_, active in states.items()], options["DeadlineUsec"])


class RelayService:
    """All relays of the board."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.lines = BoardLines(context.board)
        self.configuring = asyncio.Lock()
        """Held while settings change: one change after the other, each on disk before it is acknowledged."""
        self.file = settings_file(context.state_dir)
        self._handlers = [RelayHandler(self, relay, relay_settings(self.file, relay)) for relay in context.board.relays]
        self._keeper = Keeper(context, self.lines, self._handlers)

    def start(self) -> None:
        """Take every line, export everything, and go on trying for what could not be had."""
        together = RelaysHandler({handler.id: handler.output for handler in self._handlers})
        self.context.server.export(self.context.path, RELAYS, together)
        for handler in self._handlers:
            self.context.server.export(handler.path, RELAY, handler)
        self._keeper.start()
        board = self.context.board
        count = len(board.relays)
        self.context.root.say(f"{count} relay{'s' * (count != 1)} of board {board.name}")

    async def stop(self) -> None:
        self._keeper.stop()
        for handler in self._handlers:
            handler.close()


async def start(context: Context) -> RelayService:
    """Start the service."""
    service = RelayService(context)
    service.start()
    return service
