# SPDX-License-Identifier: Apache-2.0
"""axioctl port: the I/O ports."""

from __future__ import annotations

from axiod.cli.objects import Kind
from axiod.cli.render import Column

KIND = Kind(
    word="port",
    interface="org.axiod.io1.Port",
    example="io1",
    columns=(
        (Column("#", right=True), "Number"),
        (Column("ID"), ""),
        (Column("TERMINAL", spare=True), "Terminal"),
        (Column("NAME", shrink=True), "Name"),
        (Column("DIR"), "Direction"),
        (Column("STATE"), "State"),
        (Column("ACTIVE", word=True), "Active"),
        (Column("LOOP", word=True, only_filled=True), "SupervisedState"),
        (Column("COUNT", right=True), "Counter"),
        (Column("CHANGED", right=True), "LastChangeUsec"),
        (Column("QUALITY", word=True), "Quality"),
    ),
    setting='--direction output --name "Gate light"',
    counter="Counter",
)
fill = KIND.fill
