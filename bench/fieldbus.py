# SPDX-License-Identifier: Apache-2.0
"""How much of a two-wire line is used for frames, when 8 and 64 units are read one after the other.

100 % is the time that the same frames take on the line: 8 characters there, 13 back (four registers), and the silence
that Modbus demands after each. The line is the simulated one, a pty at the speed of a real one, whose units answer at
once. Ours goes over D-Bus, two transactions under way; the reference is a loop with the asyncio client of pymodbus on
the same pty, which keeps no silence of its own. mbpoll, a C program on libmodbus, reads the same 8 units in one call.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from bench.figure import AtLeast, AtMost, BenchError, Figure, Pair, interleave
from bench.machine import Machine
from bench.memory import taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figure import Effort

FIELDBUS, SIM = "org.axiod.fieldbus1", "org.axiod.sim1"
_PORT, _PORT_INTERFACE = "/org/axiod/fieldbus1/port/rs485", f"{FIELDBUS}.Port"
_BUS, _BUS_INTERFACE = "/org/axiod/sim1/bus/rs485", f"{SIM}.Bus"
_BAUDS = {9600: 95.0, 19200: 95.0, 115200: 90.0}
_UNITS = (8, 64)
_SENT, _RECEIVED = 8, 13
_READ = bytes.fromhex("04 0000 0004")
_MOST_UNITS = 64
_MBPOLL_UNITS = 8


def theory(baud: int, units: int) -> float:
    """Return the seconds that the frames of a sweep take on the line, with the silences."""
    character = 10 / baud
    silence = 0.00175 if baud > 19200 else 3.5 * character
    return units * ((_SENT + _RECEIVED) * character + 2 * silence)


async def measure(effort: Effort) -> Sequence[Figure]:
    """The use of the line, what a transaction costs, and the memory of the service."""
    figures: list[Figure] = []
    async with Machine() as machine:
        await machine.start("sim")
        await machine.start("fieldbus")
        line = _Line(machine)
        await line.fill()
        for baud, least in _BAUDS.items():
            for units in _UNITS:
                if effort.quick and units * 9600 > 8 * baud:
                    continue
                name = f"line used, {units} units at {baud}"
                found = [Figure(name, "%", AtLeast(least, "%"))]
                cpu = Figure(f"CPU of a transaction, {units} units at {baud}", "us")
                rounds = min(effort.rounds, 3)
                ours = partial(line.ours, baud, units, name, cpu)
                await interleave(found, rounds, Pair(ours, partial(line.pymodbus, baud, units, name)))
                figures += [*found, cpu]
            figures.append(await line.mbpoll(baud))
        figures.append(Figure("PSS of axiod-fieldbus", "MiB", AtMost(25, "MiB"), [taken(line.pid)["PSS"]]))
    return figures


class _Line:
    """The line, seen from both sides."""

    def __init__(self, machine: Machine) -> None:
        self._fieldbus = Service(machine.connection, FIELDBUS)
        self._sim = Service(machine.connection, SIM)
        self.pid = machine.pid(FIELDBUS)

    async def fill(self) -> None:
        """Have 64 units that answer at once."""
        for path, interfaces in (await self._sim.objects()).items():
            if f"{SIM}.Unit" in interfaces:
                await self._sim.call(path, f"{SIM}.Unit", "Remove")
        for unit in range(1, _MOST_UNITS + 1):
            await self._sim.call(_BUS, _BUS_INTERFACE, "AddUnit", unit, "registers")
            changes = {"DelayMs": 0, "Drifting": False}
            await self._sim.call(f"{_BUS}/unit/{unit}", f"{SIM}.Unit", "Configure", changes)

    async def ours(self, baud: int, units: int, name: str, cpu: Figure) -> dict[str, float]:
        await self._use(enabled=True, baud=baud)
        await self._ask(1)
        row = iter(range(1, units + 1))

        async def client() -> None:
            for unit in row:
                await self._ask(unit)

        used, begin = _cpu(self.pid), time.monotonic()
        await asyncio.gather(client(), client())
        seconds = time.monotonic() - begin
        cpu.ours.append((_cpu(self.pid) - used) / units * 1e6)
        return {name: theory(baud, units) / seconds * 100}

    async def pymodbus(self, baud: int, units: int, name: str) -> dict[str, float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pymodbus.client import AsyncModbusSerialClient

        await self._use(enabled=False, baud=baud)
        client = AsyncModbusSerialClient(await self._path(), baudrate=baud, timeout=1, retries=0)
        try:
            await client.connect()
            await client.read_input_registers(0, count=4, device_id=1)
            begin = time.monotonic()
            for unit in range(1, units + 1):
                answer = await client.read_input_registers(0, count=4, device_id=unit)
                if answer.isError():
                    raise BenchError(f"pymodbus: unit {unit} did not answer")
            seconds = time.monotonic() - begin
        finally:
            client.close()
        return {name: theory(baud, units) / seconds * 100}

    async def mbpoll(self, baud: int) -> Figure:
        """The same of mbpoll, its start included."""
        figure = Figure(f"line used by mbpoll, 8 units at {baud}, with its start", "%")
        program = shutil.which("mbpoll")
        if program is None:
            raise BenchError("there is no mbpoll; install the package mbpoll")
        await self._use(enabled=False, baud=baud)
        command = [program, "-m", "rtu", "-b", str(baud), "-P", "none", "-a", f"1:{_MBPOLL_UNITS}", "-t", "3", "-0"]
        begin = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *command, "-r", "0", "-c", "4", "-1", "-q", await self._path(), stdout=asyncio.subprocess.PIPE
        )
        await process.communicate()
        if process.returncode:
            raise BenchError(f"mbpoll ended with {process.returncode}")
        figure.ours.append(theory(baud, _MBPOLL_UNITS) / (time.monotonic() - begin) * 100)
        return figure

    async def _ask(self, unit: int) -> None:
        await self._fieldbus.call(_PORT, _PORT_INTERFACE, "Transact", unit, _READ, {"Priority": "poll"})

    async def _use(self, *, enabled: bool, baud: int) -> None:
        await self._fieldbus.call(_PORT, _PORT_INTERFACE, "Configure", {"Enabled": enabled, "BaudRate": baud})
        wanted = "online" if enabled else "disabled"
        while (await self._properties())["State"] != wanted:  # noqa: ASYNC110 # it is another process
            await asyncio.sleep(0.01)

    async def _path(self) -> str:
        return str((await self._properties())["Device"])

    async def _properties(self) -> dict[str, Any]:
        return await self._fieldbus.properties(_PORT, _PORT_INTERFACE)


def _cpu(pid: int) -> float:
    """Return the seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
