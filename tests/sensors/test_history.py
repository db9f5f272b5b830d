# SPDX-License-Identifier: Apache-2.0
"""The history of a running device: what was read is there, before and after it is on disk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from array import array
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from axiod.clock import wall_usec
from axiod.errors import HardwareFailure, InvalidArgument, NotFound
from axiod.sensors.chunks import Samples
from axiod.sensors.history import LIMIT_BYTES, HistoryHandler
from axiod.sensors.history_file import HistoryFile
from tests.conftest import until
from tests.sensors.conftest import NAME, ROOT
from tests.sensors.test_cli import axioctl, said
from tests.sensors.test_service import until_reading
from tests.sim.device_process import Thing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sensors.conftest import World

HISTORY = f"{NAME}.History"


def history(world: World) -> Thing:
    return Thing(world.service, f"{ROOT}/history", HISTORY)


async def values(world: World, channel: str, **options: Any) -> list[float]:
    found: list[float] = (await history(world).call("Query", "one", channel, options))[3]
    return found


async def measured(world: World) -> None:
    """Have a sensor that measured 10, then 20 °C."""
    unit = await world.add_unit(7)
    await unit.call("SetValue", "temperature", 10)
    sensor = await world.add("one", 7, "xy_md02")
    await until_reading(sensor, "temperature", Value=10.0)
    await unit.call("SetValue", "temperature", 20)
    await until_reading(sensor, "temperature", Value=20.0)


async def test_what_is_measured_is_kept(world: World) -> None:
    await measured(world)
    found = await values(world, "temperature", Resolution="raw")
    assert {10.0, 20.0} == set(found)
    assert found == sorted(found)
    assert len(await values(world, "dew_point", Resolution="raw")) >= 2
    resolution, times, lowest, mean, highest = await history(world).call(
        "Query", "one", "temperature", {"Resolution": "hour"}
    )
    assert resolution == "hour"
    assert len(times) in (1, 2)
    assert (min(lowest), max(highest)) == (10, 20)
    assert 10 <= mean[0] <= 20


class Surroundings:
    """As much of a service as the history needs."""

    def __init__(self, folder: Path) -> None:
        self.path, self.state_dir = ROOT, folder
        self.server = SimpleNamespace(export=lambda *_: None, changed=lambda *_: None)
        self.problems: dict[str, str | None] = {}
        self.root = SimpleNamespace(problem=self.problems.__setitem__)
        self.tasks = asyncio.get_running_loop()


async def test_what_waits_is_written_when_the_service_stops(tmp_path: Path) -> None:
    now = wall_usec()
    for number in range(3):
        context = Surroundings(tmp_path)
        handler = HistoryHandler(cast("Any", context), lambda _: ["t"])
        await handler.start()
        handler.keep("one", "t", float(number), now + 1000 * number)
        options = {"FromUsec": now, "ToUsec": now + 10_000}
        assert (await handler.query("one", "t", options))[3] == [float(n) for n in range(number + 1)]
        await handler.stop()
        assert context.problems == {"history": None}
        assert handler.bytes > 0


async def test_while_the_disk_refuses_it_is_held(tmp_path: Path) -> None:
    context = Surroundings(tmp_path)
    (tmp_path / "history.sqlite").mkdir()
    handler = HistoryHandler(cast("Any", context), lambda _: ["t"])
    await handler.start()
    now = wall_usec()
    handler.keep("one", "t", 1.0, now)
    with pytest.raises(HardwareFailure, match="cannot be opened"):
        await handler.query("one", "t", {})
    await until(lambda: "cannot be opened" in (context.problems.get("history") or ""))
    (tmp_path / "history.sqlite").rmdir()
    handler.keep("one", "t", 2.0, now + 1000)
    options = {"FromUsec": now, "ToUsec": now + 10_000, "Resolution": "raw"}
    assert (await handler.query("one", "t", options))[3] == [1.0, 2.0]
    await handler.stop()
    assert context.problems["history"] is None


async def test_what_is_on_disk_is_not_written_once_more_where_only_making_hours_fails(tmp_path: Path) -> None:
    path, now = tmp_path / "history.sqlite", wall_usec()
    file = HistoryFile(path, LIMIT_BYTES)
    file.put({("one", "t"): Samples(array("q", [now // 1000 - 1000]), array("d", [1.0]))})
    file.close()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.executescript("DROP TABLE hours; CREATE TABLE hours (broken);")
    context = Surroundings(tmp_path)
    handler = HistoryHandler(cast("Any", context), lambda _: ["t"])
    await handler.start()
    handler.keep("one", "t", 2.0, now)
    await until(lambda: "cannot be written" in str(context.problems.get("history")))
    await handler.stop()
    assert "cannot be written" in str(context.problems["history"])
    assert list(HistoryFile(path, LIMIT_BYTES).samples(("one", "t"), 0, 1 << 50).values) == [1.0, 2.0]


async def test_options(world: World) -> None:
    await measured(world)
    now = wall_usec()
    assert await values(world, "temperature", ToUsec=now - 3_600_000_000) == []
    assert len(await values(world, "temperature", Limit=2, Resolution="raw")) == 2
    assert (await values(world, "temperature", Limit=1, Resolution="raw")) == [20.0]
    resolution, *_ = await history(world).call("Query", "one", "temperature", {"FromUsec": now - 40 * 86_400_000_000})
    assert resolution == "hour"
    resolution, *_ = await history(world).call("Query", "one", "temperature", {"FromUsec": now - 90_000_000_000})
    assert resolution == "minute"
    for arguments, error, text in (
        (("two", "temperature", {}), NotFound, "there is no sensor 'two'"),
        (("one", "light", {}), NotFound, "one has no channel 'light'; it has temperature, humidity, dew_point"),
        (("one", "temperature", {"FromUsec": now, "ToUsec": 5}), InvalidArgument, "FromUsec is after ToUsec"),
        (("one", "temperature", {"Resolution": "day"}), InvalidArgument, "Resolution"),
    ):
        with pytest.raises(error, match=text):
            await history(world).call("Query", *arguments)


async def test_it_goes_with_its_sensor_or_when_somebody_says_so(world: World) -> None:
    await measured(world)
    await world.sensor("one").configure(Enabled=False)
    await history(world).call("Clear", "one")
    assert await values(world, "temperature") == []
    await world.sensor("one").configure(Enabled=True)
    await until_reading(world.sensor("one"), "temperature", Quality="good")
    await world.sensor("one").call("Remove")
    await world.add("one", 9, "xy_md02")
    assert await values(world, "temperature") == []


async def test_nothing_that_is_not_sure_is_kept(world: World) -> None:
    unit = await world.add_unit(8, "tibbo-bp02")
    sensor = await world.add("one", 8, "tibbo_bp02")
    await until_reading(sensor, "temperature", Value=21.5)
    await unit.call("SetValue", "temperature", 58)
    await until_reading(sensor, "temperature", Quality="fault")
    await unit.configure(Silent=True)
    await sensor.eventually(State="offline")
    assert set(await values(world, "temperature", Resolution="raw")) == {21.5}


async def test_axioctl(world: World) -> None:
    await measured(world)
    found = await said(world, "sensor", "history", "one", "temperature", "--since", "1h", "--resolution", "raw")
    assert found["Resolution"] == "raw"
    assert {row[2] for row in found["Points"]} == {10.0, 20.0}
    outcome = await axioctl(world, "sensor", "history", "one", "temperature", "--resolution", "minute")
    assert outcome.out.splitlines()[0].split() == ["WHEN", "LOWEST", "°C", "MEAN", "°C", "HIGHEST", "°C"]
    outcome = await axioctl(world, "sensor", "history", "one", "temperature", "--format", "csv", "--resolution", "raw")
    first, *rows = outcome.out.splitlines()
    assert first == "Time,Lowest,Mean,Highest"
    assert rows[-1].endswith("Z,20,20,20")
    outcome = await axioctl(world, "sensor", "history", "one", "humidity", "--since", "today", "--until", "2020-01-01")
    assert (outcome.code, outcome.out) == (2, "")


async def test_a_viewer_may_ask(world: World) -> None:
    await measured(world)
    outcome = await world.client.busctl(
        "call", NAME, f"{ROOT}/history", HISTORY, "Query", "ssa{sv}", "one", "temperature", "0", user=65534
    )
    assert json.loads(outcome.out)["data"][0] == "raw"
