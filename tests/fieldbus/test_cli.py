# SPDX-License-Identifier: Apache-2.0
"""axioctl bus and axioctl sim bus on a running device."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Outcome, run

if TYPE_CHECKING:
    from tests.sim.device_process import DeviceProcess

UNUSED = "7"


async def axioctl(device: DeviceProcess, *words: str) -> Outcome:
    return await run(sys.executable, "-m", "axiod.cli", "--bus", device.address, *words)


async def said(device: DeviceProcess, *words: str) -> Any:
    outcome = await axioctl(device, *words, "--json")
    assert outcome.code == 0, outcome
    return json.loads(outcome.out)


async def test_list_and_show(device: DeviceProcess) -> None:
    (port,) = await said(device, "bus", "list")
    assert port.items() >= {"Id": "rs485", "Kind": "serial", "State": "online", "BaudRate": 9600}.items()
    outcome = await axioctl(device, "bus", "show", "RS485")
    assert "Baud rate:" in outcome.out
    outcome = await axioctl(device, "bus", "list")
    assert outcome.out.splitlines()[1].split()[:3] == ["rs485", "RS485", "serial"]


async def test_transact_read_and_write(device: DeviceProcess) -> None:
    found = await said(device, "bus", "transact", "rs485", "65", "03 00c8 0004")
    assert found["Response"] == "03 08 00 41 00 02 00 00 aa 55"
    assert (await said(device, "bus", "write", "rs485", "64", "207", "11,12"))["Response"] == "10 00 cf 00 02"
    assert (await said(device, "bus", "read", "rs485", "64", "holding", "207", "2"))["Values"] == [11, 12]
    await said(device, "bus", "write", "rs485", "64", "207", "13")
    outcome = await axioctl(device, "bus", "read", "rs485", "64", "input", "207", "--priority", "poll")
    assert outcome.out.splitlines()[1].split() == ["207", "13", "0x000d"]
    units = await said(device, "bus", "units", "rs485")
    assert 64 in [row["Unit"] for row in units]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["transact", "rs485", "65", "zz"], 2, "must be hexadecimal"),
        (["transact", "rs485", "300", "03"], 2, "UNIT is 300"),
        (["transact", "nothing", "1", "03"], 3, "there is no bus 'nothing'"),
        (["read", "rs485", "65", "input", "1"], 9, "exception 2"),
        (["read", "rs485", "77", "input", "1", "--timeout-ms", "20"], 7, "did not answer within 20 ms"),
        (["read", "rs485", "65", "input", "1", "126"], 2, "from 1 to 125"),
        (["read", "rs485", "0", "input", "1"], 2, "UNIT is 0; it must be a whole number from 1 to 255"),
        (["write", "rs485", "65", "1", "1,65536"], 2, "from 0 to 65535"),
        (["release", "rs485"], 6, "nobody has port rs485"),
        (["remove", "rs485"], 8, "serial port of the board"),
        (["configure", "rs485", "--baud-rate", "9601"], 2, "must be one of 300"),
    ],
)
async def test_what_cannot_be_is_said_in_a_line(device: DeviceProcess, words: list[str], code: int, text: str) -> None:
    outcome = await axioctl(device, "bus", *words)
    assert (outcome.code, outcome.out) == (code, "")
    assert text in outcome.err


async def test_a_port_is_added_configured_and_removed(device: DeviceProcess) -> None:
    await said(device, "bus", "add", "Boiler", "rtu-over-tcp", "127.0.0.1", "--id", "boiler", "--tcp-port", "1")
    await said(device, "bus", "configure", "boiler", "--timeout-ms", "900")
    assert (await said(device, "bus", "show", "boiler"))["TimeoutMs"] == 900
    outcome = await axioctl(device, "bus", "read", "boiler", "1", "holding", "0")
    assert outcome.code == 5
    assert "127.0.0.1:1 cannot be reached" in outcome.err
    await said(device, "bus", "remove", "boiler")
    await said(device, "bus", "reset-counters", "rs485")


async def test_the_simulated_bus_is_played(device: DeviceProcess) -> None:
    await said(device, "sim", "bus", "add", UNUSED, "xy-md02")
    await said(device, "sim", "bus", "value", UNUSED, "humidity", "81")
    await said(device, "sim", "bus", "unit", UNUSED, "--drifting", "false", "--delay-ms", "1")
    listed = await said(device, "sim", "bus", "list")
    (unit,) = [unit for unit in listed["Units"] if unit["Id"] == UNUSED]
    assert unit["Values"]["humidity"] == pytest.approx(81, abs=1)
    values = (await said(device, "bus", "read", "rs485", UNUSED, "input", "1", "2"))["Values"]
    assert values[1] == pytest.approx(810, abs=10)
    await said(device, "sim", "bus", "configure", "--bit-error-percent", "100")
    outcome = await axioctl(device, "bus", "read", "rs485", UNUSED, "input", "1", "2", "--timeout-ms", "50")
    assert outcome.code in (7, 9)
    await said(device, "sim", "bus", "configure", "--bit-error-percent", "0")
    await said(device, "sim", "bus", "remove", UNUSED)
    assert (await axioctl(device, "sim", "bus", "remove", UNUSED)).code == 3
    assert "axioctl sim bus list" in (await axioctl(device, "sim", "bus", "unit", "9", "--silent", "true")).err
