# SPDX-License-Identifier: Apache-2.0
"""Inputs of a running device: edges, counters, debouncing, events and their order."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from axiod.errors import Conflict, NotFound
from tests.conftest import until
from tests.sim.device_process import PORT, Change

if TYPE_CHECKING:
    from axiod.bus.client import Event
    from tests.conftest import Watch
    from tests.sim.device_process import Client


def near(stamp: object) -> None:
    """Check that a time is now, microseconds since 1970."""
    assert stamp == pytest.approx(time.time() * 1e6, abs=10e6)


async def test_every_port_of_the_board_is_there_with_all_it_has(client: Client) -> None:
    objects = await client.io.objects()
    ports = {path.rpartition("/")[2]: values[PORT] for path, values in objects.items() if PORT in values}
    assert {name: values["Number"] for name, values in ports.items()} == {
        "input1": 1, "input2": 2, "output1": 3, "output2": 4, "input3": 5, "output3": 6, "io1": 7, "io2": 8,
        "input4": 9, "input5": 10,
    }  # fmt: skip
    outputs = {"Running", "BootPolicy", "FailurePolicy"}
    common = {
        "Number", "Terminal", "Connector", "Directions", "Name", "Usage", "Direction", "NormalState", "State", "Active",
        "Quality", "Counter", "LostEdges", "DebounceMs", "Supervisable", "Supervision", "Ranges", "HysteresisLevels",
        "HoldMs",
    }  # fmt: skip
    for name, values in ports.items():
        kind = {"input": set(), "output": outputs, "io": outputs - {"Running"}}[name[:-1]]
        assert set(values) - {"LastChangeUsec"} == common | kind, name
        assert (values["Quality"], values["Name"]) == ("good", values["Terminal"])


async def test_an_edge_changes_the_port_once_and_then_tells_the_events(client: Client) -> None:
    story = await client.follow(client.io)
    port, wire = client.port("input2"), client.wire("input2")
    before = await port.all()
    assert (before["State"], before["Active"]) == ("open", False)
    await wire.call("Set", "closed")
    after = await port.eventually(State="closed", Active=True, Counter=before["Counter"] + 1)
    await client.flush(client.io)
    change, first, second = story.told
    assert isinstance(change, Change)
    assert (change.path, change.gone) == (port.path, [])
    assert set(change.changed) == {"State", "Active", "Counter", "LastChangeUsec"}
    events: list[Event] = [first, second]  # type: ignore[list-item] # they are no Change
    assert [(event.topic, dict(event.source), dict(event.data)) for event in events] == [
        ("tns1:Device/tnsaxis:IO/Port", {"port": "2"}, {"state": "1"}),
        ("tns1:Device/Trigger/DigitalInput", {"InputToken": "2"}, {"LogicalState": "true"}),
    ]
    assert events[1].sequence == events[0].sequence + 1
    assert events[0].timestamp_usec == events[1].timestamp_usec == after["LastChangeUsec"]
    near(after["LastChangeUsec"])


async def test_an_independent_peer_sees_the_same(client: Client, signals: Watch) -> None:
    witness = await signals("org.axiod.io1", client.address)
    await client.wire("input3").call("Set", "closed")
    events = await witness.count(2, "Event")
    assert [event.body[:3] for event in events] == [
        ["tns1:Device/tnsaxis:IO/Port", {"port": "5"}, {"state": "1"}],
        ["tns1:Device/Trigger/DigitalInput", {"InputToken": "5"}, {"LogicalState": "true"}],
    ]
    assert [signal.member for signal in witness.signals][:3] == ["PropertiesChanged", "Event", "Event"]
    changed = witness.of("PropertiesChanged", "/org/axiod/io1/port/input3")[0].body
    assert changed[1]["State"] == {"type": "s", "data": "closed"}
    path = "/org/axiod/io1/port/input3"
    answer = await client.busctl("get-property", "org.axiod.io1", path, PORT, "State", "Active")
    assert [json.loads(line) for line in answer.out.splitlines()] == [
        {"type": "s", "data": "closed"},
        {"type": "b", "data": True},
    ]


async def test_the_snapshot_has_every_present_value(client: Client) -> None:
    await client.wire("input2").call("Set", "closed")
    await client.port("input2").eventually(Active=True)
    sequence, events = await client.io.snapshot()
    assert sequence > 0
    present = {(event.topic, tuple(event.source.values())): dict(event.data) for event in events}
    assert present["tns1:Device/tnsaxis:IO/Port", ("2",)] == {"state": "1"}
    assert present["tns1:Device/tnsaxis:IO/Port", ("1",)] == {"state": "0"}
    assert present["tns1:Device/tnsaxis:IO/OutputPort", ("3",)] == {"state": "0"}
    assert present["tns1:Device/Trigger/Relay", ("6",)] == {"LogicalState": "inactive"}
    assert present["tns1:Device/tnsaxis:Casing/Open", ("JunctionBox",)] == {"Open": "0"}
    assert len(events) == 10 * 2 + 3


@pytest.mark.parametrize(("name", "bounce_ms"), [("input4", 5), ("input4", 8)])
async def test_a_bouncing_contact_counts_once(client: Client, name: str, bounce_ms: int) -> None:
    port, wire = client.port(name), client.wire(name)
    await wire.configure(BounceMs=bounce_ms)
    assert (await port.get("DebounceMs")) == 10
    count, transitions = await port.get("Counter"), await wire.get("Transitions")
    story = await client.follow(client.io)
    for number in range(1, 4):
        await wire.call("Set", "closed")
        await port.eventually(State="closed", Counter=count + number)
        await wire.call("Set", "open")
        await port.eventually(State="open")
    assert story.changes(port.path, "State") == ["closed", "open"] * 3
    assert (await wire.get("Transitions")) >= transitions + 6 * (bounce_ms - 1)
    assert (await port.get("LostEdges")) == 0


async def test_without_debouncing_every_bounce_counts(client: Client) -> None:
    port, wire = client.port("input4"), client.wire("input4")
    await port.configure(DebounceMs=0)
    await wire.configure(BounceMs=5)
    count = await port.get("Counter")
    await wire.call("Set", "closed")
    await port.eventually(Counter=count + 3, State="closed")


async def test_a_level_that_is_not_held_is_none(client: Client) -> None:
    port, wire = client.port("input5"), client.wire("input5")
    await port.configure(DebounceMs=200)
    count = await port.get("Counter")
    await wire.call("Set", "closed")
    await wire.call("Set", "open")
    await wire.call("Set", "closed")
    begin = time.monotonic()
    await port.eventually(State="closed", Counter=count + 1)
    assert time.monotonic() - begin > 0.15


async def test_a_wave_is_counted_exactly_and_told_at_a_bearable_rate(client: Client) -> None:
    port, wire = client.port("input5"), client.wire("input5")
    await port.configure(DebounceMs=0)
    count = await port.get("Counter")
    story = await client.follow(client.io)
    await wire.call("Wave", 1000.0, 1000)
    await port.eventually(Counter=count + 1000, State="open")
    await until(lambda: story.changes(port.path, "Counter")[-1:] == [count + 1000])
    told = len(story.changes(port.path))
    assert told <= 32 + 20 * 2 + 2
    assert (await wire.get("Transitions")) % 2 == 0
    await client.flush(client.io)
    sequences = [event.sequence for event in story.events]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    assert story.of("IO/Port", port="10")[-1] == {"state": "0"}


async def test_reset_counter_returns_what_it_was(client: Client) -> None:
    port, wire = client.port("input2"), client.wire("input2")
    await wire.call("Set", "closed")
    await port.eventually(State="closed")
    count = await port.get("Counter")
    assert await port.call("ResetCounter") == count
    assert await port.get("Counter") == 0
    assert await port.call("ResetCounter") == 0
    await wire.call("Set", "open")
    await wire.call("Set", "closed")
    await port.eventually(Counter=0)


async def test_the_normal_state_of_an_input_changes_what_is_active(client: Client) -> None:
    port = client.port("input2")
    story = await client.follow(client.io)
    count = await port.get("Counter")
    await port.configure(NormalState="closed")
    assert (await port.all()).items() >= {"State": "open", "Active": True, "Counter": count}.items()
    await client.flush(client.io)
    assert story.of("IO/Port", port="2") == [{"state": "1"}]
    assert story.of("DigitalInput", InputToken="2") == [{"LogicalState": "true"}]
    await client.wire("input2").call("Set", "closed")
    await port.eventually(State="closed", Active=False, Counter=count)


async def test_an_input_cannot_be_driven(client: Client) -> None:
    advice = {"input1": "Input 1 is an input and cannot be an output", "io1": "I/O 1 is an input; set its Direction"}
    for name, text in advice.items():
        port = client.port(name)
        for member, arguments in (
            ("Set", (True, {})),
            ("Toggle", ({},)),
            ("Pulse", (10, {})),
            ("RunSequence", ([(True, 1)], {})),
            ("Cancel", ()),
        ):
            with pytest.raises(Conflict, match=text):
                await port.call(member, *arguments)
    with pytest.raises(NotFound, match=r"Running of .* has no value now"):
        await client.connection.call(
            "org.axiod.io1", client.port("io1").path, "org.freedesktop.DBus.Properties", "Get", "ss", [PORT, "Running"]
        )
