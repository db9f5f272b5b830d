# SPDX-License-Identifier: Apache-2.0
"""axioctl trigger: manual triggers, switches for people."""

from __future__ import annotations

from axiod.cli.objects import Kind
from axiod.cli.render import Column

KIND = Kind(
    word="trigger",
    interface="org.axiod.events1.Trigger",
    example="1",
    columns=(
        (Column("ID"), ""),
        (Column("NAME", shrink=True), "Name"),
        (Column("STATE", word=True), "Active"),
        (Column("CHANGED", right=True), "LastChangeUsec"),
    ),
    setting="--name 'Open the gate'",
    booleans=("off", "on"),
)
fill = KIND.fill
