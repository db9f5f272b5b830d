# SPDX-License-Identifier: Apache-2.0
"""The objects of MQTT on a bus: settings that stay, secrets that nobody sees, errors that change nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.bus import topics
from axiod.bus.client import Event, Service
from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.errors import Conflict, InvalidArgument
from axiod.events.mqtt.filters_handlers import PUBLICATION, SUBSCRIPTIONS
from axiod.events.mqtt.handler import MQTT
from axiod.events.mqtt.home_assistant import Device
from axiod.events.mqtt.service import Mqtt
from axiod.runtime.app import Context
from axiod.runtime.board import NO_BOARD
from axiod.runtime.fds import FdStore
from axiod.runtime.state import State
from tests.conftest import run
from tests.events.mqtt.conftest import SERIAL, port_event
from tests.events.mqtt.peers import free_port, publish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from axiod.bus.connection import Connection
    from tests.conftest import Connect, Daemon, Until, Watch
    from tests.events.mqtt.conftest import Read
    from tests.events.mqtt.peers import Broker

NAME = "org.axiod.events1"
ROOT = "/org/axiod/events1"


class NoParts:
    """A service without ports."""

    def present(self) -> list[Event]:
        return [port_event(1, 1)]

    def name_of(self, event: Event) -> str | None:
        return None

    def command(self, event: Event, on: bool) -> None:
        raise AssertionError("nothing to switch")


class Running:
    """MQTT in a service, and a client of it."""

    def __init__(self, address: str, connection: Connection, client: Connection, folder: Path, boot_id: str) -> None:
        server = Server(connection, ROOT)
        self.state = State(folder / "state.sqlite")
        self.root = ServiceRoot(server, ROOT, lambda _line: None)
        self.events = EventSource(server, ROOT)
        context = Context(
            board=NO_BOARD,
            path=ROOT,
            server=server,
            root=self.root,
            events=self.events,
            fds=FdStore(),
            state=self.state,
            state_dir=folder,
            connection=connection,
            tasks=asyncio.TaskGroup(),
        )
        device = Device(SERIAL, "Gate", "axiod", "A9210", "0.1.0")
        system = Service(connection, "org.axiod.system1")
        self.mqtt = Mqtt(context, asyncio.Lock(), NoParts(), system, device, boot_id)
        self.mqtt.start()
        self.events.live = True
        self.server = server
        self._connection = connection
        self.closed = False
        self.client = Service(client, NAME)
        self.address = address

    async def configure(self, part: str, interface: str, changes: dict[str, Any]) -> None:
        await self.client.call(f"{ROOT}/{part}", interface, "Configure", changes)

    async def properties(self, part: str = "mqtt", interface: str = MQTT) -> dict[str, Any]:
        return await self.client.properties(f"{ROOT}/{part}", interface)

    async def close(self) -> None:
        # The main loop does it in this order.
        self.closed = True
        await self.server.close()
        await self.mqtt.close()
        await self.state.close()
        await self._connection.close()


@pytest_asyncio.fixture
async def start(bus: Daemon, connection: Connect, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """A function that starts MQTT in a service; the one before it must be closed."""
    running: list[Running] = []

    async def new(boot_id: str = "boot") -> Running:
        mine = await connection(bus.address)
        made = Running(bus.address, mine, await connection(bus.address), tmp_path, boot_id)
        await mine.request_name(NAME)
        running.append(made)
        return made

    yield new
    if running and not running[-1].closed:
        await running[-1].close()


async def test_settings_stay_and_the_client_connects_again(
    start: Callable[..., Any], broker: Broker, until: Until
) -> None:
    running = await start()
    with pytest.raises(InvalidArgument, match="no broker is chosen"):
        await running.client.call(f"{ROOT}/mqtt", MQTT, "Connect")
    await running.configure("mqtt", MQTT, {"Host": "127.0.0.1", "Port": broker.port, "ActivateOnBoot": False})
    await running.configure("mqtt_publication", PUBLICATION, {"Filters": [{"TopicFilter": "//.", "Qos": 1}]})
    await running.configure("mqtt_subscriptions", SUBSCRIPTIONS, {"Filters": [{"TopicFilter": "a", "Stateful": True}]})
    await running.client.call(f"{ROOT}/mqtt", MQTT, "Connect")
    await until(lambda: running.mqtt.handler.connected)
    found = await running.properties()
    assert (found["Active"], found["Connected"], found["Host"], "Problem" in found) == (True, True, "127.0.0.1", False)
    with pytest.raises(InvalidArgument, match="turn it off first"):
        await running.configure("mqtt", MQTT, {"Host": ""})
    await running.close()
    again = await start()
    await until(lambda: again.mqtt.handler.connected)
    publication = await again.properties("mqtt_publication", PUBLICATION)
    assert publication["Filters"] == [{"TopicFilter": "//.", "Qos": 1, "Retain": "none"}]
    subscriptions = await again.properties("mqtt_subscriptions", SUBSCRIPTIONS)
    assert subscriptions["Filters"] == [{"TopicFilter": "a", "UseDevicePrefix": False, "Qos": 0, "Stateful": True}]
    await again.close()
    # After the machine booted it is not turned on by itself.
    after_boot = await start("another boot")
    assert not after_boot.mqtt.handler.active


async def test_the_status_is_told_as_an_event(
    start: Callable[..., Any], broker: Broker, signals: Watch, until: Until
) -> None:
    running = await start()
    witness = await signals(NAME, running.address)
    await running.configure("mqtt", MQTT, {"Host": "127.0.0.1", "Port": broker.port})
    await running.client.call(f"{ROOT}/mqtt", MQTT, "Connect")
    await until(lambda: running.mqtt.handler.connected)
    await running.client.call(f"{ROOT}/mqtt", MQTT, "Disconnect")
    told = await witness.count(4, "Event")
    assert [(event.body[0], event.body[2]) for event in told] == [
        (topics.MQTT_STATUS, {"connected": "0", "active": "1"}),
        (topics.MQTT_STATUS, {"connected": "1", "active": "1"}),
        (topics.MQTT_STATUS, {"connected": "0", "active": "1"}),
        (topics.MQTT_STATUS, {"connected": "0", "active": "0"}),
    ]


async def test_messages_become_events_of_the_service(
    start: Callable[..., Any], broker: Broker, signals: Watch, until: Until
) -> None:
    running = await start()
    witness = await signals(NAME, running.address)
    await running.configure("mqtt", MQTT, {"Host": "127.0.0.1", "Port": broker.port})
    records = [{"TopicFilter": "door", "Stateful": True}, {"TopicFilter": "bell/+"}]
    await running.configure("mqtt_subscriptions", SUBSCRIPTIONS, {"Filters": records})
    await running.client.call(f"{ROOT}/mqtt", MQTT, "Connect")
    await until(lambda: "bell/+ (QoS 0)" in broker.log)
    await publish(broker, "door", "open")
    await publish(broker, "bell/1", "ring")
    await until(lambda: len([s for s in witness.of("Event") if s.body[0] != topics.MQTT_STATUS]) == 2)
    _, snapshot = await running.client.snapshot()
    stateful = [event for event in snapshot if event.topic == topics.MQTT_STATEFUL]
    assert [(event.source, event.data) for event in stateful] == [
        ({"subscription": "door"}, {"payload": "open", "topic": "door"})
    ]
    await running.configure("mqtt_subscriptions", SUBSCRIPTIONS, {"Filters": []})
    _, snapshot = await running.client.snapshot()
    assert topics.MQTT_STATEFUL not in [event.topic for event in snapshot]


async def test_a_password_is_never_told(start: Callable[..., Any], tmp_path: Path, until: Until) -> None:
    running = await start()
    await running.client.call(f"{ROOT}/mqtt", MQTT, "SetSecrets", {"Password": "correct horse"})
    seen = await run("busctl", f"--address={running.address}", "call", NAME, ROOT,
                     "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")  # fmt: skip
    assert seen.code == 0
    assert "correct horse" not in seen.out
    assert (await running.properties())["Secrets"] == ["Password"]
    files = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("mqtt-secrets.yaml",)}
    assert files == {"mqtt-secrets.yaml": 0o600}
    await running.client.call(f"{ROOT}/mqtt", MQTT, "SetSecrets", {"Password": ""})
    assert (await running.properties())["Secrets"] == []


async def test_the_password_of_a_proxy_is_never_told(start: Callable[..., Any], tmp_path: Path) -> None:
    running = await start()
    whole, seen = "http://joe:correct:horse@proxy:3128", "http://joe:*****@proxy:3128"
    await running.configure("mqtt", MQTT, {"Host": "127.0.0.1", "HttpProxy": whole})
    assert (await running.properties())["HttpProxy"] == seen
    assert "horse" not in (tmp_path / "mqtt.yaml").read_text()
    # Whoever sends back what was shown changes nothing, but no other proxy gets the password.
    await running.configure("mqtt", MQTT, {"HttpProxy": seen})
    with pytest.raises(InvalidArgument, match="give the password"):
        await running.configure("mqtt", MQTT, {"HttpProxy": "http://joe:*****@other:3128"})
    await running.client.call(f"{ROOT}/mqtt", MQTT, "SetSecrets", {"Password": "secret"})
    await running.close()
    running = await start()
    assert (await running.properties())["HttpProxy"] == seen
    assert running.mqtt.handler._settings.http_proxy == whole
    await running.configure("mqtt", MQTT, {"HttpProxy": ""})
    assert "horse" not in (tmp_path / "mqtt-secrets.yaml").read_text()


@pytest.mark.parametrize(
    ("part", "interface", "changes", "says"),
    [
        ("mqtt", MQTT, {"Host": "tcp://x"}, "without brackets"),
        ("mqtt", MQTT, {"Host": "a..b"}, "host name"),
        ("mqtt", MQTT, {"HttpProxy": "http://a..b:80"}, "the host in HttpProxy"),
        ("mqtt", MQTT, {"CaCertificate": "../key"}, "id of a certificate"),
        ("mqtt", MQTT, {"LastWillUseDefault": False}, "LastWillTopic is empty"),
        ("mqtt", MQTT, {"Port": 99999}, "Port"),
        ("mqtt_publication", PUBLICATION, {"TopicPrefix": "custom"}, "CustomTopicPrefix"),
        ("mqtt_publication", PUBLICATION, {"Filters": [{"TopicFilter": "nothing"}]}, "names no event"),
        ("mqtt_subscriptions", SUBSCRIPTIONS, {"Filters": [{"TopicFilter": "#", "Stateful": True}]}, "wildcard"),
        ("mqtt_subscriptions", SUBSCRIPTIONS, {"Filters": [{"TopicFilter": "é" * 70_000}]}, "TopicFilter"),
    ],
)
async def test_what_is_wrong_changes_nothing(
    start: Callable[..., Any], part: str, interface: str, changes: dict[str, Any], says: str
) -> None:
    running = await start()
    before = await running.properties(part, interface)
    with pytest.raises(InvalidArgument, match=says):
        await running.configure(part, interface, changes)
    assert await running.properties(part, interface) == before


async def test_a_missing_certificate_is_told(start: Callable[..., Any], connection: Connect, until: Until) -> None:
    running = await start()
    with pytest.raises(Conflict):
        running.mqtt.publish("x", "y", 0, False)
    changes = {"Host": "127.0.0.1", "Port": free_port(), "Protocol": "ssl", "CaCertificate": "ours"}
    await running.configure("mqtt", MQTT, changes)
    await running.client.call(f"{ROOT}/mqtt", MQTT, "Connect")
    # Without axiod-system it says so; with it, that the certificate is not there.
    await until(lambda: running.mqtt.handler.problem)
    system = await connection(running.address)
    Server(system, "/org/axiod/system1")
    await system.request_name("org.axiod.system1")
    await until(lambda: "no certificate 'ours'" in (running.mqtt.handler.problem or ""))


async def test_what_it_heard_is_not_sent_back(
    start: Callable[..., Any], broker: Broker, read: Read, until: Until
) -> None:
    running = await start()
    reader = await read(broker, f"axis/{SERIAL}/event/tns:onvif/#", f"axis/{SERIAL}/event/tns:axiod/#")
    await running.configure("mqtt", MQTT, {"Host": "127.0.0.1", "Port": broker.port})
    await running.configure("mqtt_publication", PUBLICATION, {"Filters": [{"TopicFilter": "//."}]})
    await running.client.call(f"{ROOT}/mqtt", MQTT, "Connect")
    await until(lambda: reader.lines)
    running.mqtt.event(Event(topics.MQTT_STATELESS, {}, {"payload": "x"}, 1, 1), stateful=False)
    running.mqtt.event(port_event(2, 1), stateful=True)
    await until(lambda: len(reader.lines) == 2)
    assert [json.loads(payload)["message"]["source"]["port"] for payload in reader.payloads] == ["1", "2"]
