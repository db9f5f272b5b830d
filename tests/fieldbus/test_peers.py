# SPDX-License-Identifier: Apache-2.0
"""Independent peers: libmodbus and pymodbus as servers, mbpoll as another master on the simulated line."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from axiod.errors import Timeout
from axiod.fieldbus.model import Kind
from tests.conftest import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from axiod.sim.serial_line import SerialLine
    from tests.fieldbus.conftest import Peers, Port


@pytest.mark.parametrize("baud", [9600, 115200])
async def test_libmodbus_answers_over_a_line(
    port: Callable[..., Port], peers: Peers, libmodbus_server: Path, tmp_path: Path, baud: int
) -> None:
    ours, theirs = peers.pty_pair(tmp_path)
    peers.start(libmodbus_server, "rtu", theirs, baud, 17)
    bus = await port(Kind.SERIAL, ours, baud_rate=baud).online()
    assert await bus.ask(17, "03 0000 0003") == bytes.fromhex("03 06 03e8 03e9 03ea")
    assert await bus.ask(17, "04 0063 0001") == bytes.fromhex("04 02 0833")
    assert await bus.ask(17, "06 0001 abcd") == bytes.fromhex("06 0001 abcd")
    assert await bus.ask(17, "10 0002 0002 04 00010002") == bytes.fromhex("10 0002 0002")
    assert await bus.ask(17, "05 0003 ff00") == bytes.fromhex("05 0003 ff00")
    assert await bus.ask(17, "0f 0000 0003 01 05") == bytes.fromhex("0f 0000 0003")
    assert await bus.ask(17, "01 0000 0004") == bytes.fromhex("01 01 0d")
    assert await bus.ask(17, "03 0000 0004") == bytes.fromhex("03 08 03e8 abcd 0001 0002")
    assert await bus.ask(17, "16 0002 00f2 0025") == bytes.fromhex("16 0002 00f2 0025")
    assert await bus.ask(17, "17 0000 0001 0000 0001 02 0007") == bytes.fromhex("17 02 0007")
    assert await bus.ask(17, "03 0064 0001") == bytes.fromhex("83 02")
    assert (await bus.ask(17, "11"))[0] == 0x11
    assert await bus.ask(0, "06 0005 0009") == b"", "a broadcast"
    assert await bus.ask(17, "03 0005 0001") == bytes.fromhex("03 02 0009")
    with pytest.raises(Timeout):
        await bus.ask(18, "03 0000 0001", timeout=0.05)


async def test_pymodbus_answers_over_a_line(port: Callable[..., Port], peers: Peers, tmp_path: Path) -> None:
    ours, theirs = peers.pty_pair(tmp_path)
    peers.pymodbus("rtu", theirs, 19200)
    bus = await port(Kind.SERIAL, ours, baud_rate=19200).online()
    for unit in (1, 2, 3, 1):
        assert await bus.ask(unit, "03 0000 0002") == bytes((3, 4)) + b"".join(
            (100 * unit + n).to_bytes(2, "big") for n in (0, 1)
        )
    assert await bus.ask(2, "06 0001 0007") == bytes.fromhex("06 0001 0007")
    assert await bus.ask(2, "03 0001 0001") == bytes.fromhex("03 02 0007")


@pytest.mark.parametrize("kind", ["tcp", "rtu-over-tcp"])
async def test_pymodbus_answers_over_tcp(port: Callable[..., Port], peers: Peers, free_port: int, kind: str) -> None:
    peers.pymodbus(kind, free_port)
    of = Kind.MODBUS_TCP if kind == "tcp" else Kind.RTU_OVER_TCP
    bus = await port(of, f"127.0.0.1:{free_port}", baud_rate=115200).online()
    assert await bus.ask(3, "03 0004 0002") == bytes.fromhex("03 04 0130 0131")
    assert await bus.ask(3, "10 0001 0001 02 0009") == bytes.fromhex("10 0001 0001")
    assert await bus.ask(3, "03 0001 0001") == bytes.fromhex("03 02 0009")


async def test_libmodbus_answers_over_tcp(
    port: Callable[..., Port], peers: Peers, libmodbus_server: Path, free_port: int
) -> None:
    peers.start(libmodbus_server, "tcp", free_port)
    bus = await port(Kind.MODBUS_TCP, f"127.0.0.1:{free_port}").online()
    assert await bus.ask(255, "03 0000 0003") == bytes.fromhex("03 06 03e8 03e9 03ea")
    assert await bus.ask(1, "06 0001 abcd") == bytes.fromhex("06 0001 abcd")
    assert await bus.ask(1, "03 00c8 0001") == bytes.fromhex("83 02")


async def test_mbpoll_reads_and_writes_the_simulated_line(line: SerialLine) -> None:
    device = str(line._link.resolve())  # where another program finds it
    mbpoll = (shutil.which("mbpoll") or "mbpoll", "-m", "rtu", "-b", "9600", "-P", "none", "-1", "-0", "-o", "1")
    read = await run(*mbpoll, "-a", "2", "-t", "4", "-r", "10", "-c", "3", device)
    assert read.code == 0, read
    assert [text.split()[-1] for text in read.out.splitlines() if text.startswith("[")] == ["522", "523", "524"]
    written = await run(*mbpoll, "-a", "3", "-t", "4", "-r", "5", device, "4711")
    assert written.code == 0, written
    assert line.units[3].written[5] == 4711
    absent = await run(*mbpoll, "-a", "99", "-t", "4", "-r", "5", device)
    assert absent.code != 0
