# SPDX-License-Identifier: Apache-2.0
"""A board of kernel GPIO lines, guest/board.yaml, on a gpio-sim chip of a machine; its objects, as busctl has them.

Its inputs are no supervised ones: those need an ADC, and the kernel simulates none.
"""

from __future__ import annotations

import json
import os
import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.machine.conftest import CHIP_LABEL
from tests.machine.guest import poll
from tests.machine.lines import LineObserver, find_chip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.machine.guest import Guest
    from tests.machine.lines import Chip, Seen, Way

PROFILE = Path(__file__).parent / "guest" / "board.yaml"
SERVICES = ("axiod-io", "axiod-relays")
RELAYS = ("relay1", "relay2")
OUTPUTS = ("out1", "out2", "out3", "io1", "io2")
INPUTS = ("in1", "in2", "in3", "in4")
ALARMS = ("tamper",)
DRIVEN = {"relay1": 1, "relay2": 0, "out1": 1, "out2": 0, "out3": 1, "io1": 0, "io2": 1}
"""The level on the wire of each output while it is active."""
RELEASED: dict[str, Way] = {"out2": "up", "io1": "up", "out3": "down"}
"""Outputs that drive one level only, and what is at the end of their wires."""
ROUNDS = int(os.environ.get("AXIOD_ROUNDS", "2"))
"""How often what must never go wrong is tried."""
PATIENCE = 240.0
"""Seconds for what has no limit of its own: the machine is emulated, and not alone."""

_LINES = {"out3": "s11"}
_BUSCTL = "busctl --json=short --auto-start=no"


def line_of(id_: str) -> str:
    """Return the name of the line of a terminal."""
    return _LINES.get(id_, id_)


class Board:
    """The services of a machine with this board, and the wires of its terminals; all by the ids of the profile."""

    def __init__(self, machine: Guest, chip: Chip) -> None:
        self.machine = machine
        self.chip = chip

    # --- the objects

    @staticmethod
    def object(id_: str) -> str:
        """Return the name, the path and the interface of an object, as busctl wants them."""
        if id_ in RELAYS:
            return f"org.axiod.relays1 /org/axiod/relays1/relay/{id_} org.axiod.relays1.Relay"
        kind = "alarm" if id_ in ALARMS else "port"
        return f"org.axiod.io1 /org/axiod/io1/{kind}/{id_} org.axiod.io1.{kind.title()}"

    def command(self, id_: str, method: str, *arguments: str) -> str:
        """Return the shell line that calls a method; the arguments as busctl wants them."""
        return f"{_BUSCTL} call {self.object(id_)} {method} {shlex.join(arguments)}"

    def configuration(self, id_: str, **changes: str | int) -> str:
        """Return the shell line that changes settings."""
        words = [word for item in changes.items() for word in _option(*item)]
        return self.command(id_, "Configure", "a{sv}", str(len(changes)), *words)

    def call(self, id_: str, method: str, *arguments: str) -> Any:
        """Call a method and return its answer; raises CommandFailed with what was said against it."""
        said = self.machine.run(self.command(id_, method, *arguments)).stdout
        data = json.loads(said)["data"] if said.strip() else []
        return data[0] if len(data) == 1 else data

    def set(self, id_: str, active: bool) -> None:
        """Make an output active or inactive."""
        self.call(id_, "Set", "ba{sv}", str(active).lower(), "0")

    def configure(self, id_: str, **changes: str | int) -> None:
        """Change settings."""
        self.machine.run(self.configuration(id_, **changes))

    def everything(self) -> dict[str, dict[str, Any]]:
        """Return the properties of all objects; nothing of a service that is not there. Starts none."""
        command = "; ".join(
            f"{_BUSCTL} call org.axiod.{name} /org/axiod/{name} org.freedesktop.DBus.ObjectManager GetManagedObjects"
            for name in ("io1", "relays1")
        )
        found: dict[str, dict[str, Any]] = {}
        for line in self.machine.run(command, check=False).stdout.splitlines():
            for path, interfaces in json.loads(line)["data"][0].items():
                kept = found.setdefault(path.rpartition("/")[2], {})
                for properties in interfaces.values():
                    kept.update({name: value["data"] for name, value in properties.items()})
        return found

    def get(self, id_: str, name: str) -> Any:
        """Return a property; raises CommandFailed where it is absent."""
        service, path, interface = self.object(id_).split()
        said = self.machine.run(f"{_BUSCTL} get-property {service} {path} {interface} {name}").stdout
        return json.loads(said)["data"]

    def wait(self, id_: str, timeout: float = PATIENCE, **values: Any) -> None:
        """Wait until properties have these values."""
        seen: dict[str, Any] = {}

        def there() -> bool:
            seen.update(self.everything().get(id_, {}))
            return all(seen.get(name) == value for name, value in values.items())

        try:
            poll(there, timeout, f"{id_} has {values}", 0.2)
        except Exception as late:
            late.add_note(f"at last: { {name: seen.get(name) for name in [*values, 'Quality', 'Problem']} }")
            raise

    # --- the services

    def pid(self, service: str) -> int:
        """Return the main process of a service; 0 while it has none."""
        return int(self.machine.run(f"systemctl show -P MainPID {service}").stdout)

    def kill(self, service: str) -> int:
        """End its process as a crash would, not counted as a start too many; returns which process it was."""
        pid = self.pid(service)
        assert pid > 0, f"{service} is not running"
        self.machine.run(f"kill -9 {pid}; systemctl reset-failed {service}", check=False)
        return pid

    def restarted(self, service: str, before: int, timeout: float = PATIENCE) -> None:
        """Wait until a service runs with another process than before."""

        def is_new() -> bool:
            shown = self.machine.run(f"systemctl show -P ActiveState -P MainPID {service}").stdout.split()
            return "active" in shown and not {"0", str(before)} & set(shown)

        poll(is_new, timeout, f"{service} runs again", 0.1)

    def ready(self, services: Sequence[str] = SERVICES, timeout: float = PATIENCE) -> None:
        """Wait until services run and can use all of their lines."""
        for service in services:
            self.machine.wait_for(f"systemctl is-active --quiet {service}", timeout)
        names = {"axiod-relays": RELAYS, "axiod-io": (*OUTPUTS, *INPUTS, *ALARMS)}
        wanted = [id_ for service in services for id_ in names[service]]

        def good() -> bool:
            found = self.everything()
            return all(found.get(id_, {}).get("Quality") == "good" for id_ in wanted)

        poll(good, timeout, f"all lines of {' and '.join(services)} are good", 0.2)

    def like(self, service: str, program: str, change: str = "") -> tuple[str, float]:
        """Run a program with the properties of a service, changed by lines of its unit.

        Returns what it printed, and how many seconds systemd needed for it.
        """
        name, folder = "axiod-like", "/run/systemd/system"
        lines = (
            "[Unit]\nOnFailure=\n[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\nStateDirectory=\n"
            f"StandardOutput=truncate:/run/{name}\nExecStart=\nExecStart={program}\n{change}"
        )
        self.machine.put(lines.encode(), f"{folder}/{name}.service.d/changed.conf")
        said = self.machine.run(
            f"sed /^BusName=/d /usr/lib/systemd/system/{service}.service > {folder}/{name}.service; rm -f /run/{name}; "
            "systemctl daemon-reload; "
            f"read a _ </proc/uptime; systemctl start {name}; s=$?; read b _ </proc/uptime; "
            f"rm -r {folder}/{name}.service*; systemctl daemon-reload; echo $a $b; cat /run/{name}; exit $s",
            timeout=PATIENCE,
        ).stdout
        times, _, printed = said.partition("\n")
        begin, end = map(float, times.split())
        return printed, end - begin

    # --- the wires

    def level(self, id_: str) -> int:
        """Return the level on the wire of a terminal, when what is at its end pulls there."""
        line = line_of(id_)
        if id_ in RELEASED:
            self.chip.pull(line, RELEASED[id_])
        return self.chip.level(line)

    @contextmanager
    def nothing_moves(self, *ids: str) -> Iterator[None]:
        """Watch the wires of terminals, and fail if one of them moves, or is told to be anything else than it is."""
        before = {id_: self.level(id_) for id_ in ids}
        observer = LineObserver(self.chip)
        observer.start()
        try:
            yield
        finally:
            seen = observer.stop()
        check_still(seen, before)
        assert {id_: self.level(id_) for id_ in ids} == before


def check_still(seen: Seen, levels: dict[str, int]) -> None:
    """Fail unless terminals kept these levels, by what either witness saw."""
    edges = {id_: seen.edges[line_of(id_)] for id_ in levels}
    sets = {id_: set(seen.sets[line_of(id_)]) - {level} for id_, level in levels.items()}
    assert not any(edges.values()), f"edges on the wires: {edges}"
    assert not any(sets.values()), f"lines were told to be something else: {sets}; they are {levels}"


def use_board(machine: Guest) -> Board:
    """Make guest/board.yaml the board of a machine that has its chip, and wait until both services have their lines."""
    board = Board(machine, find_chip(machine, CHIP_LABEL))
    for id_, way in RELEASED.items():
        board.chip.pull(line_of(id_), way)
    machine.put(PROFILE, "/root/board.yaml")
    machine.run("systemctl reset-failed 'axiod-*'; axioctl board use /root/board.yaml", timeout=PATIENCE)
    board.ready()
    return board


def _option(name: str, value: str | int) -> list[str]:
    return [name, "u" if isinstance(value, int) else "s", str(value)]
