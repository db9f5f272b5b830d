# SPDX-License-Identifier: Apache-2.0
"""The scan of a running device: who is found, and what becomes of the polls meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import Busy, Conflict, InvalidArgument, NotFound
from tests.sensors.conftest import NAME, ROOT
from tests.sensors.test_cli import axioctl, said
from tests.sim.device_process import Thing

if TYPE_CHECKING:
    from tests.sensors.conftest import World

SCAN = f"{NAME}.Scan"


def scan(world: World) -> Thing:
    return Thing(world.service, f"{ROOT}/scan", SCAN)


async def finished(world: World) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while (found := await scan(world).all())["State"] == "running":
            await asyncio.sleep(0.1)
    return found


async def test_units_are_found_at_their_speed_and_recognised(world: World) -> None:
    for address, baud in ((64, 38400), (65, 9600), (66, 38400)):
        await world.unit(address).configure(BaudRate=baud)
    await world.add("probe", 65, "tibbo_bp02", Line="port")
    await scan(world).call(
        "Start", "rs485", {"First": 62, "Last": 67, "TimeoutMs": 300, "Lines": "9600 8N1, 38400 8N1"}
    )
    found = await finished(world)
    assert found.items() >= {"State": "done", "Port": "rs485", "Asked": 12, "Total": 12}.items()
    assert found["Found"] == [
        {
            "Unit": 65, "Line": "9600 8N1", "Template": "tibbo_bp02", "Sensor": "probe",
            "Title": "Tibbo Bus Probe BP#02, temperature and humidity",
        },
        {
            "Unit": 64, "Line": "38400 8N1", "Template": "tibbo_bp01",
            "Title": "Tibbo Bus Probe BP#01, temperature",
        },
        {"Unit": 66, "Line": "38400 8N1", "Template": "tibbo_bp03", "Title": "Tibbo Bus Probe BP#03, light"},
    ]  # fmt: skip


async def test_polls_go_on_and_what_cannot_be_recognised_is_found(world: World) -> None:
    sensor = await world.add("one", 1, "xy_md02")
    await sensor.eventually(State="online")
    before = await sensor.all()
    await scan(world).call("Start", "rs485", {"First": 1, "Last": 30, "TimeoutMs": 100, "Lines": "9600 8N1"})
    found = await finished(world)
    assert [row["Unit"] for row in found["Found"]] == [1, 2]
    assert all("Template" not in row for row in found["Found"])
    after = await sensor.all()
    assert after["State"] == "online"
    assert after["Failures"] - before["Failures"] <= 1
    assert after["Polls"] - before["Polls"] >= 5


async def test_it_can_be_cancelled_and_there_is_one_at_a_time(world: World) -> None:
    await scan(world).call("Start", "rs485", {"First": 60})
    with pytest.raises(Busy, match="a scan of port rs485 is running"):
        await scan(world).call("Start", "rs485", {})
    await scan(world).call("Cancel")
    assert (await scan(world).all())["State"] == "cancelled"
    with pytest.raises(Conflict, match="no scan is running"):
        await scan(world).call("Cancel")
    await scan(world).call("Start", "rs485", {"First": 65, "Last": 65, "Lines": "9600 8N1"})
    assert len((await finished(world))["Found"]) == 1


async def test_what_cannot_be_is_refused(world: World) -> None:
    for port, options, error, text in (
        ("rs486", {}, NotFound, "there is no port 'rs486'"),
        ("rs485", {"First": 5, "Last": 4}, InvalidArgument, "First is 5, which is above Last, 4"),
        ("rs485", {"Lines": "fast"}, InvalidArgument, "Line is 'fast'"),
        ("rs485", {"Last": 248}, InvalidArgument, "Last is 248"),
    ):
        with pytest.raises(error, match=text):
            await scan(world).call("Start", port, options)


async def test_axioctl(world: World) -> None:
    words = ("sensor", "scan", "rs485", "--first", "64", "--last", "65", "--lines", "9600 8N1", "--timeout-ms", "300")
    assert [row["Template"] for row in await said(world, *words)] == ["tibbo_bp01", "tibbo_bp02"]
    outcome = await axioctl(world, *words)
    assert outcome.out.splitlines()[1].split()[:4] == ["64", "9600", "8N1", "tibbo_bp01"]
    outcome = await axioctl(world, "sensor", "scan", "rs485", "--first", "90", "--last", "90", "--lines", "9600 8N1")
    assert outcome.out == "nobody answered\n"
