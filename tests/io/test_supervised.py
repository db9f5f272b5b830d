# SPDX-License-Identifier: Apache-2.0
"""Supervised inputs of a running device: every scheme, every state, both kinds of terminal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from axiod.board.profile import LoopState, Scheme
from axiod.board.ranges import ideal_ohms
from axiod.errors import InvalidArgument, NotSupported

if TYPE_CHECKING:
    from tests.sim.device_process import Client

_SCHEMES = [scheme for scheme in Scheme if scheme is not Scheme.NONE]
_NAMES = ("input1", "io1", "input2", "io2", "input4")


async def follow_one(client: Client, name: str, scheme: Scheme) -> None:
    """Take one terminal through all states of a scheme."""
    port, wire = client.port(name), client.wire(name)
    await wire.call("Set", "open")
    await wire.configure(Resistors=str(scheme), NoisePercent=1.0)
    await port.configure(Supervision=str(scheme), HoldMs=60)
    found = await port.eventually(SupervisedState="open")
    assert [row[0] for row in found["Ranges"]] in (
        ["cut", "open", "closed", "short"],
        ["short", "closed", "open", "cut"],
    )
    for state in ("closed", "cut", "short", "open", "short", "closed", "open", "cut"):
        await wire.call("Set", state)
        found = await port.eventually(SupervisedState=state)
        closed, tampered = state in ("closed", "short"), state in ("cut", "short")
        expected = {"Tampered": tampered, "State": "closed" if closed else "open", "Active": closed, "Quality": "good"}
        assert found.items() >= expected.items()
        ideal = ideal_ohms(scheme, LoopState(state))
        assert found.get("ExpectedOhms") == (None if state == "cut" else round(ideal, 1))


async def test_every_scheme_tells_every_state(client: Client) -> None:
    """Five terminals at a time, each with another scheme, and each scheme on both kinds of terminal."""
    for turn in (0, 1):
        pairs = [(name, _SCHEMES[(place + turn) % len(_SCHEMES)]) for place, name in enumerate(_NAMES)]
        await asyncio.gather(*(follow_one(client, name, scheme) for name, scheme in pairs))


async def test_the_events_of_a_supervised_input(client: Client) -> None:
    port, wire = client.port("input1"), client.wire("input1")
    await wire.configure(Resistors="parallel-22k-4k7")
    await port.configure(Supervision="parallel-22k-4k7", HoldMs=60)
    await port.eventually(SupervisedState="open")
    story = await client.follow(client.io)
    for state in ("closed", "short", "cut"):
        await wire.call("Set", state)
        await port.eventually(SupervisedState=state)
    await client.flush(client.io)
    assert story.of("IO/SupervisedPort", port="1") == [
        {"state": "closed", "tampered": "0"},
        {"state": "shorted", "tampered": "1"},
        {"state": "cut", "tampered": "1"},
    ]
    assert story.of("IO/Port", port="1") == [{"state": "1"}, {"state": "0"}]
    first = story.told[:4]
    assert [type(entry).__name__ for entry in first] == ["Change", "Event", "Event", "Event"]
    _, events = await client.io.snapshot()
    assert [dict(event.data) for event in events if event.topic.endswith("SupervisedPort")] == [
        {"state": "cut", "tampered": "1"}
    ]


async def test_turning_it_on_and_off(client: Client) -> None:
    port, wire = client.port("input1"), client.wire("input1")
    loop = ("SupervisedState", "Tampered", "Level", "Ohms", "ExpectedOhms")
    assert not set(loop) & set(await port.all())
    await wire.configure(Resistors="serial-10k")
    await port.configure(Supervision="serial-10k", HoldMs=0)
    found = await port.eventually(SupervisedState="open")
    assert found["Level"] == pytest.approx(1548, abs=3)
    assert found["Ohms"] == pytest.approx(20_000, rel=0.02)
    assert found["Ranges"][0] == ["cut", 0, 1319]
    await wire.configure(Resistors="none")
    await port.configure(Supervision="none")
    found = await port.eventually(State="open", Quality="good")
    assert not set(loop) & set(found)
    assert found["Ranges"] == []
    _, events = await client.io.snapshot()
    assert not [event for event in events if event.topic.endswith("SupervisedPort")]


async def test_what_else_is_configured_does_not_disturb_it(client: Client) -> None:
    port = client.port("input1")
    await client.wire("input1").configure(Resistors="serial-1k")
    await port.configure(Supervision="serial-1k", HoldMs=500)
    await port.eventually(SupervisedState="open")
    story = await client.follow(client.io)
    await port.configure(Usage="Door", Name="Front door", NormalState="closed")
    assert (await port.all()).items() >= {"SupervisedState": "open", "Active": True}.items()
    await client.flush(client.io)
    assert [sorted(set(change.changed) - {"Level", "Ohms"}) for change in story.changes(port.path)] == [
        ["Active", "Name", "NormalState", "Usage"]
    ]


async def test_ranges_of_ones_own(client: Client) -> None:
    port, wire = client.port("input1"), client.wire("input1")
    rows = [["cut", 0, 1199], ["open", 1200, 2499], ["closed", 2500, 3599], ["short", 3600, 4095]]
    await wire.call("SetOhms", 4040.0)
    await port.configure(Supervision="serial-1k", Ranges=rows, HoldMs=0)
    found = await port.eventually(SupervisedState="open")
    assert (found["Ranges"], found["Level"]) == (rows, pytest.approx(2440, abs=3))
    await port.configure(Ranges=[])
    assert (await port.get("Ranges"))[0] == ["cut", 0, 1993]
    await port.configure(Ranges=rows)
    await port.configure(Supervision="serial-2k2")
    assert (await port.get("Ranges"))[0] == ["cut", 0, 1738]


async def test_ranges_that_cannot_be_are_refused(client: Client) -> None:
    port = client.port("input1")
    before = await port.all()
    rows = [("cut", 0, 1199), ("open", 1200, 2499), ("closed", 2500, 3599), ("short", 3600, 4094)]
    with pytest.raises(InvalidArgument, match="Ranges ends at 4094; it must end at 4095"):
        await port.configure(Supervision="serial-1k", Ranges=rows)
    with pytest.raises(InvalidArgument, match="Ranges is given for an input that is not supervised"):
        await port.configure(Ranges=rows)
    with pytest.raises(InvalidArgument, match="it must have each of"):
        await port.configure(Supervision="serial-1k", Ranges=[("melted", 0, 4095)])
    assert await port.all() == before
    with pytest.raises(NotSupported, match="the terminal has no ADC"):
        await client.port("output1").configure(Supervision="serial-1k")


async def test_a_state_must_be_held(client: Client) -> None:
    port, wire = client.port("input1"), client.wire("input1")
    await wire.configure(Resistors="serial-1k")
    await port.configure(Supervision="serial-1k", HoldMs=300)
    await port.eventually(SupervisedState="open")
    story = await client.follow(client.io)
    await wire.call("Set", "short")
    await wire.call("Set", "open")
    await wire.call("Set", "closed")
    await port.eventually(SupervisedState="closed")
    assert story.changes(port.path, "SupervisedState") == ["closed"]


async def test_a_supervised_input_counts(client: Client) -> None:
    port, wire = client.port("input2"), client.wire("input2")
    await wire.configure(Resistors="serial-1k")
    await port.configure(Supervision="serial-1k", HoldMs=0)
    await port.eventually(SupervisedState="open")
    count = await port.get("Counter")
    for state in ("closed", "short", "open", "short", "cut"):
        await wire.call("Set", state)
        await port.eventually(SupervisedState=state)
    assert await port.get("Counter") == count + 2
