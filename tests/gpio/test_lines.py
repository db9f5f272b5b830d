# SPDX-License-Identifier: Apache-2.0
"""The contract of lines, on the simulated world and, where there are any, on lines of the kernel (gpio-sim)."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.board.profile import Chip, LineRef
from axiod.errors import HardwareFailure
from axiod.gpio.kernel import CONSUMER, KernelLines
from axiod.gpio.protocol import SOCKET_VARIABLE
from axiod.gpio.simulated import SimulatedAdc, SimulatedLines
from tests.conftest import until
from tests.gpio.contract import LineContract
from tests.sim.board import BOARD, World

if TYPE_CHECKING:
    from collections.abc import Iterator

LABEL = os.environ.get("AXIOD_TEST_GPIOCHIP")


class SimulatedBench:
    """A simulated board in a thread of its own: its lines are asked for and wait for the answer."""

    owner = "somebody else"
    lines = SimulatedLines()

    def __init__(self, world: World) -> None:
        self.world = world
        self.input = world.line("input1")
        self.output = world.line("relay1")
        self.both = world.line("io1")

    async def close(self, ref: LineRef, closed: bool) -> None:
        self.world.do(lambda: self.world.put(ref, "closed" if closed else "open"))

    async def driven(self, ref: LineRef) -> bool:
        return self.world.do(lambda: self.world.drive(ref).active)

    async def held(self, ref: LineRef) -> bool:
        return self.world.do(lambda: self.world.drive(ref).held)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A simulated board that runs in a thread."""
    folder = Path(tempfile.mkdtemp(prefix="axiod-sim-"))
    monkeypatch.setenv(SOCKET_VARIABLE, str(folder / "lines"))
    world = World(folder / "lines")
    yield world
    world.close()
    shutil.rmtree(folder)


class TestSimulatedLines(LineContract):
    """Lines of the simulated world, over the real socket."""

    @pytest.fixture
    def bench(self, world: World) -> SimulatedBench:
        return SimulatedBench(world)


async def test_a_broken_line_fails_and_works_again(world: World) -> None:
    line = SimulatedLines().request(world.line("input1"))
    wire = world.wire(world.line("input1"))
    line.to_input(0)
    world.do(lambda: setattr(wire, "broken", True))
    for access in (line.get, lambda: line.to_input(0)):
        with pytest.raises(OSError, match="Input/output error"):
            access()
    world.do(lambda: setattr(wire, "broken", False))
    assert line.get() is False
    line.close()


async def test_a_world_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SOCKET_VARIABLE, str(tmp_path / "nothing"))
    ref = LineRef(Chip("bench", label="x"), name="y")
    text = rf"y of chip bench: the simulated world is not there \({tmp_path}/nothing\): No such file or directory"
    with pytest.raises(HardwareFailure, match=text):
        SimulatedLines().request(ref)
    with pytest.raises(HardwareFailure, match="the simulated board: the simulated world is not there"):
        SimulatedLines().boot_id()


async def test_a_world_that_ended_is_noticed(world: World) -> None:
    line = SimulatedLines().request(world.line("input1"))
    line.to_input(0)
    world.close()
    for access in (line.edges, line.get):
        with pytest.raises(OSError, match=r"the simulated world has ended|Broken pipe|reset"):
            access()
    line.close()


async def test_a_world_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        monkeypatch.setenv(SOCKET_VARIABLE, str(tmp_path / "s"))
        with pytest.raises(HardwareFailure, match="y of chip bench cannot be had: the simulated world does not answer"):
            SimulatedLines().request(LineRef(Chip("bench", label="x"), name="y"))


async def test_an_answer_to_whoever_had_the_line_before_is_skipped(world: World) -> None:
    """The former process died while it asked."""
    first = SimulatedLines().request(world.line("relay1"))
    first.to_output(True)
    first._channel._sock.send(b"\x03\x00\x00\x00\x07\x00\x00\x00")  # GET, serial 7
    copy = os.dup(first.fileno())
    first.close()
    line = SimulatedLines().adopt(world.line("relay1"), copy)
    line.set(False)
    assert line.get() is False
    line.close()


async def test_the_serial_wraps(world: World) -> None:
    line = SimulatedLines().request(world.line("relay1"))
    line._channel._serial = (1 << 32) - 2
    for active in (True, False, True):
        line.to_output(active)
        assert line.get() is active
    line.close()


async def test_an_unread_line_drops_its_oldest_edges(world: World) -> None:
    ref = world.line("input1")
    line = SimulatedLines().request(ref)
    line.to_input(0)

    def wave() -> None:
        for begin in range(0, 100_000, 10):
            world.lines.edges(world.terminal(ref), [(n % 2 == 0, n) for n in range(begin, begin + 10)])

    world.do(wave)
    found: list[int] = []

    def read_to_the_end() -> bool:
        found.extend(edge.sequence for edge in line.edges())
        return found[-1:] == [100_000]

    await until(read_to_the_end)
    assert found[0] == 1
    gaps = [(one, two) for one, two in itertools.pairwise(found) if two != one + 1]
    assert len(gaps) == 1
    assert len(found) < 100_000
    line.close()


async def test_the_adc_reads_the_loop_and_comes_back(world: World) -> None:
    port = next(port for port in BOARD.ports if port.id == "input1")
    assert port.adc
    adc = SimulatedAdc()
    assert await adc.read(port.adc) == port.adc.front_end.cut_level
    world.do(lambda: world.put(port.line, "short"))
    assert await adc.read(port.adc) == port.adc.front_end.short_level
    wire = world.wire(port.line)
    world.do(lambda: setattr(wire, "broken", True))
    with pytest.raises(OSError, match="Input/output error"):
        await adc.read(port.adc)
    world.do(lambda: setattr(wire, "broken", False))
    assert await adc.read(port.adc) == port.adc.front_end.short_level
    world.close()
    with pytest.raises(OSError, match=r"ended|pipe|reset|refused|No such file"):
        await adc.read(port.adc)
    adc.close()


# --- the kernel ---


class KernelBench:
    """Lines 0 to 3 of a chip of gpio-sim, which stands for a wire and a meter through sysfs."""

    owner = CONSUMER
    lines = KernelLines()

    def __init__(self, label: str) -> None:
        chip = Chip("bench", label=label)
        self.input = LineRef(chip, offset=0)
        self.output = LineRef(chip, offset=1)
        self.both = LineRef(chip, offset=2)
        found = [path for path in Path("/dev").glob("gpiochip*") if _label(path) == label]
        assert len(found) == 1, f"there is no GPIO chip {label}"
        self._folder = next(Path("/sys/devices/platform").glob(f"gpio-sim.*/{found[0].name}"))
        for offset in range(4):
            self._attribute(offset, "pull").write_text("pull-down")

    def _attribute(self, offset: int | None, name: str) -> Path:
        return self._folder / f"sim_gpio{offset}" / name

    async def close(self, ref: LineRef, closed: bool) -> None:
        self._attribute(ref.offset, "pull").write_text("pull-up" if closed else "pull-down")

    async def driven(self, ref: LineRef) -> bool:
        return self._attribute(ref.offset, "value").read_text().strip() == "1"

    async def held(self, ref: LineRef) -> bool:
        try:
            self.lines.request(ref).close()
        except HardwareFailure:
            return True
        return False


def _label(path: Path) -> str:
    import gpiod

    with gpiod.Chip(str(path)) as chip:
        return chip.get_info().label


@pytest.mark.skipif(not LABEL, reason="needs real GPIO lines (gpio-sim); run in the machine tests")
class TestKernelLines(LineContract):
    """Lines of the kernel."""

    @pytest.fixture
    def bench(self) -> KernelBench:
        assert LABEL
        return KernelBench(LABEL)


async def test_a_machine_without_the_chip_says_which_there_are(tmp_path: Path) -> None:
    ref = LineRef(Chip("bench", label="x"), name="y")
    with pytest.raises(HardwareFailure, match="chip bench: no GPIO chip has the label 'x'; there is none"):
        KernelLines(tmp_path).request(ref)
    with pytest.raises(HardwareFailure, match="chip bench: there is no /dev/no-such-chip"):
        KernelLines().request(LineRef(Chip("bench", path="/dev/no-such-chip"), name="y"))


async def test_a_descriptor_that_is_no_line_is_refused_by_the_kernel() -> None:
    read, write = os.pipe()
    os.close(write)
    line = KernelLines().adopt(LineRef(Chip("bench", label="x"), name="y"), read)
    with pytest.raises(OSError, match="Inappropriate ioctl for device"):
        line.get()
    line.close()
