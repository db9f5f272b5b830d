# SPDX-License-Identifier: Apache-2.0
"""The alarms of a running device."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from axiod.errors import InvalidArgument, NotSupported
from tests.sim.device_process import ALARM

if TYPE_CHECKING:
    from tests.sim.device_process import Client


async def test_every_alarm_of_the_board_is_there(client: Client) -> None:
    objects = await client.io.objects()
    alarms = {path.rpartition("/")[2]: values[ALARM] for path, values in objects.items() if ALARM in values}
    assert {name: values["Kind"] for name, values in alarms.items()} == {
        "casing": "casing",
        "motion": "motion",
        "tamper": "tamper",
    }
    for values in alarms.values():
        assert values.items() >= {"Enabled": True, "Active": False, "State": "open", "Quality": "good"}.items()
    assert [alarms[name]["Supervisable"] for name in ("casing", "motion", "tamper")] == [False, False, True]


@pytest.mark.parametrize(
    ("name", "topic", "data"),
    [("casing", "Casing/Open", "Open"), ("motion", "Device/Motion", "Moved"), ("tamper", "ExternalTamper", "Tampered")],
)
async def test_an_alarm_is_raised_and_over(client: Client, name: str, topic: str, data: str) -> None:
    alarm, wire = client.alarm(name), client.wire(name)
    story = await client.follow(client.io)
    await wire.call("Set", "closed")
    found = await alarm.eventually(Active=True, State="closed")
    assert found["LastChangeUsec"] == pytest.approx(time.time() * 1e6, abs=10e6)
    await wire.call("Set", "open")
    await alarm.eventually(Active=False, State="open")
    await client.flush(client.io)
    assert story.of(topic) == [{data: "1"}, {data: "0"}]
    assert [type(entry).__name__ for entry in story.told] == ["Change", "Event", "Change", "Event"]


async def test_one_that_is_not_enabled_is_not_watched(client: Client) -> None:
    alarm, wire = client.alarm("casing"), client.wire("casing")
    await wire.call("Set", "closed")
    await alarm.eventually(Active=True)
    story = await client.follow(client.io)
    await alarm.configure(Enabled=False)
    found = await alarm.eventually(Enabled=False, Active=False, State=None)
    assert found.get("Problem") is None
    _, events = await client.io.snapshot()
    assert not [event for event in events if "Casing" in event.topic]
    await wire.call("Set", "open")
    await wire.call("Set", "closed")
    await client.flush(client.io)
    assert story.events == []
    await alarm.configure(Enabled=True)
    await alarm.eventually(Active=True, State="closed")
    _, events = await client.io.snapshot()
    assert [dict(event.data) for event in events if "Casing" in event.topic] == [{"Open": "1"}]


async def test_the_normal_state_of_an_alarm(client: Client) -> None:
    alarm, wire = client.alarm("tamper"), client.wire("tamper")
    await wire.call("Set", "closed")
    await alarm.eventually(Active=True)
    story = await client.follow(client.io)
    await alarm.configure(NormalState="closed")
    await alarm.eventually(Active=False, State="closed")
    await client.flush(client.io)
    assert story.of("ExternalTamper") == [{"Tampered": "0"}]
    await wire.call("Set", "open")
    await alarm.eventually(Active=True)


async def test_a_supervised_alarm_is_raised_by_whoever_is_at_its_cable(client: Client) -> None:
    alarm, wire = client.alarm("tamper"), client.wire("tamper")
    await wire.configure(Resistors="serial-4k7")
    await alarm.configure(Supervision="serial-4k7", HoldMs=60)
    await alarm.eventually(SupervisedState="open", Active=False)
    for state, active in (("cut", True), ("open", False), ("short", True), ("open", False), ("closed", True)):
        await wire.call("Set", state)
        found = await alarm.eventually(SupervisedState=state)
        assert (found["Active"], found["Tampered"]) == (active, state in ("cut", "short"))


async def test_the_last_change_of_an_alarm_is_that_of_active(client: Client) -> None:
    """A cable that is cut leaves the circuit open, and raises the alarm all the same."""
    alarm, wire = client.alarm("tamper"), client.wire("tamper")
    await wire.configure(Resistors="serial-4k7")
    await alarm.configure(Supervision="serial-4k7", HoldMs=60)
    before = await alarm.eventually(SupervisedState="open", Active=False)
    begin = time.time() * 1e6
    await wire.call("Set", "cut")
    found = await alarm.eventually(SupervisedState="cut", Active=True)
    assert (found["State"], before["State"]) == ("open", "open")
    assert begin - 1000 <= found["LastChangeUsec"] <= time.time() * 1e6


async def test_what_an_alarm_cannot_do_is_refused(client: Client) -> None:
    with pytest.raises(NotSupported, match="the terminal has no ADC"):
        await client.alarm("casing").configure(Supervision="serial-1k")
    with pytest.raises(InvalidArgument, match="did you mean"):
        await client.alarm("casing").configure(Enable=False)
