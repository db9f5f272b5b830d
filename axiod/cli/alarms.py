# SPDX-License-Identifier: Apache-2.0
"""axioctl alarm: the alarms of the device itself."""

from __future__ import annotations

from axiod.cli.objects import Kind
from axiod.cli.render import Column

KIND = Kind(
    word="alarm",
    interface="org.axiod.io1.Alarm",
    example="casing",
    columns=(
        (Column("ID"), ""),
        (Column("TERMINAL", spare=True), "Terminal"),
        (Column("NAME", shrink=True), "Name"),
        (Column("ENABLED"), "Enabled"),
        (Column("STATE"), "State"),
        (Column("ACTIVE", word=True), "Active"),
        (Column("LOOP", word=True, only_filled=True), "SupervisedState"),
        (Column("CHANGED", right=True), "LastChangeUsec"),
        (Column("QUALITY", word=True), "Quality"),
    ),
    setting="--enabled false",
)
fill = KIND.fill
