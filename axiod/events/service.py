# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1: everything that axiod-events has on the bus, put together."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.events.action_configurations import ActionConfigurations
from axiod.events.carrier import Carrier
from axiod.events.engine import Engine
from axiod.events.hearing import EVENTS, Hearing
from axiod.events.identity import SYSTEM, Identity
from axiod.events.judging import Judging
from axiod.events.log import LogHandler
from axiod.events.moving import Mover
from axiod.events.mqtt.home_assistant import Device
from axiod.events.mqtt.service import Mqtt
from axiod.events.outputs import Outputs
from axiod.events.parts import Parts
from axiod.events.recipients import RecipientsHandler
from axiod.events.reporting import Reporting
from axiod.events.rules import RulesHandler
from axiod.events.running import Running
from axiod.events.schedules import SchedulesHandler
from axiod.events.sources import Sources
from axiod.events.stored import settings_file
from axiod.events.switches import Switches

if TYPE_CHECKING:
    from axiod.bus.client import Event
    from axiod.runtime.app import Context

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SETTLE_SECONDS = 3.0
_NO_EVENTS = {EVENTS, "org.axiod.sim1"}
"""Services that are not followed: our own, and the simulated world, which nothing may depend on."""


class EventsService:
    """All objects of the service."""

    def __init__(self, context: Context, boot_id: str) -> None:
        self._context = context
        self._boot_id = boot_id
        # One change after the other: what one checks must still be so when it is stored.
        changing = self._changing = asyncio.Lock()
        settings = settings_file(context.state_dir)
        services = [name for name in contract.services() if name not in _NO_EVENTS]
        self._log = LogHandler(context, settings, changing)
        self._switches = Switches(context, settings, changing, boot_id)
        self._schedules = SchedulesHandler(context, changing)
        self._sources = Sources(context.connection, services, self)
        self._identity = Identity(self._sources.client(SYSTEM), context.state)
        self._outputs = Outputs(context.connection, context.state, self._outputs_changed)
        self._engine = Engine((*services, EVENTS), boot_id)
        self._reporting = Reporting(self._log)
        self._recipients = RecipientsHandler(
            context,
            produce=self._reporting.produce,
            used_by=self._using_recipient,
            on_result=self._reporting.sent,
        )
        self._carrier = Carrier(self._identity, self._recipients)
        self._mover = Mover(self._outputs, self._switches.put, context.tasks)
        self._running = Running(context, self._engine, self._mover, self._log, self._carrier)
        self._reporting.failed = self._running.failed
        judging = Judging(self._engine, self._outputs, self._recipients)
        judging.there = self._there
        self._actions = ActionConfigurations(context, changing)
        self._rules = RulesHandler(context, changing, self._running, judging, self._actions, self._say)
        self._hearing = Hearing(context.events, self._running, self._log)
        self._schedules.needed_by = self._rules.using_schedule
        self._mqtt: Mqtt | None = None
        self._making_mqtt: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Go on where the service was, export everything, and begin to follow the other services."""
        self._engine.set_outputs(self._outputs.all.values())
        self._rules.restore()
        self._log.start()
        self._switches.start()
        self._schedules.start()
        await self._recipients.start()
        self._actions.start()
        self._rules.start()
        self._hearing.start()
        await self._outputs.start(self._sources)
        await self._sources.start()
        self._identity.on_change = self._make_mqtt
        self._identity.ask()
        self._make_mqtt()
        self._say()

    async def stop(self) -> None:
        self._running.stop()
        self._rules.close()
        self._schedules.close()
        self._switches.close()
        await self._identity.stop()
        await self._outputs.stop()
        await self._sources.stop()
        if self._making_mqtt is not None:
            self._making_mqtt.cancel()
        if self._mqtt is not None:
            await self._mqtt.close()
        await self._recipients.close()
        await self._log.close()

    # --- what the sources tell ---

    def event(self, service: str, event: Event, *, stateful: bool) -> None:
        """Something happened; see axiod.events.sources."""
        self._hearing.event(service, event, stateful=stateful)

    def snapshot(self, service: str, events: list[Event], news: list[Event], *, first: bool) -> None:
        """This is all that a service has."""
        self._hearing.snapshot(service, events, news, first=first)

    def owner(self, service: str, *, present: bool) -> None:
        """A service came, or went away."""
        self._outputs.owner(service, present=present)
        if present:
            self._mover.try_again()
            if service == SYSTEM:
                self._identity.ask()
        self._say()

    def _make_mqtt(self) -> None:
        """Begin with MQTT as soon as it is known who this device is; everything that is sent there says it."""
        if self._identity.serial and self._making_mqtt is None:
            self._making_mqtt = self._context.tasks.create_task(self._begin_mqtt())

    async def _begin_mqtt(self) -> None:
        # What there is when it connects is told there as a whole; what comes after that, as a change.
        await self._sources.settled(_SETTLE_SECONDS)
        context, about = self._context, self._identity.about
        device = Device(
            self._identity.serial, about["FullName"], about["Brand"], about["Model"], about["Version"], about["WebUrl"]
        )
        parts = Parts(self._hearing, self._outputs, self._mover, self._log)
        system = self._sources.client(SYSTEM)
        mqtt = Mqtt(context, self._changing, parts, system, device, self._boot_id)
        mqtt.start()
        self._mqtt = self._carrier.mqtt = mqtt
        self._hearing.listen(mqtt)

    def _there(self) -> dict[str, Any]:
        """Return what there is besides outputs, for the check of rules."""
        mqtt = self._mqtt.handler if self._mqtt is not None else None
        return {
            "leds": self._outputs.leds,
            "recipients": list(self._recipients.types),
            "schedules": self._schedules.event_ids,
            "mqtt_active": mqtt is not None and mqtt.active,
            "mqtt_prefix": "" if mqtt is None else mqtt.device_topic_prefix or f"axis/{self._identity.serial}",
        }

    def _using_recipient(self, recipient: str) -> list[str]:
        return self._rules.using_recipient(recipient)

    def _outputs_changed(self) -> None:
        self._engine.set_outputs(self._outputs.all.values())
        if self._mqtt is not None:
            self._mqtt.present_changed()
        self._mover.try_again()

    def _say(self) -> None:
        """Say in the status line how much there is to do, and who is away."""
        count = self._rules.count
        names = [name for name in self._sources.names if name not in contract.ON_DEMAND]
        away = [contract.stem(name) for name in names if not self._sources.present(name)]
        text = f"{count} rule{'s' * (count != 1)}" if count else "no rule yet"
        self._context.root.say(text + (f"; away: {', '.join(away)}" if away else ""))


async def start(context: Context) -> EventsService:
    """Start the service."""
    service = EventsService(context, _boot_id())
    await service.start()
    return service


def _boot_id() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip()
