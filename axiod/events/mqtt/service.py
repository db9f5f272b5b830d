# SPDX-License-Identifier: Apache-2.0
"""All of MQTT in the service: the client, the publication and the subscriptions, with their settings.

    mqtt = Mqtt(context, changing, parts, system, device, boot_id)
    mqtt.start()                              # export, and connect if it was connected before
    mqtt.event(event, stateful=True)          # each event of every service, own ones too, in its order
    mqtt.publish(topic, payload, qos, retain) # the action "publish"; raises an AxiodError when it cannot be
    mqtt.present_changed()                    # a port or relay appeared, went, or has another name
    await mqtt.close()

Messages of subscriptions become events of the service itself (context.events), as does the status of the client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.events.mqtt.filters_handlers import (
    PUBLICATION,
    PUBLICATION_SECTION,
    SUBSCRIPTIONS,
    SUBSCRIPTIONS_SECTION,
    MqttPublicationHandler,
    MqttSubscriptionsHandler,
)
from axiod.events.mqtt.handler import MQTT, SECTION, MqttHandler, Parts
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from axiod.bus.client import Event, Service
    from axiod.events.mqtt.home_assistant import Device
    from axiod.runtime.app import Context


def settings_file(state_dir: Path) -> SettingsFile:
    """Return the file of the settings; raises HardwareFailure when the disk refuses to be read."""
    kinds = {SECTION: MQTT, PUBLICATION_SECTION: PUBLICATION, SUBSCRIPTIONS_SECTION: SUBSCRIPTIONS}
    return SettingsFile(state_dir / "mqtt.yaml", kinds)


class Mqtt:
    """All objects of MQTT."""

    def __init__(
        self, context: Context, changing: asyncio.Lock, parts: Parts, system: Service, device: Device, boot_id: str
    ) -> None:
        """`changing`: held while a setting changes. `system`: org.axiod.system1, for certificates.

        `device`: with the serial number that org.axiod.system1.Device has. `boot_id`: of the machine as it runs now.
        """
        file = settings_file(context.state_dir)
        self.handler = MqttHandler(context, file, changing, parts, system, device, boot_id)
        self._publication = MqttPublicationHandler(context, file, changing, self.handler)
        self._subscriptions = MqttSubscriptionsHandler(context, file, changing, self.handler)

    def start(self) -> None:
        """Export everything, and connect if it was connected before."""
        self._publication.start()
        self._subscriptions.start()
        self.handler.start(self._publication.settings, self._subscriptions.settings)

    def event(self, event: Event, *, stateful: bool) -> None:
        """Publish an event, where a filter wants it. Waits for nothing."""
        self.handler.event(event, stateful=stateful)

    def publish(self, topic: str, payload: str, qos: int, retain: bool) -> None:
        """Have a message sent. Returns when it waits for the broker; raises an AxiodError when it cannot be."""
        self.handler.publish(topic, payload, qos, retain)

    def present_changed(self) -> None:
        """A port or relay appeared, went, or has another name."""
        self.handler.present_changed()

    async def close(self) -> None:
        """Say goodbye to the broker, and have on disk what waits."""
        await self.handler.close()
