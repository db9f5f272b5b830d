# SPDX-License-Identifier: Apache-2.0
"""The relay of a running device, watched by a meter at its contacts."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from axiod.clock import monotonic_usec
from axiod.errors import Busy, HardwareFailure, InvalidArgument, NotAuthorized, Timeout, from_dbus
from tests.sim.device_process import RELAY

if TYPE_CHECKING:
    from tests.conftest import Watch
    from tests.sim.device_process import Client, DeviceProcess

VIEWER = 65534
PATH = "/org/axiod/relays1/relay/relay1"


async def test_it_is_there_with_all_it_has(client: Client) -> None:
    found = await client.relay().all()
    found.pop("LastChangeUsec", None)
    found.pop("Cycles")
    assert found == {
        "Number": 0, "Terminal": "Relay 1", "Connector": "Relay connector, pins 2 (NO), 3 (COM) and 4 (NC)",
        "ContactForm": "form-c", "Name": "Relay 1", "Active": False, "NormallyOpen": "open", "NormallyClosed": "closed",
        "Quality": "good", "Running": "idle", "BootPolicy": "off", "FailurePolicy": "hold",
    }  # fmt: skip


async def test_set_switches_and_tells_the_change_before_the_event(client: Client) -> None:
    relay, drive = client.relay(), client.drive("relay1")
    cycles = await relay.get("Cycles")
    story = await client.follow(client.relays)
    await relay.call("Set", True, {})
    assert (await drive.all()).items() >= {"Active": True, "NormallyOpen": "closed", "NormallyClosed": "open"}.items()
    found = await relay.all()
    expected = {"Active": True, "NormallyOpen": "closed", "NormallyClosed": "open", "Cycles": cycles + 1}
    assert found.items() >= expected.items()
    assert found["LastChangeUsec"] == pytest.approx(time.time() * 1e6, abs=10e6)
    await client.flush(client.relays)
    assert [type(entry).__name__ for entry in story.told] == ["Change", "Event"]
    assert story.changes(PATH)[0].changed == {**expected, "LastChangeUsec": found["LastChangeUsec"]}
    event = story.events[0]
    assert (event.topic, dict(event.source), dict(event.data), event.timestamp_usec) == (
        "tns1:Device/Trigger/Relay",
        {"RelayToken": "0"},
        {"LogicalState": "active"},
        found["LastChangeUsec"],
    )
    await relay.call("Set", True, {})
    await client.flush(client.relays)
    assert len(story.told) == 2, "nothing changed"


async def test_the_snapshot(client: Client) -> None:
    await client.relay().call("Set", True, {})
    _, events = await client.relays.snapshot()
    assert [(event.topic, dict(event.data)) for event in events] == [
        ("tns1:Device/Trigger/Relay", {"LogicalState": "active"})
    ]


async def test_an_independent_peer_sees_and_does_the_same(client: Client, signals: Watch) -> None:
    witness = await signals("org.axiod.relays1", client.address)
    outcome = await client.busctl("call", "org.axiod.relays1", PATH, RELAY, "Toggle", "a{sv}", "0")
    assert json.loads(outcome.out) == {"type": "b", "data": [True]}
    events = await witness.count(1, "Event")
    assert events[0].body[:3] == ["tns1:Device/Trigger/Relay", {"RelayToken": "0"}, {"LogicalState": "active"}]
    assert [signal.member for signal in witness.signals] == ["PropertiesChanged", "Event"]
    outcome = await client.busctl("get-property", "org.axiod.relays1", PATH, RELAY, "NormallyOpen", "NormallyClosed")
    assert [json.loads(line)["data"] for line in outcome.out.splitlines()] == ["closed", "open"]


async def test_two_toggles_at_once_are_two(client: Client) -> None:
    transitions = await client.drive("relay1").get("Transitions")
    assert await asyncio.gather(*(client.relay().call("Toggle", {}) for _ in range(20))) == [True, False] * 10
    assert await client.drive("relay1").get("Transitions") == transitions + 20


@pytest.mark.alone
async def test_a_pulse_ends_begins_anew_and_is_ended(client: Client) -> None:
    relay = client.relay()
    begin = time.monotonic()
    await relay.call("Pulse", 80, {})
    assert (await relay.all()).items() >= {"Active": True, "Running": "pulse"}.items()
    await relay.eventually(Active=False, Running="idle")
    assert 0.08 <= time.monotonic() - begin < 0.5
    await relay.call("Pulse", 60_000, {})
    await relay.call("Pulse", 60_000, {})
    await relay.call("Cancel")
    assert (await relay.all()).items() >= {"Active": False, "Running": "idle"}.items()
    await relay.call("Pulse", 60_000, {})
    await relay.call("Set", True, {})
    assert (await relay.all()).items() >= {"Active": True, "Running": "idle"}.items()


async def test_a_sequence_as_vapix_has_it(client: Client) -> None:
    relay = client.relay()
    story = await client.follow(client.relays)
    await relay.call("RunSequence", [(True, 50), (False, 50), (True, 0)], {})
    with pytest.raises(Busy, match="relay1 runs a sequence; cancel it first"):
        await relay.call("RunSequence", [(True, 50)], {})
    with pytest.raises(Busy):
        await relay.call("Pulse", 5, {})
    await relay.eventually(Active=True, Running="idle")
    assert story.changes(PATH, "Active") == [True, False, True]
    assert story.changes(PATH, "Running") == ["sequence", "idle"]
    await relay.call("RunSequence", [(False, 60_000), (True, 0)], {})
    await relay.call("Set", True, {})
    assert (await relay.get("Running")) == "sequence"
    await relay.call("Cancel")
    assert (await relay.all()).items() >= {"Active": True, "Running": "idle"}.items()


@pytest.mark.parametrize("member", ["Set", "Toggle", "Pulse", "RunSequence"])
async def test_a_deadline_that_has_passed_is_held(client: Client, member: str) -> None:
    relay, drive = client.relay(), client.drive("relay1")
    transitions = await drive.get("Transitions")
    arguments = {"Set": (True,), "Toggle": (), "Pulse": (50,), "RunSequence": ([(True, 1)],)}[member]
    with pytest.raises(Timeout, match="was not carried out"):
        await relay.call(member, *arguments, {"DeadlineUsec": monotonic_usec() - 1})
    assert await drive.get("Transitions") == transitions


async def test_reset_counter(client: Client) -> None:
    relay = client.relay()
    await relay.call("Set", True, {})
    cycles = await relay.get("Cycles")
    assert cycles > 0
    assert await relay.call("ResetCounter") == cycles
    assert (await relay.all()).items() >= {"Cycles": 0, "Active": True}.items()


async def test_settings_are_on_disk_all_or_none(client: Client, device: DeviceProcess) -> None:
    relay = client.relay()
    story = await client.follow(client.relays)
    await relay.configure(Name="Gate", BootPolicy="last", FailurePolicy="off")
    file = device.state / "relays" / "settings.yaml"
    expected = {"Name": "Gate", "BootPolicy": "last", "FailurePolicy": "off"}
    assert yaml.safe_load(file.read_text())["relays"]["relay1"] == expected
    with pytest.raises(InvalidArgument, match="FailurePolicy is 'explode'; it must be one of hold, off, on"):
        await relay.configure(Name="Other", FailurePolicy="explode")
    with pytest.raises(InvalidArgument, match="did you mean BootPolicy"):
        await relay.configure(Name="Other", BotPolicy="on")
    assert (await relay.all()).items() >= expected.items()
    await client.flush(client.relays)
    assert [change.changed for change in story.changes(PATH)] == [expected]


async def test_a_relay_that_cannot_be_driven(client: Client) -> None:
    relay, drive, root = client.relay(), client.drive("relay1"), client.root(client.relays)
    await relay.call("Set", True, {})
    await drive.call("SetBroken", True)
    with pytest.raises(HardwareFailure, match="relay1 could not be driven: Input/output error"):
        await relay.call("Set", False, {})
    found = await relay.all()
    assert found.items() >= {"Quality": "fault", "Active": True, "NormallyOpen": "closed"}.items()
    assert found["Problem"] == "relay1 could not be driven: Input/output error"
    assert (await root.get("Problems")) == [found["Problem"]]
    await drive.call("SetBroken", False)
    await relay.eventually(Quality="good", Problem=None, Active=True)
    await root.eventually(Health="ok")


async def test_a_crash_moves_nothing(client: Client) -> None:
    relay, drive = client.relay(), client.drive("relay1")
    await relay.configure(Name="Gate", BootPolicy="on")
    await relay.call("Set", True, {})
    before, transitions = await relay.all(), await drive.get("Transitions")
    await client.kill(client.relays)
    await relay.eventually(**{name: before[name] for name in ("Active", "Name", "BootPolicy", "Quality")})
    assert (await drive.all()).items() >= {"Active": True, "Held": True, "Transitions": transitions}.items()


async def test_a_pulse_survives_a_crash(client: Client) -> None:
    relay, drive = client.relay(), client.drive("relay1")
    transitions = await drive.get("Transitions")
    await relay.call("Pulse", 1000, {})
    await client.kill(client.relays)
    await relay.eventually(Active=False, Running="idle")
    assert await drive.get("Transitions") == transitions + 2


@pytest.mark.parametrize(
    ("member", "arguments"),
    [
        ("Configure", ("a{sv}", "1", "Name", "s", "Mine")),
        ("Set", ("ba{sv}", "true", "0")),
        ("Toggle", ("a{sv}", "0")),
        ("Pulse", ("ua{sv}", "50", "0")),
        ("RunSequence", ("a(bu)a{sv}", "1", "true", "1", "0")),
        ("Cancel", ()),
        ("ResetCounter", ()),
    ],
)
async def test_a_viewer_reads_and_changes_nothing(client: Client, member: str, arguments: tuple[str, ...]) -> None:
    before = await client.relay().all()
    outcome = await client.busctl("get-property", "org.axiod.relays1", PATH, RELAY, "Active", user=VIEWER)
    assert (outcome.code, json.loads(outcome.out)["data"]) == (0, False)
    outcome = await client.busctl("call", "org.axiod.relays1", PATH, RELAY, member, *arguments, user=VIEWER)
    assert outcome.code
    assert f"{member} needs the role operator" in outcome.err
    assert await client.relay().all() == before
    assert isinstance(from_dbus("org.axiod.Error.NotAuthorized", ""), NotAuthorized)
