# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.Trigger and VirtualInput: switches for people and for programs, which rules look at.

Where one stands, and until when a pulse lasts, is kept over a restart of the service; after the machine booted all of
them are off.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.bus.freshness import check_deadline
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import HardwareFailure

if TYPE_CHECKING:
    from axiod.runtime.app import Context
    from axiod.runtime.settings import SettingsFile

TRIGGER = "org.axiod.events1.Trigger"
VIRTUAL_INPUT = "org.axiod.events1.VirtualInput"


@dataclass(frozen=True, slots=True)
class Kind:
    """What triggers have in common, or virtual inputs."""

    interface: str
    section: str
    """In the settings."""
    folder: str
    """In the path of the objects, and in the keys of the state."""
    name: str
    topic: str
    item: str
    count: int


TRIGGERS = Kind(
    TRIGGER, "triggers", "trigger", "Manual trigger", topics.MANUAL_TRIGGER, "state", topics.MANUAL_TRIGGERS
)
VIRTUAL_INPUTS = Kind(
    VIRTUAL_INPUT, "inputs", "input", "Virtual input", topics.VIRTUAL_INPUT, "active", topics.VIRTUAL_INPUTS
)


class SwitchHandler:
    """org.axiod.events1.Trigger or VirtualInput; the attributes are the properties of the contract."""

    number: int
    name: str
    active: bool
    last_change_usec: int | None

    def __init__(
        self, context: Context, settings: SettingsFile, changing: asyncio.Lock, kind: Kind, number: int, boot_id: str
    ) -> None:
        """`changing`: held while a setting changes. `boot_id`: of the machine as it runs now."""
        self._context = context
        self._settings = settings
        self._changing = changing
        self._kind = kind
        self._boot_id = boot_id
        self._path = f"{context.path}/{kind.folder}/{number}"
        self._key = f"{kind.folder}/{number}"
        self._default_name = f"{kind.name} {number}"
        self._timer: asyncio.TimerHandle | None = None
        self._ends_usec: int | None = None
        self.number = number
        self.name = settings.get(kind.section, str(number)).get("name", self._default_name)
        self.active = False
        self.last_change_usec = None
        self._restore(context.state.get(self._key))

    def start(self) -> None:
        """Export it, and go on with a pulse."""
        self._context.server.export(self._path, self._kind.interface, self)
        self._tell_event(self.last_change_usec or wall_usec())
        self._set_timer()

    def close(self) -> None:
        """End nothing: a pulse goes on when the service is back."""
        if self._timer is not None:
            self._timer.cancel()

    # --- methods of the contract ---

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            name = changes.get("Name", self.name)
            values = {} if name == self._default_name else {"name": name}
            await self._settings.save(self._kind.section, str(self.number), values)
            self.name = name
            self._context.server.changed(self._path, self._kind.interface)

    async def set(self, active: bool, options: dict[str, Any]) -> bool:
        check_deadline(options["DeadlineUsec"])
        changed = self.put(active)
        await self._remember()
        return changed

    async def pulse(self, duration_ms: int, options: dict[str, Any]) -> bool:
        check_deadline(options["DeadlineUsec"])
        changed = self.put(active=True, ends_usec=monotonic_usec() + duration_ms * 1000)
        await self._remember()
        return changed

    # --- for rules ---

    def put(self, active: bool, ends_usec: int | None = None) -> bool:
        """Turn it on or off, and off again when the monotonic clock says so; return whether it was not so before."""
        changed = active != self.active
        self.active, self._ends_usec = active, ends_usec
        self._set_timer()
        if changed:
            self.last_change_usec = wall_usec()
        # Begun to be written before anybody acts on it.
        self._context.state.soon(self._key, self._stored)
        if changed:
            self._context.server.changed(self._path, self._kind.interface)
            self._tell_event(self.last_change_usec or wall_usec())
        return changed

    def _tell_event(self, timestamp_usec: int) -> None:
        data = {self._kind.item: "1" if self.active else "0"}
        self._context.events.state(self._kind.topic, {"port": str(self.number)}, data, timestamp_usec)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._ends_usec is not None:
            self._timer = asyncio.get_running_loop().call_at(self._ends_usec / 1e6, partial(self.put, active=False))

    @property
    def _stored(self) -> dict[str, Any]:
        return {"active": self.active, "since": self.last_change_usec, "ends": self._ends_usec, "boot": self._boot_id}

    async def _remember(self) -> None:
        # On a disk that refuses it is what it is now, and the service says that it is degraded.
        with suppress(HardwareFailure):
            await self._context.state.put(self._key, self._stored, durable=False)

    def _restore(self, stored: Any) -> None:
        match stored:
            case {
                "active": bool(active),
                "since": int() | None as since,
                "ends": int() | None as ends,
                "boot": str(boot),
            }:
                if boot == self._boot_id:
                    self.active, self.last_change_usec, self._ends_usec = active, since, ends


class TriggerHandler(SwitchHandler):
    """org.axiod.events1.Trigger."""


class VirtualInputHandler(SwitchHandler):
    """org.axiod.events1.VirtualInput."""


class Switches:
    """All of them."""

    def __init__(self, context: Context, settings: SettingsFile, changing: asyncio.Lock, boot_id: str) -> None:
        self._triggers = [
            TriggerHandler(context, settings, changing, TRIGGERS, number, boot_id)
            for number in range(1, TRIGGERS.count + 1)
        ]
        self._inputs = [
            VirtualInputHandler(context, settings, changing, VIRTUAL_INPUTS, number, boot_id)
            for number in range(1, VIRTUAL_INPUTS.count + 1)
        ]

    def put(self, number: int, active: bool) -> None:
        """Turn a virtual input on or off."""
        self._inputs[number - 1].put(active)

    def start(self) -> None:
        """Export all of them."""
        for handler in (*self._triggers, *self._inputs):
            handler.start()

    def close(self) -> None:
        """Let go of all of them."""
        for handler in (*self._triggers, *self._inputs):
            handler.close()
