# SPDX-License-Identifier: Apache-2.0
"""A device whose VAPIX calls are asked with curl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.bus import interface as contract
from axiod.bus.client import Service
from tests.gateway.vapix.site import Site
from tests.gateway.vapix.soap_caller import Soap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client


@pytest.fixture
def site(web: WebDevice, client: Client) -> Site:
    """The device; what a test changes at ports and relays is put back."""
    return Site(web, client)


EVENTS = "org.axiod.events1"
_MADE = (".Rule", ".ActionConfiguration", ".Recipient", ".Schedule")
"""In the order in which they can be removed."""


@pytest_asyncio.fixture
async def events(client: Client) -> AsyncIterator[Service]:
    """axiod-events on the bus; rules, actions, recipients and schedules that a test made are removed."""
    service = Service(client.connection, EVENTS)
    yield service
    await remove_made(service)


async def remove_made(service: Service) -> None:
    """Remove all that did not come with the device."""
    for kind in _MADE:
        for path, interfaces in (await service.objects()).items():
            for interface, values in interfaces.items():
                if interface == EVENTS + kind and not values.get("Shipped"):
                    await service.call(path, interface, "Remove")


@pytest.fixture
def soap(web: WebDevice, events: Service) -> Soap:  # it puts things in order
    """A client of /vapix/services, as an administrator."""
    return Soap(web, "admin")


PARTS = {"mqtt": "Mqtt", "mqtt_publication": "MqttPublication", "mqtt_subscriptions": "MqttSubscriptions"}


class Mqtt:
    """MQTT on the bus."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def settings(self, part: str) -> dict[str, Any]:
        """Return what can be configured."""
        interface = f"{EVENTS}.{PARTS[part]}"
        found = await self._service.properties(f"/org/axiod/events1/{part}", interface)
        return {name: found[name] for name in contract.load(interface).configurable}

    async def all(self) -> dict[str, Any]:
        """Return everything."""
        secrets = await self._service.properties("/org/axiod/events1/mqtt", f"{EVENTS}.Mqtt")
        return {"Secrets": secrets["Secrets"], **{part: await self.settings(part) for part in PARTS}}

    async def call(self, part: str, member: str, *arguments: Any) -> None:
        """Call a method."""
        await self._service.call(f"/org/axiod/events1/{part}", f"{EVENTS}.{PARTS[part]}", member, *arguments)

    async def put_back(self, before: dict[str, Any]) -> None:
        """Put back what all() returned, without a password, and turn the client off."""
        await self.call("mqtt", "Disconnect")
        await self.call("mqtt", "SetSecrets", {"Password": ""})
        for part in PARTS:
            await self.call(part, "Configure", before[part])


@pytest_asyncio.fixture
async def mqtt(client: Client) -> AsyncIterator[Mqtt]:
    """MQTT; its settings are put back, and it is turned off."""
    found = Mqtt(Service(client.connection, EVENTS))
    before = await found.all()
    yield found
    await found.put_back(before)
