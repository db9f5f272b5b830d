# SPDX-License-Identifier: Apache-2.0
"""What tests do with a guest that has axiod and the simulated board: look at it from outside, and kill its services."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.machine.guest import Guest

SERVICES = ("axiod-io", "axiod-relays")
BOARD = "a9210-sim"
SIM_BOARD_FILE = "/usr/share/axiod/boards/a9210-sim.yaml"
OUTPUTS = ("relay1", "output1", "output2", "output3", "io1", "io2")


@dataclass(frozen=True, slots=True)
class Drive:
    """Where an output of the simulated board stands, whether somebody holds it, and how often it moved."""

    active: bool
    held: bool
    moves: int


def choose_board(guest: Guest, board: str = BOARD) -> None:
    """Choose the board as a person does, and wait until the services have it."""
    guest.run(f"axioctl board use {board}")
    for unit in SERVICES:
        guest.wait_for(f"systemctl show -P StatusText {unit} | grep -q ' of board '")


def drives(guest: Guest) -> dict[str, Drive]:
    """Return every output of the simulated board."""
    found = json.loads(guest.run("axioctl sim list --json").stdout)
    return {
        each["Id"]: Drive(each["Drive"]["Active"], each["Drive"]["Held"], each["Drive"]["Transitions"])
        for each in found
        if "Drive" in each
    }


def properties(guest: Guest, what: str) -> dict[str, Any]:
    """Return the properties of an object such as "relay relay1", as its service tells them."""
    kind, name = what.split()
    found: dict[str, Any] = json.loads(guest.run(f"axioctl {kind} show {name} --json").stdout)
    return found


def show(guest: Guest, unit: str, name: str) -> str:
    """Return one property of a unit, as systemd shows it."""
    return guest.run(f"systemctl show -P {name} '{unit}'").stdout.strip()


def pid(guest: Guest, unit: str) -> int:
    """Return the process of a unit, 0 when there is none."""
    return int(show(guest, unit, "MainPID"))


def wait_active(guest: Guest, unit: str, other_than: int = 0) -> int:
    """Wait until a service is ready, in another process than this; return its process."""
    guest.wait_for(
        f"test $(systemctl is-active {unit}) = active && p=$(systemctl show -P MainPID {unit}) && "
        f"test $p != 0 && test $p != {other_than}"
    )
    return pid(guest, unit)


def wait_status(guest: Guest, unit: str, text: str) -> str:
    """Wait until the line that systemctl status shows has this text; return the line."""
    guest.wait_for(f"systemctl show -P StatusText {unit} | grep -qF -- '{text}'")
    return show(guest, unit, "StatusText")


def kill(guest: Guest, unit: str) -> int:
    """Kill a service at once; return the process that it was."""
    process = pid(guest, unit)
    if not process:
        raise AssertionError(f"{unit} does not run")
    guest.run(f"kill -9 {process}")
    return process


def kill_for_good(guest: Guest, unit: str) -> None:
    """Kill a service each time that it is started, until systemd starts it no more and its outputs are looked after."""
    guest.run(
        f"while [ $(systemctl show -P ActiveState axiod-fail-safe@{unit}) != activating ] "
        f"&& [ $(systemctl show -P ExecMainStatus {unit}) != 79 ]; do "
        f"if systemctl is-active --quiet {unit} || [ $(systemctl show -P ActiveState {unit}) = activating ]; then "
        f"p=$(systemctl show -P MainPID {unit}); "
        f"[ $p = 0 ] || [ -e /run/axiod-fail-safe/{unit}/now ] || kill -9 $p 2>/dev/null; fi; sleep 0.02; done"
    )
    wait_given_up(guest, unit)


def wait_given_up(guest: Guest, unit: str) -> None:
    """Wait until a service has done what it does at last, and has ended."""
    guest.wait_for(
        f"test $(systemctl show -P ActiveState {unit}) = failed && "
        f"test $(systemctl show -P ExecMainStatus {unit}) = 79 && "
        f"test $(systemctl show -P ActiveState axiod-fail-safe@{unit}) = inactive"
    )


def drop_in(guest: Guest, unit: str, text: str, name: str = "test") -> None:
    """Change a unit, such as axiod-io.service, until the guest ends, or until remove_drop_in."""
    guest.put(text.encode(), f"/run/systemd/system/{unit}.d/{name}.conf")
    guest.run("systemctl daemon-reload")


def remove_drop_in(guest: Guest, unit: str, name: str = "test") -> None:
    """Take back what drop_in did."""
    guest.run(f"rm /run/systemd/system/{unit}.d/{name}.conf && systemctl daemon-reload")


def now(guest: Guest) -> str:
    """Return the place in the journal where it ends now, for said()."""
    return guest.run("journalctl --sync; journalctl -n 0 --show-cursor").stdout.split("cursor: ")[1].strip()


def said(guest: Guest, unit: str, since: str) -> list[str]:
    """Return the lines that the processes of a unit wrote since then, without those of systemd about it."""
    guest.run("journalctl --sync")
    command = f"journalctl -b --no-pager -o cat --after-cursor='{since}' _SYSTEMD_UNIT={unit}.service"
    return guest.run(command).stdout.splitlines()
