# SPDX-License-Identifier: Apache-2.0
"""A port at work on a simulated line: late answers, noise, echoes, silence, other baud rates, a pulled adapter."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from typing import TYPE_CHECKING

import pytest

from axiod.errors import Busy, HardwareFailure, Timeout, Unavailable
from axiod.fieldbus.model import Kind, State
from axiod.fieldbus.turns import Priority
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from axiod.sim.serial_line import SerialLine
    from tests.fieldbus.conftest import Port

FAST = 115200
POLLS = int(os.environ.get("AXIOD_POLLS", "400"))
"""An hour of eight units at 1 s is 28800."""
pytestmark = pytest.mark.alone  # answers must come within 20 to 100 ms


def expected(unit: int, first: int, count: int) -> bytes:
    return bytes((3, 2 * count)) + b"".join((256 * unit + first + n).to_bytes(2, "big") for n in range(count))


async def open_port(port: Callable[..., Port], line: SerialLine, **settings: object) -> Port:
    return await port(Kind.SERIAL, line._link, **{"baud_rate": FAST, **settings}).online()  # its device


# --- answers that come late ---


async def test_a_late_answer_is_never_taken_for_that_of_a_later_request(
    port: Callable[..., Port], line: SerialLine
) -> None:
    bus = await open_port(port, line)
    line.units[1].delay_ms = 300
    with pytest.raises(Timeout):
        await bus.ask(1, "03 0000 0001", timeout=0.05)
    line.units[1].delay_ms = 0
    # Another register of the same unit: the answer to the first would look the same. Others go on meanwhile.
    asked = asyncio.ensure_future(bus.ask(1, "03 0007 0001"))
    assert await bus.ask(2, "03 0003 0002") == expected(2, 3, 2)
    assert not asked.done()
    assert await asked == expected(1, 7, 1)
    assert bus.counts.late_answers == 1


async def test_a_late_answer_of_one_does_not_spoil_that_of_another(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line)
    line.units[1].delay_ms = 100
    with pytest.raises(Timeout):
        await bus.ask(1, "03 0000 0001", timeout=0.05)
    line.units[2].delay_ms = 150
    assert await bus.ask(2, "03 0000 0001") == expected(2, 0, 1)
    assert bus.counts.late_answers == 1
    assert bus.counts.foreign_answers == 0


async def test_a_dead_unit_delays_the_others_by_no_more_than_its_time_out(
    port: Callable[..., Port], line: SerialLine
) -> None:
    bus = await open_port(port, line)
    for _ in range(25):
        for unit in (1, 2):
            await bus.ask(unit, "03 0000 0001")
    line.units[1].silent = True
    begun = time.monotonic()
    results = await asyncio.gather(*(bus.ask(unit, "03 0000 0001") for unit in (1, 2, 2, 2)), return_exceptions=True)
    assert isinstance(results[0], Timeout)
    assert results[1:] == [expected(2, 0, 1)] * 3
    assert bus.worker.books.units[1].timeout(0.5, 0.1) <= 0.25
    assert bus.worker.books.load.percent(time.monotonic()) > 0
    assert time.monotonic() > begun


# --- what a bad line does ---


@pytest.mark.parametrize(
    ("fault", "count"),
    [
        ("bit_error_percent", "crc_errors"),
        ("truncated_percent", "framing_errors"),
    ],
)
async def test_a_spoilt_answer_is_refused_and_counted(
    port: Callable[..., Port], line: SerialLine, fault: str, count: str
) -> None:
    bus = await open_port(port, line)
    setattr(line.faults, fault, 100.0)
    for _ in range(5):
        with pytest.raises((HardwareFailure, Timeout)):
            await bus.ask(1, "03 0000 0004", timeout=0.05)
    setattr(line.faults, fault, 0.0)
    assert await bus.ask(1, "03 0000 0004") == expected(1, 0, 4)
    assert getattr(bus.counts, count) > 0


@pytest.mark.parametrize("fault", ["doubled_percent", "foreign_percent", "noise_percent"])
async def test_an_answer_among_other_things_is_found(port: Callable[..., Port], line: SerialLine, fault: str) -> None:
    bus = await open_port(port, line)
    setattr(line.faults, fault, 100.0)
    for first in range(10):
        assert await bus.ask(1, f"03 {first:04x} 0004") == expected(1, first, 4)


async def test_the_wrong_unit_is_told(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line)
    line.units[1].silent = True
    line.units[9] = line.units[2]
    asked = asyncio.ensure_future(bus.ask(1, "03 0000 0001", timeout=0.2))
    await until(lambda: bus.counts.transactions == 1)
    line._write(bytes.fromhex("09 03 02 0001"))  # what no unit of the simulation does by itself
    line._write(bytes.fromhex("d985"))
    with pytest.raises(HardwareFailure, match="unit 1: "):
        await asked


async def test_no_wrong_value_is_ever_taken(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line, timeout_ms=500)
    faults = line.faults
    faults.bit_error_percent = faults.truncated_percent = faults.doubled_percent = 5.0
    faults.delayed_percent = faults.foreign_percent = faults.noise_percent = 5.0
    right = failed = 0

    async def poll(unit: int) -> None:
        nonlocal right, failed
        for number in range(POLLS // 4):
            first = number % 90
            try:
                answer = await bus.ask(unit, f"03 {first:04x} 0004", priority=Priority.POLL)
            except (Timeout, HardwareFailure):
                failed += 1
            else:
                assert answer == expected(unit, first, 4)
                right += 1

    await asyncio.gather(*(poll(unit) for unit in (1, 2, 3, 4)))
    print(f"{right} right, {failed} failed, {bus.counts}")  # for who runs an hour of it
    assert right > failed
    for name in vars(type(faults))["__slots__"]:
        setattr(faults, name, 0.0)
    assert await bus.ask(1, "03 0000 0004") == expected(1, 0, 4)


# --- echo ---


async def test_an_echo_is_recognised_and_no_answer(port: Callable[..., Port], line: SerialLine) -> None:
    line.echo = True
    bus = await open_port(port, line)
    assert await bus.ask(1, "03 0000 0001") == expected(1, 0, 1)
    assert bus.worker.books.echo is True
    assert await bus.ask(1, "06 0001 0005") == bytes.fromhex("06 0001 0005")
    with pytest.raises(Timeout):
        await bus.ask(99, "06 0001 0005", timeout=0.05)
    assert await bus.ask(2, "03 0000 0001") == expected(2, 0, 1)


@pytest.mark.parametrize("echo", [True, False])
async def test_a_first_write_is_not_answered_by_its_echo(
    port: Callable[..., Port], line: SerialLine, echo: bool
) -> None:
    line.echo = echo
    bus = await open_port(port, line, timeout_ms=100)
    with pytest.raises(Timeout):
        await bus.ask(99, "06 0001 0005")
    assert bus.worker.books.echo is echo
    assert await bus.ask(1, "06 0001 0005") == bytes.fromhex("06 0001 0005")


# --- settings of one transaction ---


async def test_units_of_other_baud_rates_share_a_line(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line)
    line.units[1].baud_rate, line.units[2].baud_rate = FAST, 19200
    for _ in range(3):
        assert await bus.ask(1, "03 0000 0001") == expected(1, 0, 1)
        assert await bus.ask(2, "03 0000 0001", baud_rate=19200, stop_bits=2) == expected(2, 0, 1)
    with pytest.raises(Timeout):
        await bus.ask(2, "03 0000 0001", timeout=0.05)


async def test_a_broadcast_reaches_all_and_is_not_answered(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line, turnaround_ms=20)
    assert await bus.ask(0, "06 0005 0009") == b""
    await until(lambda: [unit.written[5] for unit in line.units.values()] == [9] * 4)
    assert await bus.ask(3, "03 0005 0001") == bytes.fromhex("03 02 0009")


# --- the device ---


async def test_a_pulled_adapter_is_noticed_and_found_again(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line)
    for _ in range(100):
        assert await bus.ask(1, "03 0000 0001") == expected(1, 0, 1)
        line.unplug()
        await until(lambda: bus.worker.state is State.OFFLINE)
        with pytest.raises(Unavailable):
            await bus.ask(1, "03 0000 0001")
        line.plug()
        await bus.online()
    assert bus.counts.outages == 100


async def test_who_waits_when_it_is_pulled_is_told(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line)
    line.units[1].silent = True
    asked = [asyncio.ensure_future(bus.ask(1, "03 0000 0001", timeout=5)) for _ in range(3)]
    await until(lambda: bus.counts.transactions == 1)
    line.unplug()
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 3


async def test_a_port_that_another_program_has_is_told_and_tried_again(
    port: Callable[..., Port], line: SerialLine
) -> None:
    other = os.open(line._link, os.O_RDWR | os.O_NOCTTY)  # its device
    fcntl.flock(other, fcntl.LOCK_EX)
    bus = port(Kind.SERIAL, line._link, baud_rate=FAST)
    await until(lambda: bus.worker.state is State.IN_USE)
    assert "in use by another program" in (bus.worker.reason or "")
    with pytest.raises(Unavailable, match="in use by another program"):
        await bus.ask(1, "03 0000 0001")
    os.close(other)
    await bus.online()
    assert await bus.ask(1, "03 0000 0001") == expected(1, 0, 1)


async def test_what_is_no_serial_port_is_told(port: Callable[..., Port], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, text in (("file", "is no serial port"), ("nothing", "is not there")):
        bus = port(Kind.SERIAL, tmp_path / name)
        await until(lambda bus=bus: bus.worker.tried.is_set())  # type: ignore[misc] # mypy cannot infer it
        assert bus.worker.state is State.OFFLINE
        assert text in (bus.worker.reason or "")


async def test_a_device_without_rs485_mode_says_so_if_it_must_have_one(
    port: Callable[..., Port], line: SerialLine
) -> None:
    bus = port(Kind.SERIAL, line._link, direction_control="rts")  # its device
    await until(bus.worker.tried.is_set)
    assert "has no RS-485 mode" in (bus.worker.reason or "")


async def test_one_port_does_not_delay_another(port: Callable[..., Port], line: SerialLine, tmp_path: Path) -> None:
    dead = port(Kind.SERIAL, tmp_path / "nothing")
    bus = await open_port(port, line)
    line.units[1].silent = True
    waiting = asyncio.ensure_future(bus.ask(1, "03 0000 0001", timeout=5))
    with pytest.raises(Unavailable):
        await dead.ask(1, "03 0000 0001")
    assert not waiting.done()
    waiting.cancel()


# --- the queue ---


async def test_the_queue_is_bounded(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line)
    line.units[1].delay_ms = 400
    asked = [asyncio.ensure_future(bus.ask(1, "03 0000 0001")) for _ in range(80)]
    await until(lambda: bus.counts.refused > 0)
    refused = [one for one in asked if one.done()]
    assert {type(one.exception()) for one in refused} == {Busy}
    for one in asked:
        one.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    await until(lambda: len(bus.worker.turns) == 0)


async def test_a_request_overtakes_polls(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line, baud_rate=9600)
    done: list[str] = []

    async def ask(name: str, priority: Priority) -> None:
        await bus.ask(1, "03 0000 0001", priority=priority)
        done.append(name)

    polls = [asyncio.ensure_future(ask(f"poll {n}", Priority.POLL)) for n in range(5)]
    await until(lambda: bus.counts.transactions >= 1)
    await asyncio.gather(ask("request", Priority.REQUEST), *polls)
    assert done[:2] in (["poll 0", "request"], ["request", "poll 0"]) or done[2] == "request"
    assert done[-3:] == ["poll 2", "poll 3", "poll 4"]


# --- the monitor ---


async def test_the_monitor_notes_nothing_unless_somebody_reads(port: Callable[..., Port], line: SerialLine) -> None:
    bus = await open_port(port, line)
    await bus.ask(1, "03 0000 0001")
    assert await bus.monitor.read(0, {}) == []
    await bus.ask(1, "03 0000 0002")
    with pytest.raises(Timeout):
        await bus.ask(99, "03 0000 0001", timeout=0.02)
    frames = await bus.monitor.read(0, {})
    assert [(frame["Direction"], frame.get("Text"), frame.get("Error")) for frame in frames] == [
        ("sent", "read holding registers 0 to 1", None),
        ("received", "256 257", None),
        ("sent", "read holding registers 0", None),
        ("received", None, "timeout"),
    ]
    assert frames[0]["Hex"] == "01 03 00 00 00 02 c4 0b"
    assert frames[1]["LatencyMs"] > 0
    assert await bus.monitor.read(frames[1]["Id"], {"Limit": 1}) == [frames[2]]
    waiting = asyncio.ensure_future(bus.monitor.read(frames[-1]["Id"], {"WaitMs": 5000}))
    await asyncio.sleep(0)
    await bus.ask(2, "03 0000 0001")
    assert (await waiting)[0]["Unit"] == 2
