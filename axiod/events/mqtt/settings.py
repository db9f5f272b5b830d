# SPDX-License-Identifier: Apache-2.0
"""The settings of the MQTT client, with their defaults. Values only. Pure.

Sources: manual "MQTT client"; VAPIX mqtt/client.cgi. The names are those of org.axiod.events1.Mqtt.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from axiod.errors import InvalidArgument
from axiod.events.mqtt.message import Message, check_payload, check_topic, shown
from axiod.events.recipient import check_host

if TYPE_CHECKING:
    from collections.abc import Mapping

_PORTS = {"tcp": 1883, "ssl": 8883, "ws": 80, "wss": 443}
_LONGEST_URL = 255
_LONGEST_ALPN = 255
_QOS_OF_DEFAULT = 1
_ID = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where a proxy is, and the login there."""

    host: str
    port: int
    username: str = ""
    password: str = dataclasses.field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Server:
    """Where the broker is, and how it is reached."""

    host: str
    port: int
    tls: bool
    websocket: bool
    path: str
    alpn: str
    proxy: Proxy | None
    timeout_seconds: float
    validate: bool
    client_certificate: str
    ca_certificate: str

    @property
    def shown(self) -> str:
        """How texts name it."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """All of them. An empty text is the default, where there is one."""

    host: str = ""
    protocol: str = "tcp"
    port: int = 0
    base_path: str = "/mqtt"
    alpn_protocol: str = ""
    username: str = ""
    client_id: str = ""
    clean_session: bool = True
    keep_alive_sec: int = 60
    connect_timeout_sec: int = 60
    http_proxy: str = ""
    https_proxy: str = ""
    device_topic_prefix: str = ""
    auto_reconnect: bool = True
    activate_on_boot: bool = True
    validate_certificate: bool = True
    client_certificate: str = ""
    ca_certificate: str = ""
    connect_message_send: bool = True
    connect_message_use_default: bool = True
    connect_message_topic: str = ""
    connect_message_payload: str = ""
    connect_message_retain: bool = True
    connect_message_qos: int = 1
    disconnect_message_send: bool = True
    disconnect_message_use_default: bool = True
    disconnect_message_topic: str = ""
    disconnect_message_payload: str = ""
    disconnect_message_retain: bool = True
    disconnect_message_qos: int = 1
    last_will_send: bool = True
    last_will_use_default: bool = True
    last_will_topic: str = ""
    last_will_payload: str = ""
    last_will_retain: bool = True
    last_will_qos: int = 1
    home_assistant: bool = False
    home_assistant_prefix: str = "homeassistant"

    def __post_init__(self) -> None:
        """Raise InvalidArgument for what does not go together; single values are checked against the contract."""
        if self.host:
            check_host("Host", self.host)
        for name, id_ in (("ClientCertificate", self.client_certificate), ("CaCertificate", self.ca_certificate)):
            if id_ and not _ID.fullmatch(id_):
                raise InvalidArgument(f"{name} is {shown(id_)}; it must be the id of a certificate of the store")
        for name, url in (("HttpProxy", self.http_proxy), ("HttpsProxy", self.https_proxy)):
            _proxy(name, url)
        if not self.base_path.startswith("/") or not (self.base_path.isascii() and " " not in self.base_path):
            raise InvalidArgument(
                f"BasePath is {shown(self.base_path)}; it must begin with / and be ASCII without spaces"
            )
        if len(self.alpn_protocol.encode()) > _LONGEST_ALPN or not self.alpn_protocol.isascii():
            raise InvalidArgument(f"AlpnProtocol must be at most {_LONGEST_ALPN} characters of ASCII, for example mqtt")
        if self.device_topic_prefix:
            check_topic(self.device_topic_prefix, "DeviceTopicPrefix")
        check_topic(self.home_assistant_prefix, "HomeAssistantPrefix")
        for kind in ("Connect", "Disconnect"):
            self._check_own(f"{kind}Message", f"{kind.lower()}_message")
        self._check_own("LastWill", "last_will")

    def _check_own(self, name: str, field: str) -> None:
        topic: str = getattr(self, f"{field}_topic")
        if topic:
            check_topic(topic, f"{name}Topic")
        check_payload(getattr(self, f"{field}_payload").encode(), f"{name}Payload")
        if getattr(self, f"{field}_send") and not getattr(self, f"{field}_use_default") and not topic:
            raise InvalidArgument(f"{name}Topic is empty; give it a text, or set {name}UseDefault or not {name}Send")

    def amended(self, changes: Mapping[str, Any]) -> ClientSettings:
        """Return the settings with changes; raises InvalidArgument for what does not go together."""
        return dataclasses.replace(self, **changes)

    def beyond_default(self) -> dict[str, Any]:
        """Return what is not at its default."""
        default = ClientSettings()
        names = [field.name for field in dataclasses.fields(self)]
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(default, name)}

    # --- what follows from them ---

    def prefix(self, serial: str) -> str:
        """The begin of the topics of this device."""
        return self.device_topic_prefix or f"axis/{serial}"

    def id(self, serial: str) -> str:
        """Who this device is to the broker."""
        return self.client_id or f"axiod-{serial}"

    def server(self) -> Server:
        """Where the broker is."""
        tls = self.protocol in ("ssl", "wss")
        proxy = _proxy("HttpsProxy", self.https_proxy) if tls else _proxy("HttpProxy", self.http_proxy)
        return Server(
            self.host,
            self.port or _PORTS[self.protocol],
            tls,
            self.protocol in ("ws", "wss"),
            self.base_path,
            self.alpn_protocol if tls else "",
            proxy,
            self.connect_timeout_sec,
            self.validate_certificate,
            self.client_certificate,
            self.ca_certificate,
        )

    def connect_message(self, serial: str, time: str) -> Message | None:
        """Return what is sent when a connection is made; None for nothing. `time`: as it stands in the default one."""
        return self._message("connect_message", serial, connected=True, description="Connected", time=time)

    def disconnect_message(self, serial: str, time: str) -> Message | None:
        """Return what is sent before this device disconnects."""
        return self._message("disconnect_message", serial, connected=False, description="Disconnected", time=time)

    def last_will(self, serial: str) -> Message | None:
        """Return what the broker sends when this device is lost. When that will be, nobody knows."""
        return self._message("last_will", serial, connected=False, description="Connection Lost", time=None)

    def _message(
        self, field: str, serial: str, *, connected: bool, description: str, time: str | None
    ) -> Message | None:
        if not getattr(self, f"{field}_send"):
            return None
        if not getattr(self, f"{field}_use_default"):
            topic, text = getattr(self, f"{field}_topic"), getattr(self, f"{field}_payload")
            return Message(topic, text.encode(), getattr(self, f"{field}_qos"), getattr(self, f"{field}_retain"))
        body = {"serialNumber": serial, "connected": connected, "description": description, "timestamp": time}
        text = json.dumps(body, separators=(",", ":"))
        return Message(f"{self.prefix(serial)}/event/connection", text.encode(), _QOS_OF_DEFAULT, retain=True)


def _proxy(name: str, url: str) -> Proxy | None:
    """Read the URL of a proxy; raises InvalidArgument, whose text does not quote it: there may be a password in it."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if (
        len(url.encode()) > _LONGEST_URL
        or parts.scheme != "http"
        or not parts.hostname
        or port == 0
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise InvalidArgument(
            f"{name} must be the URL of an HTTP proxy of at most {_LONGEST_URL} bytes, for example http://proxy.example:3128"
        )
    check_host(f"the host in {name}", parts.hostname)
    return Proxy(parts.hostname, port or 80, unquote(parts.username or ""), unquote(parts.password or ""))
