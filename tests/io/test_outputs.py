# SPDX-License-Identifier: Apache-2.0
"""Outputs of a running device, watched by a meter at the terminal."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from axiod.clock import monotonic_usec
from axiod.errors import Busy, InvalidArgument, NotSupported, Timeout
from tests.conftest import until
from tests.sim.device_process import PORT

if TYPE_CHECKING:
    from tests.sim.device_process import Client


async def test_set_drives_and_tells_the_change_before_the_events(client: Client) -> None:
    port, drive = client.port("output1"), client.drive("output1")
    story = await client.follow(client.io)
    count = await port.get("Counter")
    await port.call("Set", True, {})
    assert (await drive.get("Active")) is True
    found = await port.all()
    assert found.items() >= {"State": "closed", "Active": True, "Counter": count + 1, "Running": "idle"}.items()
    assert found["LastChangeUsec"] == pytest.approx(time.time() * 1e6, abs=10e6)
    await client.flush(client.io)
    assert [type(entry).__name__ for entry in story.told] == ["Change", "Event", "Event"]
    assert set(story.changes(port.path)[0].changed) == {"State", "Active", "Counter", "LastChangeUsec"}
    assert story.of("IO/OutputPort", port="3") == [{"state": "1"}]
    assert story.of("Trigger/Relay", RelayToken="3") == [{"LogicalState": "active"}]
    await port.call("Set", True, {})
    await client.flush(client.io)
    assert len(story.told) == 3, "nothing changed"
    assert (await drive.get("Transitions")) % 2 == 1


async def test_busctl_operates_it(client: Client) -> None:
    path = client.port("output2").path
    outcome = await client.busctl("call", "org.axiod.io1", path, PORT, "Set", "ba{sv}", "true", "0")
    assert (outcome.code, outcome.err) == (0, "")
    outcome = await client.busctl("call", "org.axiod.io1", path, PORT, "Toggle", "a{sv}", "0")
    assert outcome.out.strip() == '{"type":"b","data":[false]}'
    deadline = str(monotonic_usec() - 1000)
    outcome = await client.busctl(
        "call", "org.axiod.io1", path, PORT, "Set", "ba{sv}", "true", "1", "DeadlineUsec", "t", deadline
    )
    assert outcome.code
    assert "after its deadline and was not carried out" in outcome.err
    assert (await client.drive("output2").get("Active")) is False


async def test_two_toggles_at_once_are_two(client: Client) -> None:
    port, drive = client.port("output1"), client.drive("output1")
    transitions = await drive.get("Transitions")
    assert await asyncio.gather(*(port.call("Toggle", {}) for _ in range(10))) == [True, False] * 5
    assert (await drive.get("Transitions")) == transitions + 10


async def test_two_toggles_of_two_clients_are_two(client: Client) -> None:
    words = ("call", "org.axiod.io1", client.port("output1").path, PORT, "Toggle", "a{sv}", "0")
    outcomes = await asyncio.gather(*(client.busctl(*words) for _ in range(4)))
    assert sorted("true" in outcome.out for outcome in outcomes) == [False, False, True, True]
    assert (await client.port("output1").get("Active")) is False


@pytest.mark.alone
async def test_a_pulse_ends(client: Client) -> None:
    port, drive = client.port("output1"), client.drive("output1")
    story = await client.follow(client.io)
    begin = time.monotonic()
    await port.call("Pulse", 80, {})
    assert (await port.all()).items() >= {"Active": True, "Running": "pulse"}.items()
    assert (await drive.get("Active")) is True
    await port.eventually(Active=False, Running="idle")
    assert 0.08 <= time.monotonic() - begin < 0.5
    assert (await drive.get("Active")) is False
    await client.flush(client.io)
    assert story.changes(port.path, "Running") == ["pulse", "idle"]
    assert story.of("IO/OutputPort") == [{"state": "1"}, {"state": "0"}]


async def test_a_pulse_begins_anew_is_ended_by_set_and_by_cancel(client: Client) -> None:
    port = client.port("output1")
    await port.call("Pulse", 100, {})
    await port.call("Pulse", 60_000, {})
    begin = time.monotonic()
    while time.monotonic() < begin + 0.15:
        assert (await port.get("Running")) == "pulse"
    await port.call("Cancel")
    assert (await port.all()).items() >= {"Active": False, "Running": "idle"}.items()
    await port.call("Pulse", 60_000, {})
    await port.call("Set", True, {})
    assert (await port.all()).items() >= {"Active": True, "Running": "idle"}.items()
    await port.call("Cancel")
    assert (await port.get("Active")) is True


@pytest.mark.alone
async def test_a_sequence_as_vapix_has_it(client: Client) -> None:
    """The wait follows its state, the last state stays, a second one is refused, and Set does not cancel it."""
    port = client.port("output1")
    story = await client.follow(client.io)
    begin = time.monotonic()
    await port.call("RunSequence", [(True, 60), (False, 60), (True, 60), (True, 0)], {})
    assert (await port.get("Running")) == "sequence"
    with pytest.raises(Busy, match="output1 runs a sequence; cancel it first"):
        await port.call("RunSequence", [(False, 1)], {})
    with pytest.raises(Busy):
        await port.call("Pulse", 1, {})
    await port.eventually(Running="idle", Active=True)
    assert 0.18 <= time.monotonic() - begin < 0.8
    assert story.changes(port.path, "Active") == [True, False, True]
    story.told.clear()
    await port.call("RunSequence", [(True, 100), (True, 60), (False, 0)], {})
    await port.call("Set", False, {})
    assert (await port.all()).items() >= {"Active": False, "Running": "sequence"}.items()
    await port.eventually(Running="idle")
    assert story.changes(port.path, "Active") == [False, True, False]


async def test_cancel_leaves_the_output_as_the_sequence_had_it(client: Client) -> None:
    port = client.port("output1")
    await port.call("RunSequence", [(True, 60_000), (False, 0)], {})
    await port.call("Cancel")
    assert (await port.all()).items() >= {"Active": True, "Running": "idle"}.items()


@pytest.mark.parametrize("steps", [[], [(True, 1)] * 257, [(True, 65_536)], [(False, 0), (True, 4_000_000_000)]])
async def test_what_is_no_sequence_is_refused(client: Client, steps: list[tuple[bool, int]]) -> None:
    with pytest.raises(InvalidArgument, match=r"steps has|step . waits"):
        await client.port("output1").call("RunSequence", steps, {})
    assert (await client.port("output1").all()).items() >= {"Active": False, "Running": "idle"}.items()


async def test_the_longest_sequence_is_taken(client: Client) -> None:
    port = client.port("output1")
    await port.call("RunSequence", [(number % 2 == 0, 0) for number in range(255)] + [(True, 65_535)], {})
    assert (await port.all()).items() >= {"Active": True, "Running": "sequence"}.items()


@pytest.mark.parametrize("member", ["Set", "Toggle", "Pulse", "RunSequence"])
async def test_a_deadline_that_has_passed_is_held(client: Client, member: str) -> None:
    port, drive = client.port("output1"), client.drive("output1")
    transitions = await drive.get("Transitions")
    arguments = {"Set": (True,), "Toggle": (), "Pulse": (50,), "RunSequence": ([(True, 1)],)}[member]
    with pytest.raises(Timeout, match="was not carried out"):
        await port.call(member, *arguments, {"DeadlineUsec": monotonic_usec() - 1})
    assert (await drive.get("Transitions")) == transitions
    await port.call(member, *arguments, {"DeadlineUsec": monotonic_usec() + 5_000_000})
    assert (await drive.get("Transitions")) > transitions


@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("normal", ["open", "closed"])
async def test_a_new_normal_state_keeps_an_output_active_or_inactive(client: Client, active: bool, normal: str) -> None:
    """VAPIX: open/open -> closed/closed, open/closed -> closed/open, and the other way round."""
    port, drive = client.port("output3"), client.drive("output3")
    other = {"open": "closed", "closed": "open"}
    await port.configure(NormalState=normal)
    await port.call("Set", active, {})
    before = await port.all()
    assert before["State"] == (normal if not active else other[normal])
    story = await client.follow(client.io)
    await port.configure(NormalState=other[normal])
    after = await port.all()
    assert (after["Active"], after["State"]) == (active, other[before["State"]])
    assert after["Counter"] == before["Counter"]
    assert (await drive.get("Active")) is (after["State"] == "closed")
    await client.flush(client.io)
    assert story.events == [], "it stays active or inactive"


async def test_a_new_normal_state_cancels_what_runs(client: Client) -> None:
    port = client.port("output3")
    for member, arguments in (("Pulse", (60_000, {})), ("RunSequence", ([(True, 60_000), (False, 0)], {}))):
        await port.configure(NormalState="open")
        await port.call(member, *arguments)
        await port.configure(NormalState="closed")
        assert (await port.all()).items() >= {"Active": True, "Running": "idle", "State": "open"}.items()


async def test_an_io_terminal_goes_both_ways(client: Client) -> None:
    port, wire, drive = client.port("io1"), client.wire("io1"), client.drive("io1")
    story = await client.follow(client.io)
    await wire.call("Set", "closed")
    await port.eventually(Active=True)
    count = await port.get("Counter")
    await port.configure(Direction="output")
    found = await port.all()
    assert found.items() >= {"Direction": "output", "Active": False, "State": "open", "Running": "idle"}.items()
    assert found["Counter"] == count, "one port, one counter"
    assert (await drive.all()).items() >= {"Active": False, "Held": True}.items()
    await port.call("Set", True, {})
    assert (await drive.get("Active")) is True
    assert (await port.get("Counter")) == count + 1
    _, events = await client.io.snapshot()
    topics = {event.topic.rpartition("/")[2] for event in events if "7" in event.source.values()}
    assert topics == {"OutputPort", "Relay"}
    await port.call("Pulse", 60_000, {})
    await port.configure(Direction="input")
    assert (await drive.all()).items() >= {"Active": False, "Held": False}.items()
    found = await port.eventually(Direction="input", State="closed", Active=True, Running=None, Counter=count + 1)
    _, events = await client.io.snapshot()
    topics = {event.topic.rpartition("/")[2] for event in events if "7" in event.source.values()}
    assert topics == {"Port", "DigitalInput"}
    await wire.call("Set", "open")
    await port.eventually(Active=False)
    await client.flush(client.io)
    assert story.of("IO/OutputPort", port="7")[:2] == [{"state": "0"}, {"state": "1"}]


async def test_an_output_with_a_closed_normal_state_conducts_while_it_is_inactive(client: Client) -> None:
    port, drive = client.port("io2"), client.drive("io2")
    await port.configure(Direction="output", NormalState="closed")
    assert (await port.all()).items() >= {"Active": False, "State": "closed"}.items()
    assert (await drive.get("Active")) is True
    await port.call("Set", True, {})
    assert (await drive.get("Active")) is False


@pytest.mark.parametrize(("name", "direction"), [("input1", "output"), ("output1", "input")])
async def test_what_the_terminal_cannot_be_is_refused(client: Client, name: str, direction: str) -> None:
    before = await client.port(name).all()
    with pytest.raises(NotSupported, match="it has no hardware for it"):
        await client.port(name).configure(Direction=direction, Usage="Door")
    assert await client.port(name).all() == before


async def test_a_burst_of_commands_is_carried_out_in_order(client: Client) -> None:
    port, drive = client.port("output2"), client.drive("output2")
    transitions = await drive.get("Transitions")
    await asyncio.gather(*(port.call("Set", number % 2 == 0, {}) for number in range(100)))
    assert (await drive.all()).items() >= {"Active": False, "Transitions": transitions + 100}.items()
    story = await client.follow(client.io)
    await port.call("Set", True, {})
    await until(lambda: story.events)
