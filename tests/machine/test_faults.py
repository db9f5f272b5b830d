# SPDX-License-Identifier: Apache-2.0
"""Hardware that is not as the profile says: told in one line that names the cause, and over when the cause is."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.machine.conftest import CHIP_LABEL, CHIP_LINES
from tests.machine.guest import poll
from tests.machine.kernel_board import PATIENCE, PROFILE, RELEASED, SERVICES, Board, line_of, use_board
from tests.machine.lines import find_chip, make_chip, remove_chip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.machine.guest import Guest
    from tests.machine.machine import Machine

SERVICE = {"axiod-io": "in3", "axiod-relays": "relay1"}
"""An object of each service that is looked at."""


@pytest.fixture
def board(machine: Machine) -> Iterator[Board]:
    """The services with the test board; what a test did to the chip is put right after it."""
    yield use_board(machine)
    machine.run("systemctl stop 'holder-*' 'axiod-*.service'; systemctl clean --what=fdstore axiod-io axiod-relays")


def cursor(machine: Guest) -> str:
    """Return where the journal ends now."""
    said = machine.run("journalctl -b -n0 --show-cursor -q").stdout
    return said.split("cursor: ")[1].strip()


def said_since(machine: Guest, place: str, service: str, words: str) -> list[str]:
    """Return the lines of a service's own journal with these words since a place in it, when there is one."""
    its_own = f"journalctl -b -q -o cat --after-cursor='{place}' _SYSTEMD_UNIT={service}.service"
    return machine.wait_for(f"{its_own} | grep -F -- {shlex.quote(words)}", PATIENCE).stdout.splitlines()


def status(machine: Guest, service: str, words: str) -> None:
    """Wait until the line that systemctl status shows has these words."""
    machine.wait_for(f"systemctl status {service} | grep -F Status: | grep -qF -- {shlex.quote(words)}", PATIENCE)


def let_go(board: Board) -> None:
    """Stop the services, and have systemd give up their lines."""
    board.machine.run(f"systemctl stop {' '.join(SERVICES)}; systemctl clean --what=fdstore {' '.join(SERVICES)}")


def start(board: Board) -> str:
    """Start the services; return where the journal was."""
    place = cursor(board.machine)
    board.machine.run(f"systemctl reset-failed 'axiod-*'; systemctl start {' '.join(SERVICES)}", timeout=PATIENCE)
    return place


def starts(board: Board) -> dict[str, int]:
    """Return the process of each service: that it is still the same says that nothing was restarted."""
    return {service: board.pid(service) for service in SERVICES}


def test_lines_that_others_hold(board: Board) -> None:
    machine = board.machine
    let_go(board)
    chip = machine.run(f"gpiodetect | sed -n 's/ .{CHIP_LABEL}. .*//p'").stdout.strip()
    machine.run(
        f"systemd-run -q --unit=holder-out gpioset -c {chip} -C a-program relay1=1; "
        f"systemd-run -q --unit=holder-in gpiomon -c {chip} -C another-program in3"
    )
    for line in ("relay1", "in3"):
        machine.wait_for(f"gpioinfo {line} | grep -q consumer=")
    place = start(board)
    held = {"relay1": ("axiod-relays", "a-program"), "in3": ("axiod-io", "another-program")}
    for id_, (service, consumer) in held.items():
        words = f"{id_} of chip sim is used by {consumer}; stop it first"
        board.wait(id_, Problem=words, Quality="never")
        assert len(said_since(machine, place, service, words)) == 1, "it is said once"
        status(machine, service, words)
        with pytest.raises(Exception, match="busctl"):
            board.get(id_, "Active")
    with pytest.raises(Exception, match="is used by a-program"):
        board.set("relay1", True)
    # The others work.
    board.set("relay2", True)
    assert board.level("relay2") == 0
    board.chip.pull("in2", "up")
    board.wait("in2", State="closed")
    board.chip.pull("in2", "down")
    before = starts(board)
    machine.run("systemctl stop holder-out holder-in")
    board.ready()
    board.set("relay1", True)
    assert board.level("relay1") == 1
    assert starts(board) == before
    status(machine, "axiod-relays", "2 relays of board")


def test_a_chip_that_comes_late(board: Board) -> None:
    machine = board.machine
    let_go(board)
    remove_chip(board.chip)
    try:
        place = start(board)
        for service, id_ in SERVICE.items():
            words = f"chip sim: no GPIO chip has the label '{CHIP_LABEL}'; there is none"
            board.wait(id_, Problem=words, Quality="never")
            assert len(said_since(machine, place, service, words)) == 1, "however many terminals have it"
            status(machine, service, f"no GPIO chip has the label '{CHIP_LABEL}'")
        before = starts(board)
    finally:
        board.chip = make_chip(machine, CHIP_LABEL, CHIP_LINES)
    board.ready()
    assert starts(board) == before
    board.set("relay1", True)
    assert board.level("relay1") == 1


def test_a_chip_that_goes_away_and_comes_back(board: Board) -> None:
    machine = board.machine
    for id_ in ("relay1", "out1"):
        board.set(id_, True)
    before = starts(board)
    place = cursor(machine)
    remove_chip(board.chip)
    try:
        for service, id_ in SERVICE.items():
            board.wait(id_, Quality="fault")
            words = f"{id_} "
            assert len(said_since(machine, place, service, words)) >= 1
        for id_ in ("relay1", "out1"):
            with pytest.raises(Exception, match=id_):
                board.set(id_, False)
    finally:
        board.chip = make_chip(machine, CHIP_LABEL, CHIP_LINES)
    board.ready()
    assert starts(board) == before
    for id_, level in (("relay1", 0), ("out1", 0), ("relay2", 1)):
        assert board.level(id_) == level, "nobody drove it, so it is where its boot policy says"
    board.set("relay1", True)
    assert board.level("relay1") == 1
    board.chip.pull("in3", "up")
    board.wait("in3", State="closed")
    board.chip.pull("in3", "down")


def test_a_line_by_a_wrong_name(board: Board) -> None:
    machine = board.machine
    wrong = PROFILE.read_text().replace("line: {name: relay1}", "line: {name: rely1}")
    machine.put(wrong.encode(), "/root/wrong.yaml")
    told = machine.run("axioctl board use /root/wrong.yaml", check=False)
    assert told.code == 1
    assert "rely1" in told.stdout
    assert "relays.relay1.line" in told.stdout
    place = cursor(machine)
    board.set("relay2", True)
    told = machine.run("axioctl board use --force /root/wrong.yaml", check=False, timeout=PATIENCE)
    assert (told.code, "rely1" in told.stdout) == (1, True), "it is chosen, and not all is well"
    words = "rely1 of chip sim: /dev/gpiochip0 has no such line; see what gpioinfo prints"
    board.wait("relay1", Problem=words)
    assert len(said_since(machine, place, "axiod-relays", words)) == 1
    status(machine, "axiod-relays", words)
    board.wait("relay2", Quality="good", Active=True)
    assert board.level("relay2") == 0
    board.wait("in3", Quality="good")


def test_a_label_that_two_chips_have(board: Board) -> None:
    machine = board.machine
    let_go(board)
    # A second chip with the label of the first, as two USB adapters of a kind have it.
    folder = "/sys/kernel/config/gpio-sim/twin"
    machine.run(
        f"mkdir -p {folder}/bank0 && echo 2 > {folder}/bank0/num_lines && "
        f"echo {CHIP_LABEL} > {folder}/bank0/label && echo 1 > {folder}/live"
    )
    try:
        machine.wait_for("test -e /dev/gpiochip1")
        place = start(board)
        words = (
            f"chip sim: 2 GPIO chips have the label '{CHIP_LABEL}'; the profile must give a path made by a udev rule"
        )
        for service, id_ in SERVICE.items():
            board.wait(id_, Problem=words, Quality="never")
            assert said_since(machine, place, service, words)
            status(machine, service, words)
        before = starts(board)
        told = machine.run("axioctl board check --hardware /root/board.yaml", check=False)
        assert told.code == 1
        assert CHIP_LABEL in told.stdout
        # So the profile names the chip by the path that udev made.
        device = find_chip(machine, CHIP_LABEL).folder.rpartition("/")[2]
        path = machine.run(f"find -L /dev/gpio/by-path -samefile /dev/{device}").stdout.strip()
        named = PROFILE.read_text().replace(f"label: {CHIP_LABEL}", f"path: {path}")
        machine.put(named.encode(), "/root/named.yaml")
        machine.run("axioctl board check --hardware /root/named.yaml")
    finally:
        machine.run(f"echo 0 > {folder}/live; rmdir {folder}/bank0 {folder}")
    board.ready()
    assert starts(board) == before
    for id_, way in RELEASED.items():
        board.chip.pull(line_of(id_), way)
    board.set("relay1", True)
    assert board.level("relay1") == 1


def test_nothing_is_said_again_and_again(board: Board) -> None:
    """It is tried every 2 s, and told once."""
    machine = board.machine
    let_go(board)
    chip = machine.run(f"gpiodetect | sed -n 's/ .{CHIP_LABEL}. .*//p'").stdout.strip()
    machine.run(f"systemd-run -q --unit=holder-out gpioset -c {chip} -C a-program relay1=1")
    machine.wait_for("gpioinfo relay1 | grep -q consumer=")
    place = start(board)
    begin = float(machine.run("cut -d' ' -f1 /proc/uptime").stdout)
    board.wait("relay1", Quality="never")
    poll(
        lambda: float(machine.run("cut -d' ' -f1 /proc/uptime").stdout) > begin + 10,
        PATIENCE,
        "it was tried again some times",
        1,
    )
    assert len(said_since(machine, place, "axiod-relays", "a-program")) == 1
    machine.run("systemctl stop holder-out")
