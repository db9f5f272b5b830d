# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.Mqtt: the client of MQTT, with its settings and its status."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

from axiod.bus import topics
from axiod.bus.interface import snake
from axiod.clock import wall_usec
from axiod.errors import AxiodError, InvalidArgument, NotFound
from axiod.events.mqtt.client import MqttClient, Status
from axiod.events.mqtt.message import Message
from axiod.events.mqtt.publication import Publication
from axiod.events.mqtt.settings import ClientSettings
from axiod.events.mqtt.trust import Credentials
from axiod.runtime.proxy_password import hidden, revealed
from axiod.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from axiod.bus.client import Event, Service
    from axiod.events.mqtt.home_assistant import Device
    from axiod.events.mqtt.settings import Server
    from axiod.events.mqtt.subscription import Heard, Subscription
    from axiod.runtime.app import Context
    from axiod.runtime.settings import SettingsFile

MQTT = "org.axiod.events1.Mqtt"
SECTION = "mqtt"
_ACTIVE = "mqtt/active"
_COUNT_SECONDS = 1.0
_CERTIFICATE = "org.axiod.system1.Certificate"
_ROOT = "/org/axiod/system1"
_PROXIES = {"http_proxy": "HttpProxy", "https_proxy": "HttpsProxy"}
"""Settings that may have a password in them, which only the file of the secrets has."""


class Parts(Protocol):
    """What the client needs of the other parts of the service. Nothing of it waits."""

    def present(self) -> Collection[Event]:
        """Return the present value of every stateful event of all services, own ones too."""

    def name_of(self, event: Event) -> str | None:
        """Return what people call the port or relay of an event; None where it has no name."""

    def command(self, event: Event, on: bool) -> None:
        """Turn the output of an event (IO/OutputPort, Trigger/Relay) on or off, now or never."""


class MqttHandler:
    """org.axiod.events1.Mqtt; the attributes are the properties of the contract."""

    host: str
    protocol: str
    port: int
    base_path: str
    alpn_protocol: str
    username: str
    client_id: str
    clean_session: bool
    keep_alive_sec: int
    connect_timeout_sec: int
    http_proxy: str
    https_proxy: str
    device_topic_prefix: str
    auto_reconnect: bool
    activate_on_boot: bool
    validate_certificate: bool
    client_certificate: str
    ca_certificate: str
    connect_message_send: bool
    connect_message_use_default: bool
    connect_message_topic: str
    connect_message_payload: str
    connect_message_retain: bool
    connect_message_qos: int
    disconnect_message_send: bool
    disconnect_message_use_default: bool
    disconnect_message_topic: str
    disconnect_message_payload: str
    disconnect_message_retain: bool
    disconnect_message_qos: int
    last_will_send: bool
    last_will_use_default: bool
    last_will_topic: str
    last_will_payload: str
    last_will_retain: bool
    last_will_qos: int
    home_assistant: bool
    home_assistant_prefix: str

    def __init__(
        self,
        context: Context,
        settings: SettingsFile,
        changing: asyncio.Lock,
        parts: Parts,
        system: Service,
        device: Device,
        boot_id: str,
    ) -> None:
        """`settings` is of settings_file(). `changing`: held while a setting changes. `system`: org.axiod.system1.

        `device`: with the serial number, as org.axiod.system1.Device has it. `boot_id`: of the machine as it runs now.
        """
        self._context = context
        self._file = settings
        self._changing = changing
        self._parts = parts
        self._system = system
        self._device = device
        self._boot_id = boot_id
        self._path = f"{context.path}/mqtt"
        self._secrets_file = Store(context.state_dir / "mqtt-secrets.yaml", private=True)
        nothing: tuple[str, dict[str, str]] = ("", {})
        self._password, proxies = self._secrets_file.load(_secrets, nothing)
        self._settings = ClientSettings()
        try:
            stored = settings.get(SECTION, SECTION)
            whole = {name: url for name, url in proxies.items() if stored.get(name) == hidden(url)}
            self._settings = ClientSettings().amended({**stored, **whole})
        except AxiodError as error:
            context.root.problem("mqtt", f"the stored settings of MQTT cannot be used and are left alone: {error}")
        self._publication = Publication()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._take(self._settings)
        self.client = MqttClient(device.serial, context.state_dir / "mqtt.sqlite", self)

    def start(self, publication: Publication, subscriptions: tuple[Subscription, ...]) -> None:
        """Export it, and connect if it was connected before."""
        self._publication, self._subscriptions = publication, subscriptions
        self._apply()
        self._context.server.export(self._path, MQTT, self)
        self.changed()
        if self._shall_connect():
            self.client.start()

    def _shall_connect(self) -> bool:
        stored = self._context.state.get(_ACTIVE)
        if not isinstance(stored, dict) or not stored.get("active") or not self._settings.host:
            return False
        return self._settings.activate_on_boot or stored.get("boot") == self._boot_id

    async def close(self) -> None:
        """Say goodbye, and have on disk what waits."""
        await self.client.close()
        if self._timer is not None:
            self._timer.cancel()

    # --- properties of the contract ---

    @property
    def secrets(self) -> list[str]:
        return ["Password"] if self._password else []

    @property
    def active(self) -> bool:
        return self.client.status.active

    @property
    def connected(self) -> bool:
        return self.client.status.connected

    @property
    def problem(self) -> str | None:
        return self.client.status.problem

    @property
    def connected_since_usec(self) -> int | None:
        return self.client.status.connected_since_usec

    @property
    def waiting(self) -> int:
        return self.client.waiting

    @property
    def dropped(self) -> int:
        return self.client.dropped

    # --- methods of the contract ---

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            wanted = {snake(name): value for name, value in changes.items()}
            for name in _PROXIES.keys() & wanted.keys():
                wanted[name] = revealed(_PROXIES[name], wanted[name], getattr(self._settings, name))
            amended = self._settings.amended(wanted)
            if self.client.status.active and not amended.host:
                raise InvalidArgument("Host is empty while the client is turned on; turn it off first")
            if amended != self._settings:
                await self._save(amended)
                self._settings = amended
                self._take(amended)
                self._apply()
            self._context.root.problem("mqtt", None)
            self._tell()

    async def set_secrets(self, options: dict[str, Any]) -> None:
        async with self._changing:
            password = options.get("Password", self._password)
            if password != self._password:
                await self._save_secrets(password, self._settings)
                self._password = password
                self._apply()
            self._tell()

    async def _save(self, settings: ClientSettings) -> None:
        """Store settings; raises HardwareFailure."""
        former = self._settings
        if any(getattr(settings, name) != getattr(former, name) for name in _PROXIES):
            await self._save_secrets(self._password, settings)
        stored = settings.beyond_default()
        for name in _PROXIES.keys() & stored.keys():
            stored[name] = hidden(stored[name])
        await self._file.save(SECTION, SECTION, stored)

    async def _save_secrets(self, password: str, settings: ClientSettings) -> None:
        urls = {name: getattr(settings, name) for name in _PROXIES}
        proxies = {name: url for name, url in urls.items() if url != hidden(url)}
        whole = {"version": 1, "password": password, "proxies": proxies}
        await asyncio.to_thread(self._secrets_file.save, whole)

    async def connect(self) -> None:
        async with self._changing:
            if not self._settings.host:
                raise InvalidArgument("no broker is chosen; set Host first")
            await self._remember(active=True)
            self.client.start()

    async def disconnect(self) -> None:
        async with self._changing:
            await self._remember(active=False)
            await self.client.stop()

    async def _remember(self, *, active: bool) -> None:
        await self._context.state.put(_ACTIVE, {"active": active, "boot": self._boot_id}, durable=True)

    # --- for the other parts ---

    def event(self, event: Event, *, stateful: bool) -> None:
        """Publish an event of any service, in its order."""
        # Its own status is published, too, but what it heard is not sent back to where it came from.
        if event.topic not in (topics.MQTT_STATELESS, topics.MQTT_STATEFUL):
            self.client.event(event, stateful=stateful)

    def present_changed(self) -> None:
        """Something appeared, went, or has another name."""
        self.client.present_changed()

    def publish(self, topic: str, payload: str, qos: int, retain: bool) -> None:
        """The action "publish": have a message sent; raises an AxiodError when it cannot be."""
        self.client.publish(Message(topic, payload.encode(), qos, retain))

    def apply(
        self, publication: Publication | None = None, subscriptions: tuple[Subscription, ...] | None = None
    ) -> None:
        """Put other settings of the publication or of the subscriptions in force."""
        if publication is not None:
            self._publication = publication
        if subscriptions is not None:
            self._subscriptions = subscriptions
        self._apply()

    def _apply(self) -> None:
        self.client.apply(self._settings, self._password, self._publication, self._subscriptions)

    def _take(self, settings: ClientSettings) -> None:
        for field in dataclasses.fields(settings):
            value = getattr(settings, field.name)
            setattr(self, field.name, hidden(value) if field.name in _PROXIES else value)

    # --- what the client needs ---

    def present(self) -> Collection[Event]:
        """Return the present value of every stateful event, but what was heard over MQTT."""
        return [event for event in self._parts.present() if event.topic != topics.MQTT_STATEFUL]

    def name_of(self, event: Event) -> str | None:
        """Return what people call the port or relay of an event."""
        return self._parts.name_of(event)

    def command(self, event: Event, on: bool) -> None:
        """Turn an output on or off."""
        self._parts.command(event, on)

    def device(self) -> Device:
        """Return what Home Assistant is told."""
        return self._device

    def heard(self, event: Heard) -> None:
        """Tell what arrived."""
        if event.stateful:
            self._context.events.state(event.topic, event.source, event.data, wall_usec())
        else:
            self._context.events.happened(event.topic, event.source, event.data, wall_usec())

    def forgotten(self, topic: str, source: Mapping[str, str]) -> None:
        """Tell of a state no more."""
        self._context.events.forget(topic, source)

    def problem_of_disk(self, text: str | None) -> None:
        """Say that what waits cannot be kept."""
        self._context.root.problem("mqtt waiting", text)

    async def credentials(self, server: Server) -> Credentials:
        """Return the certificates of the store that a connection needs."""
        ca = certificate = key = ""
        if server.ca_certificate:
            ca = await self._certificate(server.ca_certificate)
        if server.client_certificate:
            certificate = await self._certificate(server.client_certificate)
            key = await self._system.call(f"{_ROOT}/certificate/{server.client_certificate}", _CERTIFICATE, "Key")
        return Credentials(ca, certificate, key)

    async def _certificate(self, id_: str) -> str:
        try:
            properties = await self._system.properties(f"{_ROOT}/certificate/{id_}", _CERTIFICATE)
        except (NotFound, InvalidArgument):
            raise NotFound(f"there is no certificate {id_!r}; choose another one, or install it") from None
        return str(properties["Pem"])

    def changed(self) -> None:
        """Tell of the status; counts are told once a second."""
        status = self.client.status
        data = {"connected": _bit(status.connected), "active": _bit(status.active)}
        self._context.events.state(topics.MQTT_STATUS, {}, data, wall_usec())
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_COUNT_SECONDS, self._count)
        if status != self._told:
            self._tell()

    def _count(self) -> None:
        self._timer = None
        self._tell()

    _told: Status | None = None

    def _tell(self) -> None:
        self._told = self.client.status
        self._context.server.changed(self._path, MQTT)


def _bit(value: bool) -> str:
    return "1" if value else "0"


def _secrets(found: Any) -> tuple[str, dict[str, str]]:
    """Return the password, and the URLs of proxies with a password in them."""
    if not isinstance(found, dict) or not isinstance(found.get("password"), str):
        raise ValueError("it must have a password")
    proxies = found.get("proxies", {})
    if not isinstance(proxies, dict):
        raise ValueError("proxies must be URLs")
    return found["password"], {name: str(url) for name, url in proxies.items() if name in _PROXIES}
