# SPDX-License-Identifier: Apache-2.0
"""The service of a running device, on its bus, with the simulated line and axiod-fieldbus between them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from axiod.bus.client import Service
from axiod.errors import AxiodError, Conflict, InvalidArgument, LimitReached, NotFound, NotSupported, Timeout
from tests.sensors.conftest import FIELDBUS, NAME, ROOT, SENSORS

if TYPE_CHECKING:
    from tests.sensors.conftest import World
    from tests.sim.device_process import DeviceProcess, Thing


async def reading(sensor: Thing, channel: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = await sensor.get("Readings")
    return next(row for row in rows if row["Channel"] == channel)


async def until_reading(sensor: Thing, channel: str, **expected: Any) -> dict[str, Any]:
    """Wait until a reading is so."""
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(10):
            while True:
                found = await reading(sensor, channel)
                if all(found.get(name) == value for name, value in expected.items()):
                    return found
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{channel} never was {expected}; it is {found}") from None


async def test_a_sensor_is_read_as_its_template_says(world: World) -> None:
    unit = await world.add_unit(65)
    await unit.call("SetValue", "temperature", -3.5)
    await unit.call("SetValue", "humidity", 81.2)
    sensor = await world.add("cellar", 65, "tibbo_bp02")
    found = await sensor.eventually(State="online")
    assert found.items() >= {
        "Name": "Cellar", "Enabled": True, "Port": "rs485", "Unit": 65, "Template": "tibbo_bp02", "Line": "template",
        "IntervalMs": 200, "ChannelSettings": [], "Model": "Tibbo Bus Probe BP#02, temperature and humidity",
    }.items()  # fmt: skip
    assert [row["Channel"] for row in found["Channels"]] == ["temperature", "humidity", "dew_point"]
    await until_reading(sensor, "temperature", Value=-3.5, Quality="good", Unit="°C")
    await until_reading(sensor, "humidity", Value=81.2, Quality="good", Unit="%")
    await until_reading(sensor, "dew_point", Value=-6.3, Quality="good")
    await world.client.root(world.service).eventually(Status="1 sensor, 1 online")
    (budget,) = await world.sensors.get("Budgets")
    assert budget.items() >= {"Port": "rs485", "Sensors": 1}.items()


async def test_values_are_events_whose_quality_is_told_at_once(world: World) -> None:
    unit = await world.add_unit(109)
    story = await world.client.follow(world.service)
    sensor = await world.add("one", 109, "xy_md02")
    await until_reading(sensor, "temperature", Value=21.5)
    await unit.configure(Failing=True)
    await until_reading(sensor, "temperature", Quality="fault")
    await world.client.flush(world.service)
    same = {"quantity": "temperature", "unit": "°C", "name": "One Temperature"}
    assert story.of("Sensors/Value", sensor="one", channel="temperature") == [
        {"value": "21.5", "quality": "good", **same},
        {"value": "", "quality": "fault", **same},
    ]
    await unit.configure(Failing=False)
    await until_reading(sensor, "temperature", Quality="good")
    await sensor.configure(Enabled=False)
    _, events = await world.service.snapshot()
    told = [dict(event.data) for event in events if event.topic == "tnsaxiod:Sensors/Value"]
    assert {data["quality"] for data in told} == {"stale"}
    assert len(told) == 3
    await sensor.call("Remove")
    _, events = await world.service.snapshot()
    assert not [event for event in events if event.source.get("sensor") == "one"]


async def test_neighbours_are_read_with_one_request(world: World) -> None:
    sensor = await world.add("two", 1, "xy_md02")
    await sensor.eventually(State="online")
    monitor = type(world.port)(world.fieldbus, world.port.path, f"{FIELDBUS}.Monitor")
    sent: set[tuple[str, str]] = set()
    async with asyncio.timeout(10):
        while not sent:
            frames = await monitor.call("Read", 0, {"WaitMs": 1000})
            sent = {(frame["Text"], frame["Priority"]) for frame in frames if frame["Direction"] == "sent"}
    assert sent == {("read input registers 1 to 2", "poll")}


async def test_what_cannot_be_is_refused(world: World) -> None:
    await world.add("one", 1, "xy_md02")
    for call, error, text in (
        (world.add("one", 2, "klha"), Conflict, "a sensor one already"),
        (world.add("Two", 2, "klha"), InvalidArgument, "small letters"),
        (world.add("two", 1, "klha"), Conflict, "unit 1 on port rs485 is sensor one already"),
        (world.add("two", 2, "nothing"), NotFound, "there is no template 'nothing'"),
        (world.add("two", 2, "hugo"), Conflict, "the template hugo is disabled: Its registers"),
        (world.add("two", 2, "klha", "rs486"), NotFound, "there is no port 'rs486'; there is rs485"),
        (world.add("two", 0, "klha"), InvalidArgument, "unit is 0"),
        (world.add("two", 248, "klha"), InvalidArgument, "unit is 248"),
        (world.add("two", 2, "klha", IntervalMs=50), InvalidArgument, "IntervalMs is 50"),
        (world.add("two", 2, "klha", Line="fast"), InvalidArgument, "Line is 'fast'"),
        (
            world.sensor("one").configure(ChannelSettings=[{"Channel": "light", "Above": 1.0}]),
            InvalidArgument,
            "xy_md02 has no channel 'light'; it has temperature, humidity, dew_point",
        ),
    ):
        with pytest.raises(error, match=text):
            await call
    assert await world.sensors.get("Count") == 1


async def test_eight_fit_on_a_line(world: World) -> None:
    for number in range(8):
        await world.add(f"s{number}", 100 + number, "xy_md02", IntervalMs=60_000)
    with pytest.raises(LimitReached, match="port rs485 has 8 sensors already"):
        await world.add("s8", 108, "xy_md02")


async def test_what_a_line_cannot_carry_is_refused_with_the_numbers(world: World) -> None:
    for number in range(3):
        await world.add(f"s{number}", 100 + number, "xy_md02", IntervalMs=100)
    (budget,) = await world.sensors.get("Budgets")
    assert 70 < budget["Percent"] < 100
    assert "takes 90 % of the time of port rs485, more than 70 %" in budget["Warning"]
    with pytest.raises(Conflict, match=r"polling 4 sensors takes 120 % .* more than 100 %; poll less often"):
        await world.add("s3", 103, "xy_md02", IntervalMs=100)
    await world.add("s3", 103, "xy_md02", IntervalMs=1000)
    with pytest.raises(Conflict, match="more than 100 %"):
        await world.sensor("s3").configure(IntervalMs=100)
    assert await world.sensor("s3").get("IntervalMs") == 1000
    await world.sensor("s0").configure(Enabled=False)
    await world.sensor("s3").configure(IntervalMs=100)


async def test_settings_are_on_disk_before_they_are_acknowledged(world: World, device: DeviceProcess) -> None:
    sensor = await world.add("one", 1, "xy_md02")
    await sensor.configure(Name="Attic", ChannelSettings=[{"Channel": "humidity", "Above": 60.5, "HoldMs": 500}])
    stored = (device.state / "sensors" / "sensors.yaml").read_text()
    assert "Name: Attic" in stored
    await world.client.kill(world.service)
    found = await sensor.eventually(State="online", Name="Attic")
    assert found["ChannelSettings"] == [{"Channel": "humidity", "Above": 60.5, "HoldMs": 500}]
    await sensor.call("Remove")
    with pytest.raises(NotFound):
        await sensor.all()
    await world.client.kill(world.service)
    assert await world.sensors.get("Count") == 0


async def test_what_is_removed_is_not_brought_back_by_who_changes_it(world: World, device: DeviceProcess) -> None:
    sensor = await world.add("one", 1, "xy_md02")
    # Both wait for their turn behind others.
    others = (world.add(f"other{unit}", unit, "xy_md02") for unit in range(2, 6))
    *_, removed, changed = await asyncio.gather(
        *others, sensor.call("Remove"), sensor.configure(Name="Attic"), return_exceptions=True
    )
    assert removed is None
    assert isinstance(changed, NotFound)
    assert await world.sensors.get("Count") == 4
    assert "Attic" not in (device.state / "sensors" / "sensors.yaml").read_text()


async def test_a_dead_unit_delays_no_other_and_is_back_at_once(world: World) -> None:
    for address in (101, 102, 103, 104):
        await world.add_unit(address)
    sensors = [await world.add(f"s{n}", 100 + n, "xy_md02") for n in (1, 2, 3, 4)]
    for sensor in sensors:
        await sensor.eventually(State="online")
    story = await world.client.follow(world.service)
    for address in (101, 102):
        await world.unit(address).configure(Silent=True)
    for dead in sensors[:2]:
        found = await dead.eventually(State="offline")
        assert "did not answer" in found["Reason"]
        assert found["LastEvent"].startswith("offline: ")
        await until_reading(dead, "temperature", Quality="stale")
        assert (await reading(dead, "temperature"))["Value"] == 21.5, "the last one, which says how old it is"
    # While the dead ones are offline, the living are asked in their beat.
    before = [(await sensor.get("Polls"), await sensor.get("Failures")) for sensor in sensors]
    while (await sensors[2].get("Polls")) < before[2][0] + 25:
        await asyncio.sleep(0.05)
    polls = [await sensor.get("Polls") - was for sensor, (was, _) in zip(sensors, before, strict=True)]
    assert polls[3] >= 22
    assert max(polls[:2]) <= 8
    # Not one of ten, even on a machine that is busy with other things.
    failures = [await sensor.get("Failures") - was for sensor, (_, was) in zip(sensors, before, strict=True)]
    assert max(failures[2:]) <= 2
    for address in (101, 102):
        await world.unit(address).configure(Silent=False)
    for back in sensors[:2]:
        await back.eventually(State="online", Reason=None)
        await until_reading(back, "temperature", Quality="good")
    await world.client.flush(world.service)
    for id_ in ("s1", "s2"):
        told = story.of("Sensors/Online", sensor=id_)
        assert told == [{"online": "0", "state": "offline"}, {"online": "1", "state": "online"}]
    assert story.of("Sensors/Online", sensor="s3") == []


async def test_a_limit_that_is_set_while_the_unit_is_dead_forgets_nothing(world: World) -> None:
    unit = await world.add_unit(105)
    sensor = await world.add("one", 105, "xy_md02")
    await until_reading(sensor, "temperature", Quality="good")
    await unit.configure(Silent=True)
    await sensor.eventually(State="offline")
    known = await reading(sensor, "temperature")
    await sensor.configure(ChannelSettings=[{"Channel": "temperature", "Above": 60.0}])
    await sensor.eventually(State="offline")
    found = await reading(sensor, "temperature")
    assert (found["Value"], found["ReadUsec"], found["Quality"]) == (21.5, known["ReadUsec"], "stale")
    # What another unit measured says nothing of this one.
    await sensor.configure(Unit=106)
    await sensor.eventually(State="offline")
    assert (await reading(sensor, "temperature")).get("Value") is None


async def test_a_pulled_adapter_and_its_return(world: World) -> None:
    sensor = await world.add("one", 1, "xy_md02")
    await sensor.eventually(State="online")
    await world.line.call("SetPlugged", False)
    found = await sensor.eventually(State="offline")
    assert "rs485" in found["Reason"]
    await world.line.call("SetPlugged", True)
    await sensor.eventually(State="online")
    await until_reading(sensor, "temperature", Quality="good")


async def test_fieldbus_may_go_and_come(world: World) -> None:
    sensor = await world.add("one", 1, "xy_md02")
    await sensor.eventually(State="online")
    await world.client.kill(world.fieldbus)
    await sensor.eventually(State="online")
    await until_reading(sensor, "temperature", Quality="good")


async def test_a_port_that_somebody_has_for_himself_says_nothing_of_the_sensor(world: World) -> None:
    sensor = await world.add("one", 1, "xy_md02")
    await sensor.eventually(State="online")
    await world.port.call("Acquire", "firmware", 60)
    try:
        found = await until_reading(sensor, "temperature", Quality="stale")
        assert "firmware" in found["Reason"]
        assert await sensor.get("State") == "online"
    finally:
        await world.port.call("Release")
    await until_reading(sensor, "temperature", Quality="good")


async def test_something_else_than_the_template_says_is_never_read(world: World) -> None:
    sensor = await world.add("wrong", 64, "tibbo_bp02")
    found = await sensor.eventually(State="mismatch")
    assert "its register 201 is 1, not 2" in found["Reason"]
    assert {row["Quality"] for row in found["Readings"]} == {"never"}
    assert not any("Value" in row for row in found["Readings"])
    await sensor.configure(Template="tibbo_bp01")
    await sensor.eventually(State="online")


async def test_a_unit_that_was_exchanged_is_recognised(world: World) -> None:
    unit = await world.add_unit(110, "tibbo-bp02")
    sensor = await world.add("one", 110, "tibbo_bp02")
    await until_reading(sensor, "temperature", Quality="good")
    await unit.call("Remove")
    await sensor.eventually(State="offline")
    await world.add_unit(110, "tibbo-bp01")
    found = await sensor.eventually(State="mismatch")
    assert {row["Quality"] for row in found["Readings"]} == {"stale"}


async def test_limits_with_hysteresis_are_events(world: World) -> None:
    unit = await world.add_unit(111)
    await unit.call("SetValue", "humidity", 50)
    sensor = await world.add("one", 111, "xy_md02")
    await sensor.configure(ChannelSettings=[{"Channel": "humidity", "Above": 80.0, "Below": 20.0, "Hysteresis": 5.0}])
    await until_reading(sensor, "humidity", Value=50.0, Level="normal")
    story = await world.client.follow(world.service)
    for value, level in ((81, "above"), (76, "above"), (75, "normal"), (19.9, "below"), (50, "normal")):
        await unit.call("SetValue", "humidity", value)
        await until_reading(sensor, "humidity", Value=float(value), Level=level)
    await world.client.flush(world.service)
    assert [data["level"] for data in story.of("Sensors/Threshold", sensor="one", channel="humidity")] == [
        "above", "normal", "below", "normal",
    ]  # fmt: skip
    assert (await sensor.get("LastEvent")) == "Humidity within its limits: 50 %"
    # What was told is told again after a restart, and is not another event.
    await unit.call("SetValue", "humidity", 90)
    await until_reading(sensor, "humidity", Level="above")
    await world.client.kill(world.service)
    _, events = await world.service.snapshot()
    assert [dict(event.data) for event in events if event.topic == "tnsaxiod:Sensors/Threshold"] == [
        {"active": "1", "level": "above"}
    ]
    await sensor.configure(ChannelSettings=[])
    _, events = await world.service.snapshot()
    assert not [event for event in events if event.topic == "tnsaxiod:Sensors/Threshold"]


async def test_what_cannot_be_is_never_published(world: World) -> None:
    unit = await world.add_unit(112, "tibbo-bp02")
    sensor = await world.add("one", 112, "tibbo_bp02")
    await until_reading(sensor, "temperature", Value=21.5, Quality="good")
    story = await world.client.follow(world.service)
    await unit.call("SetValue", "temperature", 58)  # beyond what such a probe can measure
    found = await until_reading(sensor, "temperature", Quality="fault")
    assert "Value" not in found
    assert found["Reason"] == "58 °C was read, which is out of its range, -25 to 50"
    assert (await reading(sensor, "dew_point"))["Quality"] == "fault"
    await unit.call("SetValue", "temperature", 20)
    await until_reading(sensor, "temperature", Value=20.0, Quality="good")
    await world.client.flush(world.service)
    assert story.of("Sensors/OutOfRange", sensor="one", channel="temperature") == [{"active": "1"}, {"active": "0"}]


async def test_a_sensor_that_says_that_it_is_broken(world: World) -> None:
    unit = await world.add_unit(113)
    sensor = await world.add("one", 113, "xy_md02")
    await until_reading(sensor, "temperature", Quality="good")
    await unit.configure(Failing=True)
    found = await until_reading(sensor, "temperature", Quality="fault")
    assert found["Reason"] == "unit 113 refuses it: server device failure"
    assert await sensor.get("State") == "online"


NOISE = {
    "BitErrorPercent": 1.0, "TruncatedPercent": 1.0, "DoubledPercent": 1.0, "DelayedPercent": 1.0,
    "ForeignPercent": 1.0, "NoisePercent": 5.0,
}  # fmt: skip


async def test_no_wrong_value_on_a_bad_line(world: World) -> None:
    units = {120 + n: (10.0 + n, 40.0 + n) for n in range(4)}
    for address, (warm, wet) in units.items():
        unit = await world.add_unit(address)
        await unit.call("SetValue", "temperature", warm)
        await unit.call("SetValue", "humidity", wet)
    await world.port.configure(BaudRate=115200, TimeoutMs=100)
    try:
        sensors = [await world.add(f"s{a}", a, "xy_md02", IntervalMs=100, Line="port") for a in units]
        for sensor in sensors:
            await sensor.eventually(State="online")
        story = await world.client.follow(world.service)
        await world.line.configure(**{name: value * 3 for name, value in NOISE.items()})
        while sum([await sensor.get("Failures") for sensor in sensors]) < 60:
            await asyncio.sleep(0.1)
        await world.line.configure(**dict.fromkeys(NOISE, 0.0))
        for address, sensor in zip(units, sensors, strict=True):
            told = story.changes(sensor.path, "Readings")
            assert len(told) > 20
            good: dict[str, set[float]] = {"temperature": set(), "humidity": set()}
            for rows in told:
                for row in rows:
                    if row["Channel"] in good and "Value" in row:
                        good[row["Channel"]].add(row["Value"])
            assert good == {"temperature": {units[address][0]}, "humidity": {units[address][1]}}
            await sensor.eventually(State="online")
            await until_reading(sensor, "temperature", Quality="good")
            assert (await sensor.get("AnsweredPercent")) < 100
    finally:
        await world.port.configure(BaudRate=9600, TimeoutMs=500)


async def test_units_of_different_speeds_share_a_line(world: World) -> None:
    await world.unit(65).configure(BaudRate=38400)
    await world.unit(1).configure(BaudRate=9600)
    await world.add("probe", 65, "tibbo_bp02")
    await world.add("cheap", 1, "xy_md02")
    await world.sensor("probe").eventually(State="online")
    await world.sensor("cheap").eventually(State="online")
    await world.sensor("probe").configure(Line="port")
    await world.sensor("probe").eventually(State="offline")
    await world.sensor("probe").configure(Line="38400 8N1")
    await world.sensor("probe").eventually(State="online")


async def test_test_read_asks_at_once_and_keeps_nothing(world: World) -> None:
    sensor = await world.add("one", 1, "xy_md02", Enabled=False)
    assert await sensor.get("State") == "disabled"
    readings, latency = await sensor.call("TestRead")
    assert {row["Channel"]: row["Quality"] for row in readings} == {
        "temperature": "good", "humidity": "good", "dew_point": "good",
    }  # fmt: skip
    assert latency > 0
    assert {row["Quality"] for row in await sensor.get("Readings")} == {"never"}
    await world.unit(1).configure(Silent=True)
    with pytest.raises(Timeout, match="unit 1 did not answer"):
        await sensor.call("TestRead")
    await sensor.configure(Unit=64, Template="tibbo_bp02")
    with pytest.raises(Conflict, match="its register 201 is 1, not 2"):
        await sensor.call("TestRead")


async def test_a_copy_is_another_sensor(world: World) -> None:
    sensor = await world.add("one", 1, "xy_md02")
    await sensor.configure(ChannelSettings=[{"Channel": "humidity", "Above": 60.0}])
    await world.add_unit(5)
    with pytest.raises(Conflict, match="unit 1 on port rs485 is sensor one already"):
        await sensor.call("Copy", "Two", 1)
    id_ = await sensor.call("Copy", "Two", 5)
    assert id_ == "sensor1"
    found = await world.sensor(id_).eventually(State="online", Unit=5, Name="Two")
    assert found["ChannelSettings"] == [{"Channel": "humidity", "Above": 60.0}]


# --- templates ---


def mine(**changes: Any) -> str:
    base = {"schema": 1, "id": "mine", "title": "Mine", "vendor": "Me", "status": "unverified"}
    channels = {"level": {"quantity": "level", "register": 0}, "depth": {"quantity": "depth", "register": 3}}
    return json.dumps({**base, "channels": channels, **changes}, indent=1)


async def registers(world: World, address: int, *values: int) -> None:
    """Put a unit with registers on the line."""
    await world.add_unit(address, "registers")
    for register, value in enumerate(values):
        pdu = bytes((6,)) + register.to_bytes(2, "big") + value.to_bytes(2, "big")
        await world.port.call("Transact", address, pdu, {})


async def test_a_template_is_uploaded_changed_and_removed_while_it_is_used(world: World, device: DeviceProcess) -> None:
    await registers(world, 30, 5, 6, 7, 8)
    with pytest.raises(InvalidArgument) as caught:
        await world.templates.call("Upload", mine(status="sure"))
    assert str(caught.value).startswith('template:6: status: unknown value "sure"')
    assert await world.templates.call("Upload", mine()) == "mine"
    found = await world.template("mine").all()
    assert found.items() >= {"Title": "Mine", "Origin": "user", "Overrides": False, "Sensors": 0}.items()
    sensor = await world.add("tank", 30, "mine")
    await until_reading(sensor, "level", Value=5.0)
    await until_reading(sensor, "depth", Value=8.0)
    assert (await world.template("mine").get("Sensors")) == 1
    channels = {"level": {"quantity": "level", "register": 1, "scale": 0.5}}
    await world.templates.call("Upload", mine(channels=channels))
    await until_reading(sensor, "level", Value=3.0)
    assert [row["Channel"] for row in await sensor.get("Channels")] == ["level"]
    assert json.loads(await world.template("mine").call("Export"))["channels"] == channels
    with pytest.raises(Conflict, match="is needed by tank"):
        await world.template("mine").call("Remove")
    with pytest.raises(Conflict, match="is disabled, but tank has it"):
        await world.templates.call("Upload", mine(enabled=False))
    await world.client.kill(world.service)
    await until_reading(sensor, "level", Value=3.0)
    path = device.state / "sensors" / "templates" / "mine.json"
    path.write_text(mine().replace('"register": 0', '"register": -1'))
    await world.templates.call("Reload")
    (problem,) = await world.templates.get("Problems")
    assert "mine.json:10: channels.level.register: expected" in problem
    await until_reading(sensor, "level", Value=3.0)
    path.write_text(mine())
    await world.templates.call("Reload")
    assert await world.templates.get("Problems") == []
    await until_reading(sensor, "level", Value=5.0)
    await sensor.call("Remove")
    await world.template("mine").call("Remove")
    with pytest.raises(NotFound):
        await world.template("mine").all()


async def test_a_template_that_all_who_have_it_together_could_not_be_read_by_is_refused(world: World) -> None:
    await world.templates.call("Upload", mine(serial={"baud_rate": 9600}))
    for unit in range(1, 5):
        await world.add(f"s{unit}", unit, "mine", IntervalMs=0)
    channels = {"level": {"quantity": "level", "register": 0, "interval_ms": 100}}
    with pytest.raises(Conflict, match=r"polling 4 sensors takes 1.. % of the time of port rs485"):
        await world.templates.call("Upload", mine(serial={"baud_rate": 9600}, channels=channels))
    await world.sensor("s4").configure(IntervalMs=1000)
    await world.templates.call("Upload", mine(serial={"baud_rate": 9600}, channels=channels))


async def test_a_template_is_not_taken_away_from_a_sensor_that_is_being_added(world: World) -> None:
    await world.templates.call("Upload", mine())
    # All wait for their turn behind others.
    others = (world.add(f"other{unit}", unit, "xy_md02") for unit in range(2, 6))
    *_, added, removed = await asyncio.gather(
        *others, world.add("tank", 30, "mine"), world.template("mine").call("Remove"), return_exceptions=True
    )
    assert not isinstance(added, Exception)
    assert isinstance(removed, Conflict)
    assert await world.sensor("tank").get("Model") == "Me Mine"


async def test_one_of_a_user_stands_in_the_place_of_a_shipped_one_and_says_so(world: World) -> None:
    sensor = await world.add("one", 1, "xy_md02")
    await until_reading(sensor, "humidity", Quality="good")
    with pytest.raises(NotSupported, match="came with axiod"):
        await world.template("xy_md02").call("Remove")
    said = json.loads(await world.template("xy_md02").call("Export"))
    del said["channels"]["dew_point"]
    await world.templates.call("Upload", json.dumps(said))
    found = await world.template("xy_md02").all()
    assert found.items() >= {"Origin": "user", "Overrides": True}.items()
    assert [row["Channel"] for row in await sensor.get("Channels")] == ["temperature", "humidity"]
    await world.template("xy_md02").call("Remove")
    assert (await world.template("xy_md02").all())["Origin"] == "shipped"
    assert len(await sensor.get("Channels")) == 3
    await until_reading(sensor, "dew_point", Quality="good")


async def test_registers_that_are_not_there_are_not_read_along(world: World) -> None:
    channels = {
        "type": {"quantity": "type", "register": 201},
        "flood": {"quantity": "moisture", "register": 207},
        "next": {"quantity": "moisture", "register": 213},
    }
    # 211 and 212 are there, 213 is not: what is said of 207 to 213 in one read is nothing.
    await world.templates.call("Upload", mine(channels=channels, read={"widest_hole": 10}))
    sensor = await world.add("one", 65, "mine")
    await until_reading(sensor, "type", Value=2.0, Quality="good")
    await until_reading(sensor, "flood", Quality="good")
    found = await until_reading(sensor, "next", Quality="fault")
    assert found["Reason"] == "unit 65 refuses it: illegal data address"


async def test_a_set_up_is_written_once_and_only_where_it_differs(world: World) -> None:
    await registers(world, 31, 5, 6)
    setup = [{"register": 0, "value": 5}, {"register": 1, "value": 9}]
    await world.templates.call("Upload", mine(setup=setup))
    story = await writes(world, 31)
    sensor = await world.add("one", 31, "mine")
    await sensor.eventually(State="online", LastEvent="register 1 was set to 9")
    await world.unit(31).configure(Silent=True)
    await sensor.eventually(State="offline")
    await world.unit(31).configure(Silent=False)
    await sensor.eventually(State="online")
    assert await story() == ["write a register: 1 = 9"]


async def test_a_template_that_lies_is_a_state_and_hurts_nobody(world: World) -> None:
    good = await world.add("good", 1, "xy_md02")
    await world.templates.call("Upload", mine(setup=[{"register": 0, "value": 5}]))
    lies = await world.add("lies", 65, "mine")  # a probe has no such registers
    await lies.eventually(State="offline", Reason="unit 65 refuses it: illegal data address")
    await good.eventually(State="online")
    await until_reading(good, "temperature", Quality="good")


async def writes(world: World, unit: int) -> Any:
    """Return what returns the writes to a unit from now on."""
    monitor = type(world.port)(world.fieldbus, world.port.path, f"{FIELDBUS}.Monitor")
    last = max((frame["Id"] for frame in await monitor.call("Read", 0, {})), default=0)

    async def read() -> list[str]:
        frames = await monitor.call("Read", last, {})
        sent = [frame for frame in frames if frame["Direction"] == "sent" and frame.get("Unit") == unit]
        return [frame["Text"] for frame in sent if frame["Function"] == 6]

    return read


async def test_a_viewer_reads_and_does_nothing_else(world: World) -> None:
    await world.add("one", 1, "xy_md02")
    path = f"{ROOT}/sensor/one"
    outcome = await world.client.busctl("call", NAME, path, f"{NAME}.Sensor", "TestRead", user=65534)
    assert outcome.code != 0
    assert "needs the role operator" in outcome.err
    outcome = await world.client.busctl("get-property", NAME, f"{ROOT}/sensors", SENSORS, "Count", user=65534)
    assert json.loads(outcome.out)["data"] == 1


async def test_a_damaged_file_does_not_keep_it_from_starting(world: World, device: DeviceProcess) -> None:
    await world.add("one", 1, "xy_md02")
    path = device.state / "sensors" / "sensors.yaml"
    path.write_text("version: 1\nsensors: {one: {Unit: 900}}\n")
    await world.client.kill(world.service)
    with pytest.raises(AxiodError):
        await Service(world.client.connection, NAME).properties(f"{ROOT}/sensor/nothing", f"{NAME}.Sensor")
    assert list(path.parent.glob("sensors.yaml.damaged-*"))
