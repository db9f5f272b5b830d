# SPDX-License-Identifier: Apache-2.0
"""No output moves, and no edge is lost, whatever becomes of the services: on lines of the kernel, with two witnesses.

AXIOD_ROUNDS says how often the services are killed and restarted; each tenth time the package is installed again.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.machine.kernel_board import DRIVEN, PATIENCE, ROUNDS, SERVICES, Board, check_still, use_board
from tests.machine.lines import LineObserver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.machine.lines import Way
    from tests.machine.machine import Machine

REINSTALLS = max(1, ROUNDS // 10)
TURNING = ("io1", "io2")
"""Terminals that can be either."""
PULSES = 3
APART_US = 300_000
"""So far apart the kernel takes every edge, also beside the program that watches the wires."""
SECONDS_EACH = 60
"""What a round may take on an emulated machine that is not alone."""

pytestmark = [pytest.mark.machine("vm"), pytest.mark.timeout(600 + SECONDS_EACH * ROUNDS, func_only=True)]


@pytest.fixture(scope="module")
def whole_board(machine: Machine) -> Board:
    """The services with the test board, whose configurable terminals are outputs."""
    board = use_board(machine)
    for id_ in ("in3", "in4"):
        board.configure(id_, DebounceMs=0)
    board.chip.pull("in3", "down")
    board.chip.pull("in4", "up")
    return board


@pytest.fixture
def board(whole_board: Board) -> Iterator[Board]:
    """The board with every output active; that none of them moves is seen to by the test."""
    for id_ in ("io1", "io2"):
        whole_board.configure(id_, Direction="output", NormalState="open")
    for id_ in DRIVEN:
        whole_board.set(id_, True)
    assert {id_: whole_board.level(id_) for id_ in DRIVEN} == DRIVEN
    for id_ in ("in3", "in4"):
        whole_board.call(id_, "ResetCounter")
    yield whole_board
    whole_board.ready()


def pulses(board: Board) -> str:
    """Return the shell lines that give both counting inputs their pulses."""
    each: list[tuple[str, Way]] = [("in3", "up"), ("in4", "down")]
    begun = [f"lines-pulse {board.chip.path(id_, 'pull')} {way} {2 * PULSES} {APART_US} &" for id_, way in each]
    return " ".join([*begun, "wait"])


def go_through(board: Board, times: int, deed: Callable[[dict[str, int]], str]) -> None:
    """Do something to the services again and again, with edges meanwhile; nothing may move, and every edge counts."""
    observer = LineObserver(board.chip)
    observer.start()
    for _ in range(times):
        pids = {service: board.pid(service) for service in SERVICES}
        assert all(pids.values())
        board.machine.run(f"({deed(pids)}) >/dev/null & {pulses(board)} >/dev/null", timeout=PATIENCE)
        for service in SERVICES:
            board.restarted(service, pids[service])
    board.ready()
    # The last edges may have died with the process that read them: the next ones tell of those.
    board.machine.run(f"{pulses(board)} >/dev/null", timeout=PATIENCE)
    for id_ in ("in3", "in4"):
        board.wait(id_, 30, Counter=PULSES * (times + 1), State="open")
    check_still(observer.stop(), DRIVEN)
    found = board.everything()
    assert [id_ for id_ in DRIVEN if not found[id_]["Active"]] == []
    assert {id_: board.level(id_) for id_ in DRIVEN} == DRIVEN


def test_a_service_is_killed(board: Board) -> None:
    def kill(pids: dict[str, int]) -> str:
        return f"kill -9 {' '.join(map(str, pids.values()))}; systemctl reset-failed {' '.join(SERVICES)}"

    go_through(board, ROUNDS, kill)


def test_a_service_is_restarted(board: Board) -> None:
    # A start by hand counts as one; a hundred of them in a row are no fault here.
    services = " ".join(SERVICES)
    go_through(board, ROUNDS, lambda _: f"systemctl reset-failed {services}; systemctl restart {services}")


def test_the_services_are_stopped_and_started(board: Board) -> None:
    services = " ".join(SERVICES)
    go_through(board, 1, lambda _: f"systemctl stop {services}; systemctl start {services}")


def test_the_package_is_installed_again(board: Board, debs: Sequence[Path]) -> None:
    names = [f"/var/tmp/debs/{deb.name}" for deb in debs if deb.name.startswith("axiod_")]
    for deb in debs:
        board.machine.put(deb, f"/var/tmp/debs/{deb.name}")
    with board.nothing_moves(*DRIVEN):
        for _ in range(REINSTALLS):
            pids = {service: board.pid(service) for service in SERVICES}
            board.machine.apt("install", "--reinstall", *names)
            for service in SERVICES:
                board.restarted(service, pids[service])
        board.ready()


def test_systemd_begins_anew(board: Board) -> None:
    with board.nothing_moves(*DRIVEN):
        board.machine.run("systemctl daemon-reexec", timeout=PATIENCE)
        pids = {service: board.kill(service) for service in SERVICES}
        for service in SERVICES:
            board.restarted(service, pids[service])
        board.ready()


def test_an_output_that_was_turned_round_is_inactive_after_a_crash(board: Board) -> None:
    """It was active before it became an input; when it becomes an output again, it is not."""
    for id_ in TURNING:
        board.configure(id_, Direction="input")
        board.chip.pull(id_, "up" if id_ == "io1" else "down")
        board.configure(id_, Direction="output")
        assert board.level(id_) != DRIVEN[id_]
    with board.nothing_moves(*TURNING):
        for _ in range(2):
            pid = board.kill("axiod-io")
            board.restarted("axiod-io", pid)
            board.ready(["axiod-io"])
            assert [board.get(id_, "Active") for id_ in TURNING] == [False, False]


def test_a_service_is_killed_while_terminals_turn_round(board: Board) -> None:
    """The wires are high as inputs, and as inactive outputs: so they must never be low."""
    for id_ in TURNING:
        board.set(id_, False)
        board.configure(id_, NormalState="open" if id_ == "io1" else "closed")
        board.configure(id_, Direction="input")
        board.chip.pull(id_, "up")
    directions = dict.fromkeys(TURNING, "input")
    with board.nothing_moves(*TURNING):
        for _ in range(ROUNDS):
            wanted = {id_: "output" if now == "input" else "input" for id_, now in directions.items()}
            pid = board.pid("axiod-io")
            # It takes some 0.2 s until busctl has asked, and as long until that is done.
            moment = f"0.{random.randrange(10, 60):02d}"
            turn = " ".join(
                f"{{ {board.configuration(id_, Direction=way)}; echo {id_} $?; }} &" for id_, way in wanted.items()
            )
            told = board.machine.run(
                f"{{ sleep {moment}; kill -9 {pid}; systemctl reset-failed axiod-io; }} & {turn} wait"
            ).stdout
            board.restarted("axiod-io", pid)
            board.ready(["axiod-io"])
            for id_ in TURNING:
                directions[id_] = board.get(id_, "Direction")
                if f"{id_} 0\n" in told:
                    assert directions[id_] == wanted[id_], "what was acknowledged is in force"
                line = board.machine.run(f"gpioinfo {id_}").stdout
                assert f" {directions[id_]} " in line.replace("\t", " "), line
                if directions[id_] == "output":
                    assert board.get(id_, "Active") is False
    for id_ in TURNING:
        board.configure(id_, NormalState="open")
