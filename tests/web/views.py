# SPDX-License-Identifier: Apache-2.0
"""Every view of the page: what is looked at by axe, and shown in the screenshots."""

from __future__ import annotations

from pathlib import Path

WEB = Path(__file__).parents[2] / "axiod" / "gateway" / "web"

STATUS = ["status"]
IO = ["io/board", "io/list", "io/wires", "io/board/ports/input1", "io/list/relays/relay1"]
SENSORS = ["sensors/list", "sensors/list/cellar", "sensors/scan", "sensors/templates"]
EVENTS = [
    "events/rules",
    "events/rules/1",
    "events/rules/new",
    "events/schedules",
    "events/schedules/after_hours",
    "events/schedules/new",
    "events/recipients",
    "events/recipients/1",
    "events/recipients/new",
    "events/manual-triggers",
    "events/virtual-inputs",
    "events/mqtt",
    "events/mqtt/publication",
    "events/mqtt/subscriptions",
    "events/log",
]
SYSTEM = [
    "system/accounts",
    "system/tokens",
    "system/web",
    "system/certificates",
    "system/blocking",
    "system/logs",
    "system/logs/access",
    "system/logs/audit",
    "system/device",
    "system/network",
    "system/firewall",
    "system/config",
]

VIEWS = [*STATUS, *IO, *SENSORS, *EVENTS, *SYSTEM]
