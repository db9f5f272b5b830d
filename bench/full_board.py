# SPDX-License-Identifier: Apache-2.0
"""The largest system: 128 supervised ports and 64 relays, as a simulated board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from axiod.bus.client import Service

if TYPE_CHECKING:
    from pathlib import Path

    from bench.machine import Machine

PORTS = 128
RELAYS = 64
_SCHEME = "parallel-22k-4k7"


def write(path: Path) -> None:
    """Write the board profile."""
    ports = {
        f"port{index}": {
            "number": index - 1,
            "terminal": f"I/O {index}",
            "connector": f"I/O connector, pin {index + 2}",
            "direction": "configurable",
            "line": {"name": f"io{index}", "active_low": True, "bias": "pull-up", "drive": "open-drain"},
            "adc": {"device": "adc", "channel": index - 1, "front_end": "loop"},
        }
        for index in range(1, PORTS + 1)
    }
    relays = {
        f"relay{index}": {
            "number": PORTS + index - 1,
            "terminal": f"Relay {index}",
            "connector": "Relay connector, pins 2 to 4",
            "form": "form-c",
            "line": {"name": f"relay{index}"},
        }
        for index in range(1, RELAYS + 1)
    }
    profile = {
        "schema": 1,
        "name": "full",
        "title": "A full system",
        "simulated": True,
        "chips": {"io": {"label": "io"}},
        "front_ends": {"loop": {"bits": 12, "short_level": 3784, "cut_level": 1097, "reference_ohms": 4040}},
        "ports": ports,
        "relays": relays,
    }
    path.write_text(yaml.safe_dump(profile, sort_keys=False), encoding="utf-8")


def io_settings() -> dict[str, Any]:
    """Return the settings of axiod-io in which every port is supervised."""
    return {f"port{index}": {"Supervision": _SCHEME} for index in range(1, PORTS + 1)}


async def bring_to_life(machine: Machine) -> None:
    """Put resistors on every wire, and move every contact and every relay, so that each property has a value."""
    sim, relays = Service(machine.connection, "org.axiod.sim1"), Service(machine.connection, "org.axiod.relays1")
    for index in range(1, PORTS + 1):
        wire = f"{sim.root}/terminal/port{index}"
        await sim.call(wire, "org.axiod.sim1.Wire", "Configure", {"Resistors": _SCHEME})
        await sim.call(wire, "org.axiod.sim1.Wire", "Set", "closed")
    for index in range(1, RELAYS + 1):
        await relays.call(f"{relays.root}/relay/relay{index}", "org.axiod.relays1.Relay", "Toggle", {})
