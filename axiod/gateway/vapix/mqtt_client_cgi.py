# SPDX-License-Identifier: Apache-2.0
"""mqtt/client.cgi: the MQTT client, its settings and whether it is connected. For administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.errors import AxiodError, InvalidArgument
from axiod.gateway.names import DEVICE, MQTT, SYSTEM
from axiod.gateway.route import Route
from axiod.gateway.vapix import mqtt_words
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.json_call import NEW, Call, JsonCgi, Refused
from axiod.gateway.vapix.mqtt_words import CLIENT, MESSAGE, MESSAGES, SERVER, SSL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person

API = Api("mqtt-client", "1.0", "MQTT Client API")

_PORTS = {"tcp": 1883, "ssl": 8883, "ws": 80, "wss": 443}
_HIDDEN = "*****"
_LONGEST_PASSWORD = 255
_OTHERS = ("server", "ssl", "password", "keepExistingPassword", *MESSAGES)


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    client = MqttClientCgi(gateway)
    cgi = JsonCgi(
        "mqtt/client.cgi",
        ("1.0",),
        NEW,
        {
            "configureClient": Call(client.configure, Role.ADMINISTRATOR),
            "activateClient": Call(client.activate, Role.ADMINISTRATOR),
            "deactivateClient": Call(client.deactivate, Role.ADMINISTRATOR),
            "getClientStatus": Call(client.status, Role.ADMINISTRATOR),
        },
    )
    return [Route("POST", "/axis-cgi/mqtt/client.cgi", cgi.answer, Role.ADMINISTRATOR)]


class MqttClientCgi:
    """The methods."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting

    async def configure(self, person: Person, params: Any) -> dict[str, Any]:
        """Replace all settings that VAPIX knows; those of Home Assistant stay."""
        settings, password = _read(params)
        thing = self._mirror.thing(MQTT)
        former = {name: thing[name] for name in settings}
        await self._acting.act(person, thing, "Configure", settings)
        if password is not None:
            try:
                await self._acting.act(person, thing, "SetSecrets", {"Password": password})
            except AxiodError:
                await self._acting.act(person, thing, "Configure", former)
                raise
        return {}

    async def activate(self, person: Person, _params: Any) -> dict[str, Any]:
        """Turn it on."""
        await self._acting.act(person, self._mirror.thing(MQTT), "Connect")
        return {}

    async def deactivate(self, person: Person, _params: Any) -> dict[str, Any]:
        """Turn it off."""
        await self._acting.act(person, self._mirror.thing(MQTT), "Disconnect")
        return {}

    async def status(self, _person: Person, _params: Any) -> dict[str, Any]:
        """Say how it is, and how it is configured."""
        thing = self._mirror.thing(MQTT)
        properties = thing.properties
        return {
            "status": {
                "state": "active" if properties["Active"] else "inactive",
                "connectionStatus": "connected" if properties["Connected"] else "disconnected",
            },
            "config": self._config(properties),
        }

    def _config(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        config = mqtt_words.shown(properties, CLIENT)
        serial = self._serial()
        # What is empty has a default, and clients want to know it.
        config["clientId"] = config["clientId"] or serial
        config["deviceTopicPrefix"] = config["deviceTopicPrefix"] or f"axis/{serial}"
        server = mqtt_words.shown(properties, SERVER)
        server["port"] = server["port"] or _PORTS[server["protocol"]]
        config |= {"server": server, "ssl": mqtt_words.shown(properties, SSL)}
        if "Password" in properties["Secrets"]:
            config["password"] = _HIDDEN
        for name, prefix in MESSAGES.items():
            if properties[f"{prefix}Send"]:
                message = mqtt_words.shown(properties, MESSAGE, prefix=prefix)
                config[name] = {"useDefault": True} if message["useDefault"] else message
        return config

    def _serial(self) -> str:
        return str(self._mirror.thing(DEVICE)["SerialNumber"]) if self._mirror.available(SYSTEM) else ""


def _read(params: Any) -> tuple[dict[str, Any], str | None]:
    """Return settings of the contract, and the password: None to leave it as it is."""
    if not isinstance(params, dict):
        raise Refused(NEW.missing, "params must be an object with server")
    if "server" not in params:
        raise Refused(NEW.missing, "params must have server")
    known = contract.load(MQTT).configurable
    settings = mqtt_words.read(
        "params", {name: value for name, value in params.items() if name not in _OTHERS}, CLIENT, known
    )
    settings |= mqtt_words.read("server", params["server"], SERVER, known)
    settings |= mqtt_words.read("ssl", params.get("ssl", {}), SSL, known)
    for name, prefix in MESSAGES.items():
        # One that is not there is not sent.
        settings |= mqtt_words.read(name, params.get(name, {}), MESSAGE, known, prefix=prefix)
        settings[f"{prefix}Send"] = name in params
    return settings, _password(params)


def _password(params: dict[str, Any]) -> str | None:
    keep, password = params.get("keepExistingPassword", False), params.get("password", "")
    if not isinstance(keep, bool):
        raise InvalidArgument("keepExistingPassword must be true or false")
    if not isinstance(password, str) or len(password) > _LONGEST_PASSWORD or not password.isprintable():
        raise InvalidArgument(f"password must be printable text of at most {_LONGEST_PASSWORD} characters")
    # Whoever sends back what getClientStatus says does not mean five asterisks.
    return None if keep or password == _HIDDEN else password
