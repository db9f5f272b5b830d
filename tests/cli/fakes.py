# SPDX-License-Identifier: Apache-2.0
"""Services that are not there, made from the contract, on a real bus: they remember what was asked of them."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from axiod.bus import interface as contract
from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.bus.service import EVENTS, ServiceRoot

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from axiod.bus.interface import Value

T = TypeVar("T")

PORT = "org.axiod.io1.Port"
ALARM = "org.axiod.io1.Alarm"
LED = "org.axiod.io1.Led"
RELAY = "org.axiod.relays1.Relay"
WIRE = "org.axiod.sim1.Wire"
DRIVE = "org.axiod.sim1.Drive"
SYSTEM = "org.axiod.system1"
ACCESS, ACCOUNT, TOKEN, WEB = (f"{SYSTEM}.{name}" for name in ("Access", "Account", "Token", "Web"))
BLOCKING, CERTIFICATE, DEVICE = (f"{SYSTEM}.{name}" for name in ("Blocking", "Certificate", "Device"))
CERTIFICATES = f"{SYSTEM}.Certificates"
LOGS = f"{SYSTEM}.Logs"
EVENTS_NAME = "org.axiod.events1"
RULE, RULES, RECIPIENT, RECIPIENTS, SCHEDULE, SCHEDULES, TRIGGER, VIRTUAL_INPUT, EVENT_LOG = (
    f"{EVENTS_NAME}.{name}"
    for name in (
        "Rule", "Rules", "Recipient", "Recipients", "Schedule", "Schedules", "Trigger", "VirtualInput", "EventLog"
    )
)  # fmt: skip
MQTT, PUBLICATION, SUBSCRIPTIONS = (
    f"{EVENTS_NAME}.{name}" for name in ("Mqtt", "MqttPublication", "MqttSubscriptions")
)
_FOLDERS = {
    WIRE: "terminal",
    DRIVE: "terminal",
    VIRTUAL_INPUT: "input",
    EVENT_LOG: "log",
    PUBLICATION: "mqtt_publication",
    SUBSCRIPTIONS: "mqtt_subscriptions",
    "org.axiod.network1.DynamicDns": "dynamic_dns",
}
"""How objects are called whose interface does not say it."""
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

RANGES = [("cut", 0, 1302), ("open", 1303, 1986), ("closed", 1987, 3124), ("short", 3125, 4095)]


def plausible(value: Value) -> Any:
    """Return a value that the contract allows."""
    if value.values:
        return value.values[0]
    by_type: dict[str, Any] = {
        "aa{sv}": [],
        "a{ss}": {},
        "b": False,
        "s": value.name,
        "d": 1.5,
        "as": ["input"],
        "a(suu)": RANGES,
    }
    return by_type.get(value.type, int(value.low or 0))


@dataclass(slots=True)
class FakeService:
    """One service: its objects, what it was asked, and what it answers."""

    name: str
    calls: list[tuple[str, str, tuple[Any, ...]]] = field(default_factory=list)
    """(id, method, arguments) of each call that changes something."""
    errors: dict[str, Exception] = field(default_factory=dict)
    """What a method refuses with."""
    answers: dict[str, Any] = field(default_factory=dict)
    """What a method answers, instead of something plausible; a function is called with what it was asked."""
    objects: dict[tuple[str, str], SimpleNamespace] = field(default_factory=dict)
    """(path, interface) -> the handler."""
    sequence: int = 0
    states: list[tuple[str, dict[str, str], dict[str, str], int]] = field(default_factory=list)
    """What the snapshot of its events has."""
    snapshots: int = 0
    """How many were taken."""
    root_object: ServiceRoot | None = None
    server: Server | None = None
    connection: Connection | None = None

    @property
    def root(self) -> str:
        """Its root path."""
        return "/" + self.name.replace(".", "/")

    def add(self, interface: str, id_: str = "", **values: Any) -> None:
        """Add an object before the service starts; a property given as None is absent. Without an id it is the only."""
        kind = _FOLDERS.get(interface, interface.rpartition(".")[2].lower())
        members = contract.load(interface)
        handler = SimpleNamespace()
        for name, item in members.properties.items():
            setattr(handler, item.value.python_name, values.pop(name, plausible(item.value)))
        assert not values, values
        for method in members.methods.values():
            setattr(handler, contract.snake(method.name), self._recorder(id_, method))
        self.objects[f"{self.root}/{kind}/{id_}".rstrip("/"), interface] = handler

    def _recorder(self, id_: str, method: contract.Method) -> Any:
        async def record(*arguments: Any) -> Any:
            self.calls.append((id_, method.name, arguments))
            if method.name in self.errors:
                raise self.errors[method.name]
            answer = self.answers.get(method.name)
            if isinstance(answer, asyncio.Future):
                return await answer
            if callable(answer):
                return answer(*arguments)
            if answer is not None or not method.outputs:
                return answer
            return plausible(method.outputs[0])

        return record

    async def start(self, address: str) -> None:
        """Come onto the bus."""
        self.connection = await Connection.open(address)
        self.server = Server(self.connection, self.root)
        self.root_object = ServiceRoot(self.server, self.root, lambda _line: None)
        self.root_object.say(f"{len(self.objects)} things watched")
        self.server.export(self.root, EVENTS, SimpleNamespace(snapshot=self._snapshot))
        for (path, interface), handler in self.objects.items():
            self.server.export(path, interface, handler)
        await self.connection.request_name(self.name)

    async def stop(self) -> None:
        """Go away."""
        assert self.server
        assert self.connection
        await self.server.close()
        await self.connection.close()
        self.connection = None

    async def emit(self, topic: str, source: dict[str, str], data: dict[str, str], lost: int = 0) -> None:
        """Send an event, after losing some."""
        self.sequence += 1 + lost
        self.states = [state for state in self.states if (state[0], state[1]) != (topic, source)]
        self.states.append((topic, source, data, 1_700_000_000_000_000))
        assert self.server
        self.server.emit(self.root, EVENTS, "Event", topic, source, data, 1_700_000_000_000_000, self.sequence)

    async def change(self, path: str, interface: str, **values: Any) -> None:
        """Change properties of an object."""
        for name, value in values.items():
            setattr(self.objects[path, interface], contract.snake(name), value)
        assert self.server
        self.server.changed(path, interface)

    async def problem(self, text: str) -> None:
        """Have a problem."""
        assert self.root_object
        self.root_object.problem("fake", text)

    def _snapshot(self) -> tuple[int, list[tuple[str, dict[str, str], dict[str, str], int]]]:
        self.snapshots += 1
        return self.sequence, list(self.states)


class World:
    """An event loop in a thread of its own, for the fakes: the command under test has the main thread."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.running: list[FakeService] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def start(self, service: FakeService) -> None:
        """Bring a service onto the bus until the test ends."""
        self.run(service.start(self.address))
        self.running.append(service)

    def stop(self, service: FakeService) -> None:
        """Take a service off the bus."""
        self.running.remove(service)
        self.run(service.stop())

    def future(self) -> asyncio.Future[Any]:
        """Return an answer that never comes."""

        async def make() -> asyncio.Future[Any]:
            return self._loop.create_future()

        return self.run(make())

    def close(self) -> None:
        """End everything."""
        while self.running:
            self.stop(self.running[-1])
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


def io_service() -> FakeService:
    """Return org.axiod.io1 with two ports and an alarm."""
    service = FakeService("org.axiod.io1")
    service.add(
        PORT,
        "io1",
        Number=7,
        Terminal="I/O 1",
        Name="Gate light",
        Directions=["input", "output"],
        Direction="output",
        State="closed",
        Active=True,
        SupervisedState=None,
        Tampered=None,
        Level=None,
        Ohms=None,
        ExpectedOhms=None,
        Counter=12,
        LastChangeUsec=1_700_000_000_000_000,
        Problem=None,
        Ranges=[],
    )
    service.add(
        PORT,
        "input1",
        Number=1,
        Terminal="Input 1",
        Name="Door",
        Direction="input",
        State="open",
        Active=True,
        SupervisedState="cut",
        Tampered=True,
        Level=1200,
        Ohms=4712.5,
        ExpectedOhms=None,
        LastChangeUsec=None,
        Quality="fault",
        Problem="The loop is cut; look at the cable.",
        Running=None,
        BootPolicy=None,
        FailurePolicy=None,
    )
    service.add(ALARM, "casing", Terminal="Casing", Name="Casing", Enabled=True, SupervisedState=None, Problem=None)
    steady = {"Between": None, "FlashMs": None, "EndsUsec": None, "Problem": None}
    service.add(LED, "power", Terminal="Power", Colours=["green"], Colour=None, Trigger="heartbeat", **steady)
    service.add(
        LED, "status", Terminal="Status", Colours=["green", "red"], Mode="flashing", Colour="red", FlashMs=250,
        EndsUsec=None, Trigger="none", Problem=None,
    )  # fmt: skip
    return service


def relay_service() -> FakeService:
    """Return org.axiod.relays1 with two relays."""
    service = FakeService("org.axiod.relays1")
    service.add(RELAY, "relay1", Number=0, Terminal="Relay 1", Name="Lock", Active=True, Cycles=42, Problem=None)
    service.add(RELAY, "relay2", Number=11, Terminal="Relay 2", Name="Relay 2", Problem=None)
    return service


def sim_service() -> FakeService:
    """Return org.axiod.sim1 with an input, an output, and a terminal that can be both."""
    service = FakeService("org.axiod.sim1")
    service.add(WIRE, "input1", Terminal="Input 1", Ohms=None, WaveHz=None)
    service.add(WIRE, "io1", Terminal="I/O 1", Condition="closed", Ohms=4700.0, WaveHz=None)
    service.add(DRIVE, "io1", Terminal="I/O 1", Active=True, NormallyOpen=None, NormallyClosed=None)
    service.add(DRIVE, "output1", Terminal="Output 1", NormallyOpen=None, NormallyClosed=None)
    return service


def system_service() -> FakeService:
    """Return org.axiod.system1 with two accounts, two tokens and a certificate."""
    service = FakeService(SYSTEM)
    for interface in (ACCESS, WEB, DEVICE, CERTIFICATES):
        service.add(interface)
    service.add(LOGS)
    service.add(BLOCKING, PeriodSec=10, Blocked=[])
    then = 1_700_000_000_000_000
    service.add(ACCOUNT, "anna", Name="anna", Role="administrator", Comment="", PasswordChangedUsec=then)
    service.add(ACCOUNT, "bo", Name="bo", Role="viewer", Comment="the gate", PasswordChangedUsec=then)
    service.add(TOKEN, "t1", Name="report", Role="viewer", CreatedUsec=then, ExpiresUsec=None)
    service.add(TOKEN, "t2", Name="home", Role="operator", CreatedUsec=then, ExpiresUsec=4_102_444_800_000_000)
    service.add(CERTIFICATE, "device", Subject="CN=axiod", NotAfterUsec=4_102_444_800_000_000, Pem=PEM)
    return service


def events_service() -> FakeService:
    """Return org.axiod.events1 with two rules, a recipient, two schedules, and one each of the rest."""
    service = FakeService(EVENTS_NAME)
    for interface in (RULES, RECIPIENTS, SCHEDULES, MQTT, EVENT_LOG):
        service.add(interface)
    service.add(PUBLICATION, Filters=[{"TopicFilter": "onvif:Device//.", "Qos": 1, "Retain": "all"}])
    service.add(SUBSCRIPTIONS, Filters=[])
    service.add(
        RULE,
        "1",
        Name="Gate at night",
        Enabled=True,
        Active=False,
        Activations=3,
        LastActivatedUsec=1_700_000_000_000_000,
        FirstIsTrigger=True,
        WaitMs=30_000,
        Problem=None,
        Conditions=[
            {"Topic": "tns1:Device/tnsaxis:IO/Port", "Source": {"port": "1"}, "Item": "state", "Equals": "1"},
            {
                "Topic": "tns1:UserAlarm/tnsaxis:Recurring/Interval",
                "Source": {"id": "com.axis.schedules.office_hours"},
                "Item": "active",
                "Equals": "1",
                "Inverted": True,
            },
        ],
        Actions=[
            {"Kind": "pulse", "Output": "relay1", "DurationMs": 2000},
            {"Kind": "notify", "Recipient": "3", "Message": 'Gate "opened"', "DelayMs": 500},
        ],
    )
    service.add(
        RULE, "2", Name="Old", Enabled=False, Suspended=False, LastActivatedUsec=None, Problem="There is no relay9.",
        Conditions=[], Actions=[],
    )  # fmt: skip
    service.add(
        RECIPIENT, "3", Name="guard", Type="https", Url="https://guard.example/x", Host=None, To=None,
        LastResult="no answer from guard.example", LastResultUsec=1_700_000_000_000_000,
    )  # fmt: skip
    for id_, name in (("office_hours", "Office hours"), ("1", "Noon")):
        event_id = "com.axis.schedules." + (id_ if id_ != "1" else "genid.id-1")
        service.add(SCHEDULE, id_, Name=name, EventId=event_id, Shipped=id_ != "1", Active=False, NextUsec=None)
    for interface in (TRIGGER, VIRTUAL_INPUT):
        service.add(interface, "2", Number=2, Name="Two", Active=False, LastChangeUsec=None)
    return service
