# SPDX-License-Identifier: Apache-2.0
"""Rules in a whole device of real processes: killed, restarted and cut off at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.bus.client import Service
from axiod.bus.connection import Connection
from axiod.errors import AxiodError, Conflict, InvalidArgument, NotFound, Timeout, Unavailable
from axiod.sim.device import Device
from tests.conftest import Daemon, until
from tests.events.conftest import EventsProcess, is_on, refusal, say, turn
from tests.events.mqtt.peers import Broker, read_from
from tests.sim.device_process import Thing
from tests.system.conftest import DRIVE, LAMP, PORT, PORTS, RELAY, RELAYS, TERMINALS, WIRE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ROOT = "/org/axiod/events1"
NAME = "org.axiod.events1"
IO_PORT = "tns1:Device/tnsaxis:IO/Port"
KILLS = 10


class Rules:
    """A device with rules."""

    def __init__(self, device: Device, connection: Connection) -> None:
        self.device = device
        self.events = Service(connection, NAME)
        self.io = Service(connection, "org.axiod.io1")
        self.relays = Service(connection, "org.axiod.relays1")
        self.sim = Service(connection, "org.axiod.sim1")
        self.relay = Thing(self.relays, RELAYS + "relay1", RELAY)
        self.coil = Thing(self.sim, TERMINALS + "relay1", DRIVE)

    def thing(self, path: str, interface: str) -> Thing:
        return Thing(self.events, f"{ROOT}/{path}", f"{NAME}.{interface}")

    def input(self, number: int) -> Thing:
        return self.thing(f"input/{number}", "VirtualInput")

    async def add(self, conditions: list[dict[str, Any]], actions: list[dict[str, Any]], **options: Any) -> Thing:
        """Add a rule."""
        rules = self.thing("rules", "Rules")
        return self.thing(f"rule/{await rules.call('AddRule', 'a rule', conditions, actions, options)}", "Rule")

    async def wire(self, condition: str, terminal: str = "input1") -> None:
        """Move a contact in the field."""
        await self.sim.call(TERMINALS + terminal, WIRE, "Set", condition)

    async def logged(self, **options: Any) -> list[dict[str, Any]]:
        """Return entries of the event log."""
        found: list[dict[str, Any]] = await self.thing("log", "EventLog").call("Query", options)
        return found

    async def kill(self, *names: str) -> None:
        """Kill services, and wait until they are there again."""
        pids = {name: self.device.supervisor.pid(name) for name in names}
        for name in names:
            self.device.supervisor.kill(name)
        for name, pid in pids.items():
            assert pid is not None
            await self.device.supervisor.wait_restarted(name, pid)


@pytest_asyncio.fixture
async def rules(folder: Path) -> AsyncIterator[Rules]:
    """A device that is up, with its input without delay."""
    device = Device(folder / "device", "a9210-sim", watchdog_seconds=5, start_limit=1000, events=True)
    try:
        await device.start()
        connection = await Connection.open(device.address, 10)
        rules = Rules(device, connection)
        await rules.io.call(PORTS + "input1", PORT, "Configure", {"DebounceMs": 0})
        yield rules
        await connection.close()
    finally:
        await device.stop()


CLOSED = {"Topic": IO_PORT, "Source": {"port": "1"}, "Item": "state", "Equals": "1"}


def keep(output: str = "relay1") -> dict[str, Any]:
    """An action: an output is active as long as the rule is."""
    return {"Kind": "set", "Output": output, "Active": True, "WhileActive": True}


async def test_a_contact_moves_a_relay(rules: Rules) -> None:
    await rules.add([CLOSED], [keep(), {"Kind": "pulse", "Output": "output1", "DurationMs": 30}])
    await rules.wire("closed")
    await rules.coil.eventually(Active=True, Transitions=1)
    await Thing(rules.sim, TERMINALS + "output1", DRIVE).eventually(Active=False, Transitions=2)
    await rules.wire("open")
    await rules.coil.eventually(Active=False, Transitions=2)


async def test_leds_are_lit_and_given_back(rules: Rules) -> None:
    lamp = Thing(rules.sim, TERMINALS + "status", LAMP)
    flash = {"Kind": "led", "Led": "status", "Colour": "red", "FlashMs": 60_000, "WhileActive": True}
    brief = {"Kind": "led", "Led": "power", "Colour": "amber", "DurationMs": 100}
    await rules.add([CLOSED], [flash, brief])
    await rules.wire("closed")
    await lamp.eventually(Colour="red", Trigger="none")
    # Green, dark for a moment, amber, and green again.
    await Thing(rules.sim, TERMINALS + "power", LAMP).eventually(Changes=3, Colour="green", Trigger="default-on")
    await until_logged(rules, "light the LED status: red, flashing")
    # Neither end of the chain forgets what is to be undone.
    await rules.kill("events", "io")
    await rules.wire("open")
    await lamp.eventually(Colour="green", Trigger="default-on")
    await until_logged(rules, "give the LED status back")


async def until_logged(rules: Rules, text: str) -> None:
    """Wait until the event log has a text."""
    async with asyncio.timeout(10):
        while not any(text in one.get("Text", "") for one in await rules.logged()):
            pass


async def test_an_led_that_is_not_there_is_refused(rules: Rules) -> None:
    for led, colour, error, says in (
        ("relay", "green", NotFound, "action 1: there is no LED 'relay'; there is network, power, status"),
        ("power", "red", InvalidArgument, "action 1: Colour is red; the LED power shows green, amber or none"),
    ):
        with pytest.raises(error, match=says):
            await rules.add([CLOSED], [{"Kind": "led", "Led": led, "Colour": colour, "WhileActive": True}])


async def test_a_restart_of_the_rules_moves_nothing(rules: Rules) -> None:
    rule = await rules.add([CLOSED], [keep()])
    await rules.wire("closed")
    await rules.coil.eventually(Active=True)
    for _ in range(5):
        await rules.kill("events")
    await rule.eventually(Active=True, Activations=1)
    assert await rules.coil.get("Transitions") == 1
    await rules.wire("open")
    await rules.coil.eventually(Active=False, Transitions=2)


async def test_what_changed_while_the_rules_were_away_counts(rules: Rules) -> None:
    await rules.add([CLOSED], [keep()])
    await rules.wire("closed")
    await rules.coil.eventually(Active=True)
    await rules.device.supervisor.stop("events")
    await rules.wire("open")
    assert await rules.coil.get("Active") is True
    await rules.device.supervisor.start(rules.device.unit("events"))
    await rules.coil.eventually(Active=False, Transitions=2)


async def test_an_output_service_that_is_away_is_waited_for(rules: Rules) -> None:
    await rules.add([is_on(1)], [{"Kind": "set", "Output": "relay1", "Active": True}])
    await rules.device.supervisor.stop("relays")
    await rules.input(1).call("Set", True, {})
    await rules.device.supervisor.start(rules.device.unit("relays"))
    await rules.coil.eventually(Active=True, Transitions=1)


@pytest.mark.timeout(60)
async def test_what_could_not_be_done_in_time_is_not_done_late_and_is_told(rules: Rules) -> None:
    rule = await rules.add([is_on(1)], [{"Kind": "toggle", "Output": "relay1"}])
    told: list[dict[str, str]] = []
    await rules.events.on_event(
        lambda event: told.append(dict(event.data)) if event.topic.endswith("ActionFailed") else None
    )
    await rules.device.supervisor.stop("relays")
    await rules.input(1).call("Set", True, {})
    await until(lambda: told, 20)
    assert "toggle relay1 failed" in told[0]["description"]
    await rules.device.supervisor.start(rules.device.unit("relays"))
    failed = [one for one in await rules.logged() if one.get("Result") == "failed"]
    assert [one["Rule"] for one in failed] == ["1"]
    assert "toggle relay1 failed" in (await rule.get("Problem") or "")
    assert await rules.coil.get("Transitions") == 0


@pytest.mark.timeout(60)
async def test_what_lasts_is_put_right_when_its_service_is_back(rules: Rules) -> None:
    await rules.add([is_on(1)], [keep()])
    await rules.input(1).call("Set", True, {})
    await rules.coil.eventually(Active=True)
    await rules.device.supervisor.stop("relays")
    await rules.input(1).call("Set", False, {})
    # So long that the attempt to undo it was given up as failed, and was told.
    await _wait_for_failure(rules)
    assert await rules.coil.get("Active") is True
    await rules.device.supervisor.start(rules.device.unit("relays"))
    await rules.coil.eventually(Active=False, Transitions=2)


async def _wait_for_failure(rules: Rules) -> None:
    async with asyncio.timeout(20):
        while not any(one.get("Result") == "failed" for one in await rules.logged()):
            await asyncio.sleep(0.05)


@pytest.mark.timeout(120)
async def test_all_services_are_killed_in_the_middle(rules: Rules) -> None:
    await rules.add([CLOSED], [keep()])
    for round_ in range(6):
        closed = round_ % 2 == 0
        await rules.wire("closed" if closed else "open")
        await rules.kill(*[("io",), ("relays",), ("events",), ("io", "relays", "events")][round_ % 4])
        await rules.coil.eventually(Active=closed)
    assert await rules.coil.get("Transitions") == 6


@pytest.mark.timeout(300)
async def test_no_toggle_is_done_twice_and_no_rule_is_lost(rules: Rules) -> None:
    """Each change of a virtual input toggles the relay: it never moves more often than the input did."""
    await rules.add([is_on(1)], [{"Kind": "toggle", "Output": "relay1"}], FirstIsTrigger=True)
    await rules.add([is_on(1, active=False)], [{"Kind": "toggle", "Output": "relay1"}], FirstIsTrigger=True)
    made: dict[str, str | None] = {}
    """The name that was acknowledged; None: its removal was."""
    asked: dict[str, str | None] = {}
    """What was asked for without an answer."""
    changes = 0
    active = False
    moved = asyncio.Event()
    await rules.relays.on_event(lambda _event: moved.set())

    async def add_rules() -> None:
        while True:
            rule = await rules.add([is_on(2)], [say("x")], Enabled=False)
            made[rule.path] = "a rule"
            asked[rule.path] = f"named {len(made)}"
            await rule.configure(Name=asked[rule.path])
            made[rule.path] = asked.pop(rule.path)
            if len(made) % 3 == 0:
                asked[rule.path] = None
                await rule.call("Remove")
                made[rule.path] = asked.pop(rule.path)

    async def play() -> None:
        nonlocal changes, active
        while True:
            moved.clear()
            await rules.input(1).call("Set", not active, {})
            changes, active = changes + 1, not active
            await moved.wait()

    for _ in range(KILLS):
        working = [asyncio.ensure_future(add_rules()), asyncio.ensure_future(play())]
        await asyncio.sleep(random.uniform(0.02, 0.25))
        await rules.kill("events")
        for task in working:
            task.cancel()
        for task in working:
            with contextlib.suppress(asyncio.CancelledError, Unavailable, Timeout, AxiodError):
                await task
        # What was asked for without an answer may have been done, or not.
        found = await rules.input(1).get("Active")
        changes, active = changes + (found != active), found
        assert await rules.coil.get("Transitions") <= changes
        objects = await rules.events.objects()
        for path, name in made.items():
            found = objects.get(path, {}).get(f"{NAME}.Rule", {}).get("Name")
            assert found in (name, asked.get(path, name)), (path, found, name, asked)
            made[path] = found
        asked.clear()
    assert changes > 2 * KILLS
    # Of those that were under way at a kill nobody knows whether they were done.
    assert await rules.coil.get("Transitions") >= changes - KILLS


async def test_the_bus_ends_and_the_rules_go_on_with_the_next_one(folder: Path) -> None:
    first, second = Daemon(), Daemon()
    lost = await Connection.open(first.address)
    process = EventsProcess(lost, first.address, folder)
    await process.start()
    await process.add_rule([is_on(1)], [turn(2, WhileActive=True)])
    await process.input(1).call("Set", True, {})
    await process.input(2).eventually(Active=True)
    first.kill()
    assert await process.ended() == 1
    assert "the connection to the bus ended" in process.log
    await lost.close()
    connection = await Connection.open(second.address)
    process.move_to(connection, second.address)
    await process.start()
    await process.rule("1").eventually(Active=True, Activations=1)
    assert await process.input(2).get("Active") is True
    await process.input(1).call("Set", False, {})
    await process.input(2).eventually(Active=False)
    assert await process.stop() == 0
    await connection.close()
    first.close()
    second.close()


async def test_rules_over_mqtt_a_recipient_and_a_schedule(rules: Rules, tmp_path: Path) -> None:
    """Everything that goes over the network, once, through the whole service."""
    broker = Broker(tmp_path)
    await broker.start()
    taken = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not taken.done():
            taken.set_result((await reader.read(1000)).decode())
        writer.close()

    sink = await asyncio.start_server(take, "127.0.0.1", 0)
    port = sink.sockets[0].getsockname()[1]
    options = {"Host": "127.0.0.1", "Port": port}
    recipient = await rules.thing("recipients", "Recipients").call("AddRecipient", "sink", "tcp", options)
    mqtt = rules.thing("mqtt", "Mqtt")
    async with asyncio.timeout(20):
        while mqtt.path not in await rules.events.objects():
            await asyncio.sleep(0.05)
    await mqtt.configure(Host="127.0.0.1", Port=broker.port, DeviceTopicPrefix="dev")
    subscriptions = rules.thing("mqtt_subscriptions", "MqttSubscriptions")
    await subscriptions.configure(Filters=[{"TopicFilter": "site/mode", "Stateful": True}])
    await mqtt.call("Connect")
    await mqtt.eventually(Connected=True)
    publish = {"Kind": "publish", "Topic": "said", "Payload": "#{data.payload}", "UseDevicePrefix": True}
    notify = {"Kind": "notify", "Recipient": recipient, "Message": "mode is #{data.payload}"}
    condition = {"Topic": "tnsaxiod:MQTT/Stateful", "Source": {"subscription": "site/mode"}, "Item": "payload"}
    await rules.add([{**condition, "Equals": "night"}], [keep(), {**publish, "Qos": 1}, notify])
    reader = await read_from(broker, "dev/said")
    process = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "site/mode", "-m", "night", "-q", "1"
    )
    assert await process.wait() == 0
    await rules.coil.eventually(Active=True)
    await until(lambda: reader.on("dev/said") == ["night"])
    assert "mode is night" in await asyncio.wait_for(taken, 10)
    async with asyncio.timeout(10):
        while len(found := [one for one in await rules.logged(Kind="action") if one["Result"] == "done"]) < 3:
            await asyncio.sleep(0.02)
    assert {one["Rule"] for one in found} == {"1"}
    error = await refusal(rules.thing(f"recipient/{recipient}", "Recipient").call("Remove"))
    assert isinstance(error, Conflict)
    assert "rule 1 (a rule)" in str(error)
    # A schedule that rules need stays, too.
    schedules = rules.thing("schedules", "Schedules")
    text = "DTSTART:20260101T000000 RRULE:FREQ=SECONDLY;INTERVAL=1"
    schedule = await schedules.call("AddSchedule", "tick", text, {})
    thing = rules.thing(f"schedule/{schedule}", "Schedule")
    source = {"id": (await thing.get("EventId"))}
    await rules.add([{"Topic": "tns1:UserAlarm/tnsaxis:Recurring/Pulse", "Source": source}], [turn(9)])
    await rules.input(9).eventually(Active=True)
    assert isinstance(await refusal(thing.call("Remove")), Conflict)
    await reader.close()
    sink.close()
    broker.kill()
