# SPDX-License-Identifier: Apache-2.0
"""Every kind of terminal end to end: what is on the wire, and what is on the bus, with GPIO lines of the kernel.

Supervised inputs are not here: they need an ADC, and the kernel simulates none.
"""

from __future__ import annotations

import itertools
import sysconfig
import tarfile
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.machine.guest import CommandFailed
from tests.machine.kernel_board import DRIVEN, RELEASED, Board, check_still, line_of, use_board
from tests.machine.lines import LineObserver, make_chip, remove_chip

if TYPE_CHECKING:
    from tests.machine.lines import Way
    from tests.machine.machine import Machine

REPOSITORY = Path(__file__).parents[2]
CLOSED: dict[str, Way] = {"in1": "down", "in2": "up", "in3": "up", "in4": "down", "io1": "down", "io2": "up"}
OPEN: dict[str, Way] = {id_: "up" if way == "down" else "down" for id_, way in CLOSED.items()}
APART_US = 200_000
"""So far apart the kernel takes every edge, also on an emulated machine."""


@pytest.fixture(scope="module")
def board(machine: Machine) -> Board:
    """The services with the test board."""
    return use_board(machine)


@pytest.mark.parametrize("id_", ["in1", "in2", "in3", "in4", "io1", "io2"])
def test_an_input_follows_its_wire_and_counts(board: Board, id_: str) -> None:
    board.chip.pull(id_, OPEN[id_])
    board.wait(id_, State="open", Active=False)
    before = board.get(id_, "Counter")
    board.chip.pull(id_, CLOSED[id_])
    board.wait(id_, State="closed", Active=True, Counter=before + 1)
    board.chip.pull(id_, OPEN[id_])
    board.wait(id_, State="open", Active=False, Counter=before + 1, Quality="good")


def test_an_alarm_follows_its_wire(board: Board) -> None:
    ways: list[tuple[Way, str]] = [("up", "open"), ("down", "closed"), ("up", "open")]
    for way, state in ways:
        board.chip.pull("tamper", way)
        board.wait("tamper", State=state, Active=state == "closed")


def test_each_of_many_edges_is_counted(board: Board) -> None:
    board.configure("in3", DebounceMs=0)
    board.chip.pull("in3", "down")
    board.wait("in3", State="open")
    board.call("in3", "ResetCounter")
    pulses = board.chip.pulse("in3", "up", 40, APART_US)
    board.wait("in3", Counter=20, State="open", LostEdges=0)
    changed = board.get("in3", "LastChangeUsec")
    assert changed >= pulses[-1].realtime[0], "the time of an edge is that of the kernel"
    board.configure("in3", DebounceMs=10)


def test_what_is_shorter_than_the_debounce_time_does_not_count(board: Board) -> None:
    hold_ms = 2000
    board.configure("in2", DebounceMs=hold_ms)
    board.chip.pull("in2", "down")
    board.wait("in2", State="open")
    board.call("in2", "ResetCounter")
    pulses = board.chip.pulse("in2", "up", 20, 20_000)
    longest = max(after.monotonic[1] - before.monotonic[0] for before, after in itertools.pairwise(pulses))
    assert longest < hold_ms * 1000, "the machine stood still"
    closed = board.chip.pulse("in2", "up", 1, 0)[0].realtime
    board.wait("in2", State="closed", Counter=1)
    changed = board.get("in2", "LastChangeUsec")
    assert closed[0] <= changed < closed[1] + hold_ms * 1000 // 2, (
        "it changed when the level began, not when it counted"
    )
    board.configure("in2", DebounceMs=10)
    board.chip.pull("in2", "down")


@pytest.mark.parametrize("id_", ["relay1", "relay2", "out1", "out2", "out3"])
def test_an_output_is_on_its_wire(board: Board, id_: str) -> None:
    for active in (True, False, True, False):
        board.set(id_, active)
        assert board.level(id_) == (DRIVEN[id_] if active else 1 - DRIVEN[id_])
        assert board.get(id_, "Active") is active


@pytest.mark.parametrize(("id_", "other"), [("out2", "down"), ("out3", "up")])
def test_an_open_output_lets_go_and_holds_on(board: Board, id_: str, other: Way) -> None:
    """While it is inactive others may pull, and that is no change of it."""
    line = line_of(id_)
    board.chip.pull(line, other)
    assert board.chip.level(line) == DRIVEN[id_]
    assert board.get(id_, "Active") is False
    board.set(id_, True)
    board.chip.pull(line, RELEASED[id_])
    assert board.level(id_) == DRIVEN[id_]
    board.set(id_, False)
    assert board.level(id_) != DRIVEN[id_]


@pytest.mark.parametrize("id_", ["relay2", "out1"])
def test_a_pulse_moves_the_wire_twice(board: Board, id_: str) -> None:
    board.set(id_, False)
    observer = LineObserver(board.chip)
    observer.start()
    board.call(id_, "Pulse", "ua{sv}", "500", "0")
    board.wait(id_, Active=False, Running="idle")
    seen = observer.stop()
    assert seen.sets[id_] == [DRIVEN[id_], 1 - DRIVEN[id_]]
    assert seen.edges[id_] == 2
    level = {change.level: change.seconds for change in seen.changes if change.line == id_}
    lasted = level[1 - DRIVEN[id_]] - level[DRIVEN[id_]]
    assert lasted > 0.5 - seen.longest_gap_us / 1e6


@pytest.mark.parametrize("pulled", ["up", "down"])
def test_a_terminal_turns_round_without_a_level_in_between(board: Board, pulled: Way) -> None:
    """It becomes an output at the level that is on its wire already, and an input again."""
    normal = "closed" if pulled == "up" else "open"
    board.chip.pull("io2", pulled)
    board.wait("io2", Direction="input", State=normal)
    level = board.level("io2")
    observer = LineObserver(board.chip)
    observer.start()
    board.configure("io2", Direction="output", NormalState=normal)
    assert (board.get("io2", "Active"), board.get("io2", "State")) == (False, normal)
    board.configure("io2", Direction="input")
    board.wait("io2", State=normal)
    seen = observer.stop()
    check_still(seen, {"io2": level})
    assert seen.directions["io2"][:1] == ["out"]
    assert "in" in seen.directions["io2"]
    board.configure("io2", NormalState="open")


@pytest.mark.parametrize("id_", ["io1", "io2"])
def test_a_configurable_terminal_is_an_output(board: Board, id_: str) -> None:
    board.chip.pull(id_, OPEN[id_])
    board.configure(id_, Direction="output")
    for active in (True, False):
        board.set(id_, active)
        assert board.level(id_) == (DRIVEN[id_] if active else 1 - DRIVEN[id_])
    board.configure(id_, Direction="input")
    with pytest.raises(CommandFailed, match="is an input"):
        board.set(id_, True)


# --- what udev and systemd make of the devices


def test_chips_belong_to_a_group_and_have_a_name_that_lasts(machine: Machine, board: Board) -> None:
    # An emulated arm64 board has a chip of its own besides.
    chips = machine.run("ls /dev/gpiochip*").stdout.split()
    assert set(machine.run("stat -c '%G %a' /dev/gpiochip*").stdout.splitlines()) == {"gpio 660"}
    assert sorted(machine.run("readlink -f /dev/gpio/by-path/*").stdout.split()) == sorted(chips)


def test_serial_ports_that_are_there_have_a_name_that_lasts(machine: Machine) -> None:
    linked = machine.run("readlink -f /dev/serial/by-path/*", check=False).stdout.split()
    for port in {Path(path).name for path in linked} - {"*"}:
        assert machine.get(f"/sys/class/tty/{port}/type") != b"0\n", f"/dev/{port} has a name, and is no port at all"
    if machine.arch != "amd64":  # those of a PC are told apart by number only
        assert set(machine.serial_devices) <= set(linked)


PROBE = """
import os, stat
for folder, _, names in os.walk("/dev"):
    for name in names:
        path = os.path.join(folder, name)
        try:
            if os.path.islink(path) or not stat.S_ISCHR(mode := os.stat(path).st_mode) and not stat.S_ISBLK(mode):
                continue
            os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY))
        except OSError as error:
            if error.errno not in (1, 13):
                print("reached", path, error.strerror)
        else:
            print("reached", path)
print("end")
"""
HARMLESS = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx"}
AS_ROOT = "User=root\nGroup=root\nCapabilityBoundingSet=~\nPrivateUsers=no\nSystemCallFilter=\n"


@pytest.mark.parametrize("service", ["axiod-io", "axiod-relays"])
@pytest.mark.parametrize("rights", ["", AS_ROOT], ids=["itself", "root"])
def test_a_service_reaches_no_device_but_the_chips(machine: Machine, board: Board, service: str, rights: str) -> None:
    """A probe with the properties of the unit; with the rights of root, the sandbox alone is what stops it."""
    path = "/var/lib/probe.py"
    machine.put(PROBE.encode(), path, 0o644)
    done, _ = board.like(service, f"/usr/bin/python3 -I {path}", rights)
    words = [line.split() for line in done.splitlines()]
    assert ["end"] in words, done
    reached = {row[1] for row in words if row[:1] == ["reached"]}
    assert "/dev/gpiochip0" in reached
    others = {path for path in reached if not path.startswith(("/dev/gpiochip", "/dev/pts/"))} - HARMLESS
    assert others == set(), done


# --- the contract of lines, which the simulated world is held against as well


def _pytest() -> bytes:
    """Return pytest, as it runs here, for a guest that has none: it is the same Python for any version and machine."""
    here = Path(sysconfig.get_paths()["purelib"])
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "pytest-asyncio", "typing_extensions"):
            for file in distribution(name).files or []:
                path = Path(str(file.locate()))
                if path.is_file() and path.is_relative_to(here) and path.suffix != ".pyc":
                    tar.add(path, f"pytest/{path.relative_to(here)}")
        for folder in ("tests/gpio", "tests/sim"):
            tar.add(REPOSITORY / folder, folder, filter=_no_caches)
        for script in ("tests/__init__.py", "tests/conftest.py"):
            tar.add(REPOSITORY / script, script)
    return packed.getvalue()


def _no_caches(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in info.name else info


def test_the_kernel_keeps_the_contract_of_lines(machine: Machine) -> None:
    label = "axiod-contract"
    chip = make_chip(machine, label, ["a", "b", "c", "d"])
    try:
        machine.put(_pytest(), "/run/contract/all.tar")
        done = machine.run(
            "cd /run/contract; tar xf all.tar; export PYTHONPATH=pytest:. PYTHONDONTWRITEBYTECODE=1; "
            f"export AXIOD_TEST_GPIOCHIP={label}; python3 -m pytest -q -c /dev/null --rootdir=. -o asyncio_mode=auto "
            "-p no:cacheprovider tests/gpio/test_lines.py::TestKernelLines",
            timeout=600,
            check=False,
        )
    finally:
        remove_chip(chip)
    assert done.code == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
