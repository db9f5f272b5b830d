# SPDX-License-Identifier: Apache-2.0
"""A broker, a client in a service that is not there, and readers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import pytest_asyncio

from axiod.bus import topics
from axiod.bus.client import Event
from axiod.events.mqtt.client import MqttClient
from axiod.events.mqtt.home_assistant import Device
from axiod.events.mqtt.publication import Filter, Publication
from axiod.events.mqtt.settings import ClientSettings
from axiod.events.mqtt.trust import Credentials
from tests.events.mqtt.peers import Broker, Pki, Reader, read_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

    from axiod.events.mqtt.settings import Server
    from axiod.events.mqtt.subscription import Heard, Subscription

SERIAL = "ACCC8E012345"
EVERYTHING = Publication(filters=(Filter("//.", 1, "none"),))


def port_event(number: int, state: int, topic: str = topics.PORT) -> Event:
    return Event(topic, {"port": str(number)}, {"state": str(state)}, 1_590_045_190_230_000, 1)


def pulse(name: str) -> Event:
    """A stateless event: it is never part of what is present."""
    return Event(topics.PULSE, {"id": name}, {}, 1_590_045_190_230_000, 1)


class Around:
    """The service around a client."""

    def __init__(self) -> None:
        self.events: dict[Any, Event] = {}
        self.heard_events: list[Heard] = []
        self.gone: list[Mapping[str, str]] = []
        self.commands: list[tuple[Event, bool]] = []
        self.problems: list[str | None] = []
        self.changes = 0
        self.given = Credentials()
        self.names: dict[str, str] = {}

    def present(self) -> list[Event]:
        return list(self.events.values())

    def heard(self, event: Heard) -> None:
        self.heard_events.append(event)

    def forgotten(self, topic: str, source: Mapping[str, str]) -> None:
        self.gone.append(source)

    def changed(self) -> None:
        self.changes += 1

    def problem_of_disk(self, text: str | None) -> None:
        self.problems.append(text)

    async def credentials(self, server: Server) -> Credentials:
        return self.given

    def device(self) -> Device:
        return Device(SERIAL, "Gate", "axiod", "A9210", "0.1.0")

    def name_of(self, event: Event) -> str | None:
        return self.names.get(next(iter(event.source.values()), ""))

    def command(self, event: Event, on: bool) -> None:
        self.commands.append((event, on))


class Made:
    """A client, and what is around it."""

    def __init__(self, path: Path, delays: tuple[float, float]) -> None:
        self.around = Around()
        self.client = MqttClient(SERIAL, path, self.around, delays=delays)
        self.settings = ClientSettings(host="127.0.0.1", connect_timeout_sec=5)
        self.publication = Publication()
        self.subscriptions: tuple[Subscription, ...] = ()
        self.password = ""

    def apply(
        self,
        publication: Publication | None = None,
        subscriptions: tuple[Subscription, ...] | None = None,
        password: str | None = None,
        **settings: Any,
    ) -> None:
        """Change settings."""
        self.settings = self.settings.amended(settings)
        self.publication = publication or self.publication
        self.subscriptions = self.subscriptions if subscriptions is None else subscriptions
        self.password = self.password if password is None else password
        self.client.apply(self.settings, self.password, self.publication, self.subscriptions)

    def event(self, event: Event) -> None:
        """Have a stateful event happen."""
        self.around.events[event.topic, tuple(event.source.items())] = event
        self.client.event(event, stateful=True)

    @property
    def connected(self) -> bool:
        return self.client.status.connected

    @property
    def problem(self) -> str:
        return self.client.status.problem or ""


class Make(Protocol):
    """Makes a client; one after the other with the same name has the same file."""

    def __call__(self, name: str = "client", delays: tuple[float, float] = ...) -> Made: ...


@pytest_asyncio.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """A function that makes a client."""
    made: list[Made] = []

    def new(name: str = "client", delays: tuple[float, float] = (0.01, 0.05)) -> Made:
        made.append(Made(tmp_path / f"{name}.sqlite", delays))
        return made[-1]

    yield new
    for one in reversed(made):
        await one.client.close()


class Brokers(Protocol):
    """Makes a broker that is ended with the test; it is not started."""

    def __call__(self, *listeners: str, options: str = "") -> Broker: ...


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[Brokers]:
    """A function that makes a broker."""
    made: list[Broker] = []

    def new(*listeners: str, options: str = "") -> Broker:
        folder = tmp_path / f"broker{len(made)}"
        folder.mkdir()
        made.append(Broker(folder, *listeners, options=options.format(folder=folder)))
        return made[-1]

    yield new
    for one in made:
        one.kill()


@pytest_asyncio.fixture
async def broker(brokers: Brokers) -> Broker:
    """A broker on TCP."""
    started = brokers()
    await started.start()
    return started


class Read(Protocol):
    """Subscribes as somebody else."""

    async def __call__(
        self, broker: Broker, *topics: str, id_: str = "reader", options: tuple[str, ...] = ()
    ) -> Reader: ...


@pytest_asyncio.fixture
async def read() -> AsyncIterator[Read]:
    """A function that starts mosquitto_sub."""
    readers: list[Reader] = []

    async def new(broker: Broker, *topics: str, id_: str = "reader", options: tuple[str, ...] = ()) -> Reader:
        readers.append(await read_from(broker, *topics, id_=id_, options=options))
        return readers[-1]

    yield new
    await asyncio.gather(*(reader.close() for reader in readers))


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Certificates."""
    return Pki.make(tmp_path_factory.mktemp("pki"))
