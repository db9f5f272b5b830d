# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.MqttPublication and MqttSubscriptions: what goes to the broker, and what comes from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.errors import AxiodError
from axiod.events.mqtt.publication import Publication, publication
from axiod.events.mqtt.subscription import subscriptions

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from axiod.events.mqtt.handler import MqttHandler
    from axiod.events.mqtt.subscription import Subscription
    from axiod.runtime.app import Context
    from axiod.runtime.settings import SettingsFile

PUBLICATION = "org.axiod.events1.MqttPublication"
SUBSCRIPTIONS = "org.axiod.events1.MqttSubscriptions"
PUBLICATION_SECTION = "mqtt-publication"
SUBSCRIPTIONS_SECTION = "mqtt-subscriptions"


class MqttPublicationHandler:
    """org.axiod.events1.MqttPublication; the attributes are the properties of the contract."""

    topic_prefix: str
    custom_topic_prefix: str
    append_event_topic: bool
    include_topic_namespaces: bool
    include_serial_number: bool
    filters: list[dict[str, Any]]

    def __init__(self, context: Context, settings: SettingsFile, changing: asyncio.Lock, client: MqttHandler) -> None:
        """`settings` is of settings_file()."""
        self._context = context
        self._file = settings
        self._changing = changing
        self._client = client
        self._path = f"{context.path}/mqtt_publication"
        self._values: dict[str, Any] = {}
        try:
            self._values = settings.get(PUBLICATION_SECTION, PUBLICATION_SECTION)
            self.settings = publication(self._values)
        except AxiodError as error:
            context.root.problem("mqtt publication", f"the stored publication of MQTT cannot be used: {error}")
            self._values, self.settings = {}, Publication()
        self._take()

    def start(self) -> None:
        """Export it."""
        self._context.server.export(self._path, PUBLICATION, self)

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            values = self._values | _python(changes)
            amended = publication(values)
            await self._file.save(PUBLICATION_SECTION, PUBLICATION_SECTION, values)
            self._values, self.settings = values, amended
            self._take()
            self._client.apply(publication=amended)
            self._context.root.problem("mqtt publication", None)
            self._context.server.changed(self._path, PUBLICATION)

    def _take(self) -> None:
        found = self.settings
        self.topic_prefix, self.custom_topic_prefix = found.topic_prefix, found.custom_topic_prefix
        self.append_event_topic = found.append_event_topic
        self.include_topic_namespaces = found.include_topic_namespaces
        self.include_serial_number = found.include_serial_number
        self.filters = [
            {"TopicFilter": one.topic_filter, "Qos": one.qos, "Retain": one.retain} for one in found.filters
        ]


class MqttSubscriptionsHandler:
    """org.axiod.events1.MqttSubscriptions; the attributes are the properties of the contract."""

    filters: list[dict[str, Any]]

    def __init__(self, context: Context, settings: SettingsFile, changing: asyncio.Lock, client: MqttHandler) -> None:
        """`settings` is of settings_file()."""
        self._context = context
        self._file = settings
        self._changing = changing
        self._client = client
        self._path = f"{context.path}/mqtt_subscriptions"
        self.settings: tuple[Subscription, ...] = ()
        try:
            stored = settings.get(SUBSCRIPTIONS_SECTION, SUBSCRIPTIONS_SECTION)
            self.settings = subscriptions(stored.get("filters", []))
        except AxiodError as error:
            context.root.problem("mqtt subscriptions", f"the stored subscriptions of MQTT cannot be used: {error}")
        self._take()

    def start(self) -> None:
        """Export it."""
        self._context.server.export(self._path, SUBSCRIPTIONS, self)

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            wanted = subscriptions(changes.get("Filters", self.filters))
            former, self.settings = self.settings, wanted
            self._take()
            try:
                values = {"filters": self.filters} if wanted else {}
                await self._file.save(SUBSCRIPTIONS_SECTION, SUBSCRIPTIONS_SECTION, values)
            except AxiodError:
                self.settings = former
                self._take()
                raise
            self._client.apply(subscriptions=wanted)
            self._context.root.problem("mqtt subscriptions", None)
            self._context.server.changed(self._path, SUBSCRIPTIONS)

    def _take(self) -> None:
        self.filters = [
            {
                "TopicFilter": one.topic_filter,
                "UseDevicePrefix": one.use_device_prefix,
                "Qos": one.qos,
                "Stateful": one.stateful,
            }
            for one in self.settings
        ]


def _python(changes: Mapping[str, Any]) -> dict[str, Any]:
    from axiod.bus.interface import snake

    return {snake(name): value for name, value in changes.items()}
