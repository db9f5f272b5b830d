# SPDX-License-Identifier: Apache-2.0
"""mqtt/event.cgi: which events are published over MQTT, and which messages become events. For administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.gateway.names import MQTT_PUBLICATION, MQTT_SUBSCRIPTIONS
from axiod.gateway.route import Route
from axiod.gateway.vapix import mqtt_words
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.json_call import NEW, Call, JsonCgi, Refused
from axiod.gateway.vapix.mqtt_words import EVENT_FILTER, MQTT_FILTER, PUBLICATION

if TYPE_CHECKING:
    from axiod.bus.interface import Value
    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person

API = Api("event-mqtt-bridge", "1.1", "Event MQTT Bridge")


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    events = MqttEventCgi(gateway)
    cgi = JsonCgi(
        "mqtt/event.cgi",
        ("1.0", "1.1"),
        NEW,
        {
            "configureEventPublication": Call(events.publish, Role.ADMINISTRATOR),
            "getEventPublicationConfig": Call(events.publication, Role.ADMINISTRATOR),
            "configureMqttSubscription": Call(events.subscribe, Role.ADMINISTRATOR),
            "getMqttSubscriptionConfig": Call(events.subscriptions, Role.ADMINISTRATOR),
        },
    )
    return [Route("POST", "/axis-cgi/mqtt/event.cgi", cgi.answer, Role.ADMINISTRATOR)]


class MqttEventCgi:
    """The methods."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting

    async def publish(self, person: Person, params: Any) -> dict[str, Any]:
        """Replace what is published, and how."""
        if not isinstance(params, dict):
            raise Refused(NEW.missing, "params must be an object with eventFilterList")
        rest = {name: value for name, value in params.items() if name != "eventFilterList"}
        settings = mqtt_words.read("params", rest, PUBLICATION, contract.load(MQTT_PUBLICATION).configurable)
        listed = params.get("eventFilterList", [])
        settings["Filters"] = mqtt_words.read_list("eventFilterList", listed, EVENT_FILTER, _fields(MQTT_PUBLICATION))
        await self._acting.act(person, self._mirror.thing(MQTT_PUBLICATION), "Configure", settings)
        return {}

    async def publication(self, _person: Person, _params: Any) -> dict[str, Any]:
        """Say what is published, and how."""
        properties = self._mirror.thing(MQTT_PUBLICATION).properties
        filters = [mqtt_words.shown(item, EVENT_FILTER) for item in properties["Filters"]]
        config = {**mqtt_words.shown(properties, PUBLICATION), "eventFilterList": filters}
        return {"eventPublicationConfig": config}

    async def subscribe(self, person: Person, params: Any) -> dict[str, Any]:
        """Replace which messages become events."""
        if not isinstance(params, dict) or "mqttFilterList" not in params:
            raise Refused(NEW.missing, "params must have mqttFilterList")
        filters = mqtt_words.read_list(
            "mqttFilterList", params["mqttFilterList"], MQTT_FILTER, _fields(MQTT_SUBSCRIPTIONS)
        )
        await self._acting.act(person, self._mirror.thing(MQTT_SUBSCRIPTIONS), "Configure", {"Filters": filters})
        return {}

    async def subscriptions(self, _person: Person, _params: Any) -> dict[str, Any]:
        """Say which messages become events."""
        filters = self._mirror.thing(MQTT_SUBSCRIPTIONS)["Filters"]
        return {"mqttSubscriptionConfig": {"mqttFilterList": [mqtt_words.shown(one, MQTT_FILTER) for one in filters]}}


def _fields(interface: str) -> dict[str, Value]:
    """Return what the contract says of the filters of an interface."""
    return dict(contract.load(interface).configurable["Filters"].fields or {})
