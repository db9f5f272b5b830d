# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged is there after the power was cut, and the services are as if nothing had been.

An acknowledgement counts once it is known outside the machine. AXIOD_ROUNDS=100 cuts the power 20 times.
"""

from __future__ import annotations

import random
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Self

import pytest

from tests.machine.guest import poll
from tests.machine.kernel_board import DRIVEN, PATIENCE, ROUNDS, Board, use_board

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.machine.machine import Machine
    from tests.machine.saved import Saved

CUTS = 1 if ROUNDS < 10 else ROUNDS // 5
LATEST_SECONDS = 1.0
"""A power cut may lose the counts of so long, says the contract."""
WRITING_SECONDS = 4.0
"""And so long it may take an emulated machine to write them; a kernel that is not asked to takes 30 s and more."""

pytestmark = [pytest.mark.machine("vm"), pytest.mark.timeout(900 + 180 * CUTS, func_only=True)]


class Writer:
    """Runs a shell script in a machine and takes down what it prints, until the machine is no more."""

    def __init__(self, machine: Machine, script: str) -> None:
        self.lines: list[list[str]] = []
        self._process = subprocess.Popen(
            [*machine.ssh_command, script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout
        # The last line may be cut off; then it was not acknowledged.
        self.lines.extend(line.split() for line in self._process.stdout if line.endswith("\n"))

    def wait(self, number: int) -> None:
        """Wait until it printed so many lines."""
        poll(lambda: len(self.lines) >= number, PATIENCE, f"{number} lines of what is written, {self.lines}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join()
        assert self._process.stdout
        self._process.stdout.close()


@pytest.fixture
def board(machine: Machine) -> Board:
    """The services with the test board; each test has what it needs configured."""
    return use_board(machine)


def cut(board: Board, machine: Machine) -> None:
    """Cut the power at some moment; what comes up again has nothing to complain of."""
    moment = time.monotonic() + random.uniform(0, 1)
    poll(lambda: time.monotonic() >= moment, 10, "the moment of the power cut", 0.01)
    machine.power_cut()
    board.ready()
    assert machine.run("find /var/lib/axiod /etc/axiod -name '*.damaged-*'").stdout == ""
    assert machine.run("systemctl --failed --no-legend").stdout == ""
    complaints = machine.run("journalctl -b -q -p warning -o cat -u axiod-io -u axiod-relays").stdout.splitlines()
    # An emulated machine beside other load may stop all of its processes for a while.
    assert [line for line in complaints if not line.startswith("the service stood still")] == []


def test_what_was_acknowledged_is_there_after_a_power_cut(machine: Machine, board: Board) -> None:
    board.configure("relay1", BootPolicy="last")
    board.configure("out1", BootPolicy="last")
    board.configure("io2", Direction="output", BootPolicy="active")
    # $n and $on are for the shell, which changes them each time.
    steps = {
        ("relay1", "Name", "$n"): board.configuration("relay1", Name="$n"),
        ("out1", "Active", "$on"): board.command("out1", "Set", "ba{sv}", "$on", "0"),
        ("out2", "Usage", "$n"): board.configuration("out2", Usage="$n"),
        ("relay1", "Active", "$on"): board.command("relay1", "Set", "ba{sv}", "$on", "0"),
        ("in2", "Name", "$n"): board.configuration("in2", Name="$n"),
    }
    turn = "n=$((n + 1)); case $on in true) on=false;; *) on=true;; esac"
    number = 0
    for _ in range(CUTS):
        # Several at once, so that the power is cut while something is written.
        loops = [
            f"(n={number} on=true; while :; do {turn}; echo begin {' '.join(what)}; "
            f"{command.replace(chr(39), '')} && echo {' '.join(what)}; done) &"
            for what, command in steps.items()
        ]
        with Writer(machine, " ".join([*loops, "wait"])) as writer:
            writer.wait(2 * len(steps) * 3)
            cut(board, machine)
        number += 1000
        found = board.everything()
        for id_, name, _ in steps:
            told = [line[-1] for line in writer.lines if line[:2] == [id_, name]]
            begun = [line[-1] for line in writer.lines if line[:3] == ["begin", id_, name]]
            # The last one that was acknowledged, or one after it that was under way.
            allowed = {told[-1] if told else begun[0], begun[-1]}
            value = found[id_][name]
            assert (str(value).lower() if isinstance(value, bool) else value) in allowed, f"{id_} {name}"
        assert {id_: found[id_]["Active"] for id_ in ("relay2", "out2", "out3", "io2")} == {
            "relay2": False,
            "out2": False,
            "out3": False,
            "io2": True,
        }
        for id_ in DRIVEN:
            if id_ != "io1":
                assert board.level(id_) == (DRIVEN[id_] if found[id_]["Active"] else 1 - DRIVEN[id_]), id_


def test_a_power_cut_loses_the_counts_of_one_second_at_most(machine: Machine, board: Board) -> None:
    board.configure("in3", DebounceMs=0)
    pull = board.chip.path("in3", "pull")
    for _ in range(CUTS):
        board.chip.pull("in3", "down")
        board.wait("in3", State="open")
        board.call("in3", "ResetCounter")
        # What the service tells of its counter, after each pulse.
        service, path, interface = board.object("in3").split()
        told = f"$(busctl get-property {service} {path} {interface} Counter)"
        script = (
            f"while :; do echo pull-up >{pull}; sleep 0.1; echo pull-down >{pull}; sleep 0.1; "
            f"read now _ </proc/uptime; echo {told} $now; done"
        )
        with Writer(machine, script) as writer:
            writer.wait(50)
            cut(board, machine)
        counts = [(int(number), float(uptime)) for _, number, uptime in writer.lines]
        last, end = counts[-1]
        counter = board.get("in3", "Counter")  # the chip lost what pulled at its lines, so nothing came since
        lost = end - max((uptime for number, uptime in counts if number <= counter), default=0)
        print(f"a power cut: {counter} of {last} pulses are counted; the last {lost:.1f} s are lost")
        assert lost <= LATEST_SECONDS + WRITING_SECONDS


@pytest.fixture
def machine(saved_machine: Saved) -> Iterator[Machine]:
    """A machine of the test alone, because power cuts change it."""
    from tests.machine.conftest import CHIP_LABEL, CHIP_LINES
    from tests.machine.lines import make_chip

    with saved_machine.resume() as running:
        make_chip(running, CHIP_LABEL, CHIP_LINES)
        yield running
