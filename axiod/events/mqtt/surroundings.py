# SPDX-License-Identifier: Apache-2.0
"""What the MQTT client needs of the service around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from axiod.bus.client import Event
    from axiod.events.mqtt.home_assistant import Device
    from axiod.events.mqtt.settings import Server
    from axiod.events.mqtt.subscription import Heard
    from axiod.events.mqtt.trust import Credentials


class Surroundings(Protocol):
    """What the client needs of the service around it. Nothing of it waits, but the certificates."""

    def present(self) -> Collection[Event]:
        """Return the present value of every stateful event of all services."""

    def heard(self, event: Heard) -> None:
        """A message of a subscription is an event."""

    def forgotten(self, topic: str, source: Mapping[str, str]) -> None:
        """A stateful event is no more, because its subscription is none any more."""

    def changed(self) -> None:
        """Something of the status changed."""

    def problem_of_disk(self, text: str | None) -> None:
        """The disk refuses, or does not any more (None)."""

    async def credentials(self, server: Server) -> Credentials:
        """Return the certificates that a connection needs; raises an AxiodError that says what is missing."""

    def device(self) -> Device:
        """Return what Home Assistant is told of this device."""

    def name_of(self, event: Event) -> str | None:
        """Return what people call the port or relay of an event; None where it has no name."""

    def command(self, event: Event, on: bool) -> None:
        """Home Assistant wants the output of an event (IO/OutputPort, Trigger/Relay) on or off, now."""
