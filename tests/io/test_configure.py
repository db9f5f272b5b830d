# SPDX-License-Identifier: Apache-2.0
"""Settings of a running device: all or nothing, on disk when acknowledged, refused in words; who may change them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from axiod.bus._lib import Variant
from axiod.errors import InvalidArgument, NotSupported
from tests.sim.device_process import ALARM, PORT

if TYPE_CHECKING:
    from tests.sim.device_process import Client, DeviceProcess

VIEWER = 65534


def stored(device: DeviceProcess) -> Any:
    """Return what the settings file says."""
    return yaml.safe_load((device.state / "io" / "settings.yaml").read_text())


async def test_what_is_acknowledged_is_on_disk(client: Client, device: DeviceProcess) -> None:
    await client.port("input2").configure(Name="Südtor", Usage="Door", DebounceMs=25)
    assert stored(device)["ports"]["input2"] == {"Name": "Südtor", "Usage": "Door", "DebounceMs": 25}
    await client.port("input2").configure(Name="Input 2", Usage="", DebounceMs=10)
    assert stored(device)["ports"].get("input2", {}) == {}


async def test_a_change_is_told_once_and_nothing_when_nothing_changes(client: Client) -> None:
    port = client.port("input2")
    story = await client.follow(client.io)
    await port.configure(Usage="Door", NormalState="open")
    await port.configure(Usage="Door")
    await port.configure()
    await client.flush(client.io)
    assert [change.changed for change in story.changes(port.path)] == [{"Usage": "Door"}]
    assert story.events == []


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"Nam": Variant("s", "x")}, InvalidArgument, "there is no option 'Nam'; did you mean Name?"),
        ({"State": Variant("s", "open")}, InvalidArgument, "there is no option 'State'"),
        ({"Name": Variant("s", "")}, InvalidArgument, "Name is ''; it must be printable text of 1 to 128 characters"),
        ({"Name": Variant("s", "x" * 129)}, InvalidArgument, "it must be printable text of 1 to 128 characters"),
        ({"Name": Variant("s", "a\nb")}, InvalidArgument, "it must be printable text"),
        ({"Name": Variant("u", 5)}, InvalidArgument, "Name has the D-Bus type 'u'; it must be printable text"),
        (
            {"NormalState": Variant("s", "ajar")},
            InvalidArgument,
            "NormalState is 'ajar'; it must be one of open, closed",
        ),
        ({"DebounceMs": Variant("u", 10_001)}, InvalidArgument, "a whole number from 0 to 10000"),
        ({"DebounceMs": Variant("i", 5)}, InvalidArgument, "DebounceMs has the D-Bus type 'i'"),
        ({"HysteresisLevels": Variant("u", 201)}, InvalidArgument, "a whole number from 0 to 200"),
        ({"Ranges": Variant("as", [])}, InvalidArgument, "Ranges has the D-Bus type 'as'"),
        ({"Direction": Variant("s", "output")}, NotSupported, "Input 2 cannot be an output"),
        ({"BootPolicy": Variant("s", "last")}, NotSupported, "Input 2 is only an input"),
    ],
)
async def test_one_mistake_refuses_all(
    client: Client, device: DeviceProcess, changes: dict[str, Variant], error: type[Exception], text: str
) -> None:
    port = client.port("input2")
    await port.configure(Usage="Gate")
    before, disk = await port.all(), stored(device)
    story = await client.follow(client.io)
    with pytest.raises(error) as refused:
        await client.connection.call(
            "org.axiod.io1", port.path, PORT, "Configure", "a{sv}", [{"Usage": Variant("s", "Door"), **changes}]
        )
    assert text in str(refused.value)
    await client.flush(client.io)
    assert (await port.all(), stored(device), story.told) == (before, disk, [])


async def test_a_viewer_reads_everything(client: Client) -> None:
    path = client.port("output1").path
    for words in (
        ("tree", "org.axiod.io1"),
        ("introspect", "org.axiod.io1", path),
        ("get-property", "org.axiod.io1", path, PORT, "State"),
        ("call", "org.axiod.io1", "/org/axiod/io1", "org.axiod.EventSource1", "Snapshot"),
        ("call", "org.axiod.io1", "/org/axiod/io1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
        ("call", "org.axiod.io1", path, "org.freedesktop.DBus.Properties", "GetAll", "s", PORT),
    ):
        outcome = await client.busctl(*words, user=VIEWER)
        assert (outcome.code, outcome.err) == (0, ""), words
        assert outcome.out


@pytest.mark.parametrize(
    ("kind", "member", "arguments"),
    [
        (PORT, "Configure", ("a{sv}", "1", "Usage", "s", "Door")),
        (PORT, "Set", ("ba{sv}", "true", "0")),
        (PORT, "Toggle", ("a{sv}", "0")),
        (PORT, "Pulse", ("ua{sv}", "50", "0")),
        (PORT, "RunSequence", ("a(bu)a{sv}", "1", "true", "1", "0")),
        (PORT, "Cancel", ()),
        (PORT, "ResetCounter", ()),
        (ALARM, "Configure", ("a{sv}", "1", "Enabled", "b", "false")),
    ],
)
async def test_a_viewer_changes_nothing(client: Client, kind: str, member: str, arguments: tuple[str, ...]) -> None:
    thing = client.port("output1") if kind == PORT else client.alarm("casing")
    before = await thing.all()
    outcome = await client.busctl("call", "org.axiod.io1", thing.path, kind, member, *arguments, user=VIEWER)
    assert outcome.code
    assert f"{member} needs the role operator; user {VIEWER} is viewer" in outcome.err
    assert await thing.all() == before


async def test_nobody_sets_a_property(client: Client) -> None:
    outcome = await client.busctl(
        "set-property", "org.axiod.io1", client.port("output1").path, PORT, "Active", "b", "true"
    )
    assert outcome.code
    assert "changes are methods" in outcome.err


async def test_busctl_reads_what_is_configured(client: Client) -> None:
    port = client.port("io1")
    outcome = await client.busctl(
        "call", "org.axiod.io1", port.path, PORT, "Configure", "a{sv}", "2", "Name", "s", "Tor 1", "HoldMs", "u", "250"
    )
    assert (outcome.code, outcome.err) == (0, "")
    outcome = await client.busctl("get-property", "org.axiod.io1", port.path, PORT, "Name", "HoldMs")
    assert [json.loads(line)["data"] for line in outcome.out.splitlines()] == ["Tor 1", 250]
