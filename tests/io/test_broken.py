# SPDX-License-Identifier: Apache-2.0
"""What breaks is said, what is mended works again by itself, and the rest goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from axiod.errors import HardwareFailure
from tests.conftest import until

if TYPE_CHECKING:
    from tests.sim.device_process import Client


async def test_an_output_that_cannot_be_driven(client: Client) -> None:
    port, drive, root = client.port("output1"), client.drive("output1"), client.root(client.io)
    await port.call("Set", True, {})
    story = await client.follow(client.io)
    await drive.call("SetBroken", True)
    with pytest.raises(HardwareFailure, match="output1 could not be driven: Input/output error"):
        await port.call("Set", False, {})
    found = await port.eventually(Quality="fault", Problem="output1 could not be driven: Input/output error")
    assert found.items() >= {"Active": True, "State": "closed"}.items()
    assert (await root.all()).items() >= {
        "Health": "degraded",
        "Problems": ["output1 could not be driven: Input/output error"],
    }.items()
    for member, arguments in (("Toggle", ({},)), ("Pulse", (50, {})), ("RunSequence", ([(False, 1)], {}))):
        with pytest.raises(HardwareFailure):
            await port.call(member, *arguments)
    await client.port("output2").call("Toggle", {})
    await client.port("output2").call("Toggle", {})
    await drive.call("SetBroken", False)
    await port.eventually(Quality="good", Problem=None, Active=True)
    await root.eventually(Health="ok", Problems=[])
    await client.flush(client.io)
    assert story.changes(port.path, "Quality") == ["fault", "good"]
    assert story.of("IO/OutputPort", port="3") == []


async def test_a_pulse_that_could_not_end_ends_when_the_line_is_mended(client: Client) -> None:
    port, drive = client.port("output1"), client.drive("output1")
    await port.call("Pulse", 100, {})
    await drive.call("SetBroken", True)
    await port.eventually(Quality="fault", Active=True, Running="pulse")
    await drive.call("SetBroken", False)
    await port.eventually(Quality="good", Active=False, Running="idle")
    assert (await drive.get("Active")) is False


async def test_an_input_that_cannot_be_read(client: Client) -> None:
    port, wire = client.port("input2"), client.wire("input2")
    await wire.call("Set", "closed")
    before = await port.eventually(State="closed")
    story = await client.follow(client.io)
    await wire.call("SetBroken", True)
    found = await port.eventually(Quality="fault", Problem="input2 cannot be read: Input/output error")
    assert found.items() >= {"State": "closed", "Active": True}.items(), "the last that is known"
    await wire.call("SetBroken", False)
    await port.eventually(Quality="good", Problem=None, State="closed", Counter=before["Counter"])
    await client.flush(client.io)
    assert story.changes(port.path, "Quality") == ["fault", "good"], "it does not swing"
    await wire.call("Set", "open")
    await port.eventually(State="open")


async def test_a_loop_that_cannot_be_measured(client: Client) -> None:
    port, wire = client.port("input1"), client.wire("input1")
    await wire.configure(Resistors="serial-1k")
    await port.configure(Supervision="serial-1k", HoldMs=60)
    await port.eventually(SupervisedState="open")
    story = await client.follow(client.io)
    await wire.call("SetBroken", True)
    found = await port.eventually(Quality="fault")
    assert found["Problem"] == "input1 cannot be measured: Input/output error"
    assert found["SupervisedState"] == "open", "the last that is known"
    # Longer than the service waits before it tries again what does not work.
    other = client.port("output2")
    await other.call("RunSequence", [(False, 2500)], {})
    await other.eventually(Running="idle")
    await wire.call("SetBroken", False)
    await port.eventually(Quality="good", Problem=None, SupervisedState="open")
    await client.flush(client.io)
    assert story.changes(port.path, "Quality") == ["fault", "good"], "it does not swing"


async def test_settings_that_the_board_refuses_are_not_in_force(client: Client) -> None:
    port, drive = client.port("output3"), client.drive("output3")
    await port.call("Set", True, {})
    before = await port.all()
    await drive.call("SetBroken", True)
    with pytest.raises(HardwareFailure, match="output3 could not be driven"):
        await port.configure(NormalState="closed", Usage="Gate")
    found = await port.all()
    assert {**found, "Quality": "good", "Problem": None} == {**before, "Problem": None}
    await drive.call("SetBroken", False)
    await port.eventually(Quality="good", NormalState="open", Active=True, Usage="")


async def test_a_direction_that_the_board_refuses_is_not_in_force(client: Client) -> None:
    port = client.port("io1")
    await client.wire("io1").call("Set", "closed")
    await port.eventually(State="closed")
    await client.drive("io1").call("SetBroken", True)
    with pytest.raises(HardwareFailure, match="io1 cannot become an output"):
        await port.configure(Direction="output", Usage="Gate")
    await port.eventually(Direction="input", Usage="", Quality="good", State="closed", Active=True)
    await client.wire("io1").call("Set", "open")
    await port.eventually(State="open")


async def test_the_world_restarts_under_running_services(client: Client) -> None:
    """The board was without power: everything is taken again, and outputs go where their boot policy says."""
    output, relay, reader = client.port("output1"), client.relay(), client.port("input2")
    await output.configure(BootPolicy="active")
    await output.call("Set", False, {})
    await relay.call("Set", True, {})
    await client.wire("input2").call("Set", "closed")
    await reader.eventually(State="closed")
    story = await client.follow(client.io)
    count = await reader.get("Counter")
    await client.kill(client.sim)
    await until(lambda: "good" in story.changes(reader.path, "Quality"))
    await reader.eventually(Quality="good", State="open", Counter=count)
    await output.eventually(Quality="good", Active=True)
    await relay.eventually(Quality="good", Active=False)
    assert (await client.drive("output1").get("Active")) is True
    assert story.changes(reader.path, "Quality")[0] == "fault"
    assert "never" not in story.changes(output.path, "Quality") + story.changes(reader.path, "Quality")
    await client.root(client.io).eventually(Health="ok", Problems=[])
    await client.root(client.relays).eventually(Health="ok", Problems=[])
    await client.wire("input2").call("Set", "closed")
    await reader.eventually(State="closed", Counter=count + 1)
    await client.wire("casing").call("Set", "closed")
    await client.alarm("casing").eventually(Active=True)
