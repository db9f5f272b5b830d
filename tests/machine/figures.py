# SPDX-License-Identifier: Apache-2.0
"""python -m tests.machine.figures: how long things take on a machine with kernel GPIO lines, and how it was measured.

An emulated machine is some 20 times slower than the one it runs on, so each figure has a reference from the same run.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.machine import saved
from tests.machine.cache import build
from tests.machine.conftest import CHIP_LABEL, CHIP_LINES
from tests.machine.kernel_board import PROFILE, SERVICES, Board, use_board
from tests.machine.lines import make_chip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.machine.guest import Guest
    from tests.machine.machine import Machine

EDGES = 240
APART_US = 250_000
COMMANDS = 200
STARTS = 5
SCRIPT = Path(__file__).parent / "guest" / "latency.py"
TRACING = "/sys/kernel/tracing"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    value: str
    how: str


def milliseconds(values: Sequence[float]) -> str:
    """Return the middle, and what 99 of 100 are below, of microseconds."""
    ordered = sorted(values)
    at_99 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.99))]
    return f"p50 {statistics.median(ordered) / 1000:.1f} ms, p99 {at_99 / 1000:.1f} ms, n={len(ordered)}"


def uptime(guest: Guest) -> float:
    """Return the guest's own clock."""
    return float(guest.run("cut -d' ' -f1 /proc/uptime").stdout)


def show(guest: Guest, unit: str, name: str) -> int:
    """Return a time of a unit, in microseconds of CLOCK_MONOTONIC."""
    return int(guest.run(f"systemctl show -P {name} {unit}").stdout)


def installing(debs: Sequence[Path]) -> list[Figure]:
    """From a clean machine to a relay that works."""
    with saved.clean().resume() as machine:
        chip = make_chip(machine, CHIP_LABEL, CHIP_LINES)
        for deb in debs:
            machine.put(deb, f"/var/tmp/debs/{deb.name}")
        machine.put(PROFILE, "/root/board.yaml")
        begin = uptime(machine)
        machine.install(debs)
        installed = uptime(machine)
        machine.run("axioctl board use /root/board.yaml && axioctl relay on relay1", timeout=300)
        end = uptime(machine)
        assert chip.level("relay1") == 1
    return [
        Figure("apt install", f"{installed - begin:.1f} s", "apt-get install ./axiod*.deb on a clean machine, offline"),
        Figure("apt install to a relay that is on", f"{end - begin:.1f} s", "and axioctl board use, axioctl relay on"),
    ]


def booting(machine: Machine) -> list[Figure]:
    """From the start of the kernel to a relay that obeys."""
    unit = (
        b"[Unit]\nAfter=axiod-relays.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
        b"ExecStart=busctl call org.axiod.relays1 /org/axiod/relays1/relay/relay1 org.axiod.relays1.Relay "
        b"Set ba{sv} true 0\n"
        b"[Install]\nWantedBy=multi-user.target\n"
    )
    machine.put(unit, "/etc/systemd/system/first-command.service")
    machine.run("systemctl enable -q first-command; sync")
    machine.power_cut()
    target = show(machine, "axiod.target", "ActiveEnterTimestampMonotonic") / 1e6
    command = show(machine, "first-command", "ActiveEnterTimestampMonotonic") / 1e6
    whole = show(machine, "multi-user.target", "ActiveEnterTimestampMonotonic") / 1e6
    ssh = show(machine, "ssh", "ActiveEnterTimestampMonotonic") / 1e6
    assert machine.run("systemctl disable -q first-command; systemctl is-active first-command").stdout == "active\n"
    return [
        Figure(
            "cold boot to axiod.target",
            f"{target:.1f} s",
            "ActiveEnterTimestampMonotonic, from the start of the kernel",
        ),
        Figure("cold boot to the first relay command", f"{command:.1f} s", "a unit after axiod-relays calls Relay.Set"),
        Figure(
            "reference: cold boot to ssh", f"{ssh:.1f} s", "ActiveEnterTimestampMonotonic of ssh.service, same boot"
        ),
        Figure("reference: cold boot to multi-user.target", f"{whole:.1f} s", "the same, of multi-user.target"),
    ]


def starting(board: Board) -> list[Figure]:
    """What each service takes: time and memory."""
    figures = []
    machine = board.machine
    for service in SERVICES:
        times = []
        for _ in range(STARTS):
            machine.run(f"systemctl reset-failed {service}; systemctl restart {service}", timeout=120)
            begin = show(machine, service, "ExecMainStartTimestampMonotonic")
            times.append((show(machine, service, "ActiveEnterTimestampMonotonic") - begin) / 1e6)
        board.ready()
        text = machine.run(f"cat /proc/{board.pid(service)}/smaps_rollup").stdout
        pss, rss = (int(re.findall(rf"^{name}: +(\d+) kB", text, re.M)[0]) / 1024 for name in ("Pss", "Rss"))
        how = f"ExecMainStart to ActiveEnter (READY=1), median of {STARTS}, slowest {max(times):.2f} s"
        figures += [
            Figure(f"{service} starts", f"{statistics.median(times):.2f} s", how),
            Figure(f"{service} in memory", f"PSS {pss:.1f} MB, RSS {rss:.1f} MB", "smaps_rollup, after the start"),
        ]
    empty = statistics.median(board.like("axiod-relays", "/usr/bin/python3 -I -c pass")[1] for _ in range(STARTS))
    how = f"systemctl start of python3 -I -c pass in the same sandbox, median of {STARTS}"
    return [*figures, Figure("reference: an empty Python", f"{empty:.2f} s", how)]


def background(machine: Guest, arguments: str) -> None:
    """Start the script in the guest, and wait until it is ready."""
    machine.run(
        f"systemd-run -q --collect --unit=latency -p StandardOutput=truncate:/run/latency "
        f"python3 /root/latency.py {arguments}"
    )
    machine.wait_for("grep -qx ready /run/latency", 60)


def printed(machine: Guest) -> list[list[int]]:
    """Return the numbers that the script printed, once it has ended."""
    machine.wait_for("! systemctl is-active --quiet latency", 120)
    lines = machine.run("grep -v ready /run/latency").stdout.splitlines()
    return [[int(word) for word in line.split()] for line in lines]


def edges(board: Board) -> list[Figure]:
    """From an edge to whoever wants to know."""
    machine = board.machine
    board.configure("in3", DebounceMs=0)
    board.chip.pull("in3", "down")
    board.wait("in3", State="open")
    background(machine, f"signals in3 {EDGES}")
    board.chip.pulse("in3", "up", EDGES, APART_US)
    told = [row[0] for row in printed(machine)]
    device = board.chip.folder.rpartition("/")[2]
    background(machine, f"edges /dev/{device} s12 {EDGES}")
    board.chip.pulse("s12", "up", EDGES, APART_US)
    bare = [row[0] for row in printed(machine)]
    return [
        Figure(
            "edge to PropertiesChanged in a client",
            milliseconds(told),
            "from the kernel's time of the edge (LastChangeUsec) to the client's CLOCK_REALTIME, no debounce",
        ),
        Figure("reference: edge to a bare reader", milliseconds(bare), "the same, to a Python with libgpiod, no bus"),
    ]


def commands(board: Board) -> list[Figure]:
    """From a command to the level on the wire."""
    machine = board.machine
    board.set("relay1", False)
    number = board.chip.first_number() + board.chip.names.index("relay1")
    event = f"{TRACING}/events/gpio/gpio_value"
    machine.run(
        f"echo mono > {TRACING}/trace_clock; echo > {TRACING}/trace; echo 'get == 0' > {event}/filter; "
        f"echo 1 > {event}/enable"
    )
    background(machine, f"commands relay1 {COMMANDS}")
    rows = printed(machine)
    trace = machine.run(f"echo 0 > {event}/enable; cat {TRACING}/trace; echo local > {TRACING}/trace_clock").stdout
    driven = [float(when) * 1e6 for when in re.findall(rf" (\d+\.\d+): gpio_value: {number} set \d", trace)]
    assert len(driven) == len(rows) == COMMANDS, f"{len(driven)} times driven, {len(rows)} commands"
    pairs = list(zip(rows, driven, strict=True))
    return [
        Figure(
            "Relay.Set to the level on the line",
            milliseconds([there - begin for (begin, _), there in pairs]),
            "from the call in a client in the guest to the trace point gpio_value (trace_clock mono)",
        ),
        Figure(
            "Relay.Set to its answer",
            milliseconds([end - begin for begin, end in rows]),
            "in the same client, the same",
        ),
    ]


def main() -> int:
    """Measure everything, and print a table."""
    debs = sorted(build("deb", tempfile.mkdtemp(prefix="axm-debs"), quiet=False).glob("*.deb"))
    print(
        f"load of this machine at the beginning: {os.getloadavg()[0]:.1f}, of {os.cpu_count()} processors", flush=True
    )
    table: list[Figure] = []

    def add(figures: Sequence[Figure]) -> None:
        table.extend(figures)
        for figure in figures:
            print(f"  {figure.what}: {figure.value}", flush=True)

    add(installing(debs))
    with saved.installed(debs).resume() as machine:
        make_chip(machine, CHIP_LABEL, CHIP_LINES)
        use_board(machine)
        machine.put(SCRIPT, "/root/latency.py")
        add(booting(machine))
        board = use_board(machine)
        for measure in (starting, edges, commands):
            add(measure(board))
        kernel = machine.run("uname -r").stdout.strip()
    print(
        f"load at the end: {os.getloadavg()[0]:.1f}; Linux {kernel}, Debian 13, {machine.arch}, 2 emulated processors\n"
    )
    print("| what | measured | how |\n| --- | --- | --- |")
    for figure in table:
        print(f"| {figure.what} | {figure.value} | {figure.how} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
