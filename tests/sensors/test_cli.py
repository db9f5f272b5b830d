# SPDX-License-Identifier: Apache-2.0
"""axioctl sensor and axioctl template on a running device."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Outcome, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sensors.conftest import World


async def axioctl(world: World, *words: str) -> Outcome:
    return await run(sys.executable, "-m", "axiod.cli", "--bus", world.client.address, *words)


async def said(world: World, *words: str) -> Any:
    outcome = await axioctl(world, *words, "--json")
    assert outcome.code == 0, outcome
    return json.loads(outcome.out)


async def test_a_sensor_from_add_to_remove(world: World) -> None:
    unit = await world.add_unit(7)
    await unit.call("SetValue", "humidity", 50)
    words = ("Cellar", "rs485", "7", "xy_md02", "--id", "cellar", "--interval-ms", "200")
    assert (await axioctl(world, "sensor", "add", *words)).out == "sensor cellar is added\n"
    await world.sensor("cellar").eventually(State="online")
    outcome = await axioctl(world, "sensor", "list")
    assert outcome.out.splitlines()[1].split()[:6] == ["cellar", "Cellar", "rs485", "7", "xy_md02", "online"]
    assert outcome.out.splitlines()[1].endswith("temperature 21.5 °C, humidity 50 %, dew_point 10.6 °C")
    outcome = await axioctl(world, "sensor", "limit", "cellar", "humidity", "--above", "40", "--hysteresis", "2")
    assert outcome.out == "humidity of cellar: above 40, hysteresis 2\n"
    await axioctl(world, "sensor", "limit", "Cellar", "temperature", "--below", "-3.5", "--interval-ms", "400")
    found = await said(world, "sensor", "show", "cellar")
    assert found["ChannelSettings"] == [
        {"Channel": "humidity", "Above": 40.0, "Hysteresis": 2.0},
        {"Channel": "temperature", "IntervalMs": 400, "Below": -3.5},
    ]
    await axioctl(world, "sensor", "limit", "cellar", "temperature")
    assert len((await said(world, "sensor", "show", "cellar"))["ChannelSettings"]) == 1
    await world.sensor("cellar").eventually(LastEvent="Humidity above 40 %: 50 %")
    outcome = await axioctl(world, "sensor", "show", "cellar")
    (row,) = [line.split() for line in outcome.out.splitlines() if line.startswith("humidity")]
    assert row[:3] == ["humidity", "50", "%"]
    assert row[-3:] == ["above", "40", "2"]
    outcome = await axioctl(world, "sensor", "test", "cellar")
    assert "cellar answered within" in outcome.out
    assert (await said(world, "sensor", "copy", "cellar", "Attic", "8"))["Id"] == "sensor1"
    (budget,) = await said(world, "sensor", "budget")
    assert budget.items() >= {"Port": "rs485", "Sensors": 2}.items()
    outcome = await axioctl(world, "sensor", "add", "Busy", "rs485", "9", "xy_md02", "--interval-ms", "100")
    outcome = await axioctl(world, "sensor", "add", "More", "rs485", "10", "xy_md02", "--interval-ms", "100")
    assert "warning: polling 4 sensors takes 90 %" in outcome.out
    assert (await axioctl(world, "sensor", "remove", "cellar")).out == "sensor cellar is removed\n"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["sensor", "show", "attic"], 3, "there is no sensor 'attic'"),
        (["sensor", "limit", "one", "light", "--above", "3"], 2, "one has no channel 'light'; it has temperature"),
        (["sensor", "add", "Two", "rs485", "0", "klha"], 2, "unit is 0"),
        (["sensor", "add", "Two", "rs485", "2", "hugo"], 6, "the template hugo is disabled"),
        (["template", "upload", "/nonexistent"], 2, "/nonexistent cannot be read"),
        (["template", "remove", "klha"], 8, "came with axiod"),
    ],
)
async def test_what_is_refused(world: World, words: list[str], code: int, text: str) -> None:
    await world.add("one", 1, "xy_md02")
    outcome = await axioctl(world, *words)
    assert (outcome.code, outcome.out) == (code, "")
    assert text in outcome.err


async def test_a_template_goes_round(world: World, tmp_path: Path) -> None:
    outcome = await axioctl(world, "template", "list")
    (row,) = [line.split() for line in outcome.out.splitlines() if line.startswith("hugo")]
    assert row == ["hugo", "HUGO", "HUGO", "unverified", "no", "shipped", "no", "-", "0"]
    exported = (await axioctl(world, "template", "export", "xy_md02")).out
    said_by_it = json.loads(exported)
    path = tmp_path / "mine.json"
    path.write_text(exported.replace('"scale": 0.1', '"scale": "x"', 1))
    outcome = await axioctl(world, "template", "upload", str(path))
    assert outcome.code == 2
    assert 'channels.temperature.scale: expected a number, not "x"' in outcome.err
    path.write_text(json.dumps(said_by_it | {"title": "Mine"}))
    outcome = await axioctl(world, "template", "upload", str(path))
    assert outcome.out == "template xy_md02 counts from now on, in the place of the shipped one\n"
    found = await said(world, "template", "show", "xy_md02")
    assert found.items() >= {"Title": "Mine", "Origin": "user", "Overrides": True}.items()
    assert (await axioctl(world, "template", "reload")).out == "all templates are read\n"
    assert (await axioctl(world, "template", "remove", "xy_md02")).code == 0
    assert (await said(world, "template", "show", "xy_md02"))["Origin"] == "shipped"
