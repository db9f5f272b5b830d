# SPDX-License-Identifier: Apache-2.0
"""Settings of MQTT as VAPIX names them, and as the contract does: each turned into the other. Pure.

A request replaces everything: what it does not name gets its default, as VAPIX has it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from axiod.bus.arguments import plain_options
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.interface import Value


@dataclass(frozen=True, slots=True)
class Word:
    """One setting."""

    property: str
    """What the contract calls it."""
    default: Any
    """What it is where a request does not name it."""


Words = dict[str, Word]

SERVER: Words = {
    "protocol": Word("Protocol", "tcp"),
    "host": Word("Host", ""),
    "port": Word("Port", 0),
    "basepath": Word("BasePath", "/mqtt"),
    "alpnProtocol": Word("AlpnProtocol", ""),
}
SSL: Words = {
    "validateServerCert": Word("ValidateCertificate", True),  # noqa: FBT003 # a value
    "clientCertID": Word("ClientCertificate", ""),
    "CACertID": Word("CaCertificate", ""),
}
CLIENT: Words = {
    "username": Word("Username", ""),
    "clientId": Word("ClientId", ""),
    "keepAliveInterval": Word("KeepAliveSec", 60),
    "connectTimeout": Word("ConnectTimeoutSec", 60),
    "cleanSession": Word("CleanSession", True),  # noqa: FBT003 # a value
    "autoReconnect": Word("AutoReconnect", True),  # noqa: FBT003 # a value
    "activateOnReboot": Word("ActivateOnBoot", True),  # noqa: FBT003 # a value
    "deviceTopicPrefix": Word("DeviceTopicPrefix", ""),
    "httpProxy": Word("HttpProxy", ""),
    "httpsProxy": Word("HttpsProxy", ""),
}
MESSAGES = {
    "lastWillTestament": "LastWill",
    "connectMessage": "ConnectMessage",
    "disconnectMessage": "DisconnectMessage",
}
"""Messages, with what the names of their settings begin with."""
MESSAGE: Words = {
    "useDefault": Word("UseDefault", True),  # noqa: FBT003 # a value
    "topic": Word("Topic", ""),
    "message": Word("Payload", ""),
    "retain": Word("Retain", True),  # noqa: FBT003 # a value
    "qos": Word("Qos", 1),
}
PUBLICATION: Words = {
    "topicPrefix": Word("TopicPrefix", "default"),
    "customTopicPrefix": Word("CustomTopicPrefix", ""),
    "appendEventTopic": Word("AppendEventTopic", True),  # noqa: FBT003 # a value
    "includeTopicNamespaces": Word("IncludeTopicNamespaces", True),  # noqa: FBT003 # a value
    "includeSerialNumberInPayload": Word("IncludeSerialNumber", False),  # noqa: FBT003 # a value
}
EVENT_FILTER: Words = {
    "topicFilter": Word("TopicFilter", None),
    "qos": Word("Qos", 0),
    "retain": Word("Retain", "none"),
}
MQTT_FILTER: Words = {
    "topicFilter": Word("TopicFilter", None),
    "useDeviceTopicPrefix": Word("UseDevicePrefix", True),  # noqa: FBT003 # a value
    "qos": Word("Qos", 0),
    "isStateData": Word("Stateful", False),  # noqa: FBT003 # a value
}


def read(what: str, given: Any, words: Words, known: Mapping[str, Value], *, prefix: str = "") -> dict[str, Any]:
    """Return settings of the contract; raises InvalidArgument that names the setting as VAPIX does.

    `known`: what the contract says of them; `prefix`: what their names begin with there.
    """
    if not isinstance(given, dict):
        raise InvalidArgument(f"{what} must be an object")
    values = {name: replace(known[prefix + word.property], name=name) for name, word in words.items()}
    taken = plain_options(values, given, "parameter")
    for name, word in words.items():
        if word.default is None and name not in taken:
            raise InvalidArgument(f"{name} is missing in {what}")
    return {prefix + word.property: taken.get(name, word.default) for name, word in words.items()}


def read_list(what: str, given: Any, words: Words, known: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Return a list of records of the contract; raises InvalidArgument."""
    if not isinstance(given, list):
        raise InvalidArgument(f"{what} must be a list")
    return [read(f"{what} {number}", item, words, known) for number, item in enumerate(given, 1)]


def shown(properties: Mapping[str, Any], words: Words, *, prefix: str = "") -> dict[str, Any]:
    """Return settings as VAPIX names them."""
    return {name: properties.get(prefix + word.property, word.default) for name, word in words.items()}
