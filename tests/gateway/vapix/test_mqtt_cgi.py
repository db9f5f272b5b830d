# SPDX-License-Identifier: Apache-2.0
"""mqtt/client.cgi and mqtt/event.cgi: what is set is what is read, and a wrong setting changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.gateway.vapix.conftest import Mqtt
    from tests.gateway.vapix.site import Site

CLIENT, EVENT = "/axis-cgi/mqtt/client.cgi", "/axis-cgi/mqtt/event.cgi"
OWN = {"useDefault": False, "topic": "a/b", "message": "bye\n", "retain": False, "qos": 2}
CONFIG = {
    "server": {
        "protocol": "wss", "host": "127.0.0.1", "port": 9001, "basepath": "/ws", "alpnProtocol": "mqtt",
    },
    "username": "me",
    "clientId": "gate",
    "keepAliveInterval": 30,
    "connectTimeout": 5,
    "cleanSession": False,
    "autoReconnect": False,
    "activateOnReboot": False,
    "deviceTopicPrefix": "site/gate",
    "httpProxy": "http://127.0.0.1:3128",
    "httpsProxy": "http://127.0.0.1:3129",
    "lastWillTestament": OWN,
    "connectMessage": {"useDefault": True},
    "ssl": {"validateServerCert": False, "clientCertID": "", "CACertID": ""},
}  # fmt: skip


async def test_the_client(site: Site, mqtt: Mqtt) -> None:
    assert await site.call(CLIENT, "configureClient", {**CONFIG, "password": "Geheim 1"}) == {}
    found = await site.call(CLIENT, "getClientStatus")
    assert found["status"] == {"state": "inactive", "connectionStatus": "disconnected"}
    assert found["config"] == {**CONFIG, "password": "*****"}
    kept = await mqtt.settings("mqtt")
    assert (kept["Host"], kept["LastWillPayload"], kept["DisconnectMessageSend"]) == ("127.0.0.1", "bye\n", False)
    # What was read can be sent back.
    await site.call(CLIENT, "configureClient", found["config"])
    assert await site.call(CLIENT, "getClientStatus") == found
    await site.call(CLIENT, "configureClient", {**CONFIG, "keepExistingPassword": True})
    assert (await mqtt.all())["Secrets"] == ["Password"]
    await site.call(CLIENT, "configureClient", CONFIG)
    assert (await mqtt.all())["Secrets"] == []


async def test_defaults(site: Site, mqtt: Mqtt) -> None:
    await site.call(CLIENT, "configureClient", CONFIG)
    await site.call(CLIENT, "configureClient", {"server": {"host": "broker.example"}})
    config = (await site.call(CLIENT, "getClientStatus"))["config"]
    serial = config["clientId"]
    assert len(serial) == 12
    assert config["deviceTopicPrefix"] == f"axis/{serial}"
    assert config["server"] == {
        "protocol": "tcp", "host": "broker.example", "port": 1883, "basepath": "/mqtt", "alpnProtocol": "",
    }  # fmt: skip
    assert (config["keepAliveInterval"], config["cleanSession"], config["autoReconnect"]) == (60, True, True)
    assert config["ssl"]["validateServerCert"] is True
    # Messages that are not there are not sent.
    assert not config.keys() & {"lastWillTestament", "connectMessage", "disconnectMessage", "password"}
    assert (await mqtt.settings("mqtt"))["DeviceTopicPrefix"] == ""


async def test_it_is_turned_on_and_off(site: Site, mqtt: Mqtt) -> None:  # it is put back
    await site.call(CLIENT, "configureClient", {"server": {"host": "127.0.0.1", "port": 1}})
    assert await site.call(CLIENT, "activateClient") == {}
    assert (await site.call(CLIENT, "getClientStatus"))["status"]["state"] == "active"
    assert await site.call(CLIENT, "deactivateClient") == {}
    assert (await site.call(CLIENT, "getClientStatus"))["status"]["state"] == "inactive"


async def test_publication(site: Site, mqtt: Mqtt) -> None:
    wanted = {
        "topicPrefix": "custom",
        "customTopicPrefix": "gate",
        "appendEventTopic": False,
        "includeTopicNamespaces": False,
        "includeSerialNumberInPayload": True,
        "eventFilterList": [{"topicFilter": "onvif:Device/axis:IO//.", "qos": 2, "retain": "all"}],
    }
    assert await site.call(EVENT, "configureEventPublication", wanted, version="1.1") == {}
    assert await site.call(EVENT, "getEventPublicationConfig") == {"eventPublicationConfig": wanted}
    await site.call(EVENT, "configureEventPublication", {"eventFilterList": [{"topicFilter": "//."}]})
    found = (await site.call(EVENT, "getEventPublicationConfig"))["eventPublicationConfig"]
    assert found["eventFilterList"] == [{"topicFilter": "//.", "qos": 0, "retain": "none"}]
    assert (found["topicPrefix"], found["appendEventTopic"]) == ("default", True)
    await site.call(EVENT, "configureEventPublication", {})
    assert (await mqtt.settings("mqtt_publication"))["Filters"] == []


async def test_subscriptions(site: Site, mqtt: Mqtt) -> None:
    wanted = {
        "mqttFilterList": [
            {"topicFilter": "a/+/#", "useDeviceTopicPrefix": False, "qos": 1, "isStateData": False},
            {"topicFilter": "b", "useDeviceTopicPrefix": True, "qos": 0, "isStateData": True},
        ]
    }
    assert await site.call(EVENT, "configureMqttSubscription", wanted) == {}
    assert await site.call(EVENT, "getMqttSubscriptionConfig") == {"mqttSubscriptionConfig": wanted}
    assert len((await mqtt.settings("mqtt_subscriptions"))["Filters"]) == 2


SERVER = {"server": {"host": "127.0.0.1"}}


@pytest.mark.parametrize(
    ("path", "method", "params", "code"),
    [
        (CLIENT, "configureClient", None, 2103),
        (CLIENT, "configureClient", {}, 2103),
        (CLIENT, "configureClient", [], 2103),
        (CLIENT, "configureClient", {"server": "x"}, 2104),
        (CLIENT, "configureClient", {"server": {"host": "a", "port": 65536}}, 2104),
        (CLIENT, "configureClient", {"server": {"host": "a", "protocol": "udp"}}, 2104),
        (CLIENT, "configureClient", {"server": {"host": "a" * 256}}, 2104),
        (CLIENT, "configureClient", {**SERVER, "keepAliveInterval": "60"}, 2104),
        (CLIENT, "configureClient", {**SERVER, "colour": "red"}, 2104),
        (CLIENT, "configureClient", {**SERVER, "password": "x" * 256}, 2104),
        (CLIENT, "configureClient", {**SERVER, "keepExistingPassword": 1}, 2104),
        (CLIENT, "configureClient", {**SERVER, "connectMessage": {"qos": 3}}, 2104),
        (CLIENT, "configureClient", {**SERVER, "httpProxy": "nonsense"}, 2104),
        (CLIENT, "nothing", None, 2102),
        (EVENT, "configureEventPublication", None, 2103),
        (EVENT, "configureEventPublication", {"eventFilterList": {}}, 2104),
        (EVENT, "configureEventPublication", {"eventFilterList": [{}]}, 2104),
        (EVENT, "configureEventPublication", {"eventFilterList": [{"topicFilter": "//.", "qos": 3}]}, 2104),
        (EVENT, "configureEventPublication", {"eventFilterList": [{"topicFilter": "//."}] * 101}, 2104),
        (EVENT, "configureEventPublication", {"topicPrefix": "none"}, 2104),
        (EVENT, "configureMqttSubscription", {}, 2103),
        (EVENT, "configureMqttSubscription", {"mqttFilterList": [{"topicFilter": "#", "isStateData": True}]}, 2104),
        (EVENT, "configureMqttSubscription", {"mqttFilterList": [{"topicFilter": "a", "qos": True}]}, 2104),
    ],
)  # fmt: skip
async def test_errors(site: Site, mqtt: Mqtt, path: str, method: str, params: Any, code: int) -> None:
    before = await mqtt.all()
    found = await site.call(path, method, params)
    assert found["code"] == code, found
    assert await mqtt.all() == before


async def test_only_administrators(site: Site, mqtt: Mqtt) -> None:  # it is put back
    for path, method in ((CLIENT, "getClientStatus"), (EVENT, "getEventPublicationConfig")):
        body = f'{{"apiVersion":"1.0","method":"{method}"}}'
        for user, status in ((None, 401), ("viewer", 403), ("oper", 403), ("admin", 200)):
            assert (await site.curl(path, "--data", body, user=user)).status == status
