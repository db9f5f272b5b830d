# SPDX-License-Identifier: Apache-2.0
"""Rules of a guest, made and looked at with busctl."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.machine.guest import Guest

UNIT = "axiod-events"
NAME = "org.axiod.events1"
_BUSCTL = "busctl --json=short"


def command(path: str, interface: str, method: str, *arguments: str) -> str:
    """Return the shell line that calls a method; the arguments as busctl wants them."""
    return f"{_BUSCTL} call {NAME} /org/axiod/events1/{path} {NAME}.{interface} {method} {shlex.join(arguments)}"


def call(guest: Guest, path: str, interface: str, method: str, *arguments: str) -> Any:
    """Call a method and return its answer; raises CommandFailed with what was said against it."""
    said = guest.run(command(path, interface, method, *arguments)).stdout
    data = json.loads(said)["data"] if said.strip() else []
    return data[0] if len(data) == 1 else data


def get(guest: Guest, path: str, interface: str, name: str) -> Any:
    """Return a property."""
    said = guest.run(f"{_BUSCTL} get-property {NAME} /org/axiod/events1/{path} {NAME}.{interface} {name}").stdout
    return json.loads(said)["data"]


def following(port: int, output: str) -> list[str]:
    """Return the arguments of AddRule for a rule that has an output active while a port is."""
    condition = ["4", "Topic", "s", "tns1:Device/tnsaxis:IO/Port", "Source", "a{ss}", "1", "port", str(port)]
    condition += ["Item", "s", "state", "Equals", "s", "1"]
    action = ["4", "Kind", "s", "set", "Output", "s", output, "Active", "b", "true", "WhileActive", "b", "true"]
    return ["saa{sv}aa{sv}a{sv}", "follow", "1", *condition, "1", *action, "0"]


def add_following(guest: Guest, port: int, output: str) -> str:
    """Add such a rule; returns its id."""
    id_: str = call(guest, "rules", "Rules", "AddRule", *following(port, output))
    return id_
