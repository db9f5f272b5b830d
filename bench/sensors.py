# SPDX-License-Identifier: Apache-2.0
"""Sensors: how well they are polled, whether the dead harm the living, what 64 of them cost, and a week of history.

The line is the simulated one, a pty at the speed of a real one, whose units answer at once. 8 sensors are what a line
may have, so the 64 are on 16 ports of Modbus TCP. The history is filled with a random walk
of 64 sensors with 3 channels, one value a second each, as it would be within a week.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from axiod.sensors.chunks import DAY_MS, HOUR_MS, MINUTE_MS, Samples
from axiod.sensors.history_file import HistoryFile
from bench import many_sensors
from bench.figure import AtLeast, AtMost, Figure
from bench.machine import Machine
from bench.memory import taken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.figure import Effort

SENSORS, FIELDBUS, SIM = "org.axiod.sensors1", "org.axiod.fieldbus1", "org.axiod.sim1"
_ROOT, _FIELDBUS_ROOT = "/org/axiod/sensors1", "/org/axiod/fieldbus1"
_SENSOR, _ALL = f"{SENSORS}.Sensor", f"{SENSORS}.Sensors"
_BUS, _BUS_INTERFACE = "/org/axiod/sim1/bus/rs485", f"{SIM}.Bus"
_UNITS = range(101, 109)
_DEAD = _UNITS[:4]
_SECONDS = 30.0
_BACK_SECONDS = 12.0
_REPLUGS = int(os.environ.get("AXIOD_REPLUGS", "10"))
"""How often a dead unit comes back; 100 take 20 minutes."""


async def measure(effort: Effort) -> Sequence[Figure]:
    """All of it."""
    figures: list[Figure] = []
    async with Machine() as machine:
        for name in ("sim", "fieldbus", "sensors"):
            await machine.start(name)
        line = _Line(machine)
        await line.fill()
        figures += await line.sweep(effort)
        figures += await line.immunity(effort)
        figures.append(await line.replug(2 if effort.quick else _REPLUGS))
    if not effort.quick:
        async with Machine() as machine:
            for name in ("sim", "fieldbus", "sensors"):
                await machine.start(name)
            figures += await _many(machine)
    figures += await asyncio.to_thread(_week, 1 if effort.quick else 7)
    return figures


class _Line:
    """The simulated line with 8 sensors."""

    def __init__(self, machine: Machine) -> None:
        self._sensors = Service(machine.connection, SENSORS)
        self._fieldbus = Service(machine.connection, FIELDBUS)
        self._sim = Service(machine.connection, SIM)
        self._ages: dict[str, list[float]] = {}

    async def fill(self) -> None:
        """Have 8 units that answer at once, and a sensor for each."""
        for path, interfaces in (await self._sim.objects()).items():
            if f"{SIM}.Unit" in interfaces:
                await self._sim.call(path, f"{SIM}.Unit", "Remove")
        for unit in _UNITS:
            await self._sim.call(_BUS, _BUS_INTERFACE, "AddUnit", unit, "xy-md02")
            await self._unit(unit, DelayMs=0)
            options = {"Id": f"s{unit}", "IntervalMs": 1000, "Line": "port"}
            await self._sensors.call(
                f"{_ROOT}/sensors", _ALL, "AddSensor", f"s{unit}", "rs485", unit, "xy_md02", options
            )

    async def sweep(self, effort: Effort) -> Sequence[Figure]:
        """Sensors that are polled as often as the budget allows: how many of the polls take place."""
        figures = []
        for baud, interval in ((9600, 300), (19200, 175), (115200, 100)):
            await self._fieldbus.call(
                f"{_FIELDBUS_ROOT}/port/rs485", f"{FIELDBUS}.Port", "Configure", {"BaudRate": baud}
            )
            for unit in _UNITS:
                await self._configure(unit, IntervalMs=interval)
            planned = (await self._sensors.properties(f"{_ROOT}/sensors", _ALL))["Budgets"][0]["Percent"]
            name = f"polls that take place, 8 sensors each {interval} ms at {baud}, {planned:.0f} % planned"
            figure = Figure(name, "%", AtLeast(95, "%"))
            await self._all_online()
            before, begin = await self._polls(_UNITS), time.monotonic()
            await asyncio.sleep(_SECONDS / (3 if effort.quick else 1))
            took = time.monotonic() - begin
            done = sum((await self._polls(_UNITS)).values()) - sum(before.values())
            figure.ours.append(100 * done / (len(_UNITS) * took * 1000 / interval))
            figures.append(figure)
        await self._fieldbus.call(f"{_FIELDBUS_ROOT}/port/rs485", f"{FIELDBUS}.Port", "Configure", {"BaudRate": 9600})
        return figures

    async def immunity(self, effort: Effort) -> Sequence[Figure]:
        """4 of 8 are dead: how often the living are read, and how old their values become."""
        period = 1.0
        for unit in _UNITS:
            await self._configure(unit, IntervalMs=int(period * 1000))
        await self._all_online()
        for unit in _DEAD:
            await self._unit(unit, Silent=True)
        living = [unit for unit in _UNITS if unit not in _DEAD]
        ages: list[float] = []
        last: dict[str, int] = {}

        def changed(path: str, interface: str, properties: dict[str, Any], _gone: list[str]) -> None:
            if interface != _SENSOR or "Readings" not in properties or int(path[-3:]) in _DEAD:
                return
            read = properties["Readings"][0].get("ReadUsec", 0)
            if path in last and read > last[path]:
                ages.append((read - last[path]) / 1e6)
            last[path] = read

        await self._sensors.on_changed(changed)
        before, begin = await self._polls(living), time.monotonic()
        await asyncio.sleep(_SECONDS * (1 if effort.quick else 2))
        took = time.monotonic() - begin
        done = sum((await self._polls(living)).values()) - sum(before.values())
        rate = Figure("polls of the 4 living take place while 4 are dead, at 9600", "%", AtLeast(90, "%"))
        rate.ours.append(100 * done * period / (len(living) * took))
        age = Figure("p99 of their age, by the period of 1 s", "x", AtMost(2, "x"))
        age.ours.append(sorted(ages)[int(len(ages) * 0.99)] / period)
        return [rate, age]

    async def replug(self, times: int) -> Figure:
        """One that was dead answers again: how long until it is online."""
        figure = Figure(
            f"until one of {times} that answer again is online, the longest", "s", AtMost(_BACK_SECONDS, "s")
        )
        longest = 0.0
        for number in range(times):
            unit = _DEAD[number % len(_DEAD)]
            await self._unit(unit, Silent=True)
            await self._until(unit, "offline")
            # Not always at the same moment of its pause.
            await asyncio.sleep(random.uniform(0, 10))
            begin = time.monotonic()
            await self._unit(unit, Silent=False)
            await self._until(unit, "online")
            longest = max(longest, time.monotonic() - begin)
        figure.ours.append(longest)
        return figure

    async def _unit(self, unit: int, **changes: Any) -> None:
        await self._sim.call(f"{_BUS}/unit/{unit}", f"{SIM}.Unit", "Configure", changes)

    async def _configure(self, unit: int, **changes: Any) -> None:
        await self._sensors.call(f"{_ROOT}/sensor/s{unit}", _SENSOR, "Configure", changes)

    async def _polls(self, units: Sequence[int]) -> dict[int, int]:
        return {unit: (await self._sensors.properties(f"{_ROOT}/sensor/s{unit}", _SENSOR))["Polls"] for unit in units}

    async def _all_online(self) -> None:
        for unit in _UNITS:
            await self._until(unit, "online")

    async def _until(self, unit: int, state: str) -> None:
        path = f"{_ROOT}/sensor/s{unit}"
        async with asyncio.timeout(60):
            while (await self._sensors.properties(path, _SENSOR))["State"] != state:  # noqa: ASYNC110 # another process
                await asyncio.sleep(0.02)


async def _many(machine: Machine) -> Sequence[Figure]:
    """64 sensors, each read once a second: processor and memory of both services."""
    sensors = Service(machine.connection, SENSORS)
    async with many_sensors.added(machine.connection):
        await asyncio.sleep(5)
        pids = {name: machine.pid(name) for name in (SENSORS, FIELDBUS)}
        before, begin = {name: _cpu(pid) for name, pid in pids.items()}, time.monotonic()
        polls = await _all_polls(sensors)
        await asyncio.sleep(_SECONDS)
        took = time.monotonic() - begin
        figures = [Figure("polls that take place, 64 sensors each second over 16 TCP ports", "%", AtLeast(95, "%"))]
        figures[0].ours.append(100 * (await _all_polls(sensors) - polls) / (many_sensors.COUNT * took))
        for name, pid in pids.items():
            word = name.split(".")[2].rstrip("1")
            used = Figure(f"CPU of axiod-{word} with 64 sensors each second", "%")
            used.ours.append(100 * (_cpu(pid) - before[name]) / took)
            memory = Figure(f"PSS of axiod-{word} with 64 sensors", "MiB", AtMost(40, "MiB"), [taken(pid)["PSS"]])
            figures += [used, memory]
        return figures


async def _all_polls(sensors: Service) -> int:
    objects = await sensors.objects()
    return sum(found[_SENSOR]["Polls"] for found in objects.values() if _SENSOR in found)


def _week(days: int) -> Sequence[Figure]:
    """The history of 64 sensors with 3 channels, one value of each a second, for so many days."""
    chance = random.Random(7)
    keys = [
        (f"s{number}", channel)
        for number in range(many_sensors.COUNT)
        for channel in ("temperature", "humidity", "dew_point")
    ]
    values = dict.fromkeys(keys, 200)
    start = 1_800_000_000_000 // DAY_MS * DAY_MS
    pack_ms = 5 * MINUTE_MS
    # A poll is some milliseconds off, and the last digit of a sensor flickers now and then; dozens of rows will do.
    late = [[second * 1000 + chance.randrange(5) for second in range(300)] for _ in range(50)]
    flicker = [chance.choices((0, 1), (9, 1), k=300) for _ in range(50)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite"
        file = HistoryFile(path, 1 << 40)
        written, settled = _written(), 0.0
        for begin in range(start, start + days * DAY_MS, pack_ms):
            packs = {}
            for key in keys:
                base = values[key] = values[key] + chance.choice((-1, 0, 0, 1))
                packs[key] = Samples(
                    array("q", [begin + offset for offset in chance.choice(late)]),
                    array("d", [(base + digit) / 10 for digit in chance.choice(flicker)]),
                )
            file.put(packs)
            if (begin + pack_ms) % HOUR_MS == 0:
                since = time.process_time()
                file.settle(begin + pack_ms)
                settled = time.process_time() - since
        per_day = (_written() - written) / days
        end = start + days * DAY_MS
        queries: dict[str, Callable[[], object]] = {
            "a day in minutes": lambda: file.minutes(keys[7], end - DAY_MS, end),
            "6 hours of values": lambda: file.samples(keys[7], end - 6 * HOUR_MS, end),
            f"{days} days in hours": lambda: file.hours(keys[7], start, end),
        }
        name = f"history of {days} days, 64 sensors with 3 channels each second"
        figures = [
            Figure(f"{name}: size", "MiB", AtMost(512, "MiB"), [file.size / (1 << 20)]),
            Figure(f"{name}: written to the disk a day", "MiB", None, [per_day / (1 << 20)]),
            Figure(f"{name}: processor for the work of an hour", "ms", None, [settled * 1000]),
        ]
        for what, query in queries.items():
            figure = Figure(f"{name}: {what}", "ms", AtMost(500, "ms"))
            for _ in range(5):
                since = time.monotonic()
                query()
                figure.ours.append((time.monotonic() - since) * 1000)
            figures.append(figure)
        file.close()
    return figures


def _written() -> int:
    """Return the bytes that this process gave to file systems."""
    text = Path("/proc/self/io").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("wchar")))


def _cpu(pid: int) -> float:
    """Return the seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
