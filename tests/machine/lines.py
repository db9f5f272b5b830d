# SPDX-License-Identifier: Apache-2.0
"""GPIO lines of a machine as the outside world has them: a gpio-sim chip, its wires, and observers without axiod.

gpio-sim applies a bias that is asked for as a pull, so ask for none on lines that a test pulls; and a line that was an
output keeps its level as an input until it is pulled. The kernel merges edges that come faster than an emulated machine
takes them, so pull 100 ms apart where every edge counts.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.machine.guest import Guest

Way = Literal["up", "down"]

_TRACING = "/sys/kernel/tracing"
_EVENTS = ("gpio_value", "gpio_direction")
_WATCH = "lines-watch.service"
_SEEN = "/run/lines-watch"


@dataclass(frozen=True, slots=True)
class Pulse:
    """One write of Chip.pulse: the level, and the clocks in microseconds just before and just after."""

    level: int
    realtime: tuple[int, int]
    monotonic: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A level that lines-watch saw for the first time, at a time of CLOCK_MONOTONIC."""

    seconds: float
    line: str
    level: int


@dataclass(slots=True)
class Seen:
    """What was seen of the lines of a chip, by line name."""

    edges: dict[str, int]
    """How often each level changed on the wire."""
    levels: dict[str, int]
    """Where each stood at last."""
    changes: list[Change]
    """Each change in its order, after the level that each line began with."""
    longest_gap_us: float
    """Levels that lasted no longer than this may have been missed."""
    sets: dict[str, list[int]] = field(default_factory=dict)
    """What the kernel told each output to be, also when it was that already (its trace point gpio_value)."""
    directions: dict[str, list[str]] = field(default_factory=dict)
    """What the kernel made of each line: "in" or "out" (its trace point gpio_direction)."""


class Chip:
    """A gpio-sim chip of a guest, and the far ends of the wires of its lines."""

    def __init__(self, guest: Guest, label: str, names: Sequence[str], folder: str) -> None:
        self.guest = guest
        self.label = label
        self.names = tuple(names)
        self.folder = folder
        """Where its lines are in sysfs; the number in it may be any."""

    def path(self, line: str, name: str) -> str:
        """Return the path of a file of a line: value, or pull."""
        return f"{self.folder}/sim_gpio{self.names.index(line)}/{name}"

    def pull(self, line: str, way: Way) -> None:
        """Pull a line up or down, as what is on its terminal would; an input follows."""
        self.guest.run(f"echo pull-{way} > {self.path(line, 'pull')}")

    def level(self, line: str) -> int:
        """Return the level of a line, whoever drives it."""
        return int(self.guest.run(f"cat {self.path(line, 'value')}").stdout)

    def pulse(self, line: str, first: Way, count: int, apart_us: int) -> list[Pulse]:
        """Pull a line up and down in turn, so many times in all, from within the guest; returns when each was done."""
        command = f"lines-pulse {self.path(line, 'pull')} {first} {count} {apart_us}"
        lines = self.guest.run(command, timeout=60 + 2 * count * apart_us / 1e6).stdout.splitlines()
        rows = [[int(word) for word in row.split()] for row in lines]
        return [Pulse(level, (before, after), (begun, done)) for level, before, after, begun, done in rows]

    def first_number(self) -> int:
        """Return the number that the kernel has for the first line, in its own messages and trace points."""
        known = self.guest.run("cat /sys/kernel/debug/gpio").stdout
        device = self.folder.split("/")[-2]
        pattern = rf"^gpiochip\d+: GPIOs (\d+)-\d+, parent: platform/{re.escape(device)},"
        if found := re.search(pattern, known, re.M):
            return int(found[1])
        raise LookupError(f"the kernel does not say which numbers {self.label} has:\n{known}")


def make_chip(guest: Guest, label: str, names: Sequence[str]) -> Chip:
    """Make a gpio-sim chip with named lines, all inputs that nothing pulls; it is there again after each boot."""
    return Chip(guest, label, names, guest.run(shlex.join(["lines-chip", "make", label, *names])).stdout.strip())


def find_chip(guest: Guest, label: str) -> Chip:
    """Return a chip that make_chip has made, also when the guest was booted since."""
    folder, _, kept = guest.run(shlex.join(["lines-chip", "show", label])).stdout.partition("\n")
    return Chip(guest, label, kept.split()[1:], folder)


def remove_chip(chip: Chip) -> None:
    """Take a chip away, also for later boots; raises CommandFailed while the kernel refuses."""
    chip.guest.run(shlex.join(["lines-chip", "remove", chip.label]))


class LineObserver:
    """Two witnesses of all lines of a chip: a program that looks at the wires, and the trace points of the kernel."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self._guest = chip.guest

    def start(self) -> None:
        """Begin to look; returns once both do."""
        number = self.chip.first_number()
        files = " ".join(self.chip.path(line, "value") for line in self.chip.names)
        enable = "; ".join(f"echo 1 > {_TRACING}/events/gpio/{event}/enable" for event in _EVENTS)
        self._guest.run(
            # A test that failed may have left one behind.
            f"systemctl stop --quiet {_WATCH} || true; set -e; "
            f"echo > {_TRACING}/trace; echo 'get == 0' > {_TRACING}/events/gpio/gpio_value/filter; {enable}; "
            f"echo {number} > {_SEEN}.first; : > {_SEEN}; "
            f"systemd-run -q --collect --unit={_WATCH} -p StandardOutput=truncate:{_SEEN} lines-watch {files}"
        )
        self._guest.wait_for(f"grep -qx watching {_SEEN}")

    def stop(self) -> Seen:
        """End it and return what was seen since start()."""
        disable = "; ".join(f"echo 0 > {_TRACING}/events/gpio/{event}/enable" for event in _EVENTS)
        said = self._guest.run(
            f"set -e; systemctl stop {_WATCH}; {disable}; cat {_SEEN}; echo == ; cat {_SEEN}.first {_TRACING}/trace"
        ).stdout
        watched, _, traced = said.partition("==\n")
        seen = self._watched(watched)
        first, _, events = traced.partition("\n")
        self._traced(seen, int(first), events)
        return seen

    def _watched(self, text: str) -> Seen:
        names = {self.chip.path(line, "value"): line for line in self.chip.names}
        changes = [
            Change(float(seconds), names[path], int(level))
            for seconds, path, level in re.findall(r"^change (\S+) (\S+) (\d)$", text, re.M)
        ]
        totals = re.findall(r"^total (\S+) edges=(\d+) level=(\d)$", text, re.M)
        gap = re.search(r"^looks \d+ longest_gap_us=(\d+)$", text, re.M)
        assert gap, f"lines-watch did not say how it ended:\n{text[-2000:]}"
        edges = {names[path]: int(count) for path, count, _ in totals}
        return Seen(edges, {names[path]: int(level) for path, _, level in totals}, changes, float(gap[1]))

    def _traced(self, seen: Seen, first: int, text: str) -> None:
        numbers = {first + offset: line for offset, line in enumerate(self.chip.names)}
        for line in self.chip.names:
            seen.sets[line], seen.directions[line] = [], []
        for number, level in re.findall(r"gpio_value: (\d+) set (\d)", text):
            if line := numbers.get(int(number), ""):
                seen.sets[line].append(int(level))
        for number, way in re.findall(r"gpio_direction: (\d+) +(in|out) ", text):
            if line := numbers.get(int(number), ""):
                seen.directions[line].append(way)
