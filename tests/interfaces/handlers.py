# SPDX-License-Identifier: Apache-2.0
"""Which class stands for which interface of the contract, as MODULE:CLASS. A new interface needs a line here."""

from __future__ import annotations

HANDLERS = {
    "org.axiod.EventSource1": "axiod.bus.service:EventSource",
    "org.axiod.Service1": "axiod.bus.service:ServiceRoot",
    "org.axiod.io1.Alarm": "axiod.io.alarm:AlarmHandler",
    "org.axiod.io1.Port": "axiod.io.port:PortHandler",
    "org.axiod.relays1.Relay": "axiod.relays.service:RelayHandler",
    "org.axiod.sim1.Drive": "axiod.sim.service:DriveHandler",
    "org.axiod.sim1.Wire": "axiod.sim.service:WireHandler",
}
