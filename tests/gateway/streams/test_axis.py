# SPDX-License-Identifier: Apache-2.0
"""The PyPI package `axis`, as it is, follows the device: what Home Assistant does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.conftest import run, until
from tests.gateway.web_device import PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateway.streams.conftest import Serve
    from tests.sim.device_process import Client

pytestmark = pytest.mark.filterwarnings("ignore:It is recommended to use web.RequestKey")
"""Newer versions of aiohttp only; the keys are to be text as long as Debian 13 has the older."""

PYTHON = os.environ.get("AXIOD_AXIS_PYTHON", sys.executable)
"""An interpreter that has the package; its versions from 70 need Python 3.14, and those from 74 take the WebSocket."""
RTSP_PORT = 554
"""The package knows no other."""
RELAY, PORT = "tns1:Device/Trigger/Relay", "tns1:Device/tnsaxis:IO/Port"


class AxisProcess:
    """What the package told."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Take note of all that it writes."""
        async for line in stream:
            self.lines.append(json.loads(line))

    def events(self, topic: str, id_: str) -> list[tuple[str, str, bool]]:
        """Return operation, state and tripped of each event of a source."""
        return [
            (line["operation"], line["state"], line["tripped"])
            for line in self.lines
            if line.get("topic") == topic and line["id"] == id_
        ]

    async def hears(self, topic: str, id_: str, *event: str | bool) -> None:
        """Wait for an event."""
        await until(lambda: event in self.events(topic, id_))

    def said(self, name: str) -> Any:
        """Return the first value of a name."""
        return next((line[name] for line in self.lines if name in line), None)


async def version() -> int:
    """Return which package it is."""
    outcome = await run(PYTHON, "-c", "from importlib.metadata import version; print(version('axis'))")
    return int(outcome.out.split(".")[0])


@pytest_asyncio.fixture(params=["rtsp", "websocket"])
async def axis(request: pytest.FixtureRequest, serve: Serve) -> AsyncIterator[AxisProcess]:
    """The package at work; port 554 is that of an address that no other process takes."""
    if request.param == "websocket" and (found := await version()) < 74:
        pytest.skip(f"axis {found} knows no WebSocket")
    pid = os.getpid()
    address = f"127.{1 + (pid >> 16)}.{(pid >> 8) & 255}.{pid & 255}"
    here = await serve(address=address, rtsp_port=RTSP_PORT)
    process = await asyncio.create_subprocess_exec(
        PYTHON, str(Path(__file__).with_name("axis_follower.py")), address, str(here.port("http")), "viewer", PASSWORD,
        request.param, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    axis = AxisProcess()
    reading = asyncio.create_task(axis.read(process.stdout))
    kind = {"rtsp": "rtsp by udp", "websocket": "websocket vapix"}[request.param]
    await until(lambda: any(kind in entry.streams for entry in here.gateway.clients))
    yield axis
    process.stdin.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()
    await reading
    process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way
    assert process.returncode == 0
    await until(lambda: not any(entry.streams for entry in here.gateway.clients))


async def test_it_hears_every_state_and_every_change(axis: AxisProcess, client: Client) -> None:
    relay, port = str(await client.relay().get("Number")), str(await client.port("input1").get("Number"))
    await axis.hears(RELAY, relay, "Initialized", "inactive", False)
    await axis.hears(PORT, port, "Initialized", "0", False)
    await until(lambda: axis.said("signal") == "playing")
    await client.wire("input1").call("Set", "closed")
    await axis.hears(PORT, port, "Changed", "1", True)
    await client.relay().call("Set", True, {})
    await axis.hears(RELAY, relay, "Changed", "active", True)
    await client.relay().call("Set", False, {})
    await axis.hears(RELAY, relay, "Changed", "inactive", False)
    assert [event for event in axis.events(RELAY, relay) if event[0] == "Initialized"] == [
        ("Initialized", "inactive", False)
    ]


async def test_it_goes_on_when_a_service_restarts(axis: AxisProcess, client: Client) -> None:
    relay, port = str(await client.relay().get("Number")), str(await client.port("input1").get("Number"))
    await axis.hears(PORT, port, "Initialized", "0", False)
    before = len(axis.events(PORT, port))
    await client.kill(client.io)
    await until(lambda: len(axis.events(PORT, port)) > before)
    await client.wire("input1").call("Set", "closed")
    await axis.hears(PORT, port, "Changed", "1", True)
    await client.relay().call("Set", True, {})
    await axis.hears(RELAY, relay, "Changed", "active", True)
    assert not [line for line in axis.lines if line.get("signal") == "failed"]


async def test_it_reads_the_event_instances(axis: AxisProcess) -> None:
    await until(lambda: axis.said("topics"))
    wanted = {RELAY, PORT, "tns1:Device/Trigger/DigitalInput", "tns1:Device/tnsaxis:IO/OutputPort"}
    assert wanted <= set(axis.said("topics"))
    assert axis.said("stateless") == [
        "tns1:Device/tnsaxis:SystemMessage/ActionFailed",
        "tns1:UserAlarm/tnsaxis:Recurring/Pulse",
        "urn:axiod:event:topics:MQTT/Stateless",
    ]
